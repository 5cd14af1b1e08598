"""Bessel functions."""

import operator

import numpy as np

import fgrad.numpy as fnp
from fgrad import lax
from fgrad.core.source import located
from fgrad.numpy._face import give
from fgrad.primitives import bessel
from fgrad.scipy._arguments import real


def i0(x):
    """The modified Bessel function of the first kind and order zero.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> round(special.i0(0.0), 6)
    1.0
    """
    x = real("i0", x=x)
    return fnp.exp(fnp.abs(x)) * lax.bessel_i0e(x)


def i1(x):
    """The modified Bessel function of the first kind and order one.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.i1(0.0)
    0.0
    """
    x = real("i1", x=x)
    return fnp.exp(fnp.abs(x)) * lax.bessel_i1e(x)


def bessel_jn(z, *, v, n_iter=50):
    """The Bessel functions of the first kind of the orders 0 to `v`, by SciPy.

    Parameters
    ----------
    z : array-like
    v : int
    n_iter : int
        Accepted for compatibility.

    Returns
    -------
    array of shape (v + 1, *z.shape)

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.bessel_jn(0.0, v=1)
    Array([1., 0.])
    """
    z, v = real("bessel_jn", z=z), operator.index(v)
    if v < 0:
        raise ValueError(located(f"bessel_jn: v must not be negative; got {v}"))
    z = fnp.asarray(z)
    orders = np.arange(v + 1).reshape(-1, *(1,) * z.ndim).astype(z.dtype)
    return give(bessel.bessel_j(orders, fnp.expand_dims(z, 0)))
