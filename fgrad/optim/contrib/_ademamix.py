"""AdEMAMix: Adam with a second, slower mean of the gradients."""

from typing import Any, NamedTuple

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Scalar,
    ScalarOrSchedule,
    Updates,
    at_step,
)
from .._numerics import safe_increment, zero_count
from .._optimizers.adam import mean_over_root
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain

__all__ = [
    "ScaleByAdemamixState",
    "ScaleBySimplifiedAdEMAMixState",
    "ademamix",
    "scale_by_ademamix",
    "scale_by_simplified_ademamix",
    "simplified_ademamix",
]


class ScaleByAdemamixState(NamedTuple):
    """The number of steps (twice), the fast and the slow mean, and that of the squares."""

    count: Scalar  # int32
    count_m2: Scalar  # int32
    m1: Updates
    m2: Updates
    nu: Updates


def scale_by_ademamix(
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    b3: ScalarOrSchedule = 0.9999,
    alpha: ScalarOrSchedule = 6.0,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    mu_dtype: Any = None,
) -> GradientTransformation:
    r"""Divide a fast and a slow mean of the updates by the root of the mean of their squares.

    .. math::

        m^{(i)}_t &= \beta_i\, m^{(i)}_{t-1} + (1 - \beta_i)\, u_t, \quad i = 1, 3 \\
        u_t &\leftarrow \frac{\hat m^{(1)}_t + \alpha\, m^{(3)}_t}
            {\sqrt{\hat v_t + \bar\varepsilon} + \varepsilon}

    with :math:`\hat v_t` of `scale_by_adam`.

    Parameters
    ----------
    b1, b2 : scalar
        How fast the fast mean and that of the squares forget.
    b3 : scalar or callable
        How fast the slow mean forgets, or a function from the count of steps to it.
    alpha : scalar or callable
        :math:`\alpha`, or a function from the count of steps to it.
    eps, eps_root : scalar
        :math:`\varepsilon` and :math:`\bar\varepsilon`.
    mu_dtype : dtype, optional
        Of the means; by default that of the parameters.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Pagliardini, Ablin, Grangier, "The AdEMAMix Optimizer: Better, Faster, Older",
    https://arxiv.org/abs/2409.03137, 2024.
    """

    def init(params):
        zeros = trees.zeros_like(params, mu_dtype)
        return ScaleByAdemamixState(zero_count(), zero_count(), zeros, zeros, zeros)

    def update(updates, state, params=None):
        del params
        count = safe_increment(state.count)
        m1 = trees.update_moment(updates, state.m1, b1, 1)
        m2 = trees.update_moment(updates, state.m2, at_step(b3, state.count_m2), 1)
        nu = trees.update_moment_per_elem_norm(updates, state.nu, b2, 2)
        mean = trees.add_scale(
            trees.bias_correction(m1, b1, count), at_step(alpha, state.count_m2), m2
        )
        nu_hat = trees.bias_correction(nu, b2, count)
        new_state = ScaleByAdemamixState(count, safe_increment(state.count_m2), m1, m2, nu)
        return mean_over_root(mean, nu_hat, eps, eps_root), trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def ademamix(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    b3: ScalarOrSchedule = 0.9999,
    alpha: ScalarOrSchedule = 5.0,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    mu_dtype: Any = None,
    weight_decay: Scalar = 0.0,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """AdEMAMix: `scale_by_ademamix`, weight decay, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, b3, alpha, eps, eps_root, mu_dtype
        See `scale_by_ademamix`.
    weight_decay, mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_ademamix(b1, b2, b3, alpha, eps, eps_root, mu_dtype),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


class ScaleBySimplifiedAdEMAMixState(NamedTuple):
    """The number of steps, the sum of the updates, and the mean of their squares."""

    t: Scalar  # int32
    m: Updates
    n: Updates


def scale_by_simplified_ademamix(
    b1: Scalar = 0.99,
    b2: Scalar = 0.95,
    alpha: ScalarOrSchedule = 0.0,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
) -> GradientTransformation:
    r"""`scale_by_ademamix` with one memory: the updates and their decaying sum.

    .. math::

        m_t &= \beta_1 m_{t-1} + u_t \\
        u_t &\leftarrow \frac{m_t + \alpha\, u_t}{\sqrt{\hat v_t + \bar\varepsilon} + \varepsilon}

    with :math:`\hat v_t` of `scale_by_adam`.

    Parameters
    ----------
    b1, b2 : scalar
        How fast the sum and the mean of the squares forget.
    alpha : scalar or callable
        :math:`\alpha`, or a function from the count of steps to it.
    eps, eps_root : scalar
        :math:`\varepsilon` and :math:`\bar\varepsilon`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Morwani, Vyas, Zhang, Kakade, "Connections between Schedule-Free Optimizers, AdEMAMix, and
    Accelerated SGD Variants", https://arxiv.org/abs/2502.02431, 2025.
    """

    def init(params):
        zeros = trees.zeros_like(params)
        return ScaleBySimplifiedAdEMAMixState(zero_count(), zeros, zeros)

    def update(updates, state, params=None):
        del params
        t = safe_increment(state.t)
        m = trees.add_scale(updates, b1, state.m)
        n = trees.update_moment(updates, state.n, b2, 2)
        mean = trees.add_scale(m, at_step(alpha, state.t), updates)
        new_updates = mean_over_root(mean, trees.bias_correction(n, b2, t), eps, eps_root)
        new_state = ScaleBySimplifiedAdEMAMixState(t, m, n)
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def simplified_ademamix(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.99,
    b2: Scalar = 0.95,
    alpha: ScalarOrSchedule = 0.0,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    weight_decay: Scalar = 0.0,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """Simplified AdEMAMix: `scale_by_simplified_ademamix`, weight decay, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it. The sum is about
        ``1 / (1 - b1)`` times as large as a mean would be.
    b1, b2, alpha, eps, eps_root
        See `scale_by_simplified_ademamix`.
    weight_decay, mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_simplified_ademamix(b1, b2, alpha, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
