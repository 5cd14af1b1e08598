"""Arrays brought to a standard form."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axes_of, axis_of, public, unweak, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.numpy._reduce import mean_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives.shape import astype, expand_dims


@public
def standardize(
    x, axis=-1, mean=None, variance=None, epsilon=1e-5, where=None, *, algorithm="fast"
):
    """``(x - mean) / sqrt(variance + epsilon)`` along axes.

    Parameters
    ----------
    x : array-like
    axis : int, tuple of int or None
    mean, variance : array-like, optional
        Those of `x` along the axes by default.
    epsilon : number
    where : array-like of bool, optional
        The elements that mean and variance are taken of.
    algorithm : {'fast', 'stable'}
        The variance as the mean of squares less the square of the mean, or as the mean of squared
        distances.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.standardize([1.0, 3.0], epsilon=0.0)
    Array([-1.,  1.])
    """
    if algorithm not in ("fast", "stable"):
        raise ValueError(
            located(f"standardize: algorithm must be 'fast' or 'stable'; got {algorithm!r}")
        )
    v = as_inexact(unweak(value(x, "standardize")))
    axes = axes_of(axis, get_aval(v).ndim)

    def average(of):
        return mean_values(of, axes, True, where=where)

    mean = average(v) if mean is None else value(mean, "standardize: mean")
    centered = ew.sub(v, mean)
    if variance is not None:
        variance = value(variance, "standardize: variance")
    elif algorithm == "stable":
        variance = average(ew.square(centered))
    else:  # rounding may make it negative
        variance = ew.max(ew.sub(average(ew.square(v)), ew.square(mean)), 0)
    return ew.mul(centered, ew.rsqrt(ew.add(variance, value(epsilon, "epsilon"))))


@public
def one_hot(x, num_classes, *, dtype=float, axis=-1):
    """Vectors with a one at the given place and zeros elsewhere.

    Parameters
    ----------
    x : array-like of int
        The places; one out of bounds gives a vector of zeros.
    num_classes : int
        The length of the vectors.
    dtype : dtype-like
    axis : int
        Where in the result the vectors stand.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.one_hot([0, 2], 3)
    Array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    places = value(x, "one_hot")
    ndim = get_aval(places).ndim
    axis = axis_of(axis, ndim + 1)
    classes = np.arange(num_classes.__index__()).reshape(
        [-1 if i == axis else 1 for i in range(ndim + 1)]
    )
    dtype = np.dtype(float if dtype is None else dtype)
    return astype(ew.eq(expand_dims(places, (axis,)), classes), dtype)
