"""Yogi: Adam whose second moment moves by small steps."""

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Scalar,
    ScalarOrSchedule,
)
from .._numerics import safe_increment, zero_count
from .._scaling import scale_by_learning_rate
from ..transforms import chain
from ..tree._arithmetic import abs_sq, scaled
from ..tree._map import map_present
from .adam import ScaleByAdamState, mean_over_root

__all__ = ["scale_by_yogi", "yogi"]


def scale_by_yogi(
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-3,
    eps_root: Scalar = 0.0,
    initial_accumulator_value: Scalar = 1e-6,
) -> GradientTransformation:
    r"""`scale_by_adam` with a second moment whose steps do not depend on its own size.

    .. math:: v_t = v_{t-1} - (1 - \beta_2)\, \mathrm{sign}(v_{t-1} - |u_t|^2)\, |u_t|^2

    Parameters
    ----------
    b1, b2, eps, eps_root
        See `scale_by_adam`.
    initial_accumulator_value : scalar
        The moments before the first step.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Zaheer et al., "Adaptive Methods for Nonconvex Optimization",
    https://papers.nips.cc/paper/2018/hash/90365351ccc7437a1309dc64e4db32a3-Abstract.html, 2018.
    """

    def step(g, v):
        square = abs_sq(g)
        return v - scaled(1 - b2, fnp.sign(v - square) * square)

    def init(params):
        return ScaleByAdamState(
            count=zero_count(),
            mu=trees.full_like(params, initial_accumulator_value),
            nu=trees.full_like(params, initial_accumulator_value),
        )

    def update(updates, state, params=None):
        del params
        count = safe_increment(state.count)
        mu = trees.update_moment(updates, state.mu, b1, 1)
        nu = map_present(step, updates, state.nu)
        mu_hat = trees.bias_correction(mu, b1, count)
        nu_hat = trees.bias_correction(nu, b2, count)
        return mean_over_root(mu_hat, nu_hat, eps, eps_root), ScaleByAdamState(
            count=count, mu=trees.cast_like(mu, state.mu), nu=trees.cast_like(nu, state.nu)
        )

    return GradientTransformation(init, update)


def yogi(
    learning_rate: ScalarOrSchedule, b1: Scalar = 0.9, b2: Scalar = 0.999, eps: Scalar = 1e-3
) -> GradientTransformationExtraArgs:
    """Yogi: `scale_by_yogi`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, eps
        See `scale_by_adam`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(scale_by_yogi(b1, b2, eps), scale_by_learning_rate(learning_rate))
