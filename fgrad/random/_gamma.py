"""Gamma numbers and what is made of them; with derivatives by their parameters."""

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, shape_of, value
from fgrad.primitives import elementwise as ew
from fgrad.primitives.parts import abs
from fgrad.primitives.random_gamma import random_gamma
from fgrad.primitives.reduce import reduce_max, reduce_sum
from fgrad.primitives.shape import astype, broadcast_to, expand_dims, stop_gradient
from fgrad.random._arguments import (
    checked_dtype,
    fitting_shape,
    parameters,
    sample_shape,
    single_key,
)
from fgrad.random._inverse import exponential_values
from fgrad.random._normal import normal_values
from fgrad.random._uniform import rademacher, split_values


def _gamma_values(key, a, shape, dtype, log_space):
    a = broadcast_to(astype(a, dtype), shape)
    return random_gamma(key, a, log_space=log_space)


def _of_gamma(name, key, a, shape, dtype, log_space):
    key = single_key(key, name)
    dtype = checked_dtype(dtype, name)
    a = value(a, f"{name}: a")
    return _gamma_values(key, a, sample_shape(name, shape, a), dtype, log_space)


@public
def gamma(key, a, shape=None, dtype=None):
    """Gamma numbers: of density ``x**(a - 1) * exp(-x) / gamma(a)``.

    Parameters
    ----------
    key : key
    a : array-like
        The parameter; the numbers have derivatives by it.
    shape : tuple of int, optional
        What `a` broadcasts to; its own shape unless given.
    dtype : dtype-like
        One of floats; float64 unless given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.gamma(fgrad.random.key(0), [0.5, 2.0], dtype="float32").shape
    (2,)
    """
    return _of_gamma("gamma", key, a, shape, dtype, False)


@public
def loggamma(key, a, shape=None, dtype=None):
    """Logarithms of `gamma` numbers, exact where those are too small for the dtype.

    Takes what `gamma` takes.

    Examples
    --------
    >>> import fgrad
    >>> bool(fgrad.random.loggamma(fgrad.random.key(0), 1e-4) < -100)
    True
    """
    return _of_gamma("loggamma", key, a, shape, dtype, True)


@public
def beta(key, a, b, shape=None, dtype=None):
    """Beta numbers: of density proportional to ``x**(a - 1) * (1 - x)**(b - 1)``.

    Parameters
    ----------
    key : key
    a, b : array-like
        The parameters; the numbers have derivatives by them.
    shape : tuple of int, optional
        What the parameters broadcast to; unless given, what they broadcast to together.
    dtype : dtype-like
        One of floats; float64 unless given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.beta(fgrad.random.key(0), 2.0, 2.0, (3,)).shape
    (3,)
    """
    key = single_key(key, "beta")
    dtype = checked_dtype(dtype, "beta")
    both = parameters("beta", dtype, a=a, b=b)
    shape = sample_shape("beta", shape, *both)
    keys = split_values(key, 2)
    logs = [_gamma_values(k, v, shape, dtype, True) for k, v in zip(keys, both, strict=True)]
    largest = ew.max(*logs)
    a, b = (ew.exp(x - largest) for x in logs)
    return ew.div(a, a + b)


@public
def dirichlet(key, alpha, shape=None, dtype=None):
    """Vectors of Dirichlet's distribution: of numbers between 0 and 1 whose sum is 1.

    Parameters
    ----------
    key : key
    alpha : array-like, shape (..., n)
        The parameters; the numbers have derivatives by them.
    shape : tuple of int, optional
        The axes before the last: what those of `alpha` broadcast to.
    dtype : dtype-like
        One of floats; float64 unless given.

    Examples
    --------
    >>> import fgrad, numpy as np
    >>> np.allclose(fgrad.random.dirichlet(fgrad.random.key(0), [1.0, 2.0, 3.0]).sum(), 1)
    True
    """
    key = single_key(key, "dirichlet")
    dtype = checked_dtype(dtype, "dirichlet")
    alpha = value(alpha, "dirichlet: alpha")
    own = get_aval(alpha).shape
    if not own:
        raise ValueError(located("dirichlet: alpha must have an axis; got a scalar"))
    shape = own[:-1] if shape is None else fitting_shape("dirichlet", shape, own[:-1])
    logs = _gamma_values(key, alpha, (*shape, own[-1]), dtype, True)
    last = (len(shape),)
    largest = stop_gradient(reduce_max(logs, axes=last, keepdims=True))
    x = ew.exp(logs - largest)
    return ew.div(x, reduce_sum(x, axes=last, keepdims=True))


