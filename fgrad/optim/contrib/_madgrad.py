"""MADGRAD: momentum and adaptivity by dual averages."""

from typing import NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Params,
    Scalar,
    ScalarOrSchedule,
    Updates,
    at_step,
    check_params,
)
from .._numerics import safe_increment, zero_count
from ..transforms import add_decayed_weights, chain
from ..tree._arithmetic import scaled
from ..tree._map import map_several

__all__ = ["MadgradState", "madgrad", "scale_by_madgrad"]


class MadgradState(NamedTuple):
    """The number of steps, the sums of squares and of gradients, and the start."""

    count: Scalar  # int32
    grad_sum_sq: Updates
    s: Updates
    x0: Params


def scale_by_madgrad(
    learning_rate: ScalarOrSchedule, momentum: Scalar = 0.9, eps: Scalar = 1e-6
) -> GradientTransformation:
    r"""Steps towards the start less the sum of gradients over the cube root of that of squares.

    .. math::

        \lambda_t &= (\alpha_t + \varepsilon) \sqrt{t}, \qquad
        v_t = v_{t-1} + \lambda_t\, g_t^2, \qquad s_t = s_{t-1} + \lambda_t\, g_t \\
        \theta_{t+1} &= (1 - \mu)
            \left(\theta_0 - \frac{s_t}{\sqrt[3]{v_t} + \varepsilon}\right) + \mu\, \theta_t

    Parameters
    ----------
    learning_rate : scalar or callable
        :math:`\alpha`, or a function from the count of steps to it.
    momentum : scalar
        :math:`\mu`.
    eps : scalar
        :math:`\varepsilon`.

    Returns
    -------
    GradientTransformation
        Its updates are the steps, with their sign.

    References
    ----------
    Defazio, Jelassi, "Adaptivity without Compromise: A Momentumized, Adaptive, Dual Averaged
    Gradient Method for Stochastic Optimization", https://arxiv.org/abs/2101.11075, 2021.
    """

    def init(params):
        zeros = trees.zeros_like(params)
        return MadgradState(zero_count(), zeros, zeros, params)

    def update(updates, state, params=None):
        check_params(params, "scale_by_madgrad")
        rate = (at_step(learning_rate, state.count) + eps) * fnp.sqrt(state.count + 1.0)

        def step(g, p, squares, total, start):
            squares = squares + scaled(rate, g * g)
            total = total + scaled(rate, g)
            target = start - total / (fnp.cbrt(squares) + eps)
            return (1 - momentum) * (target - p), squares, total

        new_updates, squares, total = map_several(
            step, 3, updates, params, state.grad_sum_sq, state.s, state.x0
        )
        new_state = MadgradState(safe_increment(state.count), squares, total, state.x0)
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def madgrad(
    learning_rate: ScalarOrSchedule,
    momentum: Scalar = 0.9,
    weight_decay: Scalar = 0.0,
    eps: Scalar = 1e-6,
) -> GradientTransformationExtraArgs:
    """MADGRAD: weight decay, then `scale_by_madgrad`.

    Parameters
    ----------
    learning_rate, momentum, eps
        See `scale_by_madgrad`.
    weight_decay : scalar
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(add_decayed_weights(weight_decay), scale_by_madgrad(learning_rate, momentum, eps))
