"""Schedules along half a period of the cosine."""

from collections.abc import Iterable, Mapping
from typing import Any

import fgrad.numpy as fnp

from .._base import Scalar, Schedule
from ._join import join_schedules
from ._polynomial import linear_schedule

__all__ = ["cosine_decay_schedule", "sgdr_schedule", "warmup_cosine_decay_schedule"]


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


def sgdr_schedule(cosine_kwargs: Iterable[Mapping[str, Any]]) -> Schedule:
    """One `warmup_cosine_decay_schedule` after another: gradient descent with warm restarts.

    Parameters
    ----------
    cosine_kwargs : iterable of mappings
        The arguments of each.

    Returns
    -------
    callable
        From the count of steps to the value.

    References
    ----------
    Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
    https://arxiv.org/abs/1608.03983, 2017.

    Examples
    --------
    >>> from fgrad import optim
    >>> cycle = dict(init_value=0.0, peak_value=1.0, warmup_steps=1, decay_steps=3)
    >>> schedule = optim.sgdr_schedule([cycle, cycle | {"peak_value": 0.5}])
    >>> [round(float(schedule(count)), 3) for count in range(6)]
    [0.0, 1.0, 0.5, 0.0, 0.5, 0.25]
    """
    schedules, boundaries, step = [], [], 0
    for kwargs in cosine_kwargs:
        schedules.append(warmup_cosine_decay_schedule(**kwargs))
        step += kwargs["decay_steps"]
        boundaries.append(step)
    return join_schedules(schedules, boundaries[:-1])
