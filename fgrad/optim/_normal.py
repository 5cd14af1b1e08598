"""The normal distribution of independent numbers."""

import math
from collections.abc import Sequence
from typing import Any

import fgrad.numpy as fnp
from fgrad import random

__all__ = ["MultiNormalDiagFromLogScale", "multi_normal"]


class MultiNormalDiagFromLogScale:
    """A normal distribution of independent numbers; see `multi_normal`.

    Parameters
    ----------
    loc : array
        The means.
    log_scale : array
        The logarithms of the standard deviations.
    """

    def __init__(self, loc: Any, log_scale: Any):
        self._mean = fnp.asarray(loc)
        self._log_scale = fnp.asarray(log_scale)
        self._scale: Any = fnp.exp(log_scale)
        self._param_shape = fnp.broadcast_shapes(self._mean.shape, self._log_scale.shape)

    def sample(self, shape: Sequence[int], key: Any) -> Any:
        """Draw numbers, of shape ``(*shape, *loc.shape)``, that are differentiable by both."""
        noise = random.normal(key, (*shape, *self._param_shape))
        return noise * self._scale + self._mean

    def log_prob(self, x: Any) -> Any:
        """The logarithm of the density, summed over the numbers that are independent."""
        z = (x - self._mean) / self._scale
        each = -0.5 * z * z - self._log_scale - 0.5 * math.log(2 * math.pi)
        return fnp.sum(each, axis=tuple(range(-len(self._param_shape), 0)))

    @property
    def log_scale(self) -> Any:
        """The logarithms of the standard deviations."""
        return self._log_scale

    @property
    def params(self) -> list[Any]:
        """The means, and the logarithms of the standard deviations."""
        return [self._mean, self._log_scale]


def multi_normal(loc: Any, log_scale: Any) -> MultiNormalDiagFromLogScale:
    """The normal distribution of independent numbers.

    Parameters
    ----------
    loc : array
        The means.
    log_scale : array
        The logarithms of the standard deviations.

    Returns
    -------
    MultiNormalDiagFromLogScale
        With the methods ``sample(shape, key)`` and ``log_prob(x)``.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> normal = optim.multi_normal(np.zeros(2), np.zeros(2))
    >>> round(float(normal.log_prob(np.zeros(2))), 4)
    -1.8379
    """
    return MultiNormalDiagFromLogScale(loc, log_scale)
