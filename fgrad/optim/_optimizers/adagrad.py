"""AdaGrad: gradients over the root of the sum of their squares."""

from typing import NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Scalar,
    ScalarOrSchedule,
    Updates,
)
from .._scaling import scale_by_learning_rate
from ..transforms import chain
from ..tree._arithmetic import abs_sq
from ..tree._map import map_present

__all__ = ["ScaleByRssState", "adagrad", "over_root_or_zero", "scale_by_rss"]


class ScaleByRssState(NamedTuple):
    """The sum of the updates' squares."""

    sum_of_squares: Updates


def over_root_or_zero(g, square, eps):
    """``g / sqrt(square + eps)``, or 0 where `square` is 0."""
    positive = square > 0
    return fnp.where(positive, g / fnp.sqrt(fnp.where(positive, square + eps, 1)), 0)


def scale_by_rss(
    initial_accumulator_value: Scalar = 0.1, eps: Scalar = 1e-7
) -> GradientTransformation:
    r"""Divide updates by the root of the sum of all their squares.

    .. math::

        s_t &= s_{t-1} + |u_t|^2 \\
        u_t &\leftarrow u_t \big/ \sqrt{s_t + \varepsilon}

    Parameters
    ----------
    initial_accumulator_value : scalar
        The sum before the first step.
    eps : scalar
        :math:`\varepsilon`, against division by small numbers.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization", https://jmlr.org/papers/v12/duchi11a.html, 2011.
    """

    def init(params):
        return ScaleByRssState(trees.full_like(params, initial_accumulator_value))

    def update(updates, state, params=None):
        del params
        squares = map_present(lambda g, s: abs_sq(g) + s, updates, state.sum_of_squares)
        new_updates = map_present(lambda g, s: over_root_or_zero(g, s, eps), updates, squares)
        return new_updates, ScaleByRssState(trees.cast_like(squares, state.sum_of_squares))

    return GradientTransformation(init, update)


def adagrad(
    learning_rate: ScalarOrSchedule,
    initial_accumulator_value: Scalar = 0.1,
    eps: Scalar = 1e-7,
) -> GradientTransformationExtraArgs:
    """AdaGrad: `scale_by_rss`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    initial_accumulator_value, eps
        See `scale_by_rss`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_rss(initial_accumulator_value, eps), scale_by_learning_rate(learning_rate)
    )
