"""Hyperparameters as functions of the number of steps taken."""

from collections.abc import Sequence

import fgrad.numpy as fnp

from ._base import Scalar, Schedule

__all__ = [
    "constant_schedule",
    "cosine_decay_schedule",
    "join_schedules",
    "linear_schedule",
    "polynomial_schedule",
    "warmup_cosine_decay_schedule",
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


def cosine_decay_schedule(
    init_value: Scalar,
    decay_steps: int,
    alpha: Scalar = 0.0,
    exponent: Scalar = 1.0,
) -> Schedule:
    r"""From a value down to a fraction of it along half a period of the cosine.

    .. math::

        s(t) = I \left((1 - \alpha)
            \left(\tfrac12 + \tfrac12 \cos \frac{\pi \min(t, T)}{T}\right)^p + \alpha\right)

    Parameters
    ----------
    init_value : scalar
        :math:`I`.
    decay_steps : int
        :math:`T`, positive.
    alpha : scalar
        The fraction :math:`\alpha` of `init_value` to end at.
    exponent : scalar
        :math:`p`.

    Returns
    -------
    callable
        From the count of steps to the value.

    Raises
    ------
    ValueError
        If `decay_steps` is not positive.

    References
    ----------
    Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
    https://arxiv.org/abs/1608.03983, 2017.

    Examples
    --------
    >>> from fgrad import optim
    >>> schedule = optim.cosine_decay_schedule(1.0, decay_steps=4)
    >>> [round(float(schedule(count)), 3) for count in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """
    if not decay_steps > 0:
        raise ValueError(
            f"cosine_decay_schedule: `decay_steps` must be positive, got {decay_steps!r}"
        )

    def schedule(count):
        angle = fnp.pi * fnp.minimum(count, decay_steps) / decay_steps
        cosine_decay = 0.5 * (1 + fnp.cos(angle))
        return init_value * ((1 - alpha) * cosine_decay**exponent + alpha)

    return schedule


def warmup_cosine_decay_schedule(
    init_value: Scalar,
    peak_value: Scalar,
    warmup_steps: int,
    decay_steps: int,
    end_value: Scalar = 0.0,
    exponent: Scalar = 1.0,
) -> Schedule:
    """A line up to a peak, then `cosine_decay_schedule` down from it.

    Parameters
    ----------
    init_value, peak_value, end_value : scalar
        The values at the first step, after the line, and at the end.
    warmup_steps : int
        The length of the line.
    decay_steps : int
        The length of the whole schedule, line included.
    exponent : scalar
        Of the cosine decay.

    Returns
    -------
    callable
        From the count of steps to the value.

    Examples
    --------
    >>> from fgrad import optim
    >>> schedule = optim.warmup_cosine_decay_schedule(0.0, 1.0, warmup_steps=2, decay_steps=6)
    >>> [round(float(schedule(count)), 3) for count in range(8)]
    [0.0, 0.5, 1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """
    alpha = 0.0 if peak_value == 0.0 else end_value / peak_value
    return join_schedules(
        [
            linear_schedule(init_value, peak_value, warmup_steps),
            cosine_decay_schedule(peak_value, decay_steps - warmup_steps, alpha, exponent),
        ],
        [warmup_steps],
    )


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
