"""Elementwise operations: JAX's name for each primitive."""

import enum
from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval, thread
from fgrad.numpy._face import give, public, value
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts, special
from fgrad.primitives.erf_inv import erf_inv as erf_inv_p
from fgrad.primitives.shape import astype


class Tolerance:
    """How exact a function has to be, for ``accuracy=``; all here are as exact as NumPy's.

    Parameters
    ----------
    atol, rtol : float
        Absolute and relative errors.
    ulps : int
        Errors in units in the last place.

    Raises
    ------
    ValueError
        If one is negative, or none is given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.exp(0.0, accuracy=fgrad.lax.Tolerance(rtol=1e-3))
    1.0
    """

    def __init__(self, atol: float = 0.0, rtol: float = 0.0, ulps: int = 0):
        if atol < 0 or rtol < 0 or ulps < 0 or not (atol or rtol or ulps):
            raise ValueError(
                located(
                    "Tolerance: atol, rtol and ulps must not be negative, and not all zero; got "
                    f"{atol}, {rtol} and {ulps}"
                )
            )
        self.atol, self.rtol, self.ulps = atol, rtol, ulps


def _document(fun, name, text, result):
    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = f"""{text}, for each element.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.{name}{result[0]}
    {result[1]}
    """
    return fun


def _unary(name: str, primitive, text: str, *result: str) -> Callable[..., Any]:
    def fun(x, *, accuracy=None):
        return give(thread.trace.process(primitive, (value(x, name),), {}))

    return _document(fun, name, text, result)


def _binary(name: str, primitive, text: str, *result: str) -> Callable[..., Any]:
    def fun(x, y):
        return give(thread.trace.process(primitive, (value(x, name), value(y, name)), {}))

    return _document(fun, name, text, result)


