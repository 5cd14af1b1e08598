"""Schedules along an exponential."""

import fgrad.numpy as fnp

from .._base import Scalar, Schedule
from ._join import join_schedules
from ._polynomial import constant_schedule, linear_schedule

__all__ = ["exponential_decay", "warmup_exponential_decay_schedule"]


def exponential_decay(
    init_value: Scalar,
    transition_steps: int,
    decay_rate: Scalar,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: Scalar | None = None,
) -> Schedule:
    r"""A constant factor every so many steps.

    .. math:: s(t) = I\, r^{\max(t - B, 0) / T}

    Parameters
    ----------
    init_value : scalar
        :math:`I`.
    transition_steps : int
        :math:`T`, the steps that each factor takes. If it is not positive the schedule stays at
        `init_value`.
    decay_rate : scalar
        The factor :math:`r`. If it is 0 the schedule stays at `init_value`.
    transition_begin : int
        :math:`B`, the step at which the decay begins; a negative one counts as 0.
    staircase : bool
        Whether to round the exponent down to an integer.
    end_value : scalar, optional
        A bound: from below if `decay_rate` is smaller than 1, else from above.

    Returns
    -------
    callable
        From the count of steps to the value.

    Examples
    --------
    >>> from fgrad import optim
    >>> schedule = optim.exponential_decay(1.0, transition_steps=2, decay_rate=0.25, end_value=0.1)
    >>> [float(schedule(count)) for count in range(5)]
    [1.0, 0.5, 0.25, 0.125, 0.1]
    """
    if transition_steps <= 0 or decay_rate == 0:
        return constant_schedule(init_value)
    begin = max(transition_begin, 0)

    def schedule(count):
        exponent: Scalar = fnp.maximum(count - begin, 0) / transition_steps
        value = init_value * decay_rate ** (fnp.floor(exponent) if staircase else exponent)
        if end_value is None:
            return value
        return fnp.maximum(value, end_value) if decay_rate < 1 else fnp.minimum(value, end_value)

    return schedule


def warmup_exponential_decay_schedule(
    init_value: Scalar,
    peak_value: Scalar,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: Scalar,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: Scalar | None = None,
) -> Schedule:
    """A line up to a peak, then `exponential_decay` from it.

    Parameters
    ----------
    init_value, peak_value : scalar
        The values at the first step and after the line.
    warmup_steps : int
        The length of the line.
    transition_steps, decay_rate, transition_begin, staircase, end_value
        See `exponential_decay`; steps are counted from the end of the line.

    Returns
    -------
    callable
        From the count of steps to the value.

    Examples
    --------
    >>> from fgrad import optim
    >>> schedule = optim.warmup_exponential_decay_schedule(0.0, 1.0, 2, 1, 0.5)
    >>> [float(schedule(count)) for count in range(5)]
    [0.0, 0.5, 1.0, 0.5, 0.25]
    """
    return join_schedules(
        [
            linear_schedule(init_value, peak_value, warmup_steps),
            exponential_decay(
                peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value
            ),
        ],
        [warmup_steps],
    )
