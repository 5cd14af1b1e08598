"""Counts: of events in a time, of successes, of what falls into which class."""

import numpy as np

from fgrad.control_flow.loops import scan
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.primitives import elementwise as ew
from fgrad.primitives.parts import select
from fgrad.primitives.random import random_split
from fgrad.primitives.random_counts import random_binomial, random_poisson
from fgrad.primitives.reduce import cumsum
from fgrad.primitives.shape import astype, broadcast_to, moveaxis
from fgrad.random._arguments import checked_dtype, fitting_shape, sample_shape, single_key


@public
def poisson(key, lam, shape=None, dtype=None):
    """Poisson numbers: how many events there are where `lam` are expected.

    Parameters
    ----------
    key : key
    lam : array-like
        It is rounded to float32.
    shape : tuple of int, optional
        What `lam` broadcasts to; its own shape unless given.
    dtype : dtype-like
        One of integers; int64 unless given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.poisson(fgrad.random.key(0), 3.0, (5,)).shape
    (5,)
    """
    key = single_key(key, "poisson")
    dtype = checked_dtype(dtype, "poisson", int, "iu")
    lam = value(lam, "poisson: lam")
    shape = sample_shape("poisson", shape, lam)
    lam = broadcast_to(astype(lam, np.dtype(np.float32)), shape)
    return random_poisson(key, lam, dtype=dtype)


@public
def binomial(key, n, p, shape=None, dtype=None):
    """Binomial numbers: how many of `n` trials succeed, each with probability `p`.

    Parameters
    ----------
    key : key
    n, p : array-like
    shape : tuple of int, optional
        What `n` and `p` broadcast to; unless given, what they broadcast to together.
    dtype : dtype-like
        One of floats; float64 unless given. NaN stands where `n` or `p` is out of range.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.binomial(fgrad.random.key(0), 10, 0.5, (5,)).shape
    (5,)
    """
    key = single_key(key, "binomial")
    dtype = checked_dtype(dtype, "binomial")
    n, p = value(n, "binomial: n"), as_inexact(value(p, "binomial: p"))
    shape = sample_shape("binomial", shape, n, p)
    return binomial_values(key, n, p, shape, dtype)


def binomial_values(key, n, p, shape, dtype):
    """`binomial` of arguments that are checked, as a value."""
    exact = get_aval(p).dtype
    n, p = (broadcast_to(astype(v, exact), shape) for v in (n, p))
    return random_binomial(key, n, p, dtype=dtype)


@public
def multinomial(key, n, p, *, shape=None, dtype=None, unroll=1):
    """How many of `n` fall into each of several classes, whose probabilities are proportional to
    `p`.

    Parameters
    ----------
    key : key
    n : array-like
    p : array-like, shape (..., classes)
    shape : tuple of int, optional
        What `p` broadcasts to; its own shape unless given. Without the last axis, what `n`
        broadcasts to.
    dtype : dtype-like
        float64 unless given.
    unroll : int or bool
        See `fgrad.lax.scan`.

    Examples
    --------
    >>> import fgrad
    >>> float(fgrad.random.multinomial(fgrad.random.key(0), 10, [0.2, 0.8]).sum())
    10.0
    """
    key = single_key(key, "multinomial")
    n, p = as_inexact(value(n, "multinomial: n")), as_inexact(value(p, "multinomial: p"))
    common = np.result_type(get_aval(n).dtype, get_aval(p).dtype)
    own = get_aval(p).shape
    if not own:
        raise ValueError(located("multinomial: p must have an axis; got a scalar"))
    shape = own if shape is None else fitting_shape("multinomial", shape, own)
    n = broadcast_to(astype(n, common), shape[:-1])
    p = moveaxis(broadcast_to(astype(p, common), shape), len(shape) - 1, 0)
    rest = cumsum(p, axis=0, reverse=True)
    ratios = ew.clamp(0, ew.div(p, select(ew.eq(rest, 0), 1, rest)), 1)

    def draw(left, ratio_and_key):
        ratio, key = ratio_and_key
        count = binomial_values(key, left, ratio, shape[:-1], common)
        return left - count, count

    keys = random_split(key, shape=shape[-1:])
    _, counts = scan(draw, n, (ratios, keys), unroll=unroll)
    counts = moveaxis(value(counts), 0, len(shape) - 1)
    return astype(counts, np.dtype(float if dtype is None else dtype))
