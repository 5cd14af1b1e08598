"""Elementwise functions that are compositions: rounding, parts of numbers, angles, and others."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._elementwise import imag_values, with_options
from fgrad.numpy._face import public, refuse, unweak, value
from fgrad.numpy._inplace import into
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives.shape import astype


def as_inexact(x, ufunc=None):
    """A value or tracer in the dtype in which NumPy's ufunc computes it; weak ones stay weak.

    Without a ufunc integers and booleans become float64, as in products with Python's floats.
    """
    aval = get_aval(x)
    if aval.weak_type and aval.dtype.kind == "f":
        return x
    if ufunc is None:
        return x if aval.inexact else ew.mul(x, 1.0)
    if aval.weak_type and aval.dtype.kind == "i":
        return ew.mul(x, 1.0)
    try:
        return astype(x, ufunc.resolve_dtypes((aval.dtype, *(None,) * ufunc.nout))[0])
    except TypeError:
        raise TypeError(located(f"{ufunc.__name__} is not defined for {aval}")) from None


# -- rounding ------------------------------------------------------------------------------------


def round_values(x, decimals=0):
    """NumPy's round of a value or tracer."""
    aval = get_aval(x)
    kind = aval.dtype.kind
    if kind == "c":
        a, b = (round_values(p, decimals) for p in (parts.real(x), parts.imag(x)))
        return parts.complex(a, b)
    if kind in "iu" and decimals >= 0:
        return ew.positive(x)
    if decimals == 0:
        return ew.round(x)
    scale = 10.0 ** abs(decimals)
    if decimals > 0:
        return ew.div(ew.round(ew.mul(x, scale)), scale)
    rounded = ew.mul(ew.round(ew.div(x, scale)), scale)
    return astype(rounded, aval.dtype) if kind in "iu" and not aval.weak_type else rounded


@public
def round(a, decimals=0, out=None):
    """To the nearest number of that many decimals, halves to the even one; its derivative is zero.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.round(fnp.array([0.5, 1.26]), 1)
    Array([0.5, 1.3])
    """
    refuse("round", out=out)
    return round_values(value(a, "round"), decimals.__index__())


around = round


@public
def fix(x, out=None):
    """The nearest integer towards zero.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fix(fnp.array([-1.5, 1.5]))
    Array([-1.,  1.])
    """
    refuse("fix", out=out)
    return ew.trunc(value(x, "fix"))


# -- quotients and parts -------------------------------------------------------------------------


@with_options
def divmod(x1, x2, /):
    """The quotient rounded down, and the remainder, which has the divisor's sign.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.divmod(fnp.array([7.0]), 2.0)
    (Array([3.]), Array([1.]))
    """
    x, y = value(x1, "divmod"), value(x2, "divmod")
    return ew.floor_divide(x, y), ew.remainder(x, y)


@with_options
def modf(x, /):
    """The fractional and the whole part, both with the sign of the number.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.modf(fnp.array([-1.5]))
    (Array([-0.5]), Array([-1.]))
    """
    x = as_inexact(value(x, "modf"), np.modf)
    whole = ew.trunc(x)
    finite = parts.select(ew.isinf(x), 0, whole)
    # with the sign of the number also where it is zero
    below, above = ew.neg(ew.sub(finite, x)), ew.sub(x, finite)
    fraction = parts.select(ew.signbit(x), below, above)
    return parts.select(ew.isinf(x), ew.copysign(0.0, x), fraction), whole


@with_options
def ldexp(x1, x2, /):
    """``x1 * 2**x2``, for integers x2.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.ldexp(fnp.array([1.5]), 2)
    Array([6.])
    """
    return ew.ldexp(value(x1, "ldexp"), unweak(value(x2, "ldexp")))


@with_options
def frexp(x, /):
    """A number in [1/2, 1) and a power of two whose product is the element.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.frexp(fnp.array([6.0]))
    (Array([0.75]), Array([3], dtype=int32))
    """
    x = as_inexact(value(x, "frexp"), np.frexp)
    exponent = ew.exponent(x)
    return ew.ldexp(x, ew.neg(exponent)), exponent


@with_options
def float_power(x1, x2, /):
    """``x1 ** x2`` in at least double precision.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.float_power(fnp.array([2]), -1)
    Array([0.5])
    """
    x, y = value(x1, "float_power"), value(x2, "float_power")
    kinds = np.result_type(get_aval(x).dtype, get_aval(y).dtype, np.float64)
    return ew.pow(astype(x, kinds), astype(y, kinds))


# -- angles --------------------------------------------------------------------------------------


@with_options
def deg2rad(x, /):
    """Degrees in radians.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.deg2rad(180.0)
    3.141592653589793
    """
    return ew.mul(as_inexact(value(x, "deg2rad"), np.deg2rad), math.pi / 180)


