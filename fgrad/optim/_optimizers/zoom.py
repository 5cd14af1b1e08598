"""A line search for the strong Wolfe conditions: find an interval, then zoom into it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import fgrad.numpy as fnp
from fgrad import lax, value_and_grad

from .. import tree as trees
from .._base import GradientTransformationExtraArgs, Scalar, Updates
from .line import arguments_of, real_dtype, report, slope_along

__all__ = ["ScaleByZoomLinesearchState", "ZoomLinesearchInfo", "scale_by_zoom_linesearch"]


class ZoomLinesearchInfo(NamedTuple):
    """How many steps were tried, and by how much the last one missed each condition."""

    num_linesearch_steps: Scalar
    decrease_error: Scalar
    curvature_error: Scalar


class ScaleByZoomLinesearchState(NamedTuple):
    """The last step size, the loss and its gradient there, and how it was found."""

    learning_rate: Scalar
    value: Scalar
    grad: Updates
    info: ZoomLinesearchInfo


class _Point(NamedTuple):
    """A step size, and the loss and its slope there."""

    stepsize: Scalar
    value: Scalar
    slope: Scalar


class _Search(NamedTuple):
    """The state of the search.

    `point` is the last one tried, `safe` the best one that decreased the loss enough. `low` and
    `high` bound the interval once there is one; `low` has the smaller loss. `reference` is a
    third point, for the cubic interpolation.
    """

    count: Scalar
    point: _Point
    grad: Updates
    safe: _Point
    safe_grad: Updates
    low: _Point
    high: _Point
    reference: _Point
    decrease_error: Scalar
    curvature_error: Scalar
    interval_found: Scalar
    done: Scalar
    failed: Scalar


def _nonzero(x) -> Scalar:
    return fnp.where(x == 0, 1.0, x)


def _cubic_minimum(a, b, c):
    """Of the cubic through three points with the slope at the first; and whether it exists."""
    db, dc = b.stepsize - a.stepsize, c.stepsize - a.stepsize
    denominator = (db * dc) ** 2 * (db - dc)
    finite = fnp.isfinite(b.value) & fnp.isfinite(c.value)
    rise_b = fnp.where(finite, b.value - a.value, 0.0) - a.slope * db
    rise_c = fnp.where(finite, c.value - a.value, 0.0) - a.slope * dc
    third = (dc**2 * rise_b - db**2 * rise_c) / _nonzero(denominator)
    second = (db**3 * rise_c - dc**3 * rise_b) / _nonzero(denominator)
    radical = second * second - 3.0 * third * a.slope
    exists = finite & (denominator != 0) & (third != 0) & (radical >= 0)
    root = fnp.sqrt(fnp.where(exists, radical, 0.0))
    return a.stepsize + (root - second) / (3.0 * _nonzero(third)), exists


def _quadratic_minimum(a, b):
    """Of the parabola through two points with the slope at the first; and whether it exists."""
    db = b.stepsize - a.stepsize
    finite = fnp.isfinite(b.value)
    rise = fnp.where(finite, b.value - a.value, 0.0) - a.slope * db
    second = rise / _nonzero(db**2)
    return a.stepsize - a.slope / (2.0 * _nonzero(second)), finite & (db != 0) & (second != 0)


def scale_by_zoom_linesearch(
    max_linesearch_steps: Scalar,
    max_learning_rate: Scalar | None = None,
    tol: Scalar = 0.0,
    increase_factor: Scalar = 2.0,
    slope_rtol: Scalar = 1e-4,
    curv_rtol: Scalar = 0.9,
    approx_dec_rtol: Scalar | None = 1e-6,
    stepsize_precision: Scalar = 1e-5,
    initial_guess_strategy: str = "keep",
    verbose: bool = False,
) -> GradientTransformationExtraArgs:
    r"""Multiply updates by a step size that meets the strong Wolfe conditions.

    The loss has decreased enough, and its slope is flat enough, for a step size :math:`\eta`:

    .. math::

        f(\theta + \eta u) &\le f(\theta) + c_1\,\eta\, \langle u, \nabla f(\theta) \rangle
            + \epsilon \\
        |\langle u, \nabla f(\theta + \eta u) \rangle| &\le
            c_2\, |\langle u, \nabla f(\theta) \rangle| + \epsilon

    Step sizes grow until an interval holds such a one; it then shrinks around minima of cubic and
    quadratic interpolations. If steps run out, the best step that decreased the loss is taken.

    Parameters
    ----------
    max_linesearch_steps : int
        How many step sizes to try at most.
    max_learning_rate : scalar, optional
        The largest step size.
    tol : scalar
        :math:`\epsilon`.
    increase_factor : scalar
        By how much step sizes grow.
    slope_rtol, curv_rtol : scalar
        :math:`c_1` and :math:`c_2`.
    approx_dec_rtol : scalar, optional
        A change of the loss relative to itself that counts as rounding: within it, the slope
        decides about the decrease (Hager and Zhang). None never lets it.
    stepsize_precision : scalar
        The length at which the interval is not divided any further.
    initial_guess_strategy : {"keep", "one"}
        The first step size tried: the last one found, or 1 (for Newton's methods).
    verbose : bool
        Whether to print when no step size met the conditions.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes the keyword arguments ``value`` and ``grad``, the loss and its
        gradient at the parameters, ``value_fn``, the loss as a function of the parameters, and
        what other keyword arguments that function takes.

    Raises
    ------
    ValueError
        If `initial_guess_strategy` is another one.

    References
    ----------
    Nocedal, Wright, "Numerical Optimization", algorithms 3.5 and 3.6, 1999.

    Hager, Zhang, "Algorithm 851: CG_DESCENT, a Conjugate Gradient Method with Guaranteed Descent",
    https://doi.org/10.1145/1132973.1132979, 2006.
    """
    if initial_guess_strategy not in ("keep", "one"):
        raise ValueError(
            "scale_by_zoom_linesearch: `initial_guess_strategy` must be 'keep' or 'one', "
            f"got {initial_guess_strategy!r}"
        )

    def errors(point, start) -> tuple[Scalar, Scalar]:
        """By how much a point misses the decrease and the curvature condition."""
        decrease = point.value - start.value - slope_rtol * point.stepsize * start.slope
        if approx_dec_rtol is not None:
            change = point.value - start.value - approx_dec_rtol * fnp.abs(start.value)
            slope = point.slope - (2 * slope_rtol - 1.0) * start.slope
            decrease = fnp.minimum(fnp.maximum(slope, change), decrease)
        curvature = fnp.abs(point.slope) - curv_rtol * fnp.abs(start.slope)
        missed = lambda x: fnp.where(fnp.isnan(x), fnp.inf, fnp.maximum(x, 0.0))
        return missed(decrease), missed(curvature)

    def search_interval(search, start, guess, evaluate):
        """Try a larger step, until the loss rises or its slope does."""
        previous = search.point
        stepsize = fnp.where(search.count == 0, guess, increase_factor * previous.stepsize)
        at_end = False
        if max_learning_rate is not None:
            at_end = stepsize >= max_learning_rate
            stepsize = fnp.minimum(stepsize, max_learning_rate)
        point, grad = evaluate(stepsize)
        decrease, curvature = errors(point, start)
        safe, safe_grad = trees.where(
            decrease <= tol, (point, grad), (search.safe, search.safe_grad)
        )
        high_is_new = (decrease > 0.0) | ((point.value >= previous.value) & (search.count > 0))
        low_is_new = (point.slope >= 0.0) & ~high_is_new
        low, high = trees.where(low_is_new, (point, previous), (previous, point))
        met = fnp.maximum(decrease, curvature) <= tol
        found = high_is_new | low_is_new | met
        done = met | (at_end & ~found)
        return _Search(
            count=search.count + 1,
            point=point,
            grad=grad,
            safe=safe,
            safe_grad=safe_grad,
            low=low,
            high=high,
            reference=low,
            decrease_error=decrease,
            curvature_error=curvature,
            interval_found=found,
            done=done,
            failed=(search.count + 1 >= max_linesearch_steps) & ~done,
        )

    def zoom(search, start, evaluate):
        """Divide the interval at the minimum of an interpolation."""
        low, high = search.low, search.high
        length = fnp.abs(high.stepsize - low.stepsize)
        left = fnp.minimum(high.stepsize, low.stepsize)
        right = fnp.maximum(high.stepsize, low.stepsize)
        inside = lambda x, margin: (x > left + margin) & (x < right - margin)
        cubic, exists = _cubic_minimum(low, high, search.reference)
        use_cubic = exists & inside(cubic, 0.2 * length)
        quadratic, exists = _quadratic_minimum(low, high)
        use_quadratic = exists & inside(quadratic, 0.1 * length)
        half = (low.stepsize + high.stepsize) / 2.0
        point, grad = evaluate(
            fnp.where(use_cubic, cubic, fnp.where(use_quadratic, quadratic, half))
        )
        decrease, curvature = errors(point, start)
        safe, safe_grad = trees.where(
            (decrease <= tol) & (point.value < search.safe.value),
            (point, grad),
            (search.safe, search.safe_grad),
        )
        high_is_new = (decrease > 0.0) | (point.value >= low.value)
        slope_turned = point.slope * (high.stepsize - low.stepsize) >= 0.0
        high_is_low = slope_turned & ~high_is_new
        new_high = trees.where(high_is_new, point, trees.where(high_is_low, low, high))
        new_low = trees.where(high_is_new, low, point)
        done = fnp.maximum(decrease, curvature) <= tol
        too_small = (length <= stepsize_precision) & (safe.stepsize > 0.0)
        return _Search(
            count=search.count + 1,
            point=point,
            grad=grad,
            safe=safe,
            safe_grad=safe_grad,
            low=new_low,
            high=new_high,
            reference=trees.where(high_is_new | high_is_low, high, low),
            decrease_error=decrease,
            curvature_error=curvature,
            interval_found=search.interval_found,
            done=done,
            failed=((search.count + 1 >= max_linesearch_steps) | too_small) & ~done,
        )

    def init(params):
        dtype = real_dtype(params)
        infinity = fnp.asarray(fnp.inf, dtype)
        return ScaleByZoomLinesearchState(
            learning_rate=fnp.ones((), dtype),
            value=infinity,
            grad=trees.zeros_like(params),
            info=ZoomLinesearchInfo(fnp.zeros((), int), infinity, infinity),
        )

    def update(
        updates,
        state,
        params=None,
        *,
        value: Scalar,
        grad: Updates,
        value_fn: Callable[..., Scalar],
        **extra_args: Any,
    ):
        extra_args = arguments_of(value_fn, extra_args, "scale_by_zoom_linesearch")
        dtype = state.value.dtype
        number = lambda x: fnp.asarray(x, dtype)
        false = fnp.zeros((), fnp.bool_)

        def evaluate(stepsize):
            there = trees.add_scale(params, stepsize, updates)
            new_value, new_grad = value_and_grad(value_fn)(there, **extra_args)
            return _Point(stepsize, new_value, slope_along(updates, new_grad)), new_grad

        start = _Point(number(0.0), number(value), number(slope_along(updates, grad)))
        guess = 1.0 if initial_guess_strategy == "one" else state.learning_rate
        search = _Search(
            count=fnp.zeros((), int),
            point=start,
            grad=grad,
            safe=start,
            safe_grad=grad,
            low=start,
            high=start,
            reference=start,
            decrease_error=number(fnp.inf),
            curvature_error=number(fnp.inf),
            interval_found=false,
            done=false,
            failed=false,
        )

        def attempt(search):
            new = lax.cond(
                search.interval_found,
                lambda: trees.cast_like(zoom(search, start, evaluate), search),
                lambda: trees.cast_like(search_interval(search, start, guess, evaluate), search),
            )
            outside = fnp.isinf(new.decrease_error)
            retreat = new.failed & ((new.safe.stepsize > 0.0) | outside)
            point, new_grad = trees.where(retreat, (new.safe, new.safe_grad), (new.point, new.grad))
            return new._replace(point=point, grad=new_grad)

        search = lax.while_loop(lambda s: ~(s.done | s.failed), attempt, search)
        if verbose:
            report(
                search.failed,
                "scale_by_zoom_linesearch: no step size met the conditions for the loss {value} "
                "along a slope of {slope}; took {stepsize}; last decrease error {decrease_error}, "
                "curvature error {curvature_error}",
                value=start.value,
                slope=start.slope,
                stepsize=search.point.stepsize,
                decrease_error=search.decrease_error,
                curvature_error=search.curvature_error,
            )
        new_state = ScaleByZoomLinesearchState(
            learning_rate=search.point.stepsize,
            value=search.point.value,
            grad=search.grad,
            info=ZoomLinesearchInfo(search.count, search.decrease_error, search.curvature_error),
        )
        return trees.scale(search.point.stepsize, updates), trees.cast_like(new_state, state)

    return GradientTransformationExtraArgs(init, update)
