"""D-Adaptation: AdamW whose learning rate is estimated."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformationExtraArgs,
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

__all__ = ["DAdaptAdamWState", "dadapt_adamw", "larger_estimate"]


class DAdaptAdamWState(NamedTuple):
    """Adam's moments, and what the estimate of the learning rate is made of."""

    exp_avg: Updates
    exp_avg_sq: Updates
    grad_sum: Updates
    estim_lr: Scalar
    numerator_weighted: Scalar
    count: Scalar  # int32


def larger_estimate(old, numerator, denominator):
    """An estimate that never shrinks; before the first gradient there is nothing to divide."""
    none = denominator == 0
    return fnp.where(none, old, fnp.maximum(old, numerator / fnp.where(none, 1, denominator)))


def dadapt_adamw(
    learning_rate: ScalarOrSchedule = 1.0,
    betas: tuple[Scalar, Scalar] = (0.9, 0.999),
    eps: Scalar = 1e-8,
    estim_lr0: Scalar = 1e-6,
    weight_decay: Scalar = 0.0,
) -> GradientTransformationExtraArgs:
    """AdamW whose learning rate grows to an estimate of the distance to the solution.

    Parameters
    ----------
    learning_rate : scalar or callable
        A factor of the estimate, or a function from the count of steps to it.
    betas : (scalar, scalar)
        How fast the first and the second moment forget.
    eps : scalar
        Against division by zero.
    estim_lr0 : scalar
        The first estimate: smaller than any learning rate that could be right.
    weight_decay : scalar

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Defazio, Mishchenko, "Learning-Rate-Free Learning by D-Adaptation",
    https://arxiv.org/abs/2301.07733, 2023.
    """
    beta1, beta2 = betas
    root = beta2**0.5

    def init(params):
        dtype = trees.dtype(params, "lowest")
        zeros = trees.zeros_like(params)
        return DAdaptAdamWState(
            exp_avg=zeros,
            exp_avg_sq=zeros,
            grad_sum=zeros,
            estim_lr=fnp.asarray(estim_lr0, dtype),
            numerator_weighted=fnp.zeros((), dtype),
            count=zero_count(),
        )

    def update(updates, state, params=None, **extra_args: Any):
        del extra_args
        check_params(params, "dadapt_adamw")
        count = safe_increment(state.count)
        correction = (1 - beta2**count) ** 0.5 / (1 - beta1**count)
        rate = state.estim_lr * at_step(learning_rate, state.count) * correction
        rate = astype(rate, state.estim_lr.dtype)
        weighted = map_present(
            lambda s, v: s / (fnp.sqrt(v) + eps), state.grad_sum, state.exp_avg_sq
        )
        numerator = root * state.numerator_weighted
        numerator = numerator + (1 - root) * rate * trees.vdot(updates, weighted)
        average = lambda old, g, decay: decay * old + (1 - decay) * scaled(rate, g)
        mean = map_present(lambda g, m: average(m, g, beta1), updates, state.exp_avg)
        total = map_present(lambda g, s: average(s, g, root), updates, state.grad_sum)
        square = trees.update_moment(updates, state.exp_avg_sq, beta2, 2)
        estimate = larger_estimate(state.estim_lr, numerator, (1 - root) * trees.norm(total, ord=1))
        new_updates = map_present(
            lambda m, v, p: -scaled(weight_decay * rate, p) - m / (fnp.sqrt(v) + eps),
            mean,
            square,
            params,
        )
        new_state = DAdaptAdamWState(mean, square, total, estimate, numerator, count)
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformationExtraArgs(init, update)
