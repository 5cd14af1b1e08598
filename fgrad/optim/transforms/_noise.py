"""Noise that fades."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp
from fgrad import random

from .. import tree as trees
from .._base import GradientTransformation, Scalar
from .._numerics import safe_increment, zero_count

__all__ = ["AddNoiseState", "add_noise"]


class AddNoiseState(NamedTuple):
    """The number of steps taken, and the key of the next noise."""

    count: Scalar  # int32
    rng_key: Any


def as_key(key_or_seed):
    """A random key from one, or from a seed."""
    is_key = getattr(key_or_seed, "dtype", None) == random.key_dtype()
    return key_or_seed if is_key else random.key(key_or_seed)


def add_noise(eta: Scalar, gamma: Scalar, key: Any = 0) -> GradientTransformation:
    r"""Add normal noise, of a variance that shrinks, to updates.

    .. math:: u \leftarrow u + \mathcal N\left(0,\ \eta / t^\gamma\right)

    Parameters
    ----------
    eta : scalar
        The variance at the first step, :math:`\eta`.
    gamma : scalar
        How fast it shrinks, :math:`\gamma`.
    key : key or int
        A random key, or a seed.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Neelakantan et al., "Adding Gradient Noise Improves Learning for Very Deep Networks",
    https://arxiv.org/abs/1511.06807, 2015.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.add_noise(eta=0.01, gamma=0.55, key=0)
    >>> first, state = optimizer.update(0.0, optimizer.init(0.0))
    >>> second, state = optimizer.update(0.0, state)
    >>> bool(first != second)
    True
    """

    def init(params):
        del params
        return AddNoiseState(count=zero_count(), rng_key=as_key(key))

    def update(updates, state, params=None):
        del params
        count = safe_increment(state.count)
        keys: Any = random.split(state.rng_key)
        noise = trees.random_like(keys[1], updates)
        deviation = fnp.sqrt(eta / count**gamma)
        return trees.add_scale(updates, deviation, noise), AddNoiseState(count, keys[0])

    return GradientTransformation(init, update)
