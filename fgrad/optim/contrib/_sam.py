"""Sharpness-aware minimisation: gradients at nearby points where the loss is larger."""

from collections.abc import Callable
from typing import Any, NamedTuple

from fgrad import lax

from .. import tree as trees
from .._base import EmptyState as NormalizeState
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Scalar,
    Updates,
    check_params,
    stateless,
)
from .._numerics import zero_count
from .._updates import apply_updates
from ..tree._map import map_present

__all__ = ["NormalizeState", "SAMState", "normalize", "sam"]


def normalize() -> GradientTransformation:
    r"""Divide updates by their global norm.

    .. math:: u \leftarrow u / \|u\|

    Updates of zero stay as they are.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> updates, _ = optim.contrib.normalize().update({"w": 3.0, "b": 4.0}, optim.EmptyState())
    >>> round(float(updates["w"]), 6), round(float(updates["b"]), 6)
    (0.6, 0.8)
    """

    def normalized(updates, params):
        norm = trees.norm(updates)
        # Updates of zero have no direction, and stay.
        return trees.scale(1.0 / (norm + (norm == 0)), updates)

    return stateless(normalized)


class SAMState(NamedTuple):
    """The steps since the last real one, the states of both optimizers, and the parameters then."""

    steps_since_sync: Scalar  # int32
    opt_state: OptState
    adv_state: OptState
    cache: Params | None


def sam(
    optimizer: GradientTransformation,
    adv_optimizer: GradientTransformation,
    sync_period: int = 2,
    reset_state: bool = True,
    opaque_mode: bool = False,
    batch_axis_name: str | None = None,
) -> GradientTransformationExtraArgs:
    """Take the gradient of each step at a point where an adversary has increased the loss.

    Parameters
    ----------
    optimizer : GradientTransformation
        What makes the real steps.
    adv_optimizer : GradientTransformation
        What makes the adversary's steps, uphill; ``chain(normalize(), sgd(rho))`` in the paper.
    sync_period : int
        One real step for how many calls of ``update``; the others are the adversary's.
    reset_state : bool
        Whether the adversary begins anew after a real step.
    opaque_mode : bool
        Whether every call makes a real step, and the adversary's within it; ``update`` then takes
        the keyword argument ``grad_fn``, from parameters and the adversary's step to gradients.
    batch_axis_name : str, optional
        In opaque mode, the axis of a ``vmap`` over which gradients are averaged.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    ValueError
        If `sync_period` is not positive; from ``update``, if `grad_fn` is missing.

    References
    ----------
    Foret et al., "Sharpness-Aware Minimization for Efficiently Improving Generalization",
    https://arxiv.org/abs/2010.01412, 2021.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad import optim
    >>> gradient = fgrad.grad(lambda x: (x - 3.0) ** 2)
    >>> adversary = optim.chain(optim.contrib.normalize(), optim.sgd(0.01))
    >>> optimizer = optim.contrib.sam(optim.sgd(0.1), adversary, opaque_mode=True)
    >>> x = 0.0
    >>> state = optimizer.init(x)
    >>> for _ in range(50):
    ...     updates, state = optimizer.update(
    ...         gradient(x), state, x, grad_fn=lambda params, step: gradient(params)
    ...     )
    ...     x = optim.apply_updates(x, updates)
    >>> abs(float(x) - 3.0) < 0.02
    True
    """
    if sync_period < 1:
        raise ValueError(f"sam: `sync_period` must be at least 1, got {sync_period!r}")
    uphill = lambda updates: map_present(lambda u: -u, updates)

    def init(params):
        return SAMState(
            steps_since_sync=zero_count(),
            opt_state=optimizer.init(params),
            adv_state=adv_optimizer.init(params),
            cache=None if opaque_mode else params,
        )

    def one_at_a_time(updates, state, params=None, *, grad_fn: Any = None):
        del grad_fn
        check_params(params, "sam")
        first = state.steps_since_sync == 0
        last = state.steps_since_sync == sync_period - 1
        adv_updates, adv_state = adv_optimizer.update(updates, state.adv_state, params)
        opt_updates, opt_state = optimizer.update(updates, state.opt_state, state.cache)
        # Back from where the adversary led, and on from there.
        opt_updates = map_present(lambda u, c, p: c - p + u, opt_updates, state.cache, params)
        after = adv_optimizer.init(params) if reset_state else state.adv_state
        new_state = SAMState(
            steps_since_sync=(state.steps_since_sync + 1) % sync_period,
            opt_state=trees.where(last, opt_state, state.opt_state),
            adv_state=trees.where(last, after, adv_state),
            cache=trees.where(first, params, state.cache),
        )
        new_updates = trees.where(last, opt_updates, uphill(adv_updates))
        return new_updates, trees.cast_like(new_state, state)

    def all_at_once(
        updates,
        state,
        params=None,
        *,
        grad_fn: Callable[[Params, int], Updates] | None = None,
    ):
        check_params(params, "sam")
        if grad_fn is None:
            raise ValueError("sam: `update` needs `grad_fn` where `opaque_mode` is True")
        there, adv_state = params, state.adv_state
        for i in range(sync_period - 1):
            adv_updates, adv_state = adv_optimizer.update(updates, adv_state, there)
            there = apply_updates(there, uphill(adv_updates))
            updates = grad_fn(there, i)
            if batch_axis_name is not None:
                updates = map_present(lambda u: lax.pmean(u, batch_axis_name), updates)
        if reset_state:
            adv_state = adv_optimizer.init(params)
        new_updates, opt_state = optimizer.update(updates, state.opt_state, params)
        return new_updates, SAMState(zero_count(), opt_state, adv_state, None)

    return GradientTransformationExtraArgs(init, all_at_once if opaque_mode else one_at_a_time)
