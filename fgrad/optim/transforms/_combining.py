"""Transformations made of transformations."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

import fgrad.tree as tree

from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    set_to_zero,
    with_extra_args_support,
)
from ._masking import masked

__all__ = ["PartitionState", "chain", "named_chain", "partition", "selective_transform"]


def chain(*args: GradientTransformation) -> GradientTransformationExtraArgs:
    """Apply transformations one after another.

    Parameters
    ----------
    *args : GradientTransformation
        The updates of each are the input of the next.

    Returns
    -------
    GradientTransformationExtraArgs
        Its state is the tuple of their states. Keyword arguments go to those that take them.

    Raises
    ------
    ValueError
        From ``update``, if the state is not one that the ``init`` of this chain made.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.chain(optim.clip(1.0), optim.scale(-0.1))
    >>> state = optimizer.init({"w": 0.0})
    >>> updates, state = optimizer.update({"w": 5.0}, state)
    >>> float(updates["w"])
    -0.1
    """
    transformations = [with_extra_args_support(tx) for tx in args]

    def init(params):
        return tuple(tx.init(params) for tx in transformations)

    def update(updates, state, params=None, **extra_args):
        if len(state) != len(transformations):
            raise ValueError(
                f"chain: `state` must hold one state for each of the {len(transformations)} "
                f"transformations, got {len(state)}; make it with `init` of this chain"
            )
        new_states = []
        for tx, inner in zip(transformations, state, strict=True):
            updates, inner = tx.update(updates, inner, params, **extra_args)
            new_states.append(inner)
        return updates, tuple(new_states)

    return GradientTransformationExtraArgs(init, update)


def named_chain(*args: tuple[str, GradientTransformation]) -> GradientTransformationExtraArgs:
    """`chain`, with a name for each transformation's state.

    Parameters
    ----------
    *args : (str, GradientTransformation)
        The updates of each are the input of the next.

    Returns
    -------
    GradientTransformationExtraArgs
        Its state is an ordered dictionary of their states.

    Raises
    ------
    ValueError
        If two have the same name.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.named_chain(("clip", optim.clip(1.0)), ("mean", optim.ema(0.9)))
    >>> list(optimizer.init({"w": 0.0}))
    ['clip', 'mean']
    """
    names = [name for name, _ in args]
    if len(set(names)) < len(names):
        raise ValueError(f"named_chain: the names must differ from each other, got {names}")
    transformations = [(name, with_extra_args_support(tx)) for name, tx in args]

    def init(params):
        return OrderedDict((name, tx.init(params)) for name, tx in transformations)

    def update(updates, state, params=None, **extra_args):
        new_state = OrderedDict()
        for name, tx in transformations:
            updates, new_state[name] = tx.update(updates, state[name], params, **extra_args)
        return updates, new_state

    return GradientTransformationExtraArgs(init, update)


class PartitionState(NamedTuple):
    """The state of each label's transformation."""

    inner_states: Mapping[Hashable, OptState]


def partition(
    transforms: Mapping[Hashable, GradientTransformation],
    param_labels: Any | Callable[[Params], Any],
    *,
    mask_compatible_extra_args: bool = False,
) -> GradientTransformationExtraArgs:
    """Transform different parameters in different ways.

    Parameters
    ----------
    transforms : mapping
        From labels to transformations.
    param_labels : pytree of labels, or callable
        Like the parameters or a prefix of them; or a function of the parameters or updates that
        returns one.
    mask_compatible_extra_args : bool
        See `masked`.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    ValueError
        From ``init``, if a parameter has a label that no transformation has.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.partition(
    ...     {"fast": optim.scale(-1.0), "slow": optim.scale(-0.25)}, {"w": "fast", "b": "slow"}
    ... )
    >>> gradient = {"w": 2.0, "b": 2.0}
    >>> optimizer.update(gradient, optimizer.init(gradient))[0]
    {'b': -0.5, 'w': -2.0}
    """

    def labels_for(like):
        return param_labels(like) if callable(param_labels) else param_labels

    def for_label(label, labels):
        mask = tree.map(lambda other: other == label, labels)
        return masked(
            transforms[label], mask, mask_compatible_extra_args=mask_compatible_extra_args
        )

    def init(params):
        labels = labels_for(params)
        unknown = set(tree.leaves(labels)) - set(transforms)
        if unknown:
            raise ValueError(
                f"partition: `param_labels` has {sorted(map(repr, unknown))}, "
                f"for which `transforms` has nothing among {sorted(map(repr, transforms))}"
            )
        return PartitionState({x: for_label(x, labels).init(params) for x in transforms})

    def update(updates, state, params=None, **extra_args):
        labels = labels_for(updates)
        inner_states = {}
        for label, inner in state.inner_states.items():
            updates, inner_states[label] = for_label(label, labels).update(
                updates, inner, params, **extra_args
            )
        return updates, PartitionState(inner_states)

    return GradientTransformationExtraArgs(init, update)


def selective_transform(
    optimizer: GradientTransformation, *, freeze_mask: Any
) -> GradientTransformationExtraArgs:
    """Update some parameters and freeze the others.

    Parameters
    ----------
    optimizer : GradientTransformation
        It keeps state for those parameters only that it updates.
    freeze_mask : pytree of bool
        Like the parameters or a prefix of them; True where they are to stay as they are.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.selective_transform(optim.sgd(1.0), freeze_mask={"b": True, "w": False})
    >>> gradient = {"b": 3.0, "w": 2.0}
    >>> updates, _ = optimizer.update(gradient, optimizer.init(gradient))
    >>> float(updates["b"]), updates["w"]
    (0.0, -2.0)
    """
    labels = tree.map(lambda frozen: "freeze" if frozen else "train", freeze_mask)
    return partition({"train": optimizer, "freeze": set_to_zero()}, labels)
