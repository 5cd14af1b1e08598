"""ACProp: the centred second moment of the steps before."""

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Scalar,
    ScalarOrSchedule,
)
from .._numerics import safe_increment, zero_count
from .._optimizers.belief import ScaleByBeliefState
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain
from ..tree._map import map_present

__all__ = ["acprop", "scale_by_acprop"]


def scale_by_acprop(
    b1: Scalar = 0.9, b2: Scalar = 0.999, eps: Scalar = 1e-16, eps_root: Scalar = 1e-16
) -> GradientTransformation:
    r"""Divide updates by the root of how far earlier ones were from their mean.

    .. math::

        u_t &\leftarrow \frac{u_t}{\sqrt{s_{t-1} / (1 - \beta_2^{t-1})} + \varepsilon}
            \quad\text{(and the first as it is)} \\
        s_t &= \beta_2 s_{t-1} + (1 - \beta_2)\, |u_t - m_{t-1}|^2 + \bar\varepsilon, \qquad
        m_t = \beta_1 m_{t-1} + (1 - \beta_1)\, u_t

    Parameters
    ----------
    b1, b2 : scalar
        How fast the means forget, :math:`\beta_1` and :math:`\beta_2`.
    eps, eps_root : scalar
        :math:`\varepsilon` and :math:`\bar\varepsilon`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Zhuang et al., "Momentum Centering and Asynchronous Update for Adaptive Gradient Methods",
    https://arxiv.org/abs/2110.05454, 2021.
    """

    def init(params):
        return ScaleByBeliefState(
            count=zero_count(), mu=trees.zeros_like(params), nu=trees.zeros_like(params)
        )

    def update(updates, state, params=None):
        del params
        mu = trees.update_moment(updates, state.mu, b1, 1)
        surprise = trees.sub(updates, state.mu)
        nu = trees.update_moment_per_elem_norm(surprise, state.nu, b2, 2)
        nu = map_present(lambda v: v + eps_root, nu)
        first = state.count == 0
        nu_hat = trees.bias_correction(state.nu, b2, fnp.maximum(state.count, 1))
        new_updates = map_present(
            lambda g, v: g / (fnp.sqrt(fnp.where(first, 1, v)) + eps), updates, nu_hat
        )
        new_state = ScaleByBeliefState(safe_increment(state.count), mu, nu)
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def acprop(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-16,
    eps_root: Scalar = 1e-16,
    weight_decay: Scalar = 0.0,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """ACProp: `scale_by_acprop`, weight decay, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, eps, eps_root
        See `scale_by_acprop`.
    weight_decay, mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_acprop(b1, b2, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
