"""Hyperparameters that stand in the state."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import fgrad.numpy as fnp
from fgrad import Array

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Scalar,
    Schedule,
    StatefulSchedule,
    with_extra_args_support,
)
from .._numerics import safe_increment, zero_count
from ..tree._dtypes import astype, dtype_of

__all__ = [
    "InjectStatefulHyperparamsState",
    "WrappedSchedule",
    "WrappedScheduleState",
    "inject_hyperparams",
]


class WrappedScheduleState(NamedTuple):
    """The number of steps taken."""

    count: Scalar  # int32


class WrappedSchedule:
    """A schedule as a `StatefulSchedule`, whose state is the count of steps.

    Parameters
    ----------
    schedule_fn : callable
        From the count of steps to the value.
    """

    def __init__(self, schedule_fn: Schedule):
        self.schedule_fn = schedule_fn

    def init(self) -> WrappedScheduleState:
        """The state before the first step."""
        return WrappedScheduleState(zero_count())

    def update(self, state: WrappedScheduleState, **extra_args: Any) -> WrappedScheduleState:
        """The state after a step."""
        return WrappedScheduleState(safe_increment(state.count))

    def __call__(self, state: WrappedScheduleState, **extra_args: Any) -> Scalar:
        return self.schedule_fn(state.count)


class InjectStatefulHyperparamsState(NamedTuple):
    """The state of `inject_hyperparams`.

    Attributes
    ----------
    count : int32 scalar
        The number of steps taken.
    hyperparams : dict
        The current hyperparameters by name. Those that no schedule gives may be replaced.
    hyperparams_states : dict
        The states of the schedules.
    inner_state : pytree
    """

    count: Scalar
    hyperparams: dict[str, Scalar]
    hyperparams_states: dict[str, Any]
    inner_state: OptState


def inject_hyperparams(
    inner_factory: Callable[..., GradientTransformation],
    static_args: str | Iterable[str] = (),
    hyperparam_dtype: Any = None,
) -> Callable[..., GradientTransformationExtraArgs]:
    """Put the hyperparameters of an optimizer into its state, where they can be seen and set.

    Every numeric argument becomes a number in the state that may be replaced between steps, also
    under ``jit`` and ``vmap``; every schedule becomes the number it gives at the current step.

    Parameters
    ----------
    inner_factory : callable
        Makes a transformation from hyperparameters, as `adam` does.
    static_args : str or iterable of str
        The names of arguments to leave alone: functions that are no schedules, and numbers that
        decide what is computed.
    hyperparam_dtype : dtype, optional
        Of Python floats and the values of schedules; by default the highest dtype among the
        parameters.

    Returns
    -------
    callable
        Takes the arguments of `inner_factory`; returns a GradientTransformationExtraArgs.

    Raises
    ------
    ValueError
        If `static_args` names something that `inner_factory` does not take.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.inject_hyperparams(optim.sgd)(learning_rate=0.5)
    >>> state = optimizer.init(0.0)
    >>> updates, state = optimizer.update(1.0, state)
    >>> float(updates)
    -0.5
    >>> state.hyperparams["learning_rate"] = 0.25
    >>> updates, state = optimizer.update(1.0, state)
    >>> float(updates)
    -0.25
    """
    static = {static_args} if isinstance(static_args, str) else set(static_args)
    signature = inspect.signature(inner_factory)
    unknown = static - set(signature.parameters)
    if unknown:
        raise ValueError(
            f"inject_hyperparams: `static_args` has {sorted(unknown)}, which `inner_factory` does "
            f"not take; it takes {list(signature.parameters)}"
        )

    def dtype_for(like):
        dtype = fnp.dtype(hyperparam_dtype or trees.dtype(like, "highest"))
        return fnp.finfo(dtype).dtype if dtype.kind in "fc" else fnp.dtype(fnp.float64)

    def weak_as(dtype, x):
        """Python floats in `dtype`; what has a dtype of its own keeps it."""
        return x if hasattr(x, "dtype") else fnp.asarray(x, dtype if isinstance(x, float) else None)

    @functools.wraps(inner_factory)
    def factory(*args, **kwargs):
        arguments = signature.bind(*args, **kwargs)
        arguments.apply_defaults()
        schedules, numbers, others = {}, {}, {}
        for name, value in arguments.arguments.items():
            if name in static or isinstance(value, bool):
                others[name] = value
            elif isinstance(value, StatefulSchedule):
                schedules[name] = value
            elif callable(value):
                schedules[name] = WrappedSchedule(value)
            elif isinstance(value, (int, float, Array, fnp.ndarray)):
                numbers[name] = value
            else:
                others[name] = value

        def scheduled(states, dtype, extra_args):
            values = {name: f(states[name], **extra_args) for name, f in schedules.items()}
            return {
                name: astype(v, dtype) if dtype_of(v).kind == "f" else v
                for name, v in values.items()
            }

        def with_hyperparams(hyperparams):
            return with_extra_args_support(inner_factory(**others, **hyperparams))

        def init(params):
            dtype = dtype_for(params)
            states = {name: f.init() for name, f in schedules.items()}
            hyperparams = {name: weak_as(dtype, x) for name, x in numbers.items()}
            hyperparams |= scheduled(states, dtype, {})
            inner = with_hyperparams(hyperparams).init(params)
            return InjectStatefulHyperparamsState(zero_count(), hyperparams, states, inner)

        def update(updates, state, params=None, **extra_args):
            dtype = dtype_for(updates if params is None else params)
            hyperparams = {name: weak_as(dtype, x) for name, x in state.hyperparams.items()}
            hyperparams |= scheduled(state.hyperparams_states, dtype, extra_args)
            updates, inner = with_hyperparams(hyperparams).update(
                updates, state.inner_state, params, **extra_args
            )
            states = {
                name: f.update(state.hyperparams_states[name], **extra_args)
                for name, f in schedules.items()
            }
            count = safe_increment(state.count)
            return updates, InjectStatefulHyperparamsState(count, hyperparams, states, inner)

        return GradientTransformationExtraArgs(init, update)

    return factory
