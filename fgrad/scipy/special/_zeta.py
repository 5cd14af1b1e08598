"""Hurwitz's zeta function, and Bernoulli's numbers."""

import operator

import numpy as np

import fgrad.numpy as fnp
from fgrad import lax
from fgrad.core.extras import scipy
from fgrad.core.source import located
from fgrad.numpy._face import give
from fgrad.scipy._arguments import real
from fgrad.transforms.custom import custom_jvp
from fgrad.transforms.forward import jvp

_TERMS = 12
# B(2 k) / (2 k)! for k from 1
_BERNOULLI = (
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000,
    1 / 74724249600, -3617 / 10670622842880000,
)  # fmt: skip


def _euler_maclaurin(x, q):
    """The sum itself, as a formula that has derivatives by both arguments."""
    total = sum((q + k) ** -x for k in range(_TERMS))
    far = q + float(_TERMS)
    tail = far ** (1 - x) / (x - 1)
    last = far**-x
    term, series = x / far, 0.5
    for k, b in enumerate(_BERNOULLI):
        series = series + b * term
        term = term * (x + (2 * k + 1)) * (x + (2 * k + 2)) / far**2
    return total + tail + last * series


@custom_jvp
def _zeta(x, q):
    return lax.zeta(x, q)


@_zeta.defjvp
def _zeta_jvp(primals, tangents):
    return _zeta(*primals), jvp(_euler_maclaurin, primals, tangents)[1]


def zeta(x, q=None):
    """Hurwitz's zeta function, the sum of ``(q + n)**-x`` over ``n >= 0``, by SciPy.

    Parameters
    ----------
    x : array-like
        More than one.
    q : array-like
        Positive. It must be given.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.zeta(2.0, 1.0)
    np.float64(1.6449340668482266)

    References
    ----------
    The derivatives are those of the formula of Euler and Maclaurin: F. Johansson, Rigorous
    high-precision computation of the Hurwitz zeta function and its derivatives, Numerical
    Algorithms 69 (2015), 253-270.
    """
    if q is None:
        raise NotImplementedError(located("zeta: q must be given; 1 for Riemann's zeta function"))
    x, q = (fnp.asarray(v) for v in real("zeta", x=x, q=q))
    dtype = np.result_type(x.dtype, q.dtype)
    return _zeta(x.astype(dtype), q.astype(dtype))


def bernoulli(n):
    """The Bernoulli numbers from the zeroth to the `n`-th, by SciPy.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.bernoulli(1)
    Array([ 1. , -0.5])
    """
    n = operator.index(n)
    if n < 0:
        raise ValueError(located(f"bernoulli: n must not be negative; got {n}"))
    return give(np.asarray(scipy("special", "bernoulli").bernoulli(max(n, 2)))[: n + 1])
