"""MoMo: momentum with a step size from a model of the loss."""

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

__all__ = ["MomoAdamState", "MomoState", "momo", "momo_adam"]


class MomoState(NamedTuple):
    """Means of gradients, of losses, and of their products with the parameters; a lower bound."""

    exp_avg: Updates
    barf: Scalar
    gamma: Scalar
    lb: Scalar
    count: Scalar  # int32


class MomoAdamState(NamedTuple):
    """`MomoState`, with the mean of the gradients' squares."""

    exp_avg: Updates
    exp_avg_sq: Updates
    barf: Scalar
    gamma: Scalar
    lb: Scalar
    count: Scalar  # int32


def _step_size(model, weight, shrink, bound, square, lower_bound, adapt):
    """The step to where the model of the loss meets its lower bound, and that bound.

    `model` is the model's value at the parameters plus what weight decay adds to it, `weight`
    the weight that the bound has in the model, and `square` the norm of its slope.
    """
    if adapt:
        reached = model < shrink * weight * bound
        bound = fnp.where(reached, fnp.maximum(model / (2 * weight * shrink), lower_bound), bound)
    gap = fnp.maximum(model - shrink * weight * bound, 0.0)
    flat = square <= fnp.finfo(float).eps
    return fnp.where(flat, 0.0, gap / fnp.where(flat, 1.0, square)), bound


def _moved(rate, weight_decay, step):
    """What to add to the parameters: weight decay, and the step along a direction."""
    shrink = rate * weight_decay / (1 + rate * weight_decay)
    return lambda direction, p: -scaled(shrink, p) - scaled(step, direction)


def momo(
    learning_rate: ScalarOrSchedule = 1.0,
    beta: Scalar = 0.9,
    lower_bound: Scalar = 0.0,
    weight_decay: Scalar = 0.0,
    adapt_lower_bound: bool = False,
) -> GradientTransformationExtraArgs:
    """Momentum with the step size at which a linear model of the loss meets its lower bound.

    Parameters
    ----------
    learning_rate : scalar or callable
        The largest step size, or a function from the count of steps to it.
    beta : scalar
        How fast the means forget.
    lower_bound : scalar
        A lower bound of the loss.
    weight_decay : scalar
    adapt_lower_bound : bool
        Whether to estimate the bound, from that one on.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes the loss as the keyword argument ``value``.

    References
    ----------
    Schaipp, Ohana, Eickenberg, Defazio, Gower, "MoMo: Momentum Models for Adaptive Learning Rates",
    https://arxiv.org/abs/2305.07583, 2023.
    """

    def init(params):
        dtype = trees.dtype(params, "lowest")
        zero = fnp.zeros((), dtype)
        return MomoState(
            trees.zeros_like(params), zero, zero, fnp.asarray(lower_bound, dtype), zero_count()
        )

    def update(updates, state, params=None, *, value: Scalar, **extra_args: Any):
        del extra_args
        check_params(params, "momo")
        decay: Scalar = fnp.where(state.count == 0, 0.0, beta)
        rate = at_step(learning_rate, state.count)
        average = lambda old, new: decay * old + (1 - decay) * astype(new, old.dtype)
        mean = trees.update_moment(updates, state.exp_avg, decay, 1)
        loss = average(state.barf, fnp.asarray(value))
        product = average(state.gamma, trees.vdot(updates, params))
        square = trees.norm(mean, squared=True)
        inner = trees.vdot(mean, params)
        shrink = 1 + rate * weight_decay
        step, bound = _step_size(
            shrink * (loss - product) + inner,
            1.0,
            shrink,
            state.lb,
            square,
            lower_bound,
            adapt_lower_bound,
        )
        step = fnp.minimum(rate, step)
        if adapt_lower_bound:
            bound = fnp.maximum(loss + inner - product - 0.5 * step * square, lower_bound)
        new_updates = map_present(_moved(rate, weight_decay, step), mean, params)
        new_state = MomoState(mean, loss, product, bound, safe_increment(state.count))
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformationExtraArgs(init, update)


def momo_adam(
    learning_rate: ScalarOrSchedule = 1e-2,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    lower_bound: Scalar = 0.0,
    weight_decay: Scalar = 0.0,
    adapt_lower_bound: bool = False,
) -> GradientTransformationExtraArgs:
    """Adam with the step size at which a linear model of the loss meets its lower bound.

    Parameters
    ----------
    learning_rate : scalar or callable
        The largest step size, or a function from the count of steps to it.
    b1, b2 : scalar
        How fast the first and the second moment forget.
    eps : scalar
        Against division by zero.
    lower_bound, weight_decay, adapt_lower_bound
        See `momo`.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes the loss as the keyword argument ``value``.

    References
    ----------
    Schaipp, Ohana, Eickenberg, Defazio, Gower, "MoMo: Momentum Models for Adaptive Learning Rates",
    https://arxiv.org/abs/2305.07583, 2023.
    """

    def init(params):
        dtype = trees.dtype(params, "lowest")
        zero, zeros = fnp.zeros((), dtype), trees.zeros_like(params)
        bound = fnp.asarray(lower_bound, dtype)
        return MomoAdamState(zeros, zeros, zero, zero, bound, zero_count())

    def update(updates, state, params=None, *, value: Scalar, **extra_args: Any):
        del extra_args
        check_params(params, "momo_adam")
        count = safe_increment(state.count)
        rate = at_step(learning_rate, state.count)
        average = lambda old, new: b1 * old + (1 - b1) * astype(new, old.dtype)
        mean = trees.update_moment(updates, state.exp_avg, b1, 1)
        squares = trees.update_moment(updates, state.exp_avg_sq, b2, 2)
        loss = average(state.barf, fnp.asarray(value))
        product = average(state.gamma, trees.vdot(updates, params))
        direction = map_present(
            lambda m, v: m / (eps + fnp.sqrt(v)), mean, trees.bias_correction(squares, b2, count)
        )
        square = trees.vdot(mean, direction)
        inner = trees.vdot(mean, params)
        weight = astype(1 - b1**count, loss.dtype)
        shrink = 1 + rate * weight_decay
        step, bound = _step_size(
            shrink * (loss - product) + inner,
            weight,
            shrink,
            state.lb,
            square,
            lower_bound,
            adapt_lower_bound,
        )
        step = fnp.minimum(rate / weight, step)
        if adapt_lower_bound:
            bound = (loss + inner - product - 0.5 * step * square) / weight
            bound = fnp.maximum(bound, lower_bound)
        new_updates = map_present(_moved(rate, weight_decay, step), direction, params)
        new_state = MomoAdamState(mean, squares, loss, product, bound, count)
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformationExtraArgs(init, update)
