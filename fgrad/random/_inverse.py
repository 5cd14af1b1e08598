"""Continuous distributions drawn by the inverse of their distribution function."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, shape_of, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.primitives import elementwise as ew
from fgrad.primitives import random as rp
from fgrad.primitives.parts import abs, select, sign
from fgrad.primitives.shape import astype, broadcast_to, row
from fgrad.random._arguments import checked_dtype, parameters, sample_shape, single_key
from fgrad.random._uniform import uniform_values


def _standard(name, text, values, result):
    """A distribution without parameters; ``values(key, shape, dtype)`` draws it."""

    def fun(key, shape=(), dtype=None):
        dtype = checked_dtype(dtype, name)
        return values(single_key(key, name), shape_of(shape, f"{name}: shape"), dtype)

    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = f"""{text}

    Parameters
    ----------
    key : key
    shape : tuple of int
    dtype : dtype-like
        One of floats; float64 unless given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.{name}(fgrad.random.key(0), (2,), "float32").round(3)
    {result}
    """
    return public(fun)


def exponential_values(key, shape, dtype):
    """`exponential` of arguments that are checked, as a value."""
    return -ew.log1p(-uniform_values(key, shape, dtype))


def _cauchy(key, shape, dtype):
    u = uniform_values(key, shape, dtype, np.finfo(dtype).eps, 1.0)
    return ew.tan(dtype.type(math.pi) * (u - 0.5))


def _laplace(key, shape, dtype):
    u = uniform_values(key, shape, dtype, -1.0 + np.finfo(dtype).epsneg, 1.0)
    return sign(u) * ew.log1p(-abs(u))


def _logistic(key, shape, dtype):
    u = uniform_values(key, shape, dtype, np.finfo(dtype).tiny, 1.0)
    return ew.log(u) - ew.log1p(-u)


exponential = _standard(
    "exponential",
    "Exponential numbers of mean one.",
    exponential_values,
    "array([2.95 , 3.843], dtype=float32)",
)
cauchy = _standard(
    "cauchy", "Standard Cauchy numbers.", _cauchy, "array([ 6.027, 14.838], dtype=float32)"
)
laplace = _standard(
    "laplace",
    "Laplace numbers: of density ``exp(-|x|) / 2``.",
    _laplace,
    "array([-2.257, -3.15 ], dtype=float32)",
)
logistic = _standard(
    "logistic",
    "Logistic numbers: of distribution function ``1 / (1 + exp(-x))``.",
    _logistic,
    "array([2.896, 3.822], dtype=float32)",
)


@public
def gumbel(key, shape=(), dtype=None, mode=None):
    """Gumbel numbers: of distribution function ``exp(-exp(-x))``.

    Parameters
    ----------
    key : key
    shape : tuple of int
    dtype : dtype-like
        One of floats; float64 unless given.
    mode : {"low", "high", "highest"}, optional
        How far the large numbers reach: in float32 to 16 ("low", which None means), 32 or 44.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.gumbel(fgrad.random.key(0), (2,), "float32").round(3)
    array([2.923, 3.833], dtype=float32)
    """
    dtype = checked_dtype(dtype, "gumbel")
    shape = shape_of(shape, "gumbel: shape")
    return gumbel_values(single_key(key, "gumbel"), shape, dtype, mode)


def gumbel_values(key, shape, dtype, mode):
    """`gumbel` as a value."""
    if mode not in (None, "low", "high", "highest"):
        raise ValueError(located(f"gumbel: mode must be 'low', 'high' or 'highest'; got {mode!r}"))
    info = np.finfo(dtype)
    if mode == "highest" and dtype == np.float32:
        return -ew.log(-_log_of_fixed_point(key, shape))
    if mode in ("high", "highest"):
        draws = uniform_values(key, (2, *shape), dtype)
        high, low = row(draws, 0), row(draws, 1)
        x = select(ew.ge(high, 0.5), high, high + 2.0**-info.nmant * low + info.tiny)
        return -ew.log(-ew.log1p(-x))
    return -ew.log(-ew.log(uniform_values(key, shape, dtype, info.tiny, 1.0)))


def _log_of_fixed_point(key, shape):
    """Logarithms of uniform numbers of 64 binary places, in float32.

    Those above one half are taken as what is missing to one. Conversion cuts off.
    """
    words = rp.random_bits(key, shape=(2, *shape), dtype=np.dtype(np.uint32))
    wide = np.dtype(np.uint64)
    bits = astype(row(words, 0), wide) << 32 | astype(row(words, 1), wide)
    below = ew.lt(bits, 2**63)
    bits = select(below, bits, ~bits + 1)
    from_first = bits  # ones from the first one on
    for n in (1, 2, 4, 8, 16, 32):
        from_first = from_first | from_first >> n
    leading = astype(bits & ~(from_first >> 24), np.dtype(np.float32))
    x = select(ew.eq(bits, 0), np.float32(2.0**-65), leading * 2.0**-64)
    return select(below, ew.log1p(-x), ew.log(x))


@public
def pareto(key, b, shape=None, dtype=None):
    """Pareto numbers: of density ``b / x**(b + 1)`` above one.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.pareto(fgrad.random.key(0), 2.0, (2,), "float32").round(3)
    array([4.371, 6.833], dtype=float32)
    """
    key = single_key(key, "pareto")
    dtype = checked_dtype(dtype, "pareto")
    (b,) = parameters("pareto", dtype, b=b)
    shape = sample_shape("pareto", shape, b)
    return ew.exp(ew.div(exponential_values(key, shape, dtype), astype(b, dtype)))


@public
def rayleigh(key, scale, shape=None, dtype=None):
    """Lengths of vectors of two normal numbers of standard deviation `scale`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.rayleigh(fgrad.random.key(0), 1.0, (2,), "float32").round(3)
    array([0.328, 0.208], dtype=float32)
    """
    key = single_key(key, "rayleigh")
    dtype = checked_dtype(dtype, "rayleigh")
    (scale,) = parameters("rayleigh", dtype, scale=scale)
    shape = sample_shape("rayleigh", shape, scale)
    u = uniform_values(key, shape, dtype)
    return astype(scale, dtype) * ew.sqrt(ew.log(u) * -2)


@public
def weibull_min(key, scale, concentration, shape=(), dtype=None):
    """Weibull numbers: of distribution function ``1 - exp(-(x / scale)**concentration)``.

    Parameters
    ----------
    key : key
    scale, concentration : array-like
        They broadcast with `shape`.
    shape : tuple of int
    dtype : dtype-like
        One of floats; float64 unless given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.weibull_min(fgrad.random.key(0), 1.0, 2.0, (2,), "float32").round(3)
    array([1.718, 1.96 ], dtype=float32)
    """
    key = single_key(key, "weibull_min")
    dtype = checked_dtype(dtype, "weibull_min")
    scale, concentration = (value(v, "weibull_min") for v in (scale, concentration))
    e = exponential_values(key, shape_of(shape, "weibull_min: shape"), dtype)
    return ew.pow(e, ew.div(1.0, concentration)) * scale


@public
def triangular(key, left, mode, right, shape=None, dtype=None):
    """Numbers between `left` and `right` whose density rises to `mode` and falls from there.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.triangular(fgrad.random.key(0), 0.0, 1.0, 2.0, (2,), "float32").round(3)
    array([1.676, 1.793], dtype=float32)
    """
    key = single_key(key, "triangular")
    dtype = checked_dtype(dtype, "triangular")
    bounds = parameters("triangular", dtype, left=left, mode=mode, right=right)
    shape = sample_shape("triangular", shape, *bounds)
    left, mode, right = (broadcast_to(astype(v, dtype), shape) for v in bounds)
    u = uniform_values(key, shape, dtype)
    width = right - left
    rising = left + ew.sqrt(u * width * (mode - left))
    falling = right - ew.sqrt((1 - u) * width * (right - mode))
    return select(ew.lt(u, ew.div(mode - left, width)), rising, falling)


@public
def geometric(key, p, shape=None, dtype=None):
    """How many trials it takes to succeed, each with probability `p`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.geometric(fgrad.random.key(0), 0.1, (3,))
    Array([ 9, 15,  1])
    """
    key = single_key(key, "geometric")
    dtype = checked_dtype(dtype, "geometric", int, "iu")
    p = as_inexact(value(p, "geometric: p"))
    shape = sample_shape("geometric", shape, p)
    u = uniform_values(key, shape, get_aval(p).dtype)
    u = select(ew.eq(u, 0), get_aval(u).dtype.type(1), u)
    trials = ew.floor(ew.div(ew.log(u), ew.log1p(-p))) + 1
    return astype(broadcast_to(trials, shape), dtype)
