"""Adafactor: Adam whose second moment of a matrix is a row times a column."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Scalar,
    ScalarOrSchedule,
    Updates,
    check_params,
)
from .._numerics import safe_increment, zero_count
from .._scaling import scale, scale_by_learning_rate
from ..transforms import add_decayed_weights, chain, clip_by_block_rms, ema
from ..tree._arithmetic import abs_sq, scaled
from ..tree._dtypes import dtype_of
from ..tree._map import map_several
from .blocks import scale_by_param_block_rms

__all__ = ["FactoredState", "adafactor", "scale_by_factored_rms"]


class FactoredState(NamedTuple):
    """The number of steps, and mean squares.

    Attributes
    ----------
    count : int32 scalar
    v_row, v_col : pytree of arrays
        Means over the longest axis and over the second longest, of parameters that are factored.
    v : pytree of arrays
        The mean squares of the others. Where a mean is not kept there is one zero.
    """

    count: Scalar
    v_row: Updates
    v_col: Updates
    v: Updates


def _decay_rate_pow(i: Scalar, exponent: Scalar = 0.8) -> Scalar:
    return 1.0 - (i + 1.0) ** -exponent


def scale_by_factored_rms(
    factored: bool = True,
    decay_rate: Scalar = 0.8,
    step_offset: Scalar = 0,
    min_dim_size_to_factor: int = 128,
    epsilon: Scalar = 1e-30,
    decay_rate_fn: Callable[[Scalar, Scalar], Scalar] = _decay_rate_pow,
) -> GradientTransformation:
    r"""Divide updates by the root of their mean squares, kept as a row and a column.

    For a matrix,

    .. math::

        r_i &\leftarrow \beta_t r_i + (1 - \beta_t)\, \mathrm{mean}_j(u_{ij}^2 + \varepsilon),
        \qquad
        c_j \leftarrow \beta_t c_j + (1 - \beta_t)\, \mathrm{mean}_i(u_{ij}^2 + \varepsilon) \\
        u_{ij} &\leftarrow u_{ij} \Big/ \sqrt{\frac{r_i\, c_j}{\mathrm{mean}_i(r_i)}}

    with :math:`\beta_t = 1 - t^{-\gamma}`. Arrays of more axes are factored along the two longest.

    Parameters
    ----------
    factored : bool
        Whether to factor at all.
    decay_rate : scalar
        :math:`\gamma`.
    step_offset : scalar
        How many steps not to count, for finetuning.
    min_dim_size_to_factor : int
        How long the second longest axis must be at least.
    epsilon : scalar
        :math:`\varepsilon`.
    decay_rate_fn : callable
        :math:`\beta_t` from the count of steps, 0 at the first, and `decay_rate`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Shazeer, Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost",
    https://arxiv.org/abs/1804.04235, 2018.
    """

    def longest(shape):
        """The axes of the second longest and of the longest length, or None."""
        order = sorted(range(len(shape)), key=lambda axis: shape[axis])
        if not factored or len(shape) < 2 or shape[order[-2]] < min_dim_size_to_factor:
            return None
        return order[-2], order[-1]

    def zeros(p):
        shape, dtype = fnp.shape(p), dtype_of(p)
        none = fnp.zeros(1, dtype)
        axes = longest(shape)
        if axes is None:
            return none, none, fnp.zeros(shape, dtype)
        shorter, longer = axes
        without = lambda axis: fnp.zeros(shape[:axis] + shape[axis + 1 :], dtype)
        return without(longer), without(shorter), none

    def step(decay, g, v_row, v_col, v):
        square = abs_sq(g) + epsilon
        average = lambda old, new: scaled(decay, old) + scaled(1.0 - decay, new)
        axes = longest(fnp.shape(g))
        if axes is None:
            v = average(v, square)
            return g * v**-0.5, v_row, v_col, v
        shorter, longer = axes
        v_row = average(v_row, fnp.mean(square, axis=longer))
        v_col = average(v_col, fnp.mean(square, axis=shorter))
        # Where the shorter axis stands once the longer one is gone.
        left = shorter - 1 if shorter > longer else shorter
        row = (v_row / fnp.mean(v_row, axis=left, keepdims=True)) ** -0.5
        update = g * fnp.expand_dims(row, longer) * fnp.expand_dims(v_col**-0.5, shorter)
        return update, v_row, v_col, v

    def init(params):
        v_row, v_col, v = map_several(zeros, 3, params)
        return FactoredState(zero_count(), v_row, v_col, v)

    def update(updates, state, params=None):
        check_params(params, "scale_by_factored_rms")
        decay = decay_rate_fn(state.count - step_offset, decay_rate)
        new_updates, v_row, v_col, v = map_several(
            partial(step, decay), 4, updates, state.v_row, state.v_col, state.v
        )
        new_state = FactoredState(safe_increment(state.count), v_row, v_col, v)
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def adafactor(
    learning_rate: ScalarOrSchedule | None = None,
    min_dim_size_to_factor: int = 128,
    decay_rate: Scalar = 0.8,
    decay_offset: Scalar = 0,
    multiply_by_parameter_scale: bool = True,
    clipping_threshold: Scalar | None = 1.0,
    momentum: Scalar | None = None,
    dtype_momentum: Any = None,
    weight_decay_rate: ScalarOrSchedule | None = None,
    eps: Scalar = 1e-30,
    factored: bool = True,
    weight_decay_mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """Adafactor: `scale_by_factored_rms` with clipping, and steps as large as the parameters are.

    Parameters
    ----------
    learning_rate : scalar or callable, optional
        The step size, or a function from the count of steps to it.
    min_dim_size_to_factor, decay_rate, factored
        See `scale_by_factored_rms`.
    decay_offset, eps
        Its `step_offset` and `epsilon`.
    multiply_by_parameter_scale : bool
        Whether to multiply by the parameters' root mean square; see `scale_by_param_block_rms`.
    clipping_threshold : scalar, optional
        See `clip_by_block_rms`.
    momentum : scalar, optional
        How fast an average of the updates forgets.
    dtype_momentum : dtype, optional
        Of that average; by default that of the parameters.
    weight_decay_rate, weight_decay_mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Shazeer, Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost",
    https://arxiv.org/abs/1804.04235, 2018.
    """
    parts = [scale_by_factored_rms(factored, decay_rate, decay_offset, min_dim_size_to_factor, eps)]
    if clipping_threshold is not None:
        parts.append(clip_by_block_rms(clipping_threshold))
    if learning_rate is not None:
        parts.append(scale_by_learning_rate(learning_rate, flip_sign=False))
    if multiply_by_parameter_scale:
        parts.append(scale_by_param_block_rms())
    if momentum is not None:
        parts.append(ema(momentum, debias=False, accumulator_dtype=dtype_momentum))
    if weight_decay_rate is not None:
        parts.append(add_decayed_weights(weight_decay_rate, weight_decay_mask))
    return chain(*parts, scale(-1))
