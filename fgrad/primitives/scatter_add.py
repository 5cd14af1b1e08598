"""Sums of updates at repeated indices, at the speed of NumPy's one fast loop for them.

``np.add.at`` is fast for a vector indexed by one array, and a hundredfold slower otherwise. So
indices of several axes become numbers of rows; rows of few numbers are summed column by column,
and longer ones element by element, in blocks whose indices stay in the cache. Rows of an even
length are taken as rows of half as many complex numbers: a complex sum is two sums. Very
many rows are summed by SciPy's sparse matrices, up to four times as fast, where it is installed:
sums of rows are a product by a matrix of ones.
"""

import functools
import math

import numpy as np

from fgrad.core.extras import installed
from fgrad.primitives.take_rows import check_bounds

# Up to this many columns are summed one by one.
COLUMNS = 4
# Elements whose indices are made at a time.
BLOCK = 1 << 16
# Below this many updates one slow call costs less than the preparations.
SMALL = 256
# From this many elements on the import of `scipy.sparse` pays.
LARGE = 1 << 18
_PAIRED = {"f": np.complex64, "d": np.complex128}


def add_at(out, indices, axes, updates, natural):
    """``np.add.at(out, index, updates)`` where `indices` index `axes`.

    Parameters
    ----------
    out : ndarray
        C-contiguous.
    indices : sequence of integer arrays
        They broadcast together.
    axes : sequence of int
    updates : ndarray
        Of the dtype of `out`.
    natural : int
        Where in `updates` the axes of the indices stand.
    """
    shape = np.broadcast_shapes(*(np.shape(i) for i in indices))
    rest = [a for a in range(out.ndim) if a not in axes]
    rows = _rows([np.broadcast_to(i, shape).ravel() for i in indices], [out.shape[a] for a in axes])
    block = range(natural, natural + len(shape))
    order = [*block, *(i for i in range(updates.ndim) if i not in block)]
    width = math.prod(out.shape[a] for a in rest)
    flat = np.ascontiguousarray(updates.transpose(order)).reshape(rows.size, width)
    moved = out.transpose([*axes, *rest])
    target = np.ascontiguousarray(moved)
    try:
        _add_rows(target.reshape(-1, width), rows, flat)
    except IndexError:  # of one index, which NumPy checks as it sums
        check_bounds(rows, len(target))
        raise
    if not np.shares_memory(target, out):
        moved[...] = target


def _rows(indices, sizes):
    """One number for each tuple of indices."""
    if len(indices) == 1:
        return indices[0]
    rows = None
    for i, n in zip(indices, sizes, strict=True):
        if check_bounds(i, n) < 0:
            i = np.where(i < 0, i.astype(np.intp) + n, i)
        rows = i if rows is None else rows.astype(np.intp, copy=False) * n + i
    return rows


def _add_rows(out, rows, updates):
    """Add each update to its row."""
    if out.shape[1] != 2 and updates.size >= LARGE and out.dtype.char in "fdFD":
        sparse = installed("scipy.sparse")
        if sparse is not None:
            _add_product(sparse, out, rows, updates)
            return
    if out.shape[1] % 2 == 0 and out.dtype.char in _PAIRED and out.size:
        paired = _PAIRED[out.dtype.char]
        out, updates = out.view(paired), updates.view(paired)
    width = out.shape[1]
    if width == 1:
        elements, flat = out.reshape(-1), updates.reshape(-1)
        for i in range(0, len(rows), BLOCK):  # narrow indices are widened in the cache
            index = rows[i : i + BLOCK].astype(np.intp, copy=False)
            np.add.at(elements, index, flat[i : i + BLOCK])
    elif width <= COLUMNS:
        rows = rows.astype(np.intp, copy=False)
        for k in range(width):
            column = np.ascontiguousarray(out[:, k])
            np.add.at(column, rows, np.ascontiguousarray(updates[:, k]))
            out[:, k] = column
    else:
        first, places = rows.astype(np.intp, copy=False) * width, np.arange(width)
        step = max(BLOCK // width, 1)
        work = np.empty((step, width), np.intp)
        elements, flat = out.reshape(-1), updates.reshape(-1)
        for i in range(0, len(rows), step):
            start = first[i : i + step]
            index = np.add(start[:, None], places, out=work[: len(start)])
            np.add.at(elements, index.reshape(-1), flat[i * width : (i + len(start)) * width])


@functools.cache
def _one_each(count, dtype):
    """The numbers of a matrix with a one in each column, and where its columns start."""
    return np.ones(count, dtype), np.arange(count + 1, dtype=np.int32)


def _add_product(sparse, out, rows, updates):
    n = len(out)
    if check_bounds(rows, n) < 0:
        rows = np.where(rows < 0, rows.astype(np.intp) + n, rows)
    if out.shape[1] == 1:
        out, updates = out[:, 0], updates[:, 0]
    step = LARGE >> 1
    ones, starts = _one_each(step, out.dtype)
    for i in range(0, len(rows), step):
        chosen = rows[i : i + step].astype(np.int32, copy=False)
        m = len(chosen)
        if i == 0 or m < step:
            matrix = sparse.csc_array((ones[:m], chosen, starts[: m + 1]), shape=(n, m))
        else:  # the indices are sound: another matrix would only look at them again
            matrix.indices = chosen
        out += matrix @ updates[i : i + m]
