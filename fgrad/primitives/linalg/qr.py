"""The QR decomposition."""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add, sub
from fgrad.primitives.linalg.matrices import (
    hermitian_part,
    masked,
    matmul,
    mH,
    stacked,
    tril,
)
from fgrad.primitives.linalg.triangular import triangular_solve
from fgrad.primitives.shape import pad, slice_axis


def _impl(a, *, full):
    return list(np.linalg.qr(a, "complete" if full else "reduced"))


def _aval(a, *, full):
    if a.ndim < 2 or not a.inexact:
        raise ValueError(located(f"qr: wanted matrices of floats; got {a}"))
    *stack, m, n = a.shape
    k = m if full else min(m, n)
    return [shaped_array((*stack, m, k), a.dtype), shaped_array((*stack, k, n), a.dtype)]


def _jvp(primals, tangents, *, full):
    """With ``X = dA R^-1``, ``M = Q^H X`` and the skew-Hermitian W that has the lower triangle of
    M: ``dQ = X - Q M + Q W``. Of a wide matrix the first columns decide; columns that `full` adds
    do not turn among themselves.

    S. F. Walter, L. Lehmann, Algorithmic differentiation of linear algebra functions, Optimization
    Methods and Software 27 (2012).
    """
    (a,), (t,) = primals, tangents
    q, r = qr(a, full=full)
    *_, m, n = get_aval(a).shape
    axis = get_aval(a).ndim - 1
    k = min(m, n)
    square = slice_axis(slice_axis(r, 0, k, axis), 0, k, axis - 1)
    first = slice_axis(t, 0, k, axis)
    x = triangular_solve(square, first, left=False, lower=False, op="N", unit=False)
    qx = matmul(mH(q), x)
    if full:  # as many rows as columns: those beyond the first are zero
        shape = (*get_aval(qx).shape[:-1], m)
        index = tuple([(0, size, 1) for size in get_aval(qx).shape])
        x, qx = None, pad(qx, shape=shape, index=index)
    below = tril(qx, -1)
    w = add(sub(below, mH(below)), masked(sub(qx, hermitian_part(qx)), np.eye(m if full else k)))
    dq = matmul(q, w)
    if x is not None:
        dq = add(dq, sub(x, matmul(q, qx)))
    # R = Q^H A, also in the columns beyond the square
    dr = add(matmul(mH(dq), a), matmul(mH(q), t))
    return [q, r], [dq, masked(dr, np.triu(np.ones(get_aval(r).shape[-2:])))]


qr = Primitive("qr", multiple_results=True)
set_rules(
    qr,
    impl=_impl,
    abstract_eval=_aval,
    jvp=_jvp,
    batch=lambda args, dims, size, **params: (qr(*stacked(args, dims, size), **params), [0, 0]),
)
