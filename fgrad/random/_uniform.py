"""What is equally likely everywhere: bits, floats, integers, and coins."""

from typing import Any

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, shape_of, value
from fgrad.primitives import elementwise as ew
from fgrad.primitives import random as rp
from fgrad.primitives.fma import fma
from fgrad.primitives.shape import astype, reshape, row
from fgrad.random._arguments import checked_dtype, fitting_shape, single_key


@public
def bits(key, shape=(), dtype=None) -> Any:
    """Random bits, as unsigned integers.

    Parameters
    ----------
    key : key
    shape : tuple of int
    dtype : dtype-like
        One of unsigned integers; uint64 unless given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.bits(fgrad.random.key(0), (2,), "uint8")
    Array([167, 146], dtype=uint8)
    """
    dtype = checked_dtype(dtype, "bits", np.uint64, "u")
    return rp.random_bits(single_key(key, "bits"), shape=shape_of(shape), dtype=dtype)


@public
def uniform(key, shape=(), dtype=None, minval=0.0, maxval=1.0) -> Any:
    """Floats that are uniform in ``[minval, maxval)``.

    Parameters
    ----------
    key : key
    shape : tuple of int
    dtype : dtype-like
        One of floats; float64 unless given.
    minval, maxval : array-like
        The bounds; they broadcast to `shape`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.uniform(fgrad.random.key(0), (2,), "float32").round(3)
    array([0.948, 0.979], dtype=float32)
    """
    dtype = checked_dtype(dtype, "uniform")
    shape = shape_of(shape, "uniform: shape")
    return uniform_values(single_key(key, "uniform"), shape, dtype, minval, maxval)


def uniform_values(key, shape, dtype, minval=0.0, maxval=1.0):
    """`uniform` of arguments that are checked, as a value."""
    unit = rp.random_unit(key, shape=shape, dtype=dtype)
    if type(minval) is float and type(maxval) is float and (minval, maxval) == (0.0, 1.0):
        return unit
    low, high = (astype(value(v, "uniform: a bound"), dtype) for v in (minval, maxval))
    fitting_shape("uniform", shape, get_aval(low).shape, get_aval(high).shape)
    return ew.max(low, fma(unit, high - low, low))


@public
def randint(key, shape, minval, maxval, dtype=None) -> Any:
    """Integers that are uniform in ``[minval, maxval)``.

    Where that is empty, `minval`. Numbers are remainders of twice as many bits as `dtype` has (and
    at least 64), so that some are more likely than others by less than one in 2**32.

    Parameters
    ----------
    key : key
    shape : tuple of int
    minval, maxval : int or array of int
        The bounds; they broadcast to `shape`.
    dtype : dtype-like
        One of integers; int64 unless given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.randint(fgrad.random.key(0), (5,), 0, 6)
    Array([3, 5, 5, 5, 3])
    """
    key = single_key(key, "randint")
    dtype = checked_dtype(dtype, "randint", int, "iu")
    shape = shape_of(shape, "randint: shape")
    low, high = (_bound(v) for v in (minval, maxval))
    fitting_shape("randint", shape, get_aval(low).shape, get_aval(high).shape)
    return randint_values(key, shape, low, high, dtype)


def randint_values(key, shape, low, high, dtype):
    """`randint` of arguments that are checked, as a value."""
    low, high = (of_rank(v, len(shape)) for v in (low, high))
    return rp.random_integers(key, low, high, shape=shape, dtype=dtype)


def _bound(x):
    """A bound as an array of integers."""
    x = value(x, "randint: a bound")
    aval = get_aval(x)
    if aval.dtype.kind == "c":
        raise TypeError(located(f"randint: a bound must be an integer; got {aval}"))
    return astype(x, np.dtype(int) if aval.dtype.kind not in "iu" else aval.dtype)


def of_rank(x, ndim):
    """An array with axes of length one put before its own."""
    shape = get_aval(x).shape
    missing = ndim - len(shape)
    return reshape(x, new_sizes=(*(1,) * missing, *shape)) if missing else x


def split_values(key, num):
    """`num` new keys, one by one."""
    keys = rp.random_split(key, shape=(num,))
    return [row(keys, i) for i in range(num)]


@public
def bernoulli(key, p=0.5, shape=None, mode="low"):
    """Booleans that are true with probability `p`.

    Parameters
    ----------
    key : key
    p : array-like of float
    shape : tuple of int, optional
        What `p` broadcasts to; its own shape unless given.
    mode : str
        "high" draws twice as many bits, which counts where `p` is next to nothing.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.bernoulli(fgrad.random.key(0), 0.5, (3,))
    Array([ True,  True, False])
    """
    key = single_key(key, "bernoulli")
    if mode not in ("high", "low"):
        raise ValueError(located(f"bernoulli: mode must be 'high' or 'low'; got {mode!r}"))
    p = value(p, "bernoulli: p")
    aval = get_aval(p)
    if aval.dtype.kind != "f":
        raise TypeError(located(f"bernoulli: p must be a float; got {aval}"))
    shape = aval.shape if shape is None else fitting_shape("bernoulli", shape, aval.shape)
    if mode == "low":
        return ew.lt(uniform_values(key, shape, aval.dtype), p)
    draws = uniform_values(key, (2, *shape), aval.dtype)
    return ew.lt(row(draws, 1) * 2.0 ** -np.finfo(aval.dtype).nmant, p - row(draws, 0))


@public
def rademacher(key, shape=(), dtype=None):
    """Numbers that are 1 or -1.

    Parameters
    ----------
    key : key
    shape : tuple of int
    dtype : dtype-like
        int64 unless given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.rademacher(fgrad.random.key(0), (3,))
    Array([ 1,  1, -1])
    """
    dtype = np.dtype(int if dtype is None else dtype)
    coins = bernoulli(key, 0.5, shape)
    return astype(2 * astype(value(coins), dtype) - 1, dtype)
