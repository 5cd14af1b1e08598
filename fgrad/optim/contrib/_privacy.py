"""Differential privacy: clipped gradients of single examples, and noise."""

from typing import Any, NamedTuple

import fgrad.tree as tree
from fgrad import random

from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Scalar,
    ScalarOrSchedule,
    identity,
)
from .._scaling import scale_by_learning_rate
from ..transforms import chain, per_example_global_norm_clip, trace
from ..transforms._noise import as_key

__all__ = [
    "DifferentiallyPrivateAggregateState",
    "differentially_private_aggregate",
    "dpsgd",
]


class DifferentiallyPrivateAggregateState(NamedTuple):
    """The key of the next noise."""

    rng_key: Any


def differentially_private_aggregate(
    l2_norm_clip: Scalar, noise_multiplier: Scalar, key: Any = 0
) -> GradientTransformation:
    r"""The mean over a batch of clipped gradients with noise.

    .. math:: \bar g = \frac1B \left(\sum_{b=1}^B g_b \min\left(1, \frac{C}{\|g_b\|}\right)
        + \mathcal N(0,\ \sigma^2 C^2)\right)

    Parameters
    ----------
    l2_norm_clip : scalar
        The largest norm of one example's gradient, :math:`C`.
    noise_multiplier : scalar
        :math:`\sigma`.
    key : key or int
        A random key, or a seed.

    Returns
    -------
    GradientTransformation
        Its ``update`` takes gradients with a first axis for the batch, as ``fgrad.vmap`` of
        ``fgrad.grad`` gives them.

    Raises
    ------
    ValueError
        From ``update``, if the gradients do not have a batch axis in common.

    References
    ----------
    Abadi et al., "Deep Learning with Differential Privacy", https://arxiv.org/abs/1607.00133, 2016.
    """
    deviation = l2_norm_clip * noise_multiplier

    def init(params):
        del params
        return DifferentiallyPrivateAggregateState(as_key(key))

    def update(updates, state, params=None):
        del params
        gradients, structure = tree.flatten(updates)
        totals, _ = per_example_global_norm_clip(gradients, l2_norm_clip)
        size = gradients[0].shape[0]
        keys: Any = random.split(state.rng_key, len(gradients) + 1)
        means = [
            (total + deviation * random.normal(keys[i + 1], total.shape, total.dtype)) / size
            for i, total in enumerate(totals)
        ]
        return tree.unflatten(structure, means), DifferentiallyPrivateAggregateState(keys[0])

    return GradientTransformation(init, update)


def dpsgd(
    learning_rate: ScalarOrSchedule,
    l2_norm_clip: Scalar,
    noise_multiplier: Scalar,
    seed: int,
    momentum: Scalar | None = None,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Gradient descent with differential privacy.

    `differentially_private_aggregate`, momentum if wanted, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    l2_norm_clip, noise_multiplier
        See `differentially_private_aggregate`.
    seed : int
        Of the noise.
    momentum, nesterov
        The `decay` and `nesterov` of `trace`.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes gradients with a first axis for the batch.

    References
    ----------
    Abadi et al., "Deep Learning with Differential Privacy", https://arxiv.org/abs/1607.00133, 2016.

    Examples
    --------
    >>> import fgrad
    >>> import numpy as np
    >>> from fgrad import optim
    >>> loss = lambda w, x: (w - x) ** 2
    >>> optimizer = optim.contrib.dpsgd(0.5, l2_norm_clip=1.0, noise_multiplier=0.1, seed=0)
    >>> state = optimizer.init(0.0)
    >>> each = fgrad.vmap(fgrad.grad(loss), in_axes=(None, 0))(0.0, np.array([1.0, 2.0]))
    >>> updates, state = optimizer.update(each, state)
    >>> np.shape(updates)
    ()
    """
    return chain(
        differentially_private_aggregate(l2_norm_clip, noise_multiplier, seed),
        identity() if momentum is None else trace(momentum, nesterov),
        scale_by_learning_rate(learning_rate),
    )
