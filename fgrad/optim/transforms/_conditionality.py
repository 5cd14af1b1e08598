"""Transforming under a condition."""

from typing import Any, NamedTuple, Protocol

import fgrad.numpy as fnp
import fgrad.tree as tree
from fgrad import lax

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Scalar,
    with_extra_args_support,
)
from .._numerics import safe_increment, zero_count

__all__ = [
    "ApplyIfFiniteState",
    "ConditionFn",
    "ConditionallyMaskState",
    "ConditionallyTransformState",
    "apply_if_finite",
    "conditionally_mask",
    "conditionally_transform",
]


class ConditionFn(Protocol):
    """``should_transform(step, **extra_args) -> bool scalar``."""

    def __call__(self, step: Scalar, **extra_args: Any) -> Scalar: ...


def _update_if(condition, tx, otherwise, updates, inner_state, params, extra_args):
    """The update of `tx`, or its untouched state and what `otherwise` makes of the updates."""

    def transform():
        new_updates, new_state = tx.update(updates, inner_state, params, **extra_args)
        return trees.cast_like(new_updates, updates), trees.cast_like(new_state, inner_state)

    return lax.cond(condition, transform, lambda: (otherwise(updates), inner_state))


class ConditionallyTransformState(NamedTuple):
    """The state of the transformation, and the number of steps taken."""

    inner_state: Any
    step: Scalar  # int32


def conditionally_transform(
    inner: GradientTransformation,
    should_transform_fn: ConditionFn,
    forward_extra_args: bool = False,
) -> GradientTransformationExtraArgs:
    """Transform updates when a condition holds; pass them through when it does not.

    Parameters
    ----------
    inner : GradientTransformation
        Its state does not change when the condition does not hold.
    should_transform_fn : callable
        From the count of steps, 0 at the first, to whether to transform.
    forward_extra_args : bool
        Whether it also takes the keyword arguments of ``update``.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.conditionally_transform(optim.scale(-1.0), lambda step: step >= 1)
    >>> state = optimizer.init(0.0)
    >>> for _ in range(2):
    ...     updates, state = optimizer.update(3.0, state)
    ...     print(float(updates))
    3.0
    -3.0
    """
    tx = with_extra_args_support(inner)

    def init(params):
        return ConditionallyTransformState(inner_state=tx.init(params), step=zero_count())

    def update(updates, state, params=None, **extra_args):
        condition = should_transform_fn(state.step, **(extra_args if forward_extra_args else {}))
        updates, inner_state = _update_if(
            condition, tx, lambda u: u, updates, state.inner_state, params, extra_args
        )
        return updates, ConditionallyTransformState(inner_state, safe_increment(state.step))

    return GradientTransformationExtraArgs(init, update)


class ConditionallyMaskState(NamedTuple):
    """The number of steps taken, and the state of the transformation."""

    step: Scalar  # int32
    inner_state: OptState


def conditionally_mask(
    inner: GradientTransformation,
    should_transform_fn: ConditionFn,
    forward_extra_args: bool = False,
) -> GradientTransformationExtraArgs:
    """Transform updates when a condition holds; set them to zero when it does not.

    Parameters
    ----------
    inner, should_transform_fn, forward_extra_args
        See `conditionally_transform`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.conditionally_mask(optim.scale(-1.0), lambda step: step % 2 == 1)
    >>> state = optimizer.init(0.0)
    >>> for _ in range(2):
    ...     updates, state = optimizer.update(3.0, state)
    ...     print(float(updates))
    0.0
    -3.0
    """
    tx = with_extra_args_support(inner)

    def init(params):
        return ConditionallyMaskState(step=zero_count(), inner_state=tx.init(params))

    def update(updates, state, params=None, **extra_args):
        condition = should_transform_fn(state.step, **(extra_args if forward_extra_args else {}))
        updates, inner_state = _update_if(
            condition, tx, trees.zeros_like, updates, state.inner_state, params, extra_args
        )
        return updates, ConditionallyMaskState(safe_increment(state.step), inner_state)

    return GradientTransformationExtraArgs(init, update)


class ApplyIfFiniteState(NamedTuple):
    """What was met, and the state of the transformation.

    Attributes
    ----------
    notfinite_count : int32 scalar
        How many updates in a row were not finite.
    last_finite : bool scalar
        Whether the last update was finite.
    total_notfinite : int32 scalar
        How many updates in all were not finite.
    inner_state : pytree
    """

    notfinite_count: Scalar
    last_finite: Scalar
    total_notfinite: Scalar
    inner_state: Any


def apply_if_finite(
    inner: GradientTransformation, max_consecutive_errors: int
) -> GradientTransformationExtraArgs:
    """Set updates that hold infinity or NaN to zero, unless that happens too often in a row.

    Parameters
    ----------
    inner : GradientTransformation
        Its state does not change when the updates are not finite.
    max_consecutive_errors : int
        After how many such updates in a row to transform them all the same, so that training
        that can no longer succeed is seen to fail.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optimizer = optim.apply_if_finite(optim.sgd(1.0), max_consecutive_errors=5)
    >>> updates, state = optimizer.update(np.array([1.0, np.inf]), optimizer.init(np.zeros(2)))
    >>> updates, int(state.total_notfinite)
    (Array([0., 0.]), 1)
    """
    tx = with_extra_args_support(inner)

    def init(params):
        return ApplyIfFiniteState(
            notfinite_count=zero_count(),
            last_finite=fnp.ones((), fnp.bool_),
            total_notfinite=zero_count(),
            inner_state=tx.init(params),
        )

    def update(updates, state, params=None, **extra_args):
        finite = fnp.ones((), fnp.bool_)
        for u in tree.leaves(updates):
            finite = finite & fnp.all(fnp.isfinite(u))
        count: Scalar = fnp.where(finite, zero_count(), safe_increment(state.notfinite_count))
        total = fnp.where(finite, state.total_notfinite, safe_increment(state.total_notfinite))
        updates, inner_state = _update_if(
            finite | (count > max_consecutive_errors),
            tx,
            trees.zeros_like,
            updates,
            state.inner_state,
            params,
            extra_args,
        )
        return updates, ApplyIfFiniteState(count, finite, total, inner_state)

    return GradientTransformationExtraArgs(init, update)
