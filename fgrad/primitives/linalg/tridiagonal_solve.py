"""Tridiagonal systems. Diagonals are vectors of one length; the first element of the lower and the
last of the upper one stand outside of the matrix and are not read.
"""

import numpy as np

from fgrad.core.openblas import routine
from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add, mul, neg
from fgrad.primitives.linalg.kernels import (
    _LETTER,
    _ROW_MAJOR,
    _int64,
    _pointer,
    lu,
    triangular_solve,
)
from fgrad.primitives.linalg.matrices import as_column, stacked
from fgrad.primitives.shape import pad, slice_axis


def _impl(dl, d, du, b, *, perturb):
    """By LAPACK; without it, or with perturbed pivots, as dense systems."""
    x = np.array(b, order="C")
    n, k = x.shape[-2:]
    solve = routine(f"LAPACKE_{_LETTER[x.dtype.char]}gtsv")
    if not x.size:
        return x
    if perturb or solve is None:
        return _dense(dl, d, du, x, perturb)
    for i in np.ndindex(x.shape[:-2]):
        diagonals = [np.array(v) for v in (dl[i][1:], d[i], du[i][:-1])]
        pointers = map(_pointer, diagonals)
        if solve(_ROW_MAJOR, _int64(n), _int64(k), *pointers, _pointer(x[i]), _int64(k)):
            raise np.linalg.LinAlgError("Singular matrix")
    return x


def _dense(dl, d, du, b, perturb):
    """With pivots of at least a rounding of the largest, if they shall be perturbed."""
    n = d.shape[-1]
    a = np.zeros((*d.shape, n), d.dtype)
    at = np.arange(n)
    a[..., at, at] = d
    a[..., at[1:], at[1:] - 1] = dl[..., 1:]
    a[..., at[:-1], at[:-1] + 1] = du[..., :-1]
    if not perturb:
        return np.linalg.solve(a, b)
    factors, _, permutation = lu(a)
    pivots = factors[..., at, at]
    least = np.finfo(d.dtype).eps * np.abs(np.triu(factors)).max((-2, -1), keepdims=True)[..., 0]
    factors[..., at, at] = np.where(np.abs(pivots) < least, least, pivots)
    x = np.take_along_axis(b, permutation[..., None].astype(np.intp), -2)
    x = triangular_solve(factors, x, left=True, lower=True, op="N", unit=True)
    return triangular_solve(factors, x, left=True, lower=False, op="N", unit=False)


def _aval(dl, d, du, b, *, perturb):
    if b.ndim < 2 or {dl.shape, d.shape, du.shape} != {b.shape[:-1]} or not b.inexact:
        raise ValueError(
            located(f"tridiagonal_solve: {dl}, {d}, {du} and {b} are no stacks of systems")
        )
    if len({a.dtype for a in (dl, d, du, b)}) > 1:
        raise ValueError(located(f"tridiagonal_solve: {dl}, {d}, {du} and {b} differ in dtype"))
    return b.strong()


def _shifted(x, axis, step):
    """The elements a step (1 or -1) further along an axis, and a zero."""
    shape = get_aval(x).shape
    n = shape[axis]
    index = [(0, m, 1) for m in shape]
    index[axis] = (1, n, 1) if step > 0 else (0, n - 1, 1)
    part = slice_axis(x, 0, n - 1, axis) if step > 0 else slice_axis(x, 1, n, axis)
    return pad(part, shape=shape, index=tuple(index))


def _jvp(primals, tangents, *, perturb):
    """``dx = A^-1 (db - dA x)``"""
    *diagonals, b = primals
    *turns, rhs = tangents
    x = tridiagonal_solve(*primals, perturb=perturb)
    axis = get_aval(b).ndim - 2
    beside = (lambda: _shifted(x, axis, 1), lambda: x, lambda: _shifted(x, axis, -1))
    for t, values in zip(turns, beside, strict=True):
        if t is not None:
            term = neg(mul(as_column(t), values()))
            rhs = term if rhs is None else add(rhs, term)
    return x, tridiagonal_solve(*diagonals, rhs, perturb=perturb)


def _transpose(ct, dl, d, du, b, *, perturb):
    """The transposed matrix has its lower and upper diagonals exchanged."""
    axis = get_aval(d).ndim - 1
    lower, upper = _shifted(du, axis, 1), _shifted(dl, axis, -1)
    return None, None, None, tridiagonal_solve(lower, d, upper, ct, perturb=perturb)


tridiagonal_solve = Primitive("tridiagonal_solve")
tridiagonal_solve.blas = True
set_rules(
    tridiagonal_solve,
    impl=_impl,
    abstract_eval=_aval,
    jvp=_jvp,
    linear=(False, False, False, True),
    transpose=_transpose,
    batch=lambda args, dims, size, **params: (
        tridiagonal_solve(*stacked(args, dims, size), **params),
        0,
    ),
)
