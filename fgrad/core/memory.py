"""Memory of large arrays, taken again when nobody holds them any more.

The system takes the pages of a large array back when it is freed, and hands out new ones, filled
with zeros, one interrupt a page, when the next is written: for an array of a megabyte that takes
longer than most of what is done with it. So the arrays that compiled programs and large kernels
return are remembered, and one whose only reference is this memory's own serves again. Whoever holds
an array, or a view of it, keeps it.
"""

import sys
from collections import deque
from sys import getrefcount

import numpy as np

from fgrad.core.array import Array
from fgrad.core.avals import given_away

# Arrays below this many bytes come and go without the system.
WORTH = 1 << 16
# Bytes remembered in all; past them everything is forgotten, and belongs to its holders alone.
LIMIT = 1 << 28
# How many arrays of one kind are looked at before a new one is made.
_TRIES = 8

_held: dict = {}  # (shape, dtype) -> deque of arrays, the one that was given out first in front
_tracked: set = set()  # the ids of the arrays in it
_nbytes = 0


def _references(queue, i):
    """How many references to an item of a list are counted here."""
    return getrefcount(queue[i])


_ALONE = _references([np.empty(0)], 0)
# Without the interpreter's lock counts are not exact.
_COUNTS = getattr(sys, "_is_gil_enabled", lambda: True)() and sys.implementation.name == "cpython"


def empty(shape: tuple, dtype: np.dtype) -> np.ndarray:
    """`numpy.empty`, in memory that served before if that is free."""
    held = _held.get((shape, dtype))
    if held is not None:
        for _ in range(_TRIES):
            try:
                mine = [held.popleft()]  # no other thread sees it until it is put back
            except IndexError:
                break
            unused = _references(mine, 0) == _ALONE
            held.append(mine[0])
            if unused:
                return mine[0]
    x = np.empty(shape, dtype)
    if x.nbytes >= WORTH and _COUNTS:
        _remember((shape, dtype), x)
    return x


def copy(x: np.ndarray) -> np.ndarray:
    """A C-contiguous copy."""
    out = empty(x.shape, x.dtype)
    np.copyto(out, x)
    return out


def give_up(leaves: list, i: int, hands: int):
    """The memory of an array whose holder gives it away; None if anything else may refer to it.

    The array given away becomes one that nothing can be computed with, and whose dtype says why. In
    the list a view takes its place.

    Parameters
    ----------
    leaves : list
    i : int
    hands : int
        How many references to the array the caller knows of, without that of the list.
    """
    x = leaves[i]
    if type(x) is not Array or _references(leaves, i) != _ALONE + 1 + hands or not _COUNTS:
        return None
    owner = x.base
    if (
        type(owner) is not np.ndarray
        or _references([owner], 0) != _ALONE + 2 + (id(owner) in _tracked)  # that of `x` and ours
        or owner.shape != x.shape
        or owner.dtype != x.dtype
        or not (owner.flags.carray and owner.flags.owndata and x.flags.c_contiguous)
    ):
        return None
    leaves[i] = x.view(np.ndarray)
    x.__setstate__((1, (0,), given_away, False, b""))
    return owner


def inherit(owner, shape: tuple, dtype: np.dtype) -> np.ndarray:
    """What was given up, if it was; else `empty`."""
    return empty(shape, dtype) if owner is None else owner


def forget() -> None:
    """Leave all arrays to those who hold them."""
    global _nbytes
    _held.clear()
    _tracked.clear()
    _nbytes = 0


def _remember(key, x):
    global _nbytes
    if _nbytes + x.nbytes > LIMIT:
        forget()
    _nbytes += x.nbytes
    _tracked.add(id(x))
    _held.setdefault(key, deque()).append(x)
