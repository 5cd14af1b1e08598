"""The QR decomposition, with the columns of Q that belong to R, or with all."""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add, neg, sub
from fgrad.primitives.linalg.matrices import (
    hermitian_part,
    masked,
    matmul,
    mH,
    stacked,
    tril,
    triu,
)
from fgrad.primitives.linalg.triangular import triangular_solve
from fgrad.primitives.shape import concatenate, slice_axis


def _check(a):
    if a.ndim < 2 or not a.inexact:
        raise ValueError(located(f"qr: wanted matrices of floats; got {a}"))


def _rows(x, start, stop):
    return slice_axis(x, start, stop, get_aval(x).ndim - 2)


def _columns(x, start, stop):
    return slice_axis(x, start, stop, get_aval(x).ndim - 1)


def _unit_lower(l, b, left=True, op="N"):
    return triangular_solve(l, b, left=left, lower=True, op=op, unit=True)


def _times_inverse(b, u):
    return triangular_solve(u, b, left=False, lower=False, op="N", unit=False)


def _tangents(a, q, r, t):
    """With ``X = dA R^-1``, ``M = Q^H X`` and the skew-Hermitian W that has the lower triangle of
    M: ``dQ = X - Q M + Q W``. Of a wide matrix the first columns decide.

    S. F. Walter, L. Lehmann, Algorithmic differentiation of linear algebra functions, Optimization
    Methods and Software 27 (2012).
    """
    k = get_aval(r).shape[-2]
    x = _times_inverse(_columns(t, 0, k), _columns(r, 0, k))
    qx = matmul(mH(q), x)
    below = tril(qx, -1)
    w = add(sub(below, mH(below)), masked(sub(qx, hermitian_part(qx)), np.eye(k)))
    dq = add(sub(x, matmul(q, qx)), matmul(q, w))
    # R = Q^H A, also in the columns beyond the square
    return dq, triu(add(matmul(mH(dq), a), matmul(mH(q), t)))


# -- qr: Q has as many columns as R has rows -------------------------------------------------------


def _aval(a):
    _check(a)
    *stack, m, n = a.shape
    k = min(m, n)
    return [shaped_array((*stack, m, k), a.dtype), shaped_array((*stack, k, n), a.dtype)]


def _jvp(primals, tangents):
    q, r = qr(*primals)
    return [q, r], list(_tangents(*primals, q, r, *tangents))


qr = Primitive("qr", multiple_results=True)
qr.blas = True
set_rules(
    qr,
    impl=lambda a: list(np.linalg.qr(a)),
    abstract_eval=_aval,
    jvp=_jvp,
    batch=lambda args, dims, size: (qr(*stacked(args, dims, size)), [0, 0]),
)

# -- full_qr: Q is square, of a matrix with more rows than columns; also LAPACK's reflectors V -----


def _full_impl(a):
    q, r = np.linalg.qr(a, "complete")
    h, _ = np.linalg.qr(a, "raw")
    n = a.shape[-1]
    return [
        q,
        r[..., :n, :],
        np.tril(h.swapaxes(-1, -2), -1) + np.eye(*a.shape[-2:], dtype=a.dtype),
    ]


def _full_aval(a):
    _check(a)
    *stack, m, n = a.shape
    if m < n:
        raise ValueError(located(f"full_qr: wanted matrices with m >= n; got {a}"))
    shapes = ((m, m), (n, n), (m, n))
    return [shaped_array((*stack, *shape), a.dtype) for shape in shapes]


def _full_jvp(primals, tangents):
    """With ``Q = I - V T V^H``, ``I - Q = V U`` in the first columns, ``U = T V^H`` there: an LU
    decomposition, whose tangents give those of V and T, and with them those of the other columns.

    G. Ballard et al., Reconstructing Householder vectors from tall-skinny QR, IPDPS (2014).
    """
    (a,), (t,) = primals, tangents
    q, r, v = full_qr(a)
    m, n = get_aval(v).shape[-2:]
    first = _columns(q, 0, n)
    dq, dr = _tangents(a, first, r, t)
    v1 = _rows(v, 0, n)
    u = triu(_unit_lower(v1, sub(np.eye(n, dtype=get_aval(q).dtype), _rows(first, 0, n))))
    dm = neg(dq)
    x = _times_inverse(_unit_lower(v1, _rows(dm, 0, n)), u)
    dv1, du = matmul(v1, tril(x, -1)), matmul(triu(x), u)
    dv2 = _rows(_times_inverse(sub(dm, matmul(v, du)), u), n, m)
    dv = concatenate(dv1, dv2, dimension=get_aval(v).ndim - 2)
    factor = _unit_lower(v1, u, left=False, op="C")
    dfactor = _unit_lower(v1, sub(du, matmul(factor, mH(dv1))), left=False, op="C")
    vh, dvh = mH(v), mH(dv)
    terms = matmul(dv, matmul(factor, vh)), matmul(v, matmul(dfactor, vh))
    dq = neg(add(add(*terms), matmul(v, matmul(factor, dvh))))
    return [q, r, v], [dq, dr, dv]


full_qr = Primitive("full_qr", multiple_results=True)
full_qr.blas = True
set_rules(
    full_qr,
    impl=_full_impl,
    abstract_eval=_full_aval,
    jvp=_full_jvp,
    batch=lambda args, dims, size: (full_qr(*stacked(args, dims, size)), [0, 0, 0]),
)
