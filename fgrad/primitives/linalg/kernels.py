"""Factorizations and triangular solves that NumPy does not offer, on stacks of matrices.

They call the LAPACK that NumPy brings; without one they do the same, slower, with what NumPy has.
"""

import ctypes

import numpy as np

from fgrad.core import memory
from fgrad.core.openblas import routine

_ROW_MAJOR, _COLUMN_MAJOR = 101, 102
_LEFT, _RIGHT = 141, 142
_UPPER, _LOWER = 121, 122
_TRANSPOSED = {"N": 111, "T": 112, "C": 113}
_UNIT, _NOT_UNIT = 132, 131
_ALPHA = {
    "f": ctypes.c_float(1.0),
    "d": ctypes.c_double(1.0),
    "F": (ctypes.c_float * 2)(1.0, 0.0),
    "D": (ctypes.c_double * 2)(1.0, 0.0),
}
_LETTER = {"f": "s", "d": "d", "F": "c", "D": "z"}


def _pointer(x):
    return ctypes.c_void_p(x.ctypes.data)


def _int64(n):
    return ctypes.c_int64(n)


def each_matrix(*arrays):
    """The matrices of stacks of the same leading shape, one tuple at a time."""
    flat = [a.reshape(-1, *a.shape[-2:]) for a in arrays]
    return zip(*flat, strict=True)


def triangular_solve(a, b, *, left, lower, op, unit):
    """``op(a) x = b``, or ``x op(a) = b``, for stacks of triangular matrices.

    Parameters
    ----------
    a : ndarray of shape (..., n, n)
        Only one triangle is read.
    b : ndarray of shape (..., m, k)
    left, lower, unit : bool
        Whether `a` stands left of the unknown, is lower triangular, has ones on its diagonal.
    op : {'N', 'T', 'C'}
        `a` itself, its transpose, or its conjugate transpose.
    """
    x = memory.copy(b)
    if not x.size:
        return x
    letter = _LETTER[x.dtype.char]
    flipped = a.swapaxes(-1, -2)
    if flipped.flags.c_contiguous and (op != "C" or letter in "sd"):
        a, lower, op = flipped, not lower, "T" if op == "N" else "N"
    a = np.ascontiguousarray(a)
    solve, solve_column = routine(f"cblas_{letter}trsm"), routine(f"cblas_{letter}trsv")
    m, k = x.shape[-2:]
    n = _int64(a.shape[-1])
    kind = _LOWER if lower else _UPPER, _TRANSPOSED[op], _UNIT if unit else _NOT_UNIT
    for ai, xi in each_matrix(a, x):
        if solve is None:
            xi[...] = _solved(ai, xi, left, lower, op, unit)
        elif left and k == 1:  # a quarter of the time
            solve_column(_ROW_MAJOR, *kind, n, _pointer(ai), n, _pointer(xi), _int64(1))
        else:
            solve(
                _ROW_MAJOR, _LEFT if left else _RIGHT, *kind, _int64(m), _int64(k),
                _ALPHA[x.dtype.char], _pointer(ai), n, _pointer(xi), _int64(k),
            )  # fmt: skip
    return x


def _solved(a, b, left, lower, op, unit):
    a = np.tril(a) if lower else np.triu(a)
    if unit:
        np.fill_diagonal(a, 1)
    if op != "N":
        a = a.T.conj() if op == "C" else a.T
    return np.linalg.solve(a, b) if left else np.linalg.solve(a.T, b.T).T


def lu(a):
    """``a[permutation] = l u`` with partial pivoting, for stacks of matrices.

    Parameters
    ----------
    a : ndarray of shape (..., m, n)

    Returns
    -------
    lu : ndarray of shape (..., m, n)
        The unit lower triangle below the diagonal, the upper triangle on and above it. Its columns
        are contiguous, as LAPACK wants them: it works twice as long on rows.
    pivots : int32 ndarray of shape (..., min(m, n))
        The row that each row is exchanged with, in order.
    permutation : int32 ndarray of shape (..., m)
    """
    *stack, m, n = a.shape
    columns = memory.copy(a.swapaxes(-1, -2))
    pivots = np.zeros((*stack, min(m, n)), np.int32)
    permutation = np.empty((*stack, m), np.int32)
    factor = routine(f"LAPACKE_{_LETTER[a.dtype.char]}getrf")
    if a.size:
        matrices = zip(
            columns.reshape(-1, n, m),
            pivots.reshape(-1, min(m, n)),
            permutation.reshape(-1, m),
            strict=True,
        )
        for matrix, pivot, order in matrices:
            if factor is None:
                _eliminate(matrix.T, pivot)
            else:
                found = np.empty(min(m, n), np.int64)
                factor(
                    _COLUMN_MAJOR, _int64(m), _int64(n),
                    _pointer(matrix), _int64(m), _pointer(found),
                )  # fmt: skip
                pivot[...] = found - 1
            order[...] = _exchanged(m, pivot)
    return columns.swapaxes(-1, -2), pivots, permutation


def _exchanged(m, pivots):
    """The numbers of `m` rows after exchanges, one after the other."""
    exchange = routine("LAPACKE_dlaswp")
    if exchange is None:
        rows = list(range(m))
        for i, p in enumerate(pivots.tolist()):
            rows[i], rows[p] = rows[p], rows[i]
        return rows
    rows, found = np.arange(m, dtype=float), pivots.astype(np.int64) + 1
    exchange(
        _COLUMN_MAJOR, _int64(1), _pointer(rows), _int64(m), _int64(1), _int64(len(found)),
        _pointer(found), _int64(1),
    )  # fmt: skip
    return rows


def _eliminate(a, pivots):
    """Gaussian elimination in place."""
    for i in range(len(pivots)):
        column = a[i:, i]
        p = i + int(np.argmax(np.abs(column.real) + np.abs(column.imag)))  # as LAPACK
        pivots[i] = p
        if p != i:
            a[[i, p]] = a[[p, i]]
        if a[i, i] != 0:
            a[i + 1 :, i] /= a[i, i]
            a[i + 1 :, i + 1 :] -= np.outer(a[i + 1 :, i], a[i, i + 1 :])
