"""Adan: Nesterov's momentum from the differences of gradients."""

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
from .._numerics import safe_increment, zero_count
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain
from ..tree._map import map_present
from .adam import mean_over_root

__all__ = ["ScaleByAdanState", "adan", "scale_by_adan"]


class ScaleByAdanState(NamedTuple):
    """The means `m`, `v`, `n` of the formula, the last updates, and the number of steps."""

    m: Updates
    v: Updates
    n: Updates
    g: Updates
    t: Scalar  # int32


def scale_by_adan(
    b1: Scalar = 0.98,
    b2: Scalar = 0.92,
    b3: Scalar = 0.99,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
) -> GradientTransformation:
    r"""Divide means of the updates and of their differences by the root of a mean square.

    .. math::

        d_t &= u_t - u_{t-1}, \quad d_1 = 0 \\
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, u_t, \qquad
        v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, d_t \\
        n_t &= \beta_3 n_{t-1} + (1 - \beta_3)\, |u_t + (1 - \beta_2)\, d_t|^2 \\
        u_t &\leftarrow \frac{\hat m_t + (1 - \beta_2)\, \hat v_t}
            {\sqrt{\hat n_t + \bar\varepsilon} + \varepsilon}

    where hats undo the pull of the means towards zero.

    Parameters
    ----------
    b1, b2, b3 : scalar
        How fast the means forget, :math:`\beta_1` to :math:`\beta_3`.
    eps, eps_root : scalar
        :math:`\varepsilon` and :math:`\bar\varepsilon`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Xie et al., "Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models",
    https://arxiv.org/abs/2208.06677, 2022.
    """

    def init(params):
        zeros = trees.zeros_like(params)
        return ScaleByAdanState(m=zeros, v=zeros, n=zeros, g=zeros, t=zero_count())

    def update(updates, state, params=None):
        del params
        difference = map_present(
            lambda g, last: fnp.where(state.t == 0, fnp.zeros_like(g), g - last),
            updates,
            state.g,
        )
        t = safe_increment(state.t)
        m = trees.update_moment(updates, state.m, b1, 1)
        v = trees.update_moment(difference, state.v, b2, 1)
        ahead = trees.add_scale(updates, 1 - b2, difference)
        n = trees.update_moment_per_elem_norm(ahead, state.n, b3, 2)
        mean = trees.add_scale(
            trees.bias_correction(m, b1, t), 1 - b2, trees.bias_correction(v, b2, t)
        )
        new_updates = mean_over_root(mean, trees.bias_correction(n, b3, t), eps, eps_root)
        new_state = ScaleByAdanState(m=m, v=v, n=n, g=updates, t=t)
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def adan(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.98,
    b2: Scalar = 0.92,
    b3: Scalar = 0.99,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 1e-8,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """Adan: `scale_by_adan`, weight decay, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, b3, eps, eps_root
        See `scale_by_adan`.
    weight_decay, mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_adan(b1, b2, b3, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
