"""Transformations made of transformations."""

from ._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    with_extra_args_support,
)

__all__ = ["chain"]


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
