"""The Cholesky factorization of Hermitian positive-definite matrices."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.linalg.matrices import hermitian_part, masked, matmul, stacked
from fgrad.primitives.linalg.triangular import triangular_solve


def _aval(a):
    if a.ndim < 2 or a.shape[-1] != a.shape[-2] or not a.inexact:
        raise ValueError(located(f"cholesky: wanted square matrices of floats; got {a}"))
    return a


def _jvp(primals, tangents):
    """``dL = L phi(L^-1 dA L^-H)``; phi takes the lower triangle and half the diagonal.

    The matrix is read from its lower triangle and differentiated as a Hermitian one.
    I. Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527 (2016).
    """
    t = hermitian_part(*tangents)
    l = cholesky(*primals)
    n = get_aval(l).shape[-1]
    t = triangular_solve(l, t, left=False, lower=True, op="C", unit=False)
    t = triangular_solve(l, t, left=True, lower=True, op="N", unit=False)
    return l, matmul(l, masked(t, np.tri(n) - 0.5 * np.eye(n)))


cholesky = Primitive("cholesky")
cholesky.blas = True
set_rules(
    cholesky,
    impl=np.linalg.cholesky,
    abstract_eval=_aval,
    jvp=_jvp,
    batch=lambda args, dims, size: (cholesky(*stacked(args, dims, size)), 0),
)
