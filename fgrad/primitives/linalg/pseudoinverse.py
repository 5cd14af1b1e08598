"""The Moore-Penrose inverse."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add, sub
from fgrad.primitives.linalg.matrices import matmul, mH, stacked
from fgrad.primitives.shape import broadcast_to, moveaxis


def _aval(a, rtol, *, hermitian):
    if a.ndim < 2 or not a.inexact:
        raise ValueError(located(f"pinv: wanted matrices of floats; got {a}"))
    return a.update(shape=(*a.shape[:-2], a.shape[-1], a.shape[-2]))


def _jvp(primals, tangents, *, hermitian):
    """``dP = -P dA P + P P^H dA^H (I - A P) + (I - P A) dA^H P^H P``, where the rank is constant.

    G. H. Golub, V. Pereyra, The differentiation of pseudo-inverses and nonlinear least squares
    problems whose variables separate, SIAM Journal on Numerical Analysis 10 (1973).
    """
    a, rtol = primals
    t, _ = tangents
    p = pinv(a, rtol, hermitian=hermitian)
    th = mH(t)
    left = matmul(matmul(p, mH(p)), sub(th, matmul(matmul(th, a), p)))
    right = matmul(sub(th, matmul(p, matmul(a, th))), matmul(mH(p), p))
    return p, sub(add(left, right), matmul(p, matmul(t, p)))


def _batch(args, dims, size, **params):
    (a, rtol), (da, dr) = args, dims
    (a,) = stacked([a], [da], size)
    if dr is not None:
        rtol = moveaxis(rtol, dr, 0)
    else:
        rtol = broadcast_to(rtol, (size, *get_aval(rtol).shape))
    return pinv(a, rtol, **params), 0


pinv = Primitive("pinv")
pinv.blas = True
set_rules(
    pinv,
    impl=lambda a, rtol, *, hermitian: np.linalg.pinv(a, rtol, hermitian),
    abstract_eval=_aval,
    jvp=_jvp,
    batch=_batch,
)
