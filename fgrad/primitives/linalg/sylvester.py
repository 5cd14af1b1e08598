"""Sylvester's equation, and the square root of a matrix, whose derivative solves one; by SciPy."""

import numpy as np

from fgrad.core.extras import scipy
from fgrad.core.source import located
from fgrad.core.trace import Primitive
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import sub
from fgrad.primitives.linalg.matrices import matmul, mT, stacked


def _each(function, shape, *stacks):
    """A function of matrices over stacks of them."""
    out = np.empty(shape, stacks[0].dtype)
    for i in np.ndindex(*shape[:-2]) if out.size else ():
        out[i] = function(*(s[i] for s in stacks))
    return out


# -- sylvester: the x of ``a x + x b = c`` ---------------------------------------------------------


def _sylvester(a, b, c):
    return _each(scipy("linalg", "solve_sylvester").solve_sylvester, c.shape, a, b, c)


def _sylvester_aval(a, b, c):
    *stack, m, n = c.shape if c.ndim > 1 else (0, 0)
    shapes = (*stack, m, m), (*stack, n, n)
    if (a.shape, b.shape) != shapes or not a.dtype == b.dtype == c.dtype or not c.inexact:
        raise ValueError(located(f"solve_sylvester: {a}, {b} and {c} do not fit together"))
    return c


def _sylvester_jvp(primals, tangents):
    (a, b, c), (ta, tb, rhs) = primals, tangents
    x = sylvester(a, b, c)
    for product in (
        None if ta is None else matmul(ta, x),
        None if tb is None else matmul(x, tb),
    ):
        if product is not None:
            rhs = -product if rhs is None else sub(rhs, product)
    return x, sylvester(a, b, rhs)


sylvester = Primitive("sylvester")
sylvester.blas = True
set_rules(
    sylvester,
    impl=_sylvester,
    abstract_eval=_sylvester_aval,
    jvp=_sylvester_jvp,
    linear=(False, False, True),
    transpose=lambda ct, a, b, c: (None, None, sylvester(mT(a), mT(b), ct)),
    batch=lambda args, dims, size: (sylvester(*stacked(args, dims, size)), 0),
)

# -- sqrtm: the x of ``x x = a`` whose eigenvalues lie to the right --------------------------------


def _sqrtm(a):
    root = scipy("linalg", "sqrtm").sqrtm

    def principal(a):
        # the roots of negative eigenvalues are up; as complex ones these would be on either side
        return root(a if a.imag.any() else a.real)

    return _each(principal, a.shape, a)


def _sqrtm_aval(a):
    if a.ndim < 2 or a.shape[-1] != a.shape[-2] or a.dtype.kind != "c":
        raise ValueError(located(f"sqrtm: wanted square matrices of complex numbers; got {a}"))
    return a


def _sqrtm_jvp(primals, tangents):
    x = sqrtm(*primals)
    return x, sylvester(x, x, *tangents)


sqrtm = Primitive("sqrtm")
sqrtm.blas = True
set_rules(
    sqrtm,
    impl=_sqrtm,
    abstract_eval=_sqrtm_aval,
    jvp=_sqrtm_jvp,
    batch=lambda args, dims, size: (sqrtm(*stacked(args, dims, size)), 0),
)
