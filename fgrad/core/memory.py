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

# Arrays below this many bytes come and go without the system.
WORTH = 1 << 16
# Bytes remembered in all; past them everything is forgotten, and belongs to its holders alone.
LIMIT = 1 << 28
# How many arrays of one kind are looked at before a new one is made.
_TRIES = 8

_held: dict = {}  # (shape, dtype) -> deque of arrays, the one that was given out first in front
_nbytes = 0


def _references(queue):
    """The first array, and how many references to it are counted here."""
    x = queue.popleft()
    return x, getrefcount(x)


_ALONE = _references(deque([np.empty(0)]))[1]
# Without the interpreter's lock counts are not exact.
_COUNTS = getattr(sys, "_is_gil_enabled", lambda: True)() and sys.implementation.name == "cpython"


def empty(shape: tuple, dtype: np.dtype) -> np.ndarray:
    """`numpy.empty`, in memory that served before if that is free."""
    held = _held.get((shape, dtype))
    if held is not None:
        for _ in range(_TRIES):
            try:
                x, references = _references(held)  # no other thread sees it until it is put back
            except IndexError:
                break
            held.append(x)
            if references == _ALONE:
                return x
    x = np.empty(shape, dtype)
    if x.nbytes >= WORTH and _COUNTS:
        _remember((shape, dtype), x)
    return x


def copy(x: np.ndarray) -> np.ndarray:
    """A C-contiguous copy."""
    out = empty(x.shape, x.dtype)
    np.copyto(out, x)
    return out


def _remember(key, x):
    global _nbytes
    if _nbytes + x.nbytes > LIMIT:
        _held.clear()
        _nbytes = 0
    _nbytes += x.nbytes
    _held.setdefault(key, deque()).append(x)
