"""Derivatives from values alone, each with an estimate of its own error.

Central differences over a ladder of steps, extrapolated once (Richardson), each output with the
step that suits it, after Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in
Engineering Software 4 (1982). The error of a step is how far the extrapolation still moves when the
step shrinks, and the noise that the smaller steps show. Where a function takes complex numbers and
agrees, the complex step (Squire and Trapp, SIAM Review 40 (1998)) gives a derivative without any
subtraction.
"""

from typing import NamedTuple

import numpy as np

RATIO = 4  # of one step to the next


class Slope(NamedTuple):
    """Derivatives and how far they may be off.

    `kink` is by how much the slopes of the two sides differ from it, zero where it is smooth;
    `still` where the smallest steps change
    nothing and larger ones do: rounding may have swallowed them, or the function is flat here.
    """

    value: np.ndarray
    error: np.ndarray
    kink: np.ndarray
    still: np.ndarray


def ladder(x, eps, largest=None):
    """Steps for moving `x`, from large to small.

    Parameters
    ----------
    x : array
        Where.
    eps : float
        The relative spacing of the numbers that the function works with.
    largest : float, optional
        The largest step; by default a quarter of one or of the size of `x`.
    """
    size = np.abs(x)
    top = float(size.max(initial=0))
    bottom = float(size[size > 0].min(initial=1))
    if largest is None:
        largest = 0.25 * max(1.0, top)
        smallest = max(eps**0.6 * min(1.0, bottom), 16 * eps * top)
    else:
        smallest = largest * eps**0.3
    count = max(7, 1 + round(np.log(largest / smallest) / np.log(RATIO)))
    return largest / float(RATIO) ** np.arange(count)


def slope(f, steps, x, eps) -> Slope:
    """The derivative of ``f(t)`` at zero.

    Parameters
    ----------
    f : callable
        From a number, the distance along a direction, to a real vector.
    steps : array
        From large to small, each a `RATIO`-th of the one before.
    x : array
        What moves.
    eps : float
        The relative spacing of the numbers that `f` works with.
    """
    here = f(0.0)
    ahead = np.stack([f(h) for h in steps])
    behind = np.stack([f(-h) for h in steps])
    h = steps[:, None]
    still = (ahead == here) & (behind == here)
    with np.errstate(all="ignore"):
        # Rounding of the values, and of the place: x + h is off by up to eps x.
        rounding = eps * np.maximum(np.abs(ahead), np.abs(behind)) / h
        shift = eps * float(np.abs(x).max(initial=0)) / h

        def limit(differences, order):
            return _limit(differences, steps, order, rounding + shift * abs(differences), still)

        value, error = limit((ahead - behind) / (2 * h), 2)
        right, right_error = limit((ahead - here) / h, 1)
        left, left_error = limit((here - behind) / h, 1)
        jump = np.abs(right - left)
        kink = np.where(jump > 4 * (right_error + left_error), jump / 2, 0)
    return Slope(value, error, kink, still[-1] & (value != 0))


def _limit(differences, steps, order, rounding, still):
    """The limit of difference quotients for small steps, whose error is of an even order."""
    better = differences[1:] + np.diff(differences, axis=0) / (RATIO**order - 1)
    h = steps[1:, None]
    moved = np.abs(np.diff(better, axis=0))
    noise = moved * h[1:]
    # What moves at a smaller step is noise at this one, where it counts by so much less.
    later = np.maximum.accumulate(noise[::-1], axis=0)[::-1]
    error = moved[:-2] + later[1:-1] / h[1:-2] + rounding[2:-2]
    # Where small steps change nothing although moves had grown before, rounding swallowed them.
    grows = np.zeros_like(noise)
    grows[1:] = np.where(moved[1:] > moved[:-1], noise[1:], 0)
    earlier = np.maximum.accumulate(np.where(np.isfinite(grows), grows, 0), axis=0)
    error = error + np.where(still[2:-2], earlier[:-2] / h[1:-2], 0)
    # The smallest steps have too few after them that could show their noise.
    value = better[1:-2]
    error = np.where(np.isfinite(error) & np.isfinite(value), error, np.inf)
    best = np.argmin(error, axis=0)[None]
    return (np.take_along_axis(a, best, 0)[0] for a in (value, error))


def complex_step(f, eps):
    """The derivative of an analytic ``f(t)`` at zero by an imaginary step, and its rounding error.

    `f` gives a complex vector.
    """
    # Far below the rounding of the real part, and far above the smallest number.
    h = eps**1.5
    first, second = (np.imag(f(1j * k)) / k for k in (h, 0.7 * h))
    return first, np.abs(first - second) + 2 * eps * np.abs(first)


def sharpened(rough: Slope, value, error) -> Slope:
    """A slope with the complex step's derivative wherever the differences confirm it."""
    agrees = np.abs(value - rough.value) <= 4 * rough.error
    agrees &= (rough.error <= 0.1 * np.abs(value)) & (error < rough.error)
    agrees |= rough.still & (value == 0)
    agrees &= rough.kink == 0
    return Slope(
        np.where(agrees, value, rough.value),
        np.where(agrees, error, rough.error),
        rough.kink,
        rough.still & ~agrees,
    )
