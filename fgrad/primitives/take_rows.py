"""Rows of a table taken by number, at the speed of NumPy's loop for indices that need no check.

``np.take`` checks and widens all indices first, in memory of their own. Here they are checked in a
fast pass, and widened a block at a time, in the cache; ``wrap`` then counts negative ones from the
end, as NumPy does, and looks no further.
"""

import numpy as np

# Indices widened at a time.
BLOCK = 1 << 17


def check_bounds(indices, size):
    """A negative number if an index is one, else 0; an error if one stands for no element."""
    if not indices.size:
        return 0
    if indices.dtype.kind == "i":  # as unsigned numbers, negative ones are too large as well
        unsigned = indices.view(f"u{indices.itemsize}")
        if unsigned.max() < size:
            return 0
    low, high = indices.min(), indices.max()
    if low < -size or high >= size:
        bad = low if low < -size else high
        raise IndexError(f"index {bad} is out of bounds for an axis of size {size}")
    return min(low, 0)


def take_rows(x, rows, out):
    """``out[...] = x[rows]``; an error if a row is out of bounds.

    Parameters
    ----------
    x : ndarray of shape (n, ...)
        C-contiguous.
    rows : integer ndarray of shape (m,)
    out : ndarray of shape (m, ...)
        C-contiguous, of the dtype of `x`.
    """
    check_bounds(rows, len(x))
    for i in range(0, len(rows), BLOCK):
        j = i + BLOCK
        np.take(x, rows[i:j].astype(np.intp, copy=False), 0, out[i:j], "wrap")
