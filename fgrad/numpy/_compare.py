"""Comparisons of arrays, and questions about their elements and dtypes."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, refuse, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives.reduce import reduce_and


def isclose_values(x, y, rtol, atol, equal_nan):
    """NumPy's isclose of values or tracers."""
    y = as_inexact(y)
    finite = ew.logical_and(ew.is_finite(x), ew.is_finite(y))
    # infinities are left out before the subtraction, which would warn
    x_finite, y_finite = (parts.select(finite, v, 0) for v in (x, y))
    bound = ew.add(atol, ew.mul(rtol, parts.abs(y_finite)))
    near = ew.le(parts.abs(ew.sub(x_finite, y_finite)), bound)
    close = ew.logical_or(ew.logical_and(finite, near), ew.eq(x, y))
    if equal_nan:
        close = ew.logical_or(close, ew.logical_and(ew.isnan(x), ew.isnan(y)))
    return close


@public
def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether elements are equal within a tolerance: ``|a - b| <= atol + rtol * |b|``.

    Parameters
    ----------
    a, b : array-like
    rtol, atol : array-like
    equal_nan : bool
        Whether NaN equals NaN.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.isclose(fnp.array([1.0, 2.0]), 1.0)
    Array([ True, False])
    """
    tolerances = value(rtol, "rtol"), value(atol, "atol")
    return isclose_values(value(a, "isclose"), value(b, "isclose"), *tolerances, equal_nan)


def _all(x):
    return reduce_and(x, axes=tuple(range(get_aval(x).ndim)))


@public
def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are equal within a tolerance; see `isclose`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.allclose(fnp.array([1.0, 1.0]), 1.0)
    np.True_
    """
    x, y = value(a, "allclose"), value(b, "allclose")
    return _all(isclose_values(x, y, value(rtol, "rtol"), value(atol, "atol"), equal_nan))


@public
def array_equal(a1, a2, equal_nan=False):
    """Whether two arrays have the same shape and the same elements.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.array_equal([1, 2], [1, 2])
    np.True_
    """
    x, y = value(a1, "array_equal"), value(a2, "array_equal")
    if get_aval(x).shape != get_aval(y).shape:
        return np.False_
    same = ew.eq(x, y)
    if equal_nan:
        same = ew.logical_or(same, ew.logical_and(_isnan(x), _isnan(y)))
    return _all(same)


def _isnan(x):
    return ew.ne(x, x)


@public
def array_equiv(a1, a2):
    """Whether two arrays have the same elements after broadcasting.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.array_equiv([1, 1], 1)
    np.True_
    """
    x, y = value(a1, "array_equiv"), value(a2, "array_equiv")
    try:
        np.broadcast_shapes(get_aval(x).shape, get_aval(y).shape)
    except ValueError:
        return np.False_
    return _all(ew.eq(x, y))


@public
def isreal(x):
    """Whether elements have no imaginary part.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.isreal(fnp.array([1.0, 1j]))
    Array([ True, False])
    """
    x = value(x, "isreal")
    aval = get_aval(x)
    return ew.eq(parts.imag(x), 0) if aval.dtype.kind == "c" else np.ones(aval.shape, bool)


@public
def iscomplex(x):
    """Whether elements have an imaginary part.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.iscomplex(fnp.array([1.0, 1j]))
    Array([False,  True])
    """
    x = value(x, "iscomplex")
    aval = get_aval(x)
    return ew.ne(parts.imag(x), 0) if aval.dtype.kind == "c" else np.zeros(aval.shape, bool)


def _infinite(name, sign):
    @public
    def fun(x, out=None):
        refuse(name, out=out)
        x = value(x, name)
        if get_aval(x).dtype.kind == "c":
            raise TypeError(located(f"{name} is not defined for complex numbers"))
        return ew.eq(x, sign * math.inf)

    fun.__name__ = fun.__qualname__ = name
    return fun


isposinf = _infinite("isposinf", 1)
isposinf.__doc__ = """Whether elements are infinite and positive.

Examples
--------
>>> import fgrad.numpy as fnp
>>> fnp.isposinf(fnp.array([fnp.inf, -fnp.inf]))
Array([ True, False])
"""
isneginf = _infinite("isneginf", -1)
isneginf.__doc__ = """Whether elements are infinite and negative.

Examples
--------
>>> import fgrad.numpy as fnp
>>> fnp.isneginf(fnp.array([fnp.inf, -fnp.inf]))
Array([False,  True])
"""


def iscomplexobj(x):
    """Whether the dtype is complex.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.iscomplexobj(1j)
    True
    """
    return get_aval(value(x, "iscomplexobj")).dtype.kind == "c"


def isrealobj(x):
    """Whether the dtype is not complex.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.isrealobj(1j)
    False
    """
    return not iscomplexobj(x)
