"""Schedules in pieces: constant ones, and interpolations between given values."""

import itertools
from collections.abc import Mapping

import fgrad.numpy as fnp

from .._base import Scalar, Schedule

__all__ = [
    "cosine_onecycle_schedule",
    "linear_onecycle_schedule",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
]


def _check_scales(boundaries_and_scales, name):
    if any(scale < 0 for scale in boundaries_and_scales.values()):
        raise ValueError(
            f"{name}: the scales in `boundaries_and_scales` must not be negative, "
            f"got {boundaries_and_scales}"
        )


def piecewise_constant_schedule(
    init_value: Scalar, boundaries_and_scales: Mapping[int, float] | None = None
) -> Schedule:
    """A constant that is multiplied by a factor at given steps.

    Parameters
    ----------
    init_value : scalar
    boundaries_and_scales : mapping from int to float, optional
        The factors by the steps from which on they count.

    Returns
    -------
    callable
        From the count of steps to the value.

    Raises
    ------
    ValueError
        If a factor is negative.

    Examples
    --------
    >>> from fgrad import optim
    >>> schedule = optim.piecewise_constant_schedule(1.0, {2: 0.5, 4: 0.5})
    >>> [float(schedule(count)) for count in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    pieces = dict(boundaries_and_scales or {})
    _check_scales(pieces, "piecewise_constant_schedule")

    def schedule(count):
        value: Scalar = init_value
        for boundary, scale in sorted(pieces.items()):
            value = fnp.where(count < boundary, value, scale * value)
        return value

    return schedule


_INTERPOLATIONS = {
    "linear": lambda start, end, part: start + (end - start) * part,
    "cosine": lambda start, end, part: end + (start - end) / 2 * (1 + fnp.cos(fnp.pi * part)),
}


def piecewise_interpolate_schedule(
    interpolate_type: str,
    init_value: Scalar,
    boundaries_and_scales: Mapping[int, float] | None = None,
) -> Schedule:
    """From value to value along lines or half periods of the cosine.

    Parameters
    ----------
    interpolate_type : {"linear", "cosine"}
    init_value : scalar
    boundaries_and_scales : mapping from int to float, optional
        By step, the factor between the value there and the one before.

    Returns
    -------
    callable
        From the count of steps to the value.

    Raises
    ------
    ValueError
        If a factor is negative, or the type is another one.

    Examples
    --------
    >>> from fgrad import optim
    >>> schedule = optim.piecewise_interpolate_schedule("linear", 1.0, {2: 3.0, 4: 0.0})
    >>> [float(schedule(count)) for count in range(6)]
    [1.0, 2.0, 3.0, 1.5, 0.0, 0.0]
    """
    if interpolate_type not in _INTERPOLATIONS:
        raise ValueError(
            "piecewise_interpolate_schedule: `interpolate_type` must be 'linear' or 'cosine', "
            f"got {interpolate_type!r}"
        )
    interpolate = _INTERPOLATIONS[interpolate_type]
    pieces = dict(boundaries_and_scales or {})
    _check_scales(pieces, "piecewise_interpolate_schedule")
    steps = [0, *sorted(pieces)]
    values = list(
        itertools.accumulate(sorted(pieces), lambda v, step: v * pieces[step], initial=init_value)
    )

    def schedule(count):
        value = init_value
        for i in range(len(steps) - 1):
            length = max(steps[i + 1] - steps[i], 1)
            part = fnp.clip((count - steps[i]) / length, 0, 1)
            value = fnp.where(count < steps[i], value, interpolate(values[i], values[i + 1], part))
        return fnp.where(count < steps[-1], value, values[-1])

    return schedule


def _check_steps(transition_steps, name):
    if transition_steps <= 0:
        raise ValueError(f"{name}: `transition_steps` must be positive, got {transition_steps!r}")


def linear_onecycle_schedule(
    transition_steps: int,
    peak_value: Scalar,
    pct_start: float = 0.3,
    pct_final: float = 0.85,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    """A line up to a peak, one back down, and one to almost nothing.

    Parameters
    ----------
    transition_steps : int
        The length of the cycle.
    peak_value : scalar
    pct_start, pct_final : float
        The fractions of the cycle after which the peak is reached, and the start value again.
    div_factor : float
        The peak over the value at the start.
    final_div_factor : float
        The value at the start over the one at the end.

    Returns
    -------
    callable
        From the count of steps to the value.

    Raises
    ------
    ValueError
        If `transition_steps` is not positive.

    References
    ----------
    Smith, Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning
    Rates", https://arxiv.org/abs/1708.07120, 2017.
    """
    _check_steps(transition_steps, "linear_onecycle_schedule")
    return piecewise_interpolate_schedule(
        "linear",
        peak_value / div_factor,
        {
            int(pct_start * transition_steps): div_factor,
            int(pct_final * transition_steps): 1.0 / div_factor,
            transition_steps: 1.0 / final_div_factor,
        },
    )


def cosine_onecycle_schedule(
    transition_steps: int,
    peak_value: Scalar,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    """Half a period of the cosine up to a peak, and one down to almost nothing.

    Parameters
    ----------
    transition_steps : int
        The length of the cycle.
    peak_value : scalar
    pct_start : float
        The fraction of the cycle after which the peak is reached.
    div_factor : float
        The peak over the value at the start.
    final_div_factor : float
        The value at the start over the one at the end.

    Returns
    -------
    callable
        From the count of steps to the value.

    Raises
    ------
    ValueError
        If `transition_steps` is not positive.

    References
    ----------
    Smith, Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning
    Rates", https://arxiv.org/abs/1708.07120, 2017.
    """
    _check_steps(transition_steps, "cosine_onecycle_schedule")
    return piecewise_interpolate_schedule(
        "cosine",
        peak_value / div_factor,
        {
            int(pct_start * transition_steps): div_factor,
            int(transition_steps): 1.0 / (div_factor * final_div_factor),
        },
    )
