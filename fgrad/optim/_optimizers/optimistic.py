"""Optimistic gradients: extrapolated from the last two, for games and saddle points."""

from typing import Any, NamedTuple

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
from ..tree._arithmetic import scaled
from ..tree._map import map_present
from .adam import scale_by_adam

__all__ = [
    "ScaleByOptimisticGradientState",
    "optimistic_adam_v2",
    "optimistic_gradient_descent",
    "scale_by_optimistic_gradient",
]


class ScaleByOptimisticGradientState(NamedTuple):
    """Whether there was no step yet, and the last updates."""

    is_initial_step: Scalar  # bool
    previous_gradient: Updates


def scale_by_optimistic_gradient(alpha: Scalar = 1.0, beta: Scalar = 1.0) -> GradientTransformation:
    r"""Extrapolate updates from the last two.

    .. math:: u_t \leftarrow (\alpha + \beta)\, u_t - \beta\, u_{t-1}, \quad u_0 = u_1

    Parameters
    ----------
    alpha : scalar
        The step size, :math:`\alpha`.
    beta : scalar
        How far to look ahead, :math:`\beta`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Mokhtari, Ozdaglar, Pattathil, "A Unified Analysis of Extra-gradient and Optimistic Gradient
    Methods for Saddle Point Problems: Proximal Point Approach", https://arxiv.org/abs/1901.08511,
    2019.
    """

    def init(params):
        return ScaleByOptimisticGradientState(
            is_initial_step=fnp.ones((), fnp.bool_), previous_gradient=trees.zeros_like(params)
        )

    def update(updates, state, params=None):
        del params

        def ahead(g, last):
            last = fnp.where(state.is_initial_step, g, last)
            return scaled(alpha + beta, g) - scaled(beta, last)

        new_updates = map_present(ahead, updates, state.previous_gradient)
        return new_updates, ScaleByOptimisticGradientState(
            is_initial_step=fnp.zeros((), fnp.bool_),
            previous_gradient=trees.cast_like(updates, state.previous_gradient),
        )

    return GradientTransformation(init, update)


def optimistic_gradient_descent(
    learning_rate: ScalarOrSchedule, alpha: Scalar = 1.0, beta: Scalar = 1.0
) -> GradientTransformationExtraArgs:
    """Optimistic gradient descent: `scale_by_optimistic_gradient`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    alpha, beta
        See `scale_by_optimistic_gradient`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(scale_by_optimistic_gradient(alpha, beta), scale_by_learning_rate(learning_rate))


def optimistic_adam_v2(
    learning_rate: ScalarOrSchedule,
    *,
    alpha: Scalar = 1.0,
    beta: Scalar = 1.0,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    mu_dtype: Any = None,
    nesterov: bool = True,
) -> GradientTransformationExtraArgs:
    """Optimistic Adam: `scale_by_adam`, `scale_by_optimistic_gradient`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    alpha, beta
        See `scale_by_optimistic_gradient`.
    b1, b2, eps, eps_root, mu_dtype, nesterov
        See `scale_by_adam`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Daskalakis et al., "Training GANs with Optimism", https://arxiv.org/abs/1711.00141, 2017.
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        scale_by_optimistic_gradient(alpha, beta),
        scale_by_learning_rate(learning_rate),
    )
