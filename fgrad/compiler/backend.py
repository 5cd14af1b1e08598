"""Which backend programs are compiled by.

"numpy" writes Python over NumPy. "llvm", the default where llvmlite is installed, has LLVM make
machine code of what NumPy would do operation by operation, and is "numpy" for the rest.
"""

import contextlib
import contextvars
import functools
import os

from fgrad.core.source import located

NAMES = ("numpy", "llvm")

_asked_for = contextvars.ContextVar("backend", default=None)


@functools.cache
def _default() -> str:
    from fgrad.compiler.native.engine import binding  # imports what is slow to import

    wanted = os.environ.get("FGRAD_BACKEND")
    if wanted is not None:
        return checked(wanted, "the environment variable FGRAD_BACKEND")
    return "numpy" if binding() is None else "llvm"


def current() -> str:
    """The backend of programs that are compiled now."""
    return _asked_for.get() or _default()


def checked(name, what):
    """`name`, if it is a backend that there is; None and "cpu" are the default.

    Raises
    ------
    ValueError
        If there is no such backend.
    ImportError
        If it needs what is not installed.
    """
    if name in (None, "cpu"):
        return None
    if name not in NAMES:
        raise ValueError(located(f"{what}: wanted one of {', '.join(NAMES)}; got {name!r}"))
    if name == "llvm":
        from fgrad.compiler.native.engine import binding

        if binding() is None:
            raise ImportError(
                located(f"{what} is 'llvm', which needs llvmlite: pip install fgrad[llvm]")
            )
    return name


@contextlib.contextmanager
def using(name):
    """Compile by that backend, if one is named, in the `with` block."""
    if name is None:
        yield
        return
    before = _asked_for.set(name)
    try:
        yield
    finally:
        _asked_for.reset(before)
