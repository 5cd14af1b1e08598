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
from fgrad.primitives.shape import slice_axis


def _impl(a):
    return list(np.linalg.qr(a))


def _aval(a):
    if a.ndim < 2 or not a.inexact:
        raise ValueError(located(f"qr: wanted matrices of floats; got {a}"))
    *stack, m, n = a.shape
    k = min(m, n)
    return [shaped_array((*stack, m, k), a.dtype), shaped_array((*stack, k, n), a.dtype)]


def _jvp(primals, tangents):
    """With ``X = dA R^-1``, ``M = Q^H X`` and the skew-Hermitian W that has the lower triangle of
    M: ``dQ = X - Q M + Q W``. Of a wide matrix the first columns decide.

    S. F. Walter, L. Lehmann, Algorithmic differentiation of linear algebra functions, Optimization
    Methods and Software 27 (2012).
    """
    (a,), (t,) = primals, tangents
    q, r = qr(a)
    *_, m, n = get_aval(a).shape
    axis = get_aval(a).ndim - 1
    k = min(m, n)
    square, first = slice_axis(r, 0, k, axis), slice_axis(t, 0, k, axis)
    x = triangular_solve(square, first, left=False, lower=False, op="N", unit=False)
    qx = matmul(mH(q), x)
    below = tril(qx, -1)
    w = sub(below, mH(below))
    eye = np.eye(k)
    w = add(w, masked(sub(qx, hermitian_part(qx)), eye))
    dq = add(sub(x, matmul(q, qx)), matmul(q, w))
    # R = Q^H A, also in the columns beyond the square
    dr = add(matmul(mH(dq), a), matmul(mH(q), t))
    return [q, r], [dq, masked(dr, np.triu(np.ones((k, n))))]


qr = Primitive("qr", multiple_results=True)
set_rules(
    qr,
    impl=_impl,
    abstract_eval=_aval,
    jvp=_jvp,
    batch=lambda args, dims, size: (qr(*stacked(args, dims, size)), [0, 0]),
)
