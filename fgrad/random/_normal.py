"""Normal numbers, and what is made of them."""

import math
from typing import Any

import numpy as np

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy import linalg
from fgrad.numpy._face import public, shape_of, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.primitives import elementwise as ew
from fgrad.primitives import random as rp
from fgrad.primitives.define import broadcast_shapes
from fgrad.primitives.erf_inv import erf_inv
from fgrad.primitives.parts import complex, select, sign
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import astype, broadcast_to, expand_dims, stop_gradient
from fgrad.primitives.special import erf
from fgrad.random._arguments import (
    checked_dtype,
    fitting_shape,
    parameters,
    sample_shape,
    single_key,
)
from fgrad.random._uniform import rademacher, split_values, uniform_values


@public
def normal(key, shape=(), dtype=None) -> Any:
    """Standard normal numbers.

    Parameters
    ----------
    key : key
    shape : tuple of int
    dtype : dtype-like
        One of floats or complex numbers; float64 unless given. Complex numbers have independent
        parts, and variance one.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.normal(fgrad.random.key(0), (2,), "float32").round(3)
    array([1.623, 2.025], dtype=float32)
    """
    dtype = checked_dtype(dtype, "normal", kinds="fc")
    return normal_values(single_key(key, "normal"), shape_of(shape, "normal: shape"), dtype)


def normal_values(key, shape, dtype):
    """`normal` of arguments that are checked, as a value."""
    if dtype.kind == "c":
        part = np.zeros(0, dtype).real.dtype
        re, im = (normal_values(k, shape, part) for k in split_values(key, 2))
        return complex(re, im) / dtype.type(math.sqrt(2))
    return rp.random_normal(key, shape=shape, dtype=dtype)


@public
def lognormal(key, sigma=1.0, shape=None, dtype=None):
    """Exponentials of normal numbers of standard deviation `sigma`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.lognormal(fgrad.random.key(0), 0.5, (2,), "float32").round(3)
    array([2.251, 2.753], dtype=float32)
    """
    key = single_key(key, "lognormal")
    dtype = checked_dtype(dtype, "lognormal", kinds="fc")
    (sigma,) = parameters("lognormal", dtype, sigma=sigma)
    shape = sample_shape("lognormal", shape, sigma)
    return ew.exp(normal_values(key, shape, dtype) * astype(sigma, dtype))


@public
def truncated_normal(key, lower, upper, shape=None, dtype=None) -> Any:
    """Standard normal numbers given that they lie between two bounds.

    Parameters
    ----------
    key : key
    lower, upper : array-like
    shape : tuple of int, optional
        What the bounds broadcast to; unless given, what they broadcast to together.
    dtype : dtype-like
        One of floats; float64 unless given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.truncated_normal(fgrad.random.key(0), -1.0, 1.0, (2,), "float32").round(3)
    array([0.862, 0.941], dtype=float32)
    """
    key = single_key(key, "truncated_normal")
    dtype = checked_dtype(dtype, "truncated_normal")
    lower, upper = (astype(value(v, "truncated_normal: a bound"), dtype) for v in (lower, upper))
    shape = sample_shape("truncated_normal", shape, lower, upper)
    root = dtype.type(math.sqrt(2))
    ends = (erf(ew.div(v, root)) for v in (lower, upper))
    out = root * erf_inv(uniform_values(key, shape, dtype, *ends))
    inf = dtype.type(math.inf)
    least = ew.nextafter(stop_gradient(lower), inf)
    most = ew.nextafter(stop_gradient(upper), -inf)
    return ew.min(ew.max(out, least), most)


@public
def maxwell(key, shape=(), dtype=None):
    """Lengths of vectors of three standard normal numbers.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.maxwell(fgrad.random.key(0), (2,), "float32").round(3)
    array([2.631, 0.991], dtype=float32)
    """
    dtype = checked_dtype(dtype, "maxwell")
    return maxwell_values(single_key(key, "maxwell"), shape_of(shape, "maxwell: shape"), dtype)


def maxwell_values(key, shape, dtype):
    """`maxwell` of arguments that are checked, as a value."""
    x = normal_values(key, (*shape, 3), dtype)
    return ew.sqrt(reduce_sum(x * x, axes=(len(shape),)))


@public
def double_sided_maxwell(key, loc, scale, shape=(), dtype=None):
    """`maxwell` numbers of either sign, times `scale`, plus `loc`.

    Parameters
    ----------
    key : key
    loc, scale : array-like
    shape : tuple of int
        Put before the shape that `loc` and `scale` broadcast to.
    dtype : dtype-like
        One of floats; float64 unless given.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.double_sided_maxwell(fgrad.random.key(0), 0.0, 1.0, (2,), "float32").shape
    (2,)
    """
    key = single_key(key, "double_sided_maxwell")
    dtype = checked_dtype(dtype, "double_sided_maxwell")
    loc, scale = (value(v, "double_sided_maxwell") for v in (loc, scale))
    inner = sample_shape("double_sided_maxwell", None, loc, scale)
    shape = (shape_of(shape, "double_sided_maxwell: shape") or inner) + inner
    key, sign_key = split_values(key, 2)
    signs = value(rademacher(sign_key, shape, dtype))
    return signs * maxwell_values(key, shape, dtype) * scale + loc