@with_options
def rad2deg(x, /):
    """Radians in degrees.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.rad2deg(fnp.pi)
    180.0
    """
    return ew.mul(as_inexact(value(x, "rad2deg"), np.rad2deg), 180 / math.pi)


radians, degrees = deg2rad, rad2deg


@public
def angle(z, deg=False):
    """The angle of a complex number with the positive real axis.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.angle(1j)
    1.5707963267948966
    """
    x = value(z, "angle")
    a = ew.atan2(imag_values(x) if get_aval(x).dtype.kind == "c" else 0, parts.real(x))
    return ew.mul(a, 180 / math.pi) if deg else a


# -- others --------------------------------------------------------------------------------------


@with_options
def fabs(x, /):
    """The absolute value as a floating-point number.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fabs(-1)
    1.0
    """
    return parts.abs(as_inexact(value(x, "fabs"), np.fabs))


@with_options
def fmax(x1, x2, /):
    """The larger of two elements; of a number and NaN, the number.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fmax(fnp.array([1.0, fnp.nan]), 0.0)
    Array([1., 0.])
    """
    x, y = value(x1, "fmax"), value(x2, "fmax")
    if not (get_aval(x).inexact or get_aval(y).inexact):
        return ew.max(x, y)
    return parts.select(ew.logical_or(ew.gt(x, y), ew.isnan(y)), x, y)


@with_options
def fmin(x1, x2, /):
    """The smaller of two elements; of a number and NaN, the number.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fmin(fnp.array([1.0, fnp.nan]), 2.0)
    Array([1., 2.])
    """
    x, y = value(x1, "fmin"), value(x2, "fmin")
    if not (get_aval(x).inexact or get_aval(y).inexact):
        return ew.min(x, y)
    return parts.select(ew.logical_or(ew.lt(x, y), ew.isnan(y)), x, y)


@with_options
def heaviside(x1, x2, /):
    """Zero below zero, one above, and the second argument at zero.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.heaviside(fnp.array([-1.0, 0.0, 2.0]), 0.5)
    Array([0. , 0.5, 1. ])
    """
    return ew.heaviside(value(x1, "heaviside"), value(x2, "heaviside"))


@public
def sinc(x):
    """``sin(pi x) / (pi x)``, which is 1 at zero.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.sinc(fnp.array([0.0, 0.5]))
    Array([1.        , 0.63661977])
    """
    y = ew.mul(as_inexact(value(x, "sinc")), math.pi)
    small = ew.lt(parts.abs(y), 0.03)
    safe = parts.select(small, 1, y)
    # the first terms of the series, whose derivatives cancel no large numbers
    s = ew.square(parts.select(small, y, 0))
    series = ew.sub(1, ew.mul(s, ew.sub(1 / 6, ew.mul(s, ew.sub(1 / 120, ew.mul(s, 1 / 5040))))))
    return parts.select(small, series, ew.div(ew.sin(safe), safe))


def nan_to_num_values(x, nan, posinf, neginf):
    """NumPy's nan_to_num of a value or tracer."""
    dtype = get_aval(x).dtype
    if dtype.kind not in "fc":
        return ew.positive(x) if dtype.kind != "b" else x
    if dtype.kind == "c":
        a, b = (nan_to_num_values(p, nan, posinf, neginf) for p in (parts.real(x), parts.imag(x)))
        return parts.complex(a, b)
    info = np.finfo(dtype)
    x = parts.select(ew.isnan(x), nan, x)
    large = parts.select(ew.eq(x, math.inf), info.max if posinf is None else posinf, x)
    return parts.select(ew.eq(x, -math.inf), info.min if neginf is None else neginf, large)


@public
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """With NaN and infinities replaced by numbers.

    Parameters
    ----------
    x : array-like
    copy : bool
        False replaces them in a traced array itself; of others the result is always new.
    nan, posinf, neginf : number, optional
        The replacements: zero, and the largest and least numbers of the dtype by default.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.nan_to_num(fnp.array([fnp.nan, 1.0]))
    Array([0., 1.])
    """
    v = value(x, "nan_to_num")
    out = nan_to_num_values(v, nan, posinf, neginf)
    if copy or not isinstance(v, Tracer) or not v.aval.shape:
        return out
    into(v, out, "nan_to_num")
    return v


@public
def i0(x):
    """The modified Bessel function of the first kind and order zero.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.round(fnp.i0(1.0), 6)
    1.266066
    """
    from fgrad.primitives.bessel import i0e  # which few programs need

    v = value(x, "i0")
    v = v if get_aval(v).dtype.kind in "fc" else astype(v, np.dtype(float))
    # not abs, whose derivative at zero is one
    return ew.mul(ew.exp(ew.mul(parts.sign(v), v)), i0e(v))