neg = _unary("neg", ew.neg, "``-x``", "(2.0)", "-2.0")
abs = _unary("abs", parts.abs, "The absolute value", "(-2.0)", "2.0")
sign = _unary("sign", parts.sign, "The sign", "(-2.0)", "-1.0")
floor = _unary("floor", ew.floor, "The nearest integer below", "(1.5)", "1.0")
ceil = _unary("ceil", ew.ceil, "The nearest integer above", "(1.5)", "2.0")
is_finite = _unary("is_finite", ew.is_finite, "Whether it is finite", "(1.0)", "np.True_")
exp = _unary("exp", ew.exp, "The exponential", "(0.0)", "1.0")
exp2 = _unary("exp2", ew.exp2, "Two to the power of x", "(3.0)", "8.0")
expm1 = _unary("expm1", ew.expm1, "``exp(x) - 1``", "(0.0)", "0.0")
log = _unary("log", ew.log, "The natural logarithm", "(1.0)", "0.0")
log1p = _unary("log1p", ew.log1p, "``log(1 + x)``", "(0.0)", "0.0")
sqrt = _unary("sqrt", ew.sqrt, "The square root", "(4.0)", "2.0")
rsqrt = _unary("rsqrt", ew.rsqrt, "One over the square root", "(4.0)", "0.5")
cbrt = _unary("cbrt", ew.cbrt, "The cube root", "(8.0)", "2.0")
square = _unary("square", ew.square, "The square", "(3.0)", "9.0")
reciprocal = _unary("reciprocal", ew.reciprocal, "One over x", "(4.0)", "0.25")
sin = _unary("sin", ew.sin, "The sine", "(0.0)", "0.0")
cos = _unary("cos", ew.cos, "The cosine", "(0.0)", "1.0")
tan = _unary("tan", ew.tan, "The tangent", "(0.0)", "0.0")
asin = _unary("asin", ew.asin, "The inverse of the sine", "(0.0)", "0.0")
acos = _unary("acos", ew.acos, "The inverse of the cosine", "(1.0)", "0.0")
atan = _unary("atan", ew.atan, "The inverse of the tangent", "(0.0)", "0.0")
sinh = _unary("sinh", ew.sinh, "The hyperbolic sine", "(0.0)", "0.0")
cosh = _unary("cosh", ew.cosh, "The hyperbolic cosine", "(0.0)", "1.0")
tanh = _unary("tanh", ew.tanh, "The hyperbolic tangent", "(0.0)", "0.0")
asinh = _unary("asinh", ew.asinh, "The inverse of the hyperbolic sine", "(0.0)", "0.0")
acosh = _unary("acosh", ew.acosh, "The inverse of the hyperbolic cosine", "(1.0)", "0.0")
atanh = _unary("atanh", ew.atanh, "The inverse of the hyperbolic tangent", "(0.0)", "0.0")
erf = _unary("erf", special.erf, "The error function", "(0.0)", "0.0")
erfc = _unary(
    "erfc", special.erfc, "One less the error function, without cancellation", "(0.0)", "1.0"
)
erf_inv = _unary("erf_inv", erf_inv_p, "The inverse of the error function", "(0.0)", "0.0")
logistic = _unary("logistic", special.logistic, "``1 / (1 + exp(-x))``", "(0.0)", "0.5")
real = _unary("real", parts.real, "The real part", "(1 + 2j)", "1.0")
imag = _unary("imag", parts.imag, "The imaginary part", "(1 + 2j)", "2.0")
bitwise_not = _unary("bitwise_not", ew.bitwise_not, "Each bit inverted", "(0)", "-1")
add = _binary("add", ew.add, "``x + y``", "(1.0, 2.0)", "3.0")
sub = _binary("sub", ew.sub, "``x - y``", "(1.0, 2.0)", "-1.0")
mul = _binary("mul", ew.mul, "``x * y``", "(3.0, 2.0)", "6.0")
rem = _binary("rem", ew.rem, "The remainder, with the sign of x", "(-3.0, 2.0)", "-1.0")
pow = _binary("pow", ew.pow, "``x ** y``", "(3.0, 2.0)", "9.0")
max = _binary("max", ew.max, "The larger of two", "(3.0, 2.0)", "3.0")
min = _binary("min", ew.min, "The smaller of two", "(3.0, 2.0)", "2.0")
atan2 = _binary("atan2", ew.atan2, "The angle of the point (y, x)", "(0.0, 1.0)", "0.0")
nextafter = _binary(
    "nextafter", ew.nextafter, "The next number from x towards y", "(0.0, 1.0)", "5e-324"
)
complex = _binary("complex", parts.complex, "``x + iy``", "(1.0, 2.0)", "(1+2j)")
eq = _binary("eq", ew.eq, "``x == y``", "(1.0, 2.0)", "np.False_")
ne = _binary("ne", ew.ne, "``x != y``", "(1.0, 2.0)", "np.True_")
lt = _binary("lt", ew.lt, "``x < y``", "(1.0, 2.0)", "np.True_")
le = _binary("le", ew.le, "``x <= y``", "(1.0, 2.0)", "np.True_")
gt = _binary("gt", ew.gt, "``x > y``", "(1.0, 2.0)", "np.False_")
ge = _binary("ge", ew.ge, "``x >= y``", "(1.0, 2.0)", "np.False_")
bitwise_and = _binary("bitwise_and", ew.bitwise_and, "The bits set in both", "(6, 3)", "2")
bitwise_or = _binary("bitwise_or", ew.bitwise_or, "The bits set in either", "(6, 3)", "7")
bitwise_xor = _binary("bitwise_xor", ew.bitwise_xor, "The bits set in one", "(6, 3)", "5")
shift_left = _binary("shift_left", ew.shift_left, "The bits moved up by y", "(3, 1)", "6")


@public
def conj(x):
    """The complex conjugate; real numbers become complex.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.conj(1 + 2j)
    (1-2j)
    """
    v = value(x, "conj")
    return parts.conj(v) if get_aval(v).dtype.kind == "c" else parts.complex(v, parts.zeros_like(v))


@public
def div(x, y):
    """``x / y``; of integers the quotient rounded towards zero.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.div(-7, 2)
    -3
    """
    x, y = value(x, "div"), value(y, "div")
    if get_aval(x).dtype.kind in "iu" and get_aval(y).dtype.kind in "iu":
        return ew.floor_divide(ew.sub(x, ew.rem(x, y)), y)
    return ew.div(x, y)


@public
def integer_pow(x, y):
    """``x ** y`` for a known integer y.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.integer_pow(2.0, 3)
    8.0
    """
    return ew.integer_pow(value(x, "integer_pow"), y=y.__index__())


class RoundingMethod(enum.IntEnum):
    """Where halves are rounded to."""

    AWAY_FROM_ZERO = 0
    TO_NEAREST_EVEN = 1


