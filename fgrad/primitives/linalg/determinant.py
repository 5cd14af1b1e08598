"""Determinants. Their derivatives exist at every matrix, singular ones too.

The derivative of det is the matrix of cofactors, its second one a symmetric form; both are computed
by the inverse where there is one, else from the singular values, of which they are products of all
but one and of all but two.
"""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add, mul, sub
from fgrad.primitives.linalg import kernels
from fgrad.primitives.linalg.matrices import diagonal, matmul, mT, stacked
from fgrad.primitives.linalg.solve import lu, solve
from fgrad.primitives.parts import complex, imag, real
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import expand_dims, stop_gradient

# Below this ratio of the smallest to the largest pivot an inverse is not to be trusted.
_SINGULAR = {"f": 1e-3, "d": 1e-6}


def _check(name, a):
    if a.ndim < 2 or a.shape[-1] != a.shape[-2] or a.dtype.char not in "fdFD":
        raise ValueError(located(f"{name}: wanted square matrices of floats; got {a}"))


def _inverse(a):
    """The inverse of a matrix, or None where it is nearly singular."""
    factors, _, permutation = kernels.lu(a)
    pivots = np.abs(np.diagonal(factors))
    if pivots.size and not pivots.min() > _SINGULAR[a.dtype.char.lower()] * pivots.max():
        return None
    return np.linalg.inv(a)


def _but_one(s):
    """For each number the product of the others."""
    return np.array([np.prod(np.delete(s, i)) for i in range(len(s))], s.dtype)


def _cofactors(a):
    inverse = _inverse(a)
    if inverse is not None:
        return np.linalg.det(a) * inverse.T
    u, s, vh = np.linalg.svd(a)
    turn = np.linalg.det(u) * np.linalg.det(vh)
    return turn * (u.conj() * _but_one(s)) @ vh.conj()


def _cofactors_along(a, t):
    """The derivative of the cofactors along `t`."""
    inverse = _inverse(a)
    if inverse is not None:
        x = inverse @ t
        cofactors = np.linalg.det(a) * inverse.T
        return np.trace(x) * cofactors - cofactors @ x.T
    u, s, vh = np.linalg.svd(a)
    turn = np.linalg.det(u) * np.linalg.det(vh)
    m = u.conj().T @ t @ vh.conj().T
    n = len(s)
    others = np.zeros((n, n), s.dtype)  # the product of all but two
    for i in range(n):
        rest = np.delete(s, i)
        others[i, np.arange(n) != i] = _but_one(rest)
    g = -m * others
    g[np.arange(n), np.arange(n)] = others @ np.diagonal(m)
    return turn * (u.conj() @ g.T @ vh.conj())


def _each(function):
    """A function of matrices for stacks of them."""

    def run(*arrays):
        out = np.empty(arrays[0].shape, arrays[0].dtype)
        if out.size:
            for o, *xs in kernels.each_matrix(out, *arrays):
                o[...] = function(*xs)
        return out

    return run


def _trace(x):
    return reduce_sum(diagonal(x), axes=(get_aval(x).ndim - 2,))


def _everywhere(x):
    """A number for each matrix, to multiply it with."""
    n = get_aval(x).ndim
    return expand_dims(x, (n, n + 1))


def inverse_times(a, b):
    """``a^-1 b`` for square matrices."""
    factors, _, permutation = lu(stop_gradient(a))
    return solve(a, factors, permutation, b, transposed=False)


# -- cofactors -------------------------------------------------------------------------------------


def _along_jvp(primals, tangents):
    a, t = primals
    s, tt = tangents
    out = cofactors_along(a, t)
    terms = [] if tt is None else [cofactors_along(a, tt)]
    if s is not None:  # from ``tr(X) C - C X^T`` with ``X = A^-1 t``: this one needs the inverse
        x, y = inverse_times(a, t), inverse_times(a, s)
        c, dc, yx = cofactors(a), cofactors_along(a, s), matmul(y, x)
        terms.append(sub(mul(_everywhere(_trace(x)), dc), matmul(dc, mT(x))))
        terms.append(sub(matmul(c, mT(yx)), mul(_everywhere(_trace(yx)), c)))
    total = terms[0]
    for term in terms[1:]:
        total = add(total, term)
    return out, total


def _aval(a, *_):
    _check("cofactors", a)
    return a


cofactors_along = Primitive("cofactors_along")
cofactors_along.blas = True
set_rules(
    cofactors_along,
    impl=_each(_cofactors_along),
    abstract_eval=_aval,
    jvp=_along_jvp,
    linear=(False, True),
    transpose=lambda ct, a, t: (None, cofactors_along(a, ct)),  # a symmetric form
    batch=lambda args, dims, size: (cofactors_along(*stacked(args, dims, size)), 0),
)

cofactors = Primitive("cofactors")
cofactors.blas = True
set_rules(
    cofactors,
    impl=_each(_cofactors),
    abstract_eval=_aval,
    jvp=lambda primals, tangents: (cofactors(*primals), cofactors_along(*primals, *tangents)),
    batch=lambda args, dims, size: (cofactors(*stacked(args, dims, size)), 0),
)

# -- det -------------------------------------------------------------------------------------------


def _det_aval(a):
    _check("det", a)
    return shaped_array(a.shape[:-2], a.dtype)


def _det_jvp(primals, tangents):
    (a,), (t,) = primals, tangents
    n = get_aval(a).ndim
    return det(a), reduce_sum(mul(cofactors(a), t), axes=(n - 2, n - 1))


det = Primitive("det")
det.blas = True
set_rules(
    det,
    impl=np.linalg.det,
    abstract_eval=_det_aval,
    jvp=_det_jvp,
    batch=lambda args, dims, size: (det(*stacked(args, dims, size)), 0),
)

# -- slogdet: the sign, and the logarithm of the absolute value ------------------------------------


def _slogdet_aval(a):
    _check("slogdet", a)
    stack = a.shape[:-2]
    return [shaped_array(stack, a.dtype), shaped_array(stack, np.dtype(a.dtype.char.lower()))]


def _slogdet_jvp(primals, tangents):
    (a,), (t,) = primals, tangents
    sign, size = slogdet(a)
    change = _trace(inverse_times(a, t))
    if get_aval(a).dtype.kind != "c":
        return [sign, size], [None, change]
    turned = imag(change)
    return [sign, size], [mul(sign, complex(mul(turned, 0.0), turned)), real(change)]


slogdet = Primitive("slogdet", multiple_results=True)
slogdet.blas = True
set_rules(
    slogdet,
    impl=lambda a: list(np.linalg.slogdet(a)),
    abstract_eval=_slogdet_aval,
    jvp=_slogdet_jvp,
    batch=lambda args, dims, size: (slogdet(*stacked(args, dims, size)), [0, 0]),
)
