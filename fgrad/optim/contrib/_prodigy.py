"""Prodigy: Adam whose learning rate is estimated, and soon."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformationExtraArgs,
    Params,
    Scalar,
    ScalarOrSchedule,
    Updates,
    at_step,
    check_params,
)
from .._numerics import safe_increment, zero_count
from ..tree._arithmetic import scaled
from ..tree._dtypes import astype
from ..tree._map import map_present
from ._dadapt_adamw import larger_estimate

__all__ = ["ProdigyState", "prodigy"]


class ProdigyState(NamedTuple):
    """Adam's moments, and what the estimate of the learning rate is made of."""

    exp_avg: Updates
    exp_avg_sq: Updates
    grad_sum: Updates
    params0: Params
    estim_lr: Scalar
    numerator_weighted: Scalar
    count: Scalar  # int32


def prodigy(
    learning_rate: ScalarOrSchedule = 1.0,
    betas: tuple[Scalar, Scalar] = (0.9, 0.999),
    beta3: Scalar | None = None,
    eps: Scalar = 1e-8,
    estim_lr0: Scalar = 1e-6,
    estim_lr_coef: Scalar = 1.0,
    weight_decay: Scalar = 0.0,
    safeguard_warmup: bool = False,
) -> GradientTransformationExtraArgs:
    """AdamW whose learning rate grows to an estimate of the distance to the solution.

    Parameters
    ----------
    learning_rate : scalar or callable
        A factor of the estimate, or a function from the count of steps to it.
    betas : (scalar, scalar)
        How fast the first and the second moment forget.
    beta3 : scalar, optional
        How fast the sums of the estimate forget; by default the root of the second of `betas`.
    eps : scalar
        Against division by zero.
    estim_lr0 : scalar
        The first estimate: smaller than any learning rate that could be right.
    estim_lr_coef : scalar
        A factor of later estimates.
    weight_decay : scalar
    safeguard_warmup : bool
        Whether the learning rate is left out of the estimate's denominator, for warm-ups.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Mishchenko, Defazio, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner",
    https://arxiv.org/abs/2306.06101, 2023.
    """
    beta1, beta2 = betas
    beta_sum = beta2**0.5 if beta3 is None else beta3

    def init(params):
        dtype = trees.dtype(params, "lowest")
        zeros = trees.zeros_like(params)
        return ProdigyState(
            exp_avg=zeros,
            exp_avg_sq=zeros,
            grad_sum=zeros,
            params0=params,
            estim_lr=fnp.asarray(estim_lr0, dtype),
            numerator_weighted=fnp.zeros((), dtype),
            count=zero_count(),
        )

    def update(updates, state, params=None, **extra_args: Any):
        del extra_args
        check_params(params, "prodigy")
        count = safe_increment(state.count)
        correction = (1 - beta2**count) ** 0.5 / (1 - beta1**count)
        estimate = state.estim_lr
        rate = estimate * at_step(learning_rate, state.count) * correction
        rate = astype(rate, estimate.dtype)
        gradients = trees.scale(estimate, updates)
        mean = trees.update_moment(gradients, state.exp_avg, beta1, 1)
        square = trees.update_moment(gradients, state.exp_avg_sq, beta2, 2)
        weight = (estimate if safeguard_warmup else rate) / estim_lr0
        total = map_present(
            lambda g, s: scaled(beta_sum, s) + scaled(weight, g), gradients, state.grad_sum
        )
        moved = trees.vdot(updates, trees.sub(state.params0, params))
        numerator = beta_sum * state.numerator_weighted + estimate / estim_lr0 * rate * moved
        new_estimate = larger_estimate(
            estimate, estim_lr_coef * numerator, trees.norm(total, ord=1)
        )
        new_updates = map_present(
            lambda m, v, p: (
                -scaled(weight_decay * rate, p)
                - scaled(rate, m) / (fnp.sqrt(v) + new_estimate * eps)
            ),
            mean,
            square,
            params,
        )
        new_state = ProdigyState(mean, square, total, state.params0, new_estimate, numerator, count)
        return trees.cast_like(new_updates, updates), trees.cast_like(new_state, state)

    return GradientTransformationExtraArgs(init, update)
