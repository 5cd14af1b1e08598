"""Smaller steps when the loss no longer falls."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import GradientTransformationExtraArgs, Scalar
from .._numerics import safe_increment, zero_count
from ..tree._dtypes import astype

__all__ = ["ReduceLROnPlateauState", "reduce_on_plateau"]


class ReduceLROnPlateauState(NamedTuple):
    """The state of `reduce_on_plateau`.

    Attributes
    ----------
    scale : scalar
        The factor of the updates.
    best_value : scalar
        The smallest loss so far.
    plateau_count : int32 scalar
        For how long it has not been improved.
    cooldown_count : int32 scalar
        How long to wait still after the last reduction.
    count : int32 scalar
    avg_value : scalar
        How many losses are averaged, and their mean.
    """

    scale: Scalar
    best_value: Scalar
    plateau_count: Scalar
    cooldown_count: Scalar
    count: Scalar
    avg_value: Scalar


def reduce_on_plateau(
    factor: float = 0.1,
    patience: Scalar = 10,
    rtol: float = 1e-4,
    atol: float = 0.0,
    cooldown: Scalar = 0,
    accumulation_size: Scalar = 1,
    min_scale: Scalar = 0.0,
) -> GradientTransformationExtraArgs:
    """Scale updates down when the loss has not improved for a while.

    Parameters
    ----------
    factor : float
        By how much, between 0 and 1.
    patience : int
        How many losses in a row may be no better.
    rtol, atol : float
        What counts as better: less than ``(1 - rtol) * best - atol``.
    cooldown : int
        How many losses do not count after a reduction.
    accumulation_size : int
        How many losses are averaged to one that counts.
    min_scale : scalar
        The smallest factor of the updates.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes the loss as the keyword argument ``value``.

    Raises
    ------
    ValueError
        If `factor` is not between 0 and 1, or the tolerances are negative, both 0, or `rtol` is
        larger than 1.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.contrib.reduce_on_plateau(factor=0.5, patience=1)
    >>> state = optimizer.init(0.0)
    >>> for value in [3.0, 2.0, 2.0]:
    ...     updates, state = optimizer.update(1.0, state, value=value)
    ...     print(float(updates))
    1.0
    1.0
    0.5
    """
    if not 0 < factor < 1:
        raise ValueError(f"reduce_on_plateau: `factor` must be between 0 and 1, got {factor!r}")
    if not (0 <= rtol <= 1 and atol >= 0 and rtol + atol > 0):
        raise ValueError(
            "reduce_on_plateau: `rtol` must be between 0 and 1, `atol` not negative, and one of "
            f"them positive, got {rtol!r} and {atol!r}"
        )

    def init(params):
        highest = trees.dtype(params, "highest")
        return ReduceLROnPlateauState(
            scale=fnp.ones((), trees.dtype(params, "lowest")),
            best_value=fnp.asarray(fnp.inf, highest),
            plateau_count=zero_count(),
            cooldown_count=zero_count(),
            count=zero_count(),
            avg_value=fnp.zeros((), highest),
        )

    def judged(state):
        """The state after a loss that counts."""
        better = state.avg_value < (1 - rtol) * state.best_value - atol
        plateau = fnp.where(better, 0, safe_increment(state.plateau_count))
        waiting = state.cooldown_count > 0
        reduce = (plateau == patience) & ~waiting
        smaller = fnp.where(reduce, state.scale * factor, state.scale)
        return ReduceLROnPlateauState(
            scale=fnp.where(waiting, state.scale, fnp.maximum(smaller, min_scale)),
            best_value=fnp.where(better, state.avg_value, state.best_value),
            plateau_count=fnp.where(waiting | reduce, 0, plateau),
            cooldown_count=fnp.where(
                waiting, state.cooldown_count - 1, fnp.where(reduce, cooldown, 0)
            ),
            count=zero_count(),
            avg_value=fnp.zeros_like(state.avg_value),
        )

    def update(updates, state, params=None, *, value: Scalar, **extra_args: Any):
        del params, extra_args
        count = safe_increment(state.count)
        value = astype(fnp.asarray(value), state.avg_value.dtype)
        mean = (state.count * state.avg_value + value) / count
        averaged = state._replace(count=count, avg_value=mean)
        new_state = trees.where(count == accumulation_size, judged(averaged), averaged)
        new_state = trees.cast_like(new_state, state)
        return trees.scale(new_state.scale, updates), new_state

    return GradientTransformationExtraArgs(init, update)
