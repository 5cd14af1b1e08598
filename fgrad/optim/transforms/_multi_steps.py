"""Gradients accumulated over several steps."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import fgrad.numpy as fnp
import fgrad.tree as tree
from fgrad import lax

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Params,
    Scalar,
    Updates,
    with_extra_args_support,
)
from .._numerics import safe_increment, zero_count
from ..tree._arithmetic import abs_sq
from ..tree._dtypes import dtype_of
from ..tree._map import map_present

__all__ = [
    "MultiSteps",
    "MultiStepsState",
    "ShouldSkipUpdateFunction",
    "skip_large_updates",
    "skip_not_finite",
]


class ShouldSkipUpdateFunction(Protocol):
    """Says whether to leave an update out, for `MultiSteps`.

    ``should_skip(updates, gradient_step, params)`` returns a bool scalar and a pytree that is kept
    in the state.
    """

    def __call__(
        self, updates: Updates, gradient_step: Scalar, params: Params | None
    ) -> tuple[Scalar, Any]: ...


def skip_not_finite(
    updates: Updates, gradient_step: Scalar, params: Params | None
) -> tuple[Scalar, dict[str, Scalar]]:
    """Whether updates hold infinity or NaN, for `MultiSteps`.

    Parameters
    ----------
    updates : pytree of arrays
    gradient_step, params
        Not used.

    Returns
    -------
    should_skip : bool scalar
    info : dict
        ``should_skip`` and ``num_not_finite``, how many numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> skip, info = optim.skip_not_finite(np.array([1.0, np.inf, np.nan]), 0, None)
    >>> bool(skip), int(info["num_not_finite"])
    (True, 2)
    """
    del gradient_step, params
    count = trees.sum(map_present(lambda u: fnp.sum(~fnp.isfinite(u)), updates))
    skip = count > 0
    return skip, {"should_skip": skip, "num_not_finite": count}


def skip_large_updates(
    updates: Updates, gradient_step: Scalar, params: Params | None, max_squared_norm: Scalar
) -> tuple[Scalar, dict[str, Scalar]]:
    """Whether the squared global norm of updates is too large or NaN, for `MultiSteps`.

    Parameters
    ----------
    updates : pytree of arrays
    gradient_step, params
        Not used.
    max_squared_norm : scalar
        The bound; fix it with `functools.partial`.

    Returns
    -------
    should_skip : bool scalar
    info : dict
        ``should_skip`` and ``norm_squared``.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> skip, info = optim.skip_large_updates(np.array([3.0, 4.0]), 0, None, max_squared_norm=20.0)
    >>> bool(skip), float(info["norm_squared"])
    (True, 25.0)
    """
    del gradient_step, params
    square = trees.sum(map_present(abs_sq, updates))
    skip = fnp.logical_not(square < max_squared_norm)
    return skip, {"should_skip": skip, "norm_squared": square}


class MultiStepsState(NamedTuple):
    """The state of `MultiSteps`.

    Attributes
    ----------
    mini_step : int32 scalar
        How many gradients are accumulated.
    gradient_step : int32 scalar
        How many updates the optimizer has made.
    inner_opt_state : pytree
    acc_grads : pytree of arrays
    skip_state : pytree
        What the function that says whether to skip an update had to tell.
    """

    mini_step: Scalar
    gradient_step: Scalar
    inner_opt_state: Any
    acc_grads: Any
    skip_state: Any = ()


class MultiSteps:
    """Accumulate gradients over several steps, then update with their mean.

    In the steps between, updates are zero. Training with it equals training on batches that are
    as many times larger, where the loss is a mean over the batch.

    Parameters
    ----------
    opt : GradientTransformation
        What the accumulated gradients are handed to.
    every_k_schedule : int or callable
        How many gradients to accumulate; or a function from the number of updates made to it.
    use_grad_mean : bool
        False accumulates their sum.
    should_skip_update_fn : ShouldSkipUpdateFunction, optional
        Says which gradients to leave out; see `skip_not_finite` and `skip_large_updates`.
    accumulator_dtype : dtype, optional
        What to accumulate in; by default the dtype of the parameters, but at least float32.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.MultiSteps(optim.sgd(1.0), every_k_schedule=2)
    >>> state = optimizer.init(0.0)
    >>> for gradient in [1.0, 3.0, 5.0, 7.0]:
    ...     updates, state = optimizer.update(gradient, state)
    ...     print(float(updates), bool(optimizer.has_updated(state)))
    0.0 False
    -2.0 True
    0.0 False
    -6.0 True
    """

    def __init__(
        self,
        opt: GradientTransformation,
        every_k_schedule: int | Callable[[Scalar], Scalar],
        use_grad_mean: bool = True,
        should_skip_update_fn: ShouldSkipUpdateFunction | None = None,
        accumulator_dtype: Any = None,
    ):
        self._opt = with_extra_args_support(opt)
        self._every_k = every_k_schedule
        self._use_grad_mean = use_grad_mean
        self._should_skip = should_skip_update_fn
        self._dtype = accumulator_dtype

    @property
    def inner_opt(self) -> GradientTransformationExtraArgs:
        """The optimizer that the accumulated gradients are handed to."""
        return self._opt

    def init(self, params: Params) -> MultiStepsState:
        """The state before the first step."""
        skip_state: Any = ()
        if self._should_skip is not None:
            _, skip_state = self._should_skip(trees.zeros_like(params), zero_count(), params)
        return MultiStepsState(
            mini_step=zero_count(),
            gradient_step=zero_count(),
            inner_opt_state=self._opt.init(params),
            acc_grads=tree.map(self._accumulator, params),
            skip_state=skip_state,
        )

    def _accumulator(self, p):
        return fnp.zeros_like(p, self._dtype or fnp.result_type(dtype_of(p), fnp.float32))

    def update(
        self,
        updates: Updates,
        state: MultiStepsState,
        params: Params | None = None,
        **extra_args: Any,
    ) -> tuple[Updates, MultiStepsState]:
        """Accumulate gradients, and update with them if they are complete."""
        if self._should_skip is None:
            return self._step(updates, state, params, extra_args)
        skip, skip_state = self._should_skip(updates, state.gradient_step, params)
        if dtype_of(skip) != fnp.bool_ or fnp.shape(skip) != ():
            raise ValueError(
                "MultiSteps: `should_skip_update_fn` must return a bool scalar first, got "
                f"dtype {dtype_of(skip)} and shape {fnp.shape(skip)}"
            )
        state = state._replace(skip_state=skip_state)
        return lax.cond(
            skip,
            lambda: (trees.zeros_like(updates), state),
            lambda: self._step(updates, state, params, extra_args),
        )

    def _step(self, updates, state, params, extra_args):
        k = self._every_k(state.gradient_step) if callable(self._every_k) else self._every_k
        count = state.mini_step
        accumulated = map_present(
            lambda g, acc: acc + (g - acc) / (count + 1) if self._use_grad_mean else acc + g,
            updates,
            state.acc_grads,
        )
        new_updates, inner = self._opt.update(
            trees.cast_like(accumulated, updates), state.inner_opt_state, params, **extra_args
        )
        emit = count == k - 1
        # Chosen, not multiplied by `emit`: 0 times infinity is NaN.
        new_state = MultiStepsState(
            mini_step=fnp.astype(safe_increment(count) % k, fnp.int32),
            gradient_step=fnp.where(emit, safe_increment(state.gradient_step), state.gradient_step),
            inner_opt_state=trees.cast_like(
                trees.where(emit, inner, state.inner_opt_state), state.inner_opt_state
            ),
            acc_grads=trees.cast_like(
                map_present(lambda acc: fnp.where(emit, 0, acc), accumulated), state.acc_grads
            ),
            skip_state=state.skip_state,
        )
        new_updates = map_present(lambda u: fnp.where(emit, u, 0), new_updates)
        return trees.cast_like(new_updates, updates), new_state

    def has_updated(self, state: MultiStepsState) -> Scalar:
        """Whether the last step made an update, that is, used the accumulated gradients."""
        return (state.mini_step == 0) & (state.gradient_step > 0)

    def gradient_transformation(self) -> GradientTransformationExtraArgs:
        """The same as a transformation, for `chain`."""
        return GradientTransformationExtraArgs(self.init, self.update)
