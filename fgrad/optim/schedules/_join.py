"""One schedule after another."""

from collections.abc import Sequence

import fgrad.numpy as fnp

from .._base import Schedule

__all__ = ["join_schedules"]


def join_schedules(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """One schedule after another.

    Parameters
    ----------
    schedules : sequence of callables
        Each counts steps from where it begins.
    boundaries : sequence of int
        The step at which each schedule but the first begins.

    Returns
    -------
    callable
        From the count of steps to the value.

    Examples
    --------
    >>> from fgrad import optim
    >>> parts = [optim.constant_schedule(1.0), optim.linear_schedule(1.0, 0.0, 2)]
    >>> schedule = optim.join_schedules(parts, [2])
    >>> [float(schedule(count)) for count in range(5)]
    [1.0, 1.0, 1.0, 0.5, 0.0]
    """

    def schedule(count):
        value = schedules[0](count)
        for boundary, following in zip(boundaries, schedules[1:], strict=True):
            value = fnp.where(count < boundary, value, following(count - boundary))
        return value

    return schedule
