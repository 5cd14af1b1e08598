"""AdaBelief: steps as large as the gradients are close to what was expected of them."""

from typing import NamedTuple

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
from .adam import mean_over_root, unbiased_mean

__all__ = ["ScaleByBeliefState", "adabelief", "scale_by_belief"]


class ScaleByBeliefState(NamedTuple):
    """The number of steps, the mean of the updates, and that of their squared distance from it."""

    count: Scalar  # int32
    mu: Updates
    nu: Updates


def scale_by_belief(
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-16,
    eps_root: Scalar = 1e-16,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    r"""Divide the mean of the updates by the root of their mean squared distance from it.

    .. math::

        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, u_t \\
        s_t &= \beta_2 s_{t-1} + (1 - \beta_2)\, |u_t - m_t|^2 + \bar\varepsilon \\
        u_t &\leftarrow \frac{m_t / (1 - \beta_1^t)}{\sqrt{s_t / (1 - \beta_2^t)} + \varepsilon}

    Parameters
    ----------
    b1, b2 : scalar
        How fast the two means forget, :math:`\beta_1` and :math:`\beta_2`.
    eps, eps_root : scalar
        :math:`\varepsilon` and :math:`\bar\varepsilon`.
    nesterov : bool
        Whether to use Nesterov's momentum; see `scale_by_adam`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients",
    https://arxiv.org/abs/2010.07468, 2020.
    """

    def init(params):
        return ScaleByBeliefState(
            count=zero_count(), mu=trees.zeros_like(params), nu=trees.zeros_like(params)
        )

    def update(updates, state, params=None):
        del params
        count = safe_increment(state.count)
        mu = trees.update_moment(updates, state.mu, b1, 1)
        surprise = trees.sub(updates, mu)
        nu = trees.update_moment_per_elem_norm(surprise, state.nu, b2, 2)
        nu = map_present(lambda v: v + eps_root, nu)
        mu_hat = unbiased_mean(updates, mu, b1, count, nesterov)
        nu_hat = trees.bias_correction(nu, b2, count)
        return mean_over_root(mu_hat, nu_hat, eps, 0.0), ScaleByBeliefState(
            count=count, mu=trees.cast_like(mu, state.mu), nu=trees.cast_like(nu, state.nu)
        )

    return GradientTransformation(init, update)


def adabelief(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-16,
    eps_root: Scalar = 1e-16,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """AdaBelief: `scale_by_belief`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, eps, eps_root, nesterov
        See `scale_by_belief`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_belief(b1, b2, eps, eps_root, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )
