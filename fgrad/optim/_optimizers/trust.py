"""Steps of each layer in proportion to its weights: LARS, LAMB and Fromage."""

from collections.abc import Callable
from typing import Any

import fgrad.numpy as fnp

from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Params,
    Scalar,
    ScalarOrSchedule,
    check_params,
    stateless,
)
from .._numerics import safe_norm
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain, masked, trace
from ..tree._arithmetic import scaled
from ..tree._map import map_present
from .adam import scale_by_adam

__all__ = ["fromage", "lamb", "lars", "scale_by_trust_ratio"]


def scale_by_trust_ratio(
    min_norm: Scalar = 0.0, trust_coefficient: Scalar = 1.0, eps: Scalar = 0.0
) -> GradientTransformation:
    r"""Scale the update of each array in proportion to the norm of its parameters.

    .. math:: u \leftarrow u \cdot \frac{\tau\, \|\theta\|}{\|u\| + \varepsilon}

    Where a norm is zero the update stays as it is.

    Parameters
    ----------
    min_norm : scalar
        The smallest norm to count with.
    trust_coefficient : scalar
        :math:`\tau`.
    eps : scalar
        :math:`\varepsilon`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes",
    https://arxiv.org/abs/1904.00962, 2020.
    """

    def trusted(u, p):
        param_norm, update_norm = safe_norm(p, min_norm), safe_norm(u, min_norm)
        zero = (param_norm == 0) | (update_norm == 0)
        ratio = trust_coefficient * param_norm / fnp.where(zero, 1.0, update_norm + eps)
        return scaled(fnp.where(zero, 1.0, ratio), u)

    def apply(updates, params):
        check_params(params, "scale_by_trust_ratio")
        return map_present(trusted, updates, params)

    return stateless(apply)


def lars(
    learning_rate: ScalarOrSchedule,
    weight_decay: ScalarOrSchedule = 0.0,
    weight_decay_mask: MaskOrFn = True,
    trust_coefficient: Scalar = 0.001,
    eps: Scalar = 0.0,
    trust_ratio_mask: Any | Callable[[Params], Any] = True,
    momentum: Scalar = 0.9,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """LARS: weight decay, `scale_by_trust_ratio`, the learning rate, then momentum.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    weight_decay, weight_decay_mask
        See `add_decayed_weights`.
    trust_coefficient, eps
        See `scale_by_trust_ratio`.
    trust_ratio_mask : pytree of bool, or callable
        Which updates it scales; see `masked`.
    momentum, nesterov
        The `decay` and `nesterov` of `trace`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    You, Gitman, Ginsburg, "Large Batch Training of Convolutional Networks",
    https://arxiv.org/abs/1708.03888, 2017.
    """
    return chain(
        add_decayed_weights(weight_decay, weight_decay_mask),
        masked(scale_by_trust_ratio(0.0, trust_coefficient, eps), trust_ratio_mask),
        scale_by_learning_rate(learning_rate),
        trace(momentum, nesterov),
    )


def lamb(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-6,
    eps_root: Scalar = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """LAMB: `scale_by_adam`, weight decay, `scale_by_trust_ratio`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, eps, eps_root
        See `scale_by_adam`.
    weight_decay, mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes",
    https://arxiv.org/abs/1904.00962, 2020.
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_trust_ratio(),
        scale_by_learning_rate(learning_rate),
    )


def fromage(
    learning_rate: ScalarOrSchedule, min_norm: Scalar = 1e-6
) -> GradientTransformationExtraArgs:
    r"""Fromage: steps in proportion to the weights, on their sphere.

    .. math:: \theta_{t+1} = \frac{1}{\sqrt{1 + \alpha^2}}
        \left(\theta_t - \alpha \frac{\|\theta_t\|}{\|g_t\|}\, g_t\right)

    Parameters
    ----------
    learning_rate : scalar or callable
        :math:`\alpha`, or a function from the count of steps to it.
    min_norm : scalar
        The smallest norm to count with.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Bernstein et al., "On the distance between two neural networks and the stability of learning",
    https://arxiv.org/abs/2002.03432, 2020.
    """
    shrink = lambda rate: 1 / (1 + rate**2) ** 0.5
    if callable(learning_rate):
        schedule = learning_rate
        rate = lambda count: shrink(schedule(count)) * schedule(count)
        decay = lambda count: shrink(schedule(count)) - 1
    else:
        rate = learning_rate * shrink(learning_rate)
        decay = shrink(learning_rate) - 1
    return chain(
        scale_by_trust_ratio(min_norm), scale_by_learning_rate(rate), add_decayed_weights(decay)
    )
