"""ADOPT: Adam that normalises before it averages."""

from collections.abc import Callable
from typing import Any

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Scalar,
    ScalarOrSchedule,
)
from .._numerics import safe_increment, zero_count
from .._optimizers.adam import ScaleByAdamState
from .._scaling import scale_by_learning_rate
from ..transforms import chain
from ..tree._map import map_present

__all__ = ["adopt", "scale_by_adopt"]


def _fourth_root(count: Scalar) -> Scalar:
    return count**0.25


def scale_by_adopt(
    b1: Scalar = 0.9,
    b2: Scalar = 0.9999,
    eps: Scalar = 1e-6,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
    use_clipping: bool = True,
    clip_value_fn: Callable[[Scalar], Scalar] = _fourth_root,
) -> GradientTransformation:
    r"""Average updates that are divided by the root mean square of those before.

    .. math::

        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, \mathrm{clip}\left(
            \frac{u_t}{\max(\sqrt{v_{t-1}}, \varepsilon)},\ t^{1/4}\right), \qquad
        u_t \leftarrow m_t \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, |u_t|^2, \quad v_1 = |u_1|^2

    Parameters
    ----------
    b1, b2 : scalar
        How fast the means forget, :math:`\beta_1` and :math:`\beta_2`.
    eps : scalar
        :math:`\varepsilon`.
    mu_dtype : dtype, optional
        Of the mean; by default that of the parameters.
    nesterov : bool
        Whether to look one step ahead.
    use_clipping : bool
        Whether to clip.
    clip_value_fn : callable
        The bound, from the count of steps.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Taniguchi et al., "ADOPT: Modified Adam Can Converge with Any beta2 with the Optimal Rate",
    https://arxiv.org/abs/2411.02853, 2024.
    """

    def init(params):
        return ScaleByAdamState(
            count=zero_count(), mu=trees.zeros_like(params, mu_dtype), nu=trees.zeros_like(params)
        )

    def update(updates, state, params=None):
        del params
        started = state.count > 0
        decay1, decay2 = fnp.where(started, b1, 1), fnp.where(started, b2, 0)
        nu = trees.update_moment_per_elem_norm(updates, state.nu, decay2, 2)
        normalized = map_present(lambda g, v: g / fnp.maximum(fnp.sqrt(v), eps), updates, state.nu)
        if use_clipping:
            bound = clip_value_fn(state.count)
            normalized = trees.clip(normalized, -bound, bound)
        mu = trees.update_moment(normalized, state.mu, decay1, 1)
        new_updates = trees.update_moment(normalized, mu, decay1, 1) if nesterov else mu
        new_state = ScaleByAdamState(safe_increment(state.count), mu, nu)
        return trees.cast_like(new_updates, updates), trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def adopt(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.9999,
    eps: Scalar = 1e-6,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
    use_clipping: bool = True,
    clip_value_fn: Callable[[Scalar], Scalar] = _fourth_root,
) -> GradientTransformationExtraArgs:
    """ADOPT: `scale_by_adopt`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, eps, mu_dtype, nesterov, use_clipping, clip_value_fn
        See `scale_by_adopt`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_adopt(
            b1,
            b2,
            eps,
            mu_dtype,
            nesterov=nesterov,
            use_clipping=use_clipping,
            clip_value_fn=clip_value_fn,
        ),
        scale_by_learning_rate(learning_rate),
    )
