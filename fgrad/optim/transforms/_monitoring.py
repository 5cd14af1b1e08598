"""Measuring updates on their way through a chain."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Scalar,
    Updates,
    stateless,
    with_extra_args_support,
)
from ._accumulation import ema
from ._combining import chain

__all__ = ["MonitorState", "SnapshotState", "measure_with_ema", "monitor", "snapshot"]


class SnapshotState(NamedTuple):
    """The last measurement, under its name."""

    measurement: dict[str, Any]


def snapshot(measure_name: str, measure: Callable[[Updates], Any]) -> GradientTransformation:
    """Keep a measurement of the updates in the state.

    Parameters
    ----------
    measure_name : str
        The name to find it by, with `fgrad.optim.tree.get`.
    measure : callable
        From updates to a pytree of arrays.

    Returns
    -------
    GradientTransformation
        It passes the updates through unchanged.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.chain(optim.snapshot("norm", optim.tree.norm), optim.scale(-0.1))
    >>> _, state = optimizer.update({"w": 3.0, "b": 4.0}, optimizer.init({"w": 0.0, "b": 0.0}))
    >>> float(optim.tree.get(state, "norm"))
    5.0
    """

    def init(params):
        return SnapshotState({measure_name: measure(params)})

    def update(updates, state, params=None):
        del state, params
        return updates, SnapshotState({measure_name: measure(updates)})

    return GradientTransformation(init, update)


class MonitorState(NamedTuple):
    """The last measurements by name, and the states of what measures."""

    measurements: dict[str, Any]
    measure_states: tuple[OptState, ...]


def monitor(
    measures: Mapping[str, GradientTransformation | Callable[[Updates], Any]],
) -> GradientTransformationExtraArgs:
    """Keep several measurements of the updates in the state.

    Parameters
    ----------
    measures : mapping
        By name, functions from updates to pytrees of arrays, or transformations whose updates
        are the measurements, such as `measure_with_ema`.

    Returns
    -------
    GradientTransformationExtraArgs
        It passes the updates through unchanged.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.monitor({"norm": optim.tree.norm, "largest": optim.tree.max})
    >>> _, state = optimizer.update({"w": 3.0, "b": 4.0}, optimizer.init({"w": 0.0, "b": 0.0}))
    >>> {name: float(value) for name, value in state.measurements.items()}
    {'norm': 5.0, 'largest': 4.0}
    """
    transformations = {}
    for name, measure in measures.items():
        if callable(measure):
            measure = stateless(lambda updates, params, measure=measure: measure(updates))
        transformations[name] = with_extra_args_support(measure)

    def init(params):
        return MonitorState({}, tuple(tx.init(params) for tx in transformations.values()))

    def update(updates, state, params=None, **extra_args):
        measurements, states = {}, []
        for (name, tx), inner in zip(transformations.items(), state.measure_states, strict=True):
            measurements[name], inner = tx.update(updates, inner, params, **extra_args)
            states.append(inner)
        return updates, MonitorState(measurements, tuple(states))

    return GradientTransformationExtraArgs(init, update)


def measure_with_ema(
    measure: Callable[[Updates], Any],
    decay: Scalar,
    debias: bool = True,
    accumulator_dtype: Any = None,
) -> GradientTransformationExtraArgs:
    """The exponential moving average of a measurement, for `monitor`.

    Parameters
    ----------
    measure : callable
        From updates to a pytree of arrays.
    decay, debias, accumulator_dtype
        See `ema`.

    Returns
    -------
    GradientTransformationExtraArgs
        Its updates are the averages.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.monitor({"norm": optim.measure_with_ema(optim.tree.norm, 0.5)})
    >>> state = optimizer.init({"w": 0.0})
    >>> for size in [1.0, 4.0]:
    ...     _, state = optimizer.update({"w": size}, state)
    >>> float(state.measurements["norm"])
    3.0
    """
    average = ema(decay, debias, accumulator_dtype)
    return chain(
        stateless(lambda updates, params: measure(updates)),
        GradientTransformation(lambda params: average.init(measure(params)), average.update),
    )
