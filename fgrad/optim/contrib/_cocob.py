"""COCOB: betting on coins, without a learning rate."""

from typing import NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Params,
    Scalar,
    ScalarOrSchedule,
    Updates,
    check_params,
)
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain
from ..tree._map import map_several

__all__ = ["COCOBState", "cocob", "scale_by_cocob"]


class COCOBState(NamedTuple):
    """Where the parameters began, and for each number what it has won and could have lost."""

    init_particles: Params
    cumulative_gradients: Updates
    scale: Updates
    subgradients: Updates
    reward: Updates


def scale_by_cocob(alpha: Scalar = 100.0, eps: Scalar = 1e-8) -> GradientTransformation:
    r"""Bet a part of what was won on the direction of the gradients.

    .. math::

        L_t &= \max(L_{t-1}, |g_t|), \qquad G_t = G_{t-1} + |g_t| \\
        R_t &= \max(R_{t-1} - g_t\,(\theta_t - \theta_0),\ 0), \qquad C_t = C_{t-1} - g_t \\
        \theta_{t+1} &= \theta_0 + \frac{C_t}{L_t \max(G_t + L_t,\ \alpha L_t)}\, (L_t + R_t)

    Parameters
    ----------
    alpha : scalar
        :math:`\alpha`.
    eps : scalar
        :math:`L_0`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Orabona, Tommasi, "Training Deep Networks without Learning Rates Through Coin Betting",
    https://arxiv.org/abs/1705.07795, 2017.
    """

    def bet(g, p, start, lost, scale, total, reward):
        scale = fnp.maximum(scale, fnp.abs(g))
        total = total + fnp.abs(g)
        reward = fnp.maximum(reward - g * (p - start), 0)
        lost = lost - g
        part = lost / (scale * fnp.maximum(total + scale, alpha * scale))
        return start - p + part * (scale + reward), lost, scale, total, reward

    def init(params):
        zeros = trees.zeros_like(params)
        return COCOBState(params, zeros, trees.full_like(params, eps), zeros, zeros)

    def update(updates, state, params=None):
        check_params(params, "scale_by_cocob")
        new_updates, *bets = map_several(bet, 5, updates, params, *state)
        new_state = state._replace(**dict(zip(state._fields[1:], bets, strict=True)))
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def cocob(
    learning_rate: ScalarOrSchedule = 1.0,
    alpha: Scalar = 100.0,
    eps: Scalar = 1e-8,
    weight_decay: Scalar = 0.0,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """COCOB: weight decay, a factor of the gradients, then `scale_by_cocob`.

    Parameters
    ----------
    learning_rate : scalar or callable
        The factor, or a function from the count of steps to it.
    alpha, eps
        See `scale_by_cocob`.
    weight_decay, mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate, flip_sign=False),
        scale_by_cocob(alpha, eps),
    )