@public
def round(x, rounding_method=RoundingMethod.AWAY_FROM_ZERO):
    """The nearest integer.

    Parameters
    ----------
    x : array-like
    rounding_method : RoundingMethod
        Where halves go: away from zero by default, unlike in NumPy.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.round(2.5)
    3.0
    """
    v = value(x, "round")
    if RoundingMethod(rounding_method) is RoundingMethod.TO_NEAREST_EVEN:
        return ew.round(v)
    whole = ew.trunc(v)
    up = ew.ge(parts.abs(ew.sub(v, whole)), 0.5)
    return parts.select(up, ew.add(whole, parts.sign(v)), whole)


def _shift_right(name, x, y, kind):
    """A shift of the bits read as signed ('i') or unsigned ('u') numbers."""
    x, y = value(x, name), value(y, name)
    dtype = get_aval(x).dtype
    if dtype.kind not in "iu":
        raise TypeError(located(f"{name}: wanted integers; got {get_aval(x)}"))
    as_kind = np.dtype(f"{kind}{dtype.itemsize}")
    return astype(ew.shift_right(astype(x, as_kind), astype(y, as_kind)), dtype)


@public
def shift_right_arithmetic(x, y):
    """The bits moved down by y, for each element; the sign stays.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.shift_right_arithmetic(-8, 1)
    np.int64(-4)
    """
    return _shift_right("shift_right_arithmetic", x, y, "i")


@public
def shift_right_logical(x, y):
    """The bits moved down by y, for each element; zeros come in.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.shift_right_logical(8, 1)
    np.int64(4)
    """
    return _shift_right("shift_right_logical", x, y, "u")


@public
def population_count(x):
    """The number of bits set, for each element.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.population_count(7)
    np.int64(3)
    """
    v = value(x, "population_count")
    dtype = get_aval(v).dtype
    if dtype.kind not in "iu":
        raise TypeError(located(f"population_count: wanted integers; got {get_aval(v)}"))
    # NumPy counts the bits of the absolute value
    return astype(ew.population_count(astype(v, np.dtype(f"u{dtype.itemsize}"))), dtype)


@public
def clz(x):
    """The number of leading zero bits, for each element.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.clz(1)
    np.int64(63)
    """
    v = value(x, "clz")
    dtype = get_aval(v).dtype
    if dtype.kind not in "iu":
        raise TypeError(located(f"clz: wanted integers; got {get_aval(v)}"))
    bits = 8 * dtype.itemsize
    v = astype(v, np.dtype(f"u{dtype.itemsize}"))
    for shift in (1, 2, 4, 8, 16, 32):  # set all bits below the highest one
        if shift < bits:
            v = ew.bitwise_or(v, ew.shift_right(v, shift))
    return astype(ew.sub(bits, astype(ew.population_count(v), np.dtype(int))), dtype)


# -- selection -----------------------------------------------------------------------------------


@public
def select(pred, on_true, on_false):
    """Elements of one array where a condition holds, of the other elsewhere.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.select(True, 1.0, 2.0)
    1.0
    """
    pred = value(pred, "select")
    if get_aval(pred).dtype.kind != "b":
        raise TypeError(located(f"select: pred must be boolean; got {get_aval(pred)}"))
    return parts.select(pred, value(on_true, "on_true"), value(on_false, "on_false"))


@public
def select_n(which, *cases):
    """At each place the element of the case whose number stands there.

    Parameters
    ----------
    which : array-like of bool or int
    *cases : array-like
        Two for booleans: the first where it is false.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.select_n(True, 1.0, 2.0)
    2.0
    """
    w = value(which, "select_n: which")
    aval = get_aval(w)
    values = [value(c, "select_n: a case") for c in cases]
    if not values or aval.dtype.kind not in "biu" or (aval.dtype.kind == "b" and len(values) > 2):
        raise TypeError(located(f"select_n: {aval} cannot choose between {len(values)} cases"))
    if aval.dtype.kind == "b":
        return parts.select(w, values[-1], values[0])
    out = values[-1]
    for i in range(len(values) - 2, -1, -1):
        out = parts.select(ew.le(w, i), values[i], out)
    return out


@public
def clamp(min, x, max):
    """Elements brought between bounds; the derivative at and beyond them is zero.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.clamp(0.0, 2.0, 1.0)
    1.0
    """
    return ew.clamp(value(min, "clamp: min"), value(x, "clamp"), value(max, "clamp: max"))
