"""The names of mapped axes, for collectives."""

import threading
from contextlib import contextmanager

from fgrad.core.source import located


class _Thread(threading.local):
    frames = ()  # name, index along the axis, and size; the innermost last
    lookups = 0


_thread = _Thread()


@contextmanager
def named_axis(name, index, size):
    """A context in which a name stands for a mapped axis.

    Parameters
    ----------
    name : hashable
    index : Tracer
        The place along the axis, of which each element of the batch has its own.
    size : int
    """
    before = _thread.frames
    _thread.frames = (*before, (name, index, size))
    try:
        yield
    finally:
        _thread.frames = before


def find_axis(name, what):
    """The index along the innermost axis of a name, and its size.

    Raises
    ------
    NameError
        If no axis has the name; `what` wanted it.
    """
    _thread.lookups += 1
    for found, index, size in reversed(_thread.frames):
        if found == name:
            return index, size
    raise NameError(
        located(
            f"{what}: unbound axis name: {name!r}. Give the name to the vmap around it: "
            f"vmap(..., axis_name={name!r})"
        )
    )


def lookups() -> int:
    """How often a name was looked for so far: a program traced meanwhile is for these axes only."""
    return _thread.lookups
