"""The singular value decomposition."""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add, div, eq, mul, sub
from fgrad.primitives.linalg.matrices import (
    as_column,
    as_row,
    diagonal,
    differences,
    matmul,
    mH,
    stacked,
)
from fgrad.primitives.parts import real, select


def _impl(a, *, full_matrices, compute_uv):
    if compute_uv:
        return list(np.linalg.svd(a, full_matrices))
    return [np.linalg.svd(a, full_matrices, False)]


def _aval(a, *, full_matrices, compute_uv):
    if a.ndim < 2 or not a.inexact:
        raise ValueError(located(f"svd: wanted matrices of floats; got {a}"))
    *stack, m, n = a.shape
    k = min(m, n)
    s = shaped_array((*stack, k), np.dtype(a.dtype.char.lower()))
    if not compute_uv:
        return [s]
    u = (*stack, m, m if full_matrices else k)
    vh = (*stack, n if full_matrices else k, n)
    return [shaped_array(u, a.dtype), s, shaped_array(vh, a.dtype)]


def _jvp(primals, tangents, *, full_matrices, compute_uv):
    """J. Townsend, Differentiating the singular value decomposition (2016)."""
    (a,), (t,) = primals, tangents
    *_, m, n = get_aval(a).shape
    if compute_uv and full_matrices and m != n:
        raise NotImplementedError(
            located(
                f"svd of {get_aval(a)}: the vectors that full_matrices adds have no derivative, "
                "they are no function of the matrix; use full_matrices=False"
            )
        )
    u, s, vh = svd(a, full_matrices=False, compute_uv=True)
    v = mH(vh)
    d = matmul(mH(u), matmul(t, v))
    ds = real(diagonal(d))
    if not compute_uv:
        return [s], [ds]
    squares = differences(mul(s, s))
    by_columns, by_rows = mul(d, as_row(s)), mul(d, as_column(s))
    left = mul(squares, add(by_columns, mH(by_columns)))
    right = mul(squares, add(by_rows, mH(by_rows)))
    # a complex matrix turns the phases of a pair of vectors: half of it is counted on either side
    eye = np.eye(get_aval(s).shape[-1]).astype(get_aval(s).dtype)
    zero = eq(s, 0)
    inverse = select(zero, 0.0, div(1.0, select(zero, 1.0, s)))
    phase = mul(mul(sub(d, mH(d)), 0.5), mul(eye, as_row(inverse)))
    du = matmul(u, add(left, phase))
    dv = matmul(v, right)
    if m > n:
        outside = matmul(t, v)
        outside = sub(outside, matmul(u, matmul(mH(u), outside)))
        du = add(du, div(outside, as_row(s)))
    if n > m:
        outside = matmul(mH(t), u)
        outside = sub(outside, matmul(v, matmul(mH(v), outside)))
        dv = add(dv, div(outside, as_row(s)))
    return [u, s, vh], [du, ds, mH(dv)]


svd = Primitive("svd", multiple_results=True)
svd.blas = True
set_rules(
    svd,
    impl=_impl,
    abstract_eval=_aval,
    jvp=_jvp,
    batch=lambda args, dims, size, *, full_matrices, compute_uv: (
        svd(*stacked(args, dims, size), full_matrices=full_matrices, compute_uv=compute_uv),
        [0, 0, 0] if compute_uv else [0],
    ),
)
