"""Resilient propagation: a step size for each number, from the signs of its gradients."""

from typing import NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import GradientTransformation, GradientTransformationExtraArgs, Scalar, Updates
from .._scaling import scale
from ..transforms import chain
from ..tree._map import map_several

__all__ = ["ScaleByRpropState", "rprop", "scale_by_rprop"]


class ScaleByRpropState(NamedTuple):
    """The step size of every number, and the last updates."""

    step_sizes: Updates
    prev_updates: Updates


def scale_by_rprop(
    learning_rate: Scalar,
    eta_minus: Scalar = 0.5,
    eta_plus: Scalar = 1.2,
    min_step_size: Scalar = 1e-6,
    max_step_size: Scalar = 50.0,
) -> GradientTransformation:
    r"""Replace updates by their signs times step sizes that grow while the signs stay.

    .. math::

        s_t &= \begin{cases} \min(s_{t-1}\,\eta_+,\ s_{max}) & u_t\,g_{t-1} > 0 \\
            \max(s_{t-1}\,\eta_-,\ s_{min}) & u_t\,g_{t-1} < 0 \\
            s_{t-1} & \text{else}\end{cases} \\
        g_t &= \begin{cases} 0 & u_t\,g_{t-1} < 0 \\
            s_t\,\mathrm{sign}(u_t) & \text{else}\end{cases} \\
        u_t &\leftarrow \begin{cases} 0 & u_t\,g_{t-1} < 0 \\ g_{t-1} & \text{else}\end{cases}

    As in optax, a step is made one update later than in the paper; the first one is zero.

    Parameters
    ----------
    learning_rate : scalar
        The step sizes at the start.
    eta_minus, eta_plus : scalar
        The factors of the step size when the sign changed and when it did not.
    min_step_size, max_step_size : scalar

    Returns
    -------
    GradientTransformation

    References
    ----------
    Riedmiller, Braun, "A direct adaptive method for faster backpropagation learning: the RPROP
    algorithm", https://ieeexplore.ieee.org/document/298623, 1993.
    """

    def step(g, size, last):
        agree = g * last
        factor = fnp.where(agree > 0, eta_plus, eta_minus)
        new_size = fnp.where(
            agree == 0, size, fnp.clip(size * factor, min_step_size, max_step_size)
        )
        move = fnp.where(agree < 0, fnp.zeros_like(g), new_size * fnp.sign(g))
        return new_size, move, fnp.where(agree < 0, fnp.zeros_like(last), last)

    def init(params):
        return ScaleByRpropState(
            step_sizes=trees.full_like(params, learning_rate),
            prev_updates=trees.zeros_like(params),
        )

    def update(updates, state, params=None):
        del params
        sizes, moves, new_updates = map_several(
            step, 3, updates, state.step_sizes, state.prev_updates
        )
        return new_updates, trees.cast_like(ScaleByRpropState(sizes, moves), state)

    return GradientTransformation(init, update)


def rprop(
    learning_rate: Scalar,
    eta_minus: Scalar = 0.5,
    eta_plus: Scalar = 1.2,
    min_step_size: Scalar = 1e-6,
    max_step_size: Scalar = 50.0,
) -> GradientTransformationExtraArgs:
    """Resilient propagation: against `scale_by_rprop`. For gradients without noise.

    Parameters
    ----------
    learning_rate, eta_minus, eta_plus, min_step_size, max_step_size
        See `scale_by_rprop`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_rprop(learning_rate, eta_minus, eta_plus, min_step_size, max_step_size),
        scale(-1.0),
    )
