"""Multiplying updates by a step size."""

from typing import NamedTuple

from ._base import (
    GradientTransformation,
    Scalar,
    ScalarOrSchedule,
    Schedule,
    identity,
    stateless,
)
from ._numerics import safe_increment, zero_count
from .tree import scale as scale_tree

__all__ = ["ScaleByScheduleState", "scale", "scale_by_learning_rate", "scale_by_schedule"]


def scale(step_size: Scalar) -> GradientTransformation:
    r"""Multiply updates by a number.

    .. math:: u \leftarrow s\,u

    Parameters
    ----------
    step_size : scalar
        The factor :math:`s`.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.scale(-0.5).update({"w": 3.0}, optim.EmptyState())[0]
    {'w': -1.5}
    """
    return stateless(lambda updates, params: scale_tree(step_size, updates))


class ScaleByScheduleState(NamedTuple):
    """The number of steps taken."""

    count: Scalar  # int32


def scale_by_schedule(step_size_fn: Schedule) -> GradientTransformation:
    r"""Multiply updates by a function of the number of steps taken.

    .. math:: u \leftarrow s(t)\,u

    Parameters
    ----------
    step_size_fn : callable
        From the count of steps, 0 at the first, to the factor :math:`s(t)`.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.scale_by_schedule(lambda count: 1.0 / (1 + count))
    >>> state = optimizer.init({"w": 0.0})
    >>> for _ in range(3):
    ...     updates, state = optimizer.update({"w": 6.0}, state)
    ...     print(float(updates["w"]))
    6.0
    3.0
    2.0
    """

    def init(params):
        del params
        return ScaleByScheduleState(count=zero_count())

    def update(updates, state, params=None):
        del params
        new_updates = scale_tree(step_size_fn(state.count), updates)
        return new_updates, ScaleByScheduleState(count=safe_increment(state.count))

    return GradientTransformation(init, update)


def scale_by_learning_rate(
    learning_rate: ScalarOrSchedule | None = None, *, flip_sign: bool = True
) -> GradientTransformation:
    r"""Multiply updates by the negative learning rate.

    .. math:: u \leftarrow -\alpha_t u

    Parameters
    ----------
    learning_rate : scalar or callable, optional
        :math:`\alpha`, or a function from the count of steps to it. None leaves updates alone.
    flip_sign : bool
        False multiplies by the learning rate itself.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.scale_by_learning_rate(0.5).update({"w": 3.0}, optim.EmptyState())[0]
    {'w': -1.5}
    """
    if learning_rate is None:
        return identity()
    sign = -1 if flip_sign else 1
    if callable(learning_rate):
        schedule: Schedule = learning_rate
        return scale_by_schedule(lambda count: sign * schedule(count))
    return scale(sign * learning_rate)
