"""Rows of a table taken by number, at the speed of NumPy's loop for indices that need no check.

``np.take`` checks and widens all indices first, in memory of their own. Here they are checked in
two fast passes, and widened a block at a time, in the cache; ``wrap`` then counts negative ones
from the end, as NumPy does, and looks no further.
"""

import numpy as np

# Indices widened at a time.
BLOCK = 1 << 16


def check_bounds(indices, size):
    """The least index, after an error if one does not stand for an element of an axis."""
    if not indices.size:
        return 0
    low, high = indices.min(), indices.max()
    if low < -size or high >= size:
        bad = low if low < -size else high
        raise IndexError(f"index {bad} is out of bounds for an axis of size {size}")
    return low


def take_rows(x, rows, out):
    """``out[...] = x[rows]`` for rows within bounds.

    Parameters
    ----------
    x : ndarray of shape (n, ...)
        C-contiguous.
    rows : integer ndarray of shape (m,)
    out : ndarray of shape (m, ...)
        C-contiguous, of the dtype of `x`.
    """
    for i in range(0, len(rows), BLOCK):
        j = i + BLOCK
        np.take(x, rows[i:j].astype(np.intp, copy=False), 0, out[i:j], "wrap")
