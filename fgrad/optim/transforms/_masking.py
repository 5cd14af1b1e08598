"""Transforming only some of the leaves."""

from collections.abc import Callable
from typing import Any, NamedTuple

import fgrad.tree as tree

from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Params,
    set_to_zero,
    with_extra_args_support,
)
from ..tree._states import ParamsPlaceholder

__all__ = ["MaskedNode", "MaskedState", "freeze", "masked"]


class MaskedState(NamedTuple):
    """The state of the masked transformation."""

    inner_state: Any


class MaskedNode(NamedTuple):
    """Stands for a leaf that is masked out: a container without children."""


def masked(
    inner: GradientTransformation,
    mask: Any | Callable[[Params], Any],
    *,
    mask_compatible_extra_args: bool = False,
) -> GradientTransformationExtraArgs:
    """Transform the leaves where `mask` is True and pass the others through.

    Parameters
    ----------
    inner : GradientTransformation
        It sees, and keeps state for, the unmasked leaves only.
    mask : pytree of bool, or callable
        Like the parameters or a prefix of them; or a function of the parameters or updates that
        returns one.
    mask_compatible_extra_args : bool
        Also mask those keyword arguments of ``update`` that have the structure of the updates.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.masked(optim.scale(-1.0), {"b": False, "w": True})
    >>> gradient = {"b": 3.0, "w": 2.0}
    >>> state = optimizer.init(gradient)
    >>> optimizer.update(gradient, state)[0]
    {'b': 3.0, 'w': -2.0}
    """
    tx = with_extra_args_support(inner)

    # A tree may be callable by itself, as that of a model is; its leaves tell it from a function.
    leaves = tree.leaves(mask)
    computed = bool(leaves) and all(callable(leaf) for leaf in leaves)

    def mask_for(like):
        return mask(like) if computed else mask

    def hide(mask_tree, values):
        return tree.map(lambda keep, x: x if keep else MaskedNode(), mask_tree, values)

    def init(params):
        if isinstance(params, ParamsPlaceholder):
            return MaskedState(tx.init(params))
        return MaskedState(tx.init(hide(mask_for(params), params)))

    def update(updates, state, params=None, **extra_args):
        mask_tree = mask_for(updates)
        if mask_compatible_extra_args:
            structure = tree.structure(updates)
            extra_args = {
                name: hide(mask_tree, value) if tree.structure(value) == structure else value
                for name, value in extra_args.items()
            }
        inner_updates, inner_state = tx.update(
            hide(mask_tree, updates),
            state.inner_state,
            None if params is None else hide(mask_tree, params),
            **extra_args,
        )
        new_updates = tree.map(
            lambda keep, new, old: new if keep else old, mask_tree, inner_updates, updates
        )
        return new_updates, MaskedState(inner_state)

    return GradientTransformationExtraArgs(init, update)


def freeze(mask: Any) -> GradientTransformationExtraArgs:
    """Set the updates of some parameters to zero.

    Parameters
    ----------
    mask : pytree of bool
        Like the parameters or a prefix of them; True where they are to stay as they are.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.freeze({"b": True, "w": False})
    >>> gradient = {"b": 3.0, "w": 2.0}
    >>> updates, _ = optimizer.update(gradient, optimizer.init(gradient))
    >>> float(updates["b"]), updates["w"]
    (0.0, 2.0)
    """
    return masked(set_to_zero(), mask)
