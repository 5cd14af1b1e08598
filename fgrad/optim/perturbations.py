"""Functions made smooth by noise: derivatives of what has none.

The maximum, as a one-hot vector, is piecewise constant; its mean under noise is not:

>>> import fgrad
>>> import numpy as np
>>> from fgrad import nn, optim, random
>>> argmax = lambda x: nn.one_hot(x.argmax(), 2)
>>> smooth = optim.perturbations.make_perturbed_fun(argmax, num_samples=2000, sigma=1.0)
>>> x, key = np.array([0.0, 1.0]), random.key(0)
>>> bool(np.all(np.abs(smooth(key, x) - nn.softmax(x)) < 0.05))
True
>>> bool(fgrad.grad(lambda x: smooth(key, x)[1])(x)[1] > 0.1)
True
"""

from collections.abc import Callable, Sequence
from typing import Any

import fgrad.numpy as fnp
import fgrad.tree as tree
from fgrad import lax, random, vmap

from . import tree as trees
from ._base import Scalar

__all__ = ["Gumbel", "Normal", "make_perturbed_fun"]


class Normal:
    """The standard normal distribution."""

    def sample(self, key: Any, sample_shape: Sequence[int] = (), dtype: Any = float) -> Any:
        """Draw numbers."""
        return random.normal(key, sample_shape, dtype)

    def log_prob(self, inputs: Any) -> Any:
        """The logarithm of the density, up to a constant."""
        return -0.5 * inputs * inputs


class Gumbel:
    """The standard Gumbel distribution."""

    def sample(self, key: Any, sample_shape: Sequence[int] = (), dtype: Any = float) -> Any:
        """Draw numbers."""
        return random.gumbel(key, sample_shape, dtype)

    def log_prob(self, inputs: Any) -> Any:
        """The logarithm of the density."""
        return -inputs - fnp.exp(-inputs)


def make_perturbed_fun(
    fun: Callable[[Any], Any],
    num_samples: int = 1000,
    sigma: Scalar = 0.1,
    noise: Any = Gumbel(),  # noqa: B008
    use_baseline: bool = True,
) -> Callable[[Any, Any], Any]:
    r"""A function's mean under noise on its input, with derivatives.

    .. math:: f_\sigma(x) = E[f(x + \sigma Z)]

    The derivative is that of the density (the score function), so `fun` needs none.

    Parameters
    ----------
    fun : callable
        From a pytree of arrays to a pytree of arrays.
    num_samples : int
        How many times to draw :math:`Z`.
    sigma : scalar
        :math:`\sigma`.
    noise : object
        The distribution of :math:`Z`, with methods like those of `Gumbel` and `Normal`.
    use_baseline : bool
        Whether to subtract :math:`f(x)`, for less variance of derivatives.

    Returns
    -------
    callable
        Takes a random key and :math:`x`; returns an estimate of :math:`f_\sigma(x)`.

    References
    ----------
    Berthet et al., "Learning with Differentiable Perturbed Optimizers",
    https://arxiv.org/abs/2002.08676, 2020.

    Foerster et al., "DiCE: The Infinitely Differentiable Monte Carlo Estimator",
    https://arxiv.org/abs/1802.05098, 2018.
    """

    def perturbed(key, x):
        still = tree.map(lax.stop_gradient, x)
        baseline = fun(still) if use_baseline else None

        def estimate(key):
            z = trees.random_like(key, x, noise.sample)
            moved = tree.map(lax.stop_gradient, trees.add_scale(x, sigma, z))
            # As a function of x, so that the density has a derivative by it.
            z = tree.map(lambda a, b: (b - a) / sigma, x, moved)
            log_density = trees.sum(tree.map(noise.log_prob, z))
            # One, with the derivative of the log-density.
            one = fnp.exp(log_density - lax.stop_gradient(log_density))
            out = trees.scale(one, fun(moved))
            return trees.add_scale(out, 1 - one, baseline) if use_baseline else out

        samples = vmap(estimate)(random.split(key, num_samples))
        return tree.map(lambda s: fnp.mean(s, axis=0), samples)

    return perturbed
