"""AdaDelta: steps in the units of the parameters, without a learning rate."""

from typing import NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Scalar,
    ScalarOrSchedule,
    Updates,
)
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain
from ..tree._map import map_present

__all__ = ["ScaleByAdaDeltaState", "adadelta", "scale_by_adadelta"]


class ScaleByAdaDeltaState(NamedTuple):
    """The means of the squares of gradients and of steps."""

    e_g: Updates
    e_x: Updates


def scale_by_adadelta(rho: Scalar = 0.9, eps: Scalar = 1e-6) -> GradientTransformation:
    r"""Multiply updates by the root mean square of past steps over that of past gradients.

    .. math::

        E[g^2]_t &= \rho\, E[g^2]_{t-1} + (1 - \rho)\, u_t^2 \\
        u_t &\leftarrow \frac{\sqrt{E[x^2]_{t-1} + \varepsilon}}{\sqrt{E[g^2]_t + \varepsilon}}\,
            u_t \\
        E[x^2]_t &= \rho\, E[x^2]_{t-1} + (1 - \rho)\, u_t^2

    Parameters
    ----------
    rho : scalar
        How fast the means forget, :math:`\rho`.
    eps : scalar
        :math:`\varepsilon`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Zeiler, "ADADELTA: An Adaptive Learning Rate Method", https://arxiv.org/abs/1212.5701, 2012.
    """

    def init(params):
        return ScaleByAdaDeltaState(e_g=trees.zeros_like(params), e_x=trees.zeros_like(params))

    def update(updates, state, params=None):
        del params
        e_g = trees.update_moment(updates, state.e_g, rho, 2)
        steps = map_present(
            lambda g, gg, xx: fnp.sqrt(xx + eps) / fnp.sqrt(gg + eps) * g, updates, e_g, state.e_x
        )
        e_x = trees.update_moment(steps, state.e_x, rho, 2)
        return steps, trees.cast_like(ScaleByAdaDeltaState(e_g=e_g, e_x=e_x), state)

    return GradientTransformation(init, update)


def adadelta(
    learning_rate: ScalarOrSchedule | None = None,
    rho: Scalar = 0.9,
    eps: Scalar = 1e-6,
    weight_decay: ScalarOrSchedule = 0.0,
    weight_decay_mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """AdaDelta: weight decay, `scale_by_adadelta`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable, optional
        The step size, or a function from the count of steps to it. None leaves the updates,
        sign included, as they are.
    rho, eps
        See `scale_by_adadelta`.
    weight_decay, weight_decay_mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        add_decayed_weights(weight_decay, weight_decay_mask),
        scale_by_adadelta(rho, eps),
        scale_by_learning_rate(learning_rate),
    )
