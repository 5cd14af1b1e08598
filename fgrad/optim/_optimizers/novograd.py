"""NovoGrad: momentum of gradients over the norms of their layers."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp
import fgrad.tree as tree

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Scalar,
    ScalarOrSchedule,
    Updates,
    check_params,
)
from .._numerics import safe_increment, zero_count
from .._scaling import scale_by_learning_rate
from ..transforms import chain
from ..tree._arithmetic import abs_sq, scaled
from ..tree._dtypes import dtype_of
from ..tree._map import map_present

__all__ = ["ScaleByNovogradState", "novograd", "scale_by_novograd"]


class ScaleByNovogradState(NamedTuple):
    """The number of steps, the momentum, and a mean square for each array."""

    count: Scalar  # int32
    mu: Updates
    nu: Updates


def scale_by_novograd(
    b1: Scalar = 0.9,
    b2: Scalar = 0.25,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    weight_decay: Scalar = 0.0,
    mu_dtype: Any = None,
) -> GradientTransformation:
    r"""Add up updates over the root of the mean squared norm of their array.

    .. math::

        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, \|u_t\|^2, \quad v_1 = \|u_1\|^2 \\
        m_t &= \beta_1 m_{t-1}
            + \frac{u_t}{\sqrt{v_t + \bar\varepsilon} + \varepsilon} + \lambda\,\theta_t \\
        u_t &\leftarrow m_t

    Parameters
    ----------
    b1, b2 : scalar
        How fast momentum and mean square forget, :math:`\beta_1` and :math:`\beta_2`.
    eps, eps_root : scalar
        :math:`\varepsilon` and :math:`\bar\varepsilon`.
    weight_decay : scalar
        :math:`\lambda`.
    mu_dtype : dtype, optional
        Of the momentum; by default that of the parameters.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Ginsburg et al., "Stochastic Gradient Methods with Layer-wise Adaptive Moments for Training of
    Deep Networks", https://arxiv.org/abs/1905.11286, 2019.
    """

    def init(params):
        return ScaleByNovogradState(
            count=zero_count(),
            mu=trees.zeros_like(params, mu_dtype),
            nu=tree.map(lambda p: fnp.zeros((), dtype_of(p)), params),
        )

    def update(updates, state, params=None):
        check_params(params, "scale_by_novograd")
        count = safe_increment(state.count)

        def mean_square(g, v):
            square = fnp.sum(abs_sq(g))
            return fnp.where(count == 1, square, scaled(1 - b2, square) + scaled(b2, v))

        nu = map_present(mean_square, updates, state.nu)
        mu = map_present(
            lambda g, m, v, p: (
                scaled(b1, m) + (g / (fnp.sqrt(v + eps_root) + eps) + scaled(weight_decay, p))
            ),
            updates,
            state.mu,
            nu,
            params,
        )
        return mu, ScaleByNovogradState(
            count=count, mu=trees.cast_like(mu, state.mu), nu=trees.cast_like(nu, state.nu)
        )

    return GradientTransformation(init, update)


def novograd(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.25,
    eps: Scalar = 1e-6,
    eps_root: Scalar = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
) -> GradientTransformationExtraArgs:
    """NovoGrad: `scale_by_novograd`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, eps, eps_root, weight_decay
        See `scale_by_novograd`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_novograd(b1, b2, eps, eps_root, weight_decay),
        scale_by_learning_rate(learning_rate),
    )
