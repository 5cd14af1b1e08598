"""Rectified Adam: plain momentum until the second moment can be trusted."""

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
from ..tree._arithmetic import scaled
from ..tree._map import map_present
from .adam import ScaleByAdamState, mean_over_root, unbiased_mean

__all__ = ["radam", "scale_by_radam"]


def scale_by_radam(
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    threshold: Scalar = 5.0,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    r"""`scale_by_adam`, corrected for how few squares there are in the second moment.

    .. math::

        \rho_\infty &= \frac{2}{1 - \beta_2} - 1, \qquad
        \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t} \\
        r_t &= \sqrt{\frac{(\rho_t - 4)(\rho_t - 2)\rho_\infty}
            {(\rho_\infty - 4)(\rho_\infty - 2)\rho_t}} \\
        u_t &\leftarrow \begin{cases}
            r_t\, \hat m_t / (\sqrt{\hat v_t + \bar\varepsilon} + \varepsilon)
                & \rho_t \ge \text{threshold} \\
            \hat m_t & \text{else}\end{cases}

    Parameters
    ----------
    b1, b2, eps, eps_root, nesterov
        See `scale_by_adam`.
    threshold : scalar
        For the variance of the step size to be tractable.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond",
    https://arxiv.org/abs/1908.03265, 2020.
    """
    limit = 2.0 / (1.0 - b2) - 1.0

    def init(params):
        return ScaleByAdamState(
            count=zero_count(), mu=trees.zeros_like(params), nu=trees.zeros_like(params)
        )

    def update(updates, state, params=None):
        del params
        count = safe_increment(state.count)
        mu = trees.update_moment(updates, state.mu, b1, 1)
        nu = trees.update_moment_per_elem_norm(updates, state.nu, b2, 2)
        mu_hat = unbiased_mean(updates, mu, b1, count, nesterov)
        nu_hat = trees.bias_correction(nu, b2, count)
        forgotten = b2**count
        rho = limit - 2 * count * forgotten / (1 - forgotten)
        trusted = rho >= threshold
        # The root of a negative number where it is not trusted.
        r = fnp.sqrt(
            fnp.where(
                trusted, (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho), 1.0
            )
        )
        new_updates = map_present(
            lambda m, quotient: fnp.where(trusted, scaled(r, quotient), m),
            mu_hat,
            mean_over_root(mu_hat, nu_hat, eps, eps_root),
        )
        return new_updates, ScaleByAdamState(
            count=count, mu=trees.cast_like(mu, state.mu), nu=trees.cast_like(nu, state.nu)
        )

    return GradientTransformation(init, update)


def radam(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    threshold: Scalar = 5.0,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Rectified Adam: `scale_by_radam`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, eps, eps_root, threshold, nesterov
        See `scale_by_radam`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_radam(b1, b2, eps, eps_root, threshold, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )
