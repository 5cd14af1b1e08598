"""What an optimizer is: two pure functions and a state."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

import fgrad.numpy as fnp
import fgrad.tree as tree

__all__ = [
    "EmptyState",
    "GradientTransformation",
    "GradientTransformationExtraArgs",
    "MaskOrFn",
    "OptState",
    "Params",
    "Scalar",
    "ScalarOrSchedule",
    "Schedule",
    "TransformInitFn",
    "TransformUpdateExtraArgsFn",
    "TransformUpdateFn",
    "Updates",
    "StatefulSchedule",
    "identity",
    "init_empty_state",
    "set_to_zero",
    "stateless",
    "stateless_with_tree_map",
    "with_extra_args_support",
]

# Pytrees of arrays. Python's types cannot say "a pytree", so these names are for the reader.
Params = Any
Updates = Any
OptState = Any

# Which leaves a transformation is for: a pytree of bool, or a function of the parameters.
MaskOrFn = Any | Callable[[Params], Any] | None

Scalar = Any  # a number or a 0-d array, concrete or traced
Schedule = Callable[[Scalar], Scalar]
ScalarOrSchedule = Scalar | Schedule


@runtime_checkable
class StatefulSchedule(Protocol):
    """A schedule that keeps a state, for `inject_hyperparams`."""

    def init(self) -> Any: ...

    def update(self, state: Any, **extra_args: Any) -> Any: ...

    def __call__(self, state: Any, **extra_args: Any) -> Scalar: ...


class TransformInitFn(Protocol):
    """``init(params) -> state``."""

    def __call__(self, params: Params) -> OptState: ...


class TransformUpdateFn(Protocol):
    """``update(updates, state, params=None) -> (updates, state)``."""

    def __call__(
        self, updates: Updates, state: OptState, params: Params | None = None
    ) -> tuple[Updates, OptState]: ...


class TransformUpdateExtraArgsFn(Protocol):
    """An update function that also takes (and ignores what it does not know of) keywords."""

    def __call__(
        self,
        updates: Updates,
        state: OptState,
        params: Params | None = None,
        **extra_args: Any,
    ) -> tuple[Updates, OptState]: ...


class GradientTransformation(NamedTuple):
    """A pair of pure functions that turn gradients into updates.

    Attributes
    ----------
    init : callable
        ``init(params)`` returns the state before the first step, a pytree.
    update : callable
        ``update(updates, state, params=None)`` returns the transformed updates, a pytree like
        `params`, and the next state, a pytree like `state`.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad import optim
    >>> optimizer = optim.sgd(learning_rate=0.5)
    >>> params = {"w": 2.0}
    >>> state = optimizer.init(params)
    >>> gradient = fgrad.grad(lambda p: p["w"] ** 2)(params)
    >>> updates, state = optimizer.update(gradient, state, params)
    >>> float(optim.apply_updates(params, updates)["w"])
    0.0
    """

    init: TransformInitFn
    update: Callable[..., tuple[Updates, OptState]]


class GradientTransformationExtraArgs(GradientTransformation):
    """A `GradientTransformation` whose ``update`` also accepts keyword arguments."""

    update: TransformUpdateExtraArgsFn


class EmptyState(NamedTuple):
    """The state of a transformation that keeps none."""


def init_empty_state(params: Params) -> EmptyState:
    """The ``init`` of a transformation that keeps no state.

    Parameters
    ----------
    params : pytree of arrays

    Returns
    -------
    EmptyState
    """
    del params
    return EmptyState()


def at_step(value: ScalarOrSchedule, count: Scalar) -> Scalar:
    """A hyperparameter, from a schedule if it has one."""
    return value(count) if callable(value) else value


def check_params(params: Params | None, name: str) -> None:
    """Refuse to go on without the parameters."""
    if params is None:
        raise ValueError(
            f"{name}: `update` needs the current parameters; "
            "call it as `update(updates, state, params)`"
        )


def identity() -> GradientTransformation:
    """Pass updates through unchanged.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.identity().update({"w": 1.5}, optim.EmptyState())
    ({'w': 1.5}, EmptyState())
    """

    def update(updates, state, params=None):
        del params
        return updates, state

    return GradientTransformation(init_empty_state, update)


def set_to_zero() -> GradientTransformation:
    """Replace updates by zeros.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> float(optim.set_to_zero().update({"w": 1.5}, optim.EmptyState())[0]["w"])
    0.0
    """
    return stateless(lambda updates, params: tree.map(fnp.zeros_like, updates))


def stateless(f: Callable[[Updates, Params | None], Updates]) -> GradientTransformation:
    """A transformation that keeps no state.

    Parameters
    ----------
    f : callable
        ``f(updates, params)`` returns the transformed updates; `params` may be None.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.stateless(lambda updates, params: {"w": 2 * updates["w"]})
    >>> optimizer.update({"w": 1.5}, optimizer.init({"w": 0.0}))
    ({'w': 3.0}, EmptyState())
    """

    def update(updates, state, params=None):
        del state
        return f(updates, params), EmptyState()

    return GradientTransformation(init_empty_state, update)


def stateless_with_tree_map(f: Callable[[Any, Any], Any]) -> GradientTransformation:
    """A transformation that treats every leaf by itself and keeps no state.

    Parameters
    ----------
    f : callable
        ``f(update, param)`` returns the transformed update of one leaf; `param` is None where
        ``update`` is called without the parameters.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.stateless_with_tree_map(lambda u, p: u + 0.5 * p)
    >>> optimizer.update({"w": 1.0}, optimizer.init({"w": 4.0}), {"w": 4.0})[0]
    {'w': 3.0}
    """

    def apply(updates, params):
        if params is None:
            return tree.map(lambda u: f(u, None), updates)
        return tree.map(f, updates, params)

    return stateless(apply)


def with_extra_args_support(
    tx: GradientTransformation,
) -> GradientTransformationExtraArgs:
    """Make `tx` accept keyword arguments that it does not know of, and ignore them.

    Parameters
    ----------
    tx : GradientTransformation

    Returns
    -------
    GradientTransformationExtraArgs
        `tx` itself where it is one already.
    """
    if isinstance(tx, GradientTransformationExtraArgs):
        return tx

    def update(updates, state, params=None, **extra_args):
        del extra_args
        return tx.update(updates, state, params)

    return GradientTransformationExtraArgs(tx.init, update)