@public
def wald(key, mean, shape=None, dtype=None):
    """Numbers of the inverse Gaussian distribution of a mean, with scale one.

    By J. R. Michael, W. R. Schucany, R. W. Haas, The American Statistician 30 (1976).

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.wald(fgrad.random.key(0), 1.0, (2,), "float32").shape
    (2,)
    """
    key = single_key(key, "wald")
    dtype = checked_dtype(dtype, "wald")
    (mean,) = parameters("wald", dtype, mean=mean)
    shape = sample_shape("wald", shape, mean)
    mean = broadcast_to(astype(mean, dtype), shape)
    normal_key, choice_key = split_values(key, 2)
    v = normal_values(normal_key, shape, dtype)
    z = uniform_values(choice_key, shape, dtype)
    y = v * v
    square = mean * mean
    root = ew.sqrt(4 * mean * y + square * (y * y))
    x = mean + square * y / 2 - mean / 2 * root
    return select(ew.le(z, ew.div(mean, mean + x)), x, ew.div(square, x))


@public
def multivariate_normal(key, mean, cov, shape=None, dtype=None, method="cholesky"):
    """Normal vectors of a mean and covariance.

    Parameters
    ----------
    key : key
    mean : array-like, shape (..., n)
    cov : array-like, shape (..., n, n)
        Positive definite; for the other methods than "cholesky", positive semidefinite.
    shape : tuple of int, optional
        The axes before the last; unless given, what those of `mean` and `cov` broadcast to.
    dtype : dtype-like
        One of floats; that of `mean` and `cov` unless given.
    method : {"cholesky", "eigh", "svd"}
        How to factor `cov`.

    Examples
    --------
    >>> import fgrad, numpy as np
    >>> fgrad.random.multivariate_normal(fgrad.random.key(0), np.zeros(2), np.eye(2), (3,)).shape
    (3, 2)
    """
    name = "multivariate_normal"
    key = single_key(key, name)
    mean, cov = as_inexact(value(mean, f"{name}: mean")), as_inexact(value(cov, f"{name}: cov"))
    common = np.result_type(get_aval(mean).dtype, get_aval(cov).dtype)
    mean, cov = astype(mean, common), astype(cov, common)
    if method not in ("cholesky", "eigh", "svd"):
        raise ValueError(
            located(f"{name}: method must be 'cholesky', 'eigh' or 'svd'; got {method!r}")
        )
    dtype = checked_dtype(dtype, name, common)
    rows, square = get_aval(mean).shape, get_aval(cov).shape
    if not rows or square[-2:] != (rows[-1], rows[-1]):
        raise ValueError(
            located(
                f"{name}: wanted a mean of shape (..., n) and a covariance of shape (..., n, n); "
                f"got {rows} and {square}"
            )
        )
    batch = rows[:-1], square[:-2]
    shape = broadcast_shapes(name, batch) if shape is None else fitting_shape(name, shape, *batch)
    if method == "svd":
        svd: Any = linalg.svd(cov)
        u, s, _ = map(value, svd)
        factor = u * ew.sqrt(expand_dims(s, (get_aval(s).ndim - 1,)))
    elif method == "eigh":
        w, v = map(value, linalg.eigh(cov))
        factor = v * ew.sqrt(expand_dims(w, (get_aval(w).ndim - 1,)))
    else:
        factor = value(linalg.cholesky(cov))
    x = normal_values(key, (*shape, rows[-1]), dtype)
    return mean + value(fnp.matvec(factor, x))


@public
def orthogonal(key, n, shape=(), dtype=None, m=None) -> Any:
    """Matrices that are uniform on the orthogonal group; unitary ones, if complex.

    By F. Mezzadri, Notices of the AMS 54 (2007), 592-604.

    Parameters
    ----------
    key : key
    n : int
        The number of rows.
    shape : tuple of int
        Axes before those of the matrices.
    dtype : dtype-like
        One of floats or complex numbers; float64 unless given.
    m : int, optional
        The number of columns; `n` unless given. The shorter of rows and columns are orthonormal.

    Examples
    --------
    >>> import fgrad, numpy as np
    >>> q = fgrad.random.orthogonal(fgrad.random.key(0), 3)
    >>> np.allclose(q @ q.T, np.eye(3))
    True
    """
    key = single_key(key, "orthogonal")
    dtype = checked_dtype(dtype, "orthogonal", kinds="fc")
    shape = shape_of(shape, "orthogonal: shape")
    (n,) = shape_of(n, "orthogonal: n")
    (m,) = (n,) if m is None else shape_of(m, "orthogonal: m")
    q, r = linalg.qr(normal_values(key, (*shape, max(n, m), min(n, m)), dtype))
    signs = sign(value(fnp.diagonal(r, axis1=-2, axis2=-1)))
    x = value(q) * expand_dims(signs, (len(shape),))
    return fnp.matrix_transpose(x) if n < m else x