@public
def chisquare(key, df, shape=None, dtype=None):
    """Chi-squared numbers: sums of `df` squares of normal numbers.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.chisquare(fgrad.random.key(0), [2.0, 5.0]).shape
    (2,)
    """
    key = single_key(key, "chisquare")
    dtype = checked_dtype(dtype, "chisquare")
    (df,) = parameters("chisquare", dtype, df=df)
    return _chisquare_values(key, df, sample_shape("chisquare", shape, df), dtype)


def _chisquare_values(key, df, shape, dtype):
    half = ew.div(astype(df, dtype), dtype.type(2))
    return ew.exp(_gamma_values(key, half, shape, dtype, True)) * 2


@public
def f(key, dfnum, dfden, shape=None, dtype=None):
    """Quotients of two `chisquare` numbers, each over its degrees of freedom.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.f(fgrad.random.key(0), 3.0, 5.0, (2,)).shape
    (2,)
    """
    key = single_key(key, "f")
    dtype = checked_dtype(dtype, "f")
    dfnum, dfden = parameters("f", dtype, dfnum=dfnum, dfden=dfden)
    shape = sample_shape("f", shape, dfnum, dfden)
    below, above = split_values(key, 2)
    numerator = ew.div(_chisquare_values(above, dfnum, shape, dtype), astype(dfnum, dtype))
    return ew.div(
        numerator, ew.div(_chisquare_values(below, dfden, shape, dtype), astype(dfden, dtype))
    )


@public
def t(key, df, shape=None, dtype=None):
    """Numbers of Student's distribution of `df` degrees of freedom.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.t(fgrad.random.key(0), 4.0, (2,)).shape
    (2,)
    """
    key = single_key(key, "t")
    dtype = checked_dtype(dtype, "t")
    (df,) = parameters("t", dtype, df=df)
    shape = sample_shape("t", shape, df)
    normal_key, gamma_key = split_values(key, 2)
    half = ew.div(astype(df, dtype), dtype.type(2))
    g = _gamma_values(gamma_key, half, shape, dtype, False)
    return normal_values(normal_key, shape, dtype) * ew.sqrt(ew.div(half, g))


@public
def generalized_normal(key, p, shape=(), dtype=None):
    """Numbers of density proportional to ``exp(-abs(x)**p)``.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.generalized_normal(fgrad.random.key(0), 4.0, (2,)).shape
    (2,)
    """
    dtype = checked_dtype(dtype, "generalized_normal")
    shape = shape_of(shape, "generalized_normal: shape")
    p = value(p, "generalized_normal: p")
    return _generalized_values(single_key(key, "generalized_normal"), p, shape, dtype)


def _generalized_values(key, p, shape, dtype):
    gamma_key, sign_key = split_values(key, 2)
    inverse = ew.div(1, p)
    g = _gamma_values(gamma_key, inverse, shape, dtype, False)
    return value(rademacher(sign_key, shape, dtype)) * ew.pow(g, inverse)


@public
def ball(key, d, p=2, shape=(), dtype=None):
    """Points that are uniform in the unit ball of the p-norm.

    By F. Barthe, O. Guedon, S. Mendelson, A. Naor, The Annals of Probability 33 (2005).

    Parameters
    ----------
    key : key
    d : int
        The number of dimensions.
    p : float
    shape : tuple of int
        Axes before that of the coordinates.
    dtype : dtype-like
        One of floats; float64 unless given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.ball(fgrad.random.key(0), 3, shape=(4,)).shape
    (4, 3)
    """
    dtype = checked_dtype(dtype, "ball")
    shape = shape_of(shape, "ball: shape")
    (d,) = shape_of(d, "ball: d")
    p = value(p, "ball: p")
    inside, radius = split_values(single_key(key, "ball"), 2)
    g = _generalized_values(inside, p, (*shape, d), dtype)
    e = exponential_values(radius, shape, dtype)
    length = reduce_sum(ew.pow(abs(g), p), axes=(len(shape),)) + e
    return ew.div(g, expand_dims(ew.pow(length, ew.div(1, p)), (len(shape),)))
