"""AMSGrad: Adam whose step sizes never grow."""

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
from .._numerics import safe_increment, zero_count
from .._scaling import scale_by_learning_rate
from ..transforms import chain
from ..tree._map import map_present
from .adam import mean_over_root

__all__ = ["ScaleByAmsgradState", "amsgrad", "scale_by_amsgrad"]


class ScaleByAmsgradState(NamedTuple):
    """The number of steps, the first two moments, and the largest second moment so far."""

    count: Scalar  # int32
    mu: Updates
    nu: Updates
    nu_max: Updates


def scale_by_amsgrad(
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    mu_dtype: Any = None,
    bias_correction_mu: bool = True,
    bias_correction_nu: bool = True,
) -> GradientTransformation:
    r"""Divide the mean of the updates by the root of the largest mean of their squares so far.

    .. math::

        v^{max}_t &= \max(v^{max}_{t-1}, \hat v_t) \\
        u_t &\leftarrow \hat m_t \Big/ \left(\sqrt{v^{max}_t + \bar\varepsilon}
            + \varepsilon\right)

    with the moments :math:`\hat m_t` and :math:`\hat v_t` of `scale_by_adam`.

    Parameters
    ----------
    b1, b2, eps, eps_root, mu_dtype
        See `scale_by_adam`.
    bias_correction_mu, bias_correction_nu : bool
        Whether to undo the moments' pull towards zero.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Reddi, Kale, Kumar, "On the Convergence of Adam and Beyond",
    https://openreview.net/forum?id=ryQu7f-RZ, 2018.
    """

    def init(params):
        return ScaleByAmsgradState(
            count=zero_count(),
            mu=trees.zeros_like(params, mu_dtype),
            nu=trees.zeros_like(params),
            nu_max=trees.zeros_like(params),
        )

    def update(updates, state, params=None):
        del params
        count = safe_increment(state.count)
        mu = trees.update_moment(updates, state.mu, b1, 1)
        nu = trees.update_moment_per_elem_norm(updates, state.nu, b2, 2)
        mu_hat = trees.bias_correction(mu, b1, count) if bias_correction_mu else mu
        nu_hat = trees.bias_correction(nu, b2, count) if bias_correction_nu else nu
        nu_max = map_present(fnp.maximum, nu_hat, state.nu_max)
        return mean_over_root(mu_hat, nu_max, eps, eps_root), ScaleByAmsgradState(
            count=count,
            mu=trees.cast_like(mu, state.mu),
            nu=trees.cast_like(nu, state.nu),
            nu_max=trees.cast_like(nu_max, state.nu_max),
        )

    return GradientTransformation(init, update)


def amsgrad(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    mu_dtype: Any = None,
    bias_correction_mu: bool = True,
    bias_correction_nu: bool = True,
) -> GradientTransformationExtraArgs:
    """AMSGrad: `scale_by_amsgrad`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, eps, eps_root, mu_dtype, bias_correction_mu, bias_correction_nu
        See `scale_by_amsgrad`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_amsgrad(b1, b2, eps, eps_root, mu_dtype, bias_correction_mu, bias_correction_nu),
        scale_by_learning_rate(learning_rate),
    )
