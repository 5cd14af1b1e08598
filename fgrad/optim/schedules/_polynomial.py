"""Schedules along a power of time."""

import fgrad.numpy as fnp

from .._base import Scalar, Schedule

__all__ = [
    "constant_schedule",
    "linear_schedule",
    "polynomial_schedule",
    "warmup_constant_schedule",
]


def constant_schedule(value: Scalar) -> Schedule:
    """The same value at each step.

    Parameters
    ----------
    value : scalar

    Returns
    -------
    callable
        From the count of steps to `value`.

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.constant_schedule(0.1)(1000)
    0.1
    """
    return lambda count: value


def polynomial_schedule(
    init_value: Scalar,
    end_value: Scalar,
    power: Scalar,
    transition_steps: int,
    transition_begin: int = 0,
) -> Schedule:
    r"""From one value to another along a power of the time that is left.

    .. math:: s(t) = (I - E) \left(1 - \frac{\min(\max(t - B, 0), T)}{T}\right)^P + E

    Parameters
    ----------
    init_value, end_value : scalar
        :math:`I` and :math:`E`.
    power : scalar
        :math:`P`.
    transition_steps : int
        :math:`T`. If it is not positive the schedule stays at `init_value`.
    transition_begin : int
        :math:`B`, the step at which the transition begins; a negative one counts as 0.

    Returns
    -------
    callable
        From the count of steps to the value.

    Examples
    --------
    >>> from fgrad import optim
    >>> schedule = optim.polynomial_schedule(1.0, 0.0, power=2, transition_steps=4)
    >>> [float(schedule(count)) for count in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """
    if transition_steps <= 0:
        return constant_schedule(init_value)
    begin = max(transition_begin, 0)

    def schedule(count):
        elapsed: Scalar = fnp.clip(count - begin, 0, transition_steps)
        return (init_value - end_value) * (1 - elapsed / transition_steps) ** power + end_value

    return schedule


def linear_schedule(
    init_value: Scalar,
    end_value: Scalar,
    transition_steps: int,
    transition_begin: int = 0,
) -> Schedule:
    r"""From one value to another along a line: `polynomial_schedule` of power 1.

    .. math:: s(t) = I + (E - I)\,\frac{\min(\max(t - B, 0), T)}{T}

    Parameters
    ----------
    init_value, end_value : scalar
        :math:`I` and :math:`E`.
    transition_steps : int
        :math:`T`. If it is not positive the schedule stays at `init_value`.
    transition_begin : int
        :math:`B`, the step at which the transition begins.

    Returns
    -------
    callable
        From the count of steps to the value.

    Examples
    --------
    >>> from fgrad import optim
    >>> schedule = optim.linear_schedule(0.0, 1.0, transition_steps=4)
    >>> [float(schedule(count)) for count in range(6)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """
    return polynomial_schedule(init_value, end_value, 1, transition_steps, transition_begin)


def warmup_constant_schedule(init_value: Scalar, peak_value: Scalar, warmup_steps: int) -> Schedule:
    """A line up to a peak, and then the peak.

    Parameters
    ----------
    init_value, peak_value : scalar
    warmup_steps : int
        The length of the line.

    Returns
    -------
    callable
        From the count of steps to the value.

    Examples
    --------
    >>> from fgrad import optim
    >>> schedule = optim.warmup_constant_schedule(0.0, 1.0, warmup_steps=2)
    >>> [float(schedule(count)) for count in range(4)]
    [0.0, 0.5, 1.0, 1.0]
    """
    return linear_schedule(init_value, peak_value, warmup_steps)
