"""Differences along an axis, and sums that undo them."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import axes_of, axis_of, public, refuse, unweak, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.numpy._reduce import _cumulative
from fgrad.numpy._shape import concatenate_values, reshape_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts, reduce
from fgrad.primitives.shape import astype, broadcast_to, slice_axis


def diff_values(x, axis):
    """Each element less the one before it along a (non-negative) axis."""
    n = get_aval(x).shape[axis]
    minus = ew.ne if get_aval(x).dtype.kind == "b" else ew.sub
    return minus(slice_axis(x, min(1, n), n, axis), slice_axis(x, 0, max(n - 1, 0), axis))


def _refuse_booleans(name, x):
    if get_aval(x).dtype.kind == "b":
        raise TypeError(located(f"{name}: booleans have no difference; got {get_aval(x)}"))


@public
def diff(a, n=1, axis=-1, prepend=None, append=None):
    """The differences of neighbours along an axis.

    Parameters
    ----------
    a : array-like
    n : int
        How many times to take differences.
    axis : int
    prepend, append : array-like, optional
        What to put before and behind first.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.diff(fnp.array([1.0, 4.0, 9.0]))
    Array([3., 5.])
    """
    x = unweak(value(a, "diff"))
    prepend, append = (None if v is np._NoValue else v for v in (prepend, append))
    if n < 0:
        raise ValueError(located(f"diff: n must not be negative; got {n}"))
    if n == 0:
        return x
    if get_aval(x).ndim == 0:
        raise ValueError(located("diff needs an array of at least one axis"))
    axis = axis_of(axis, get_aval(x).ndim)

    def end(v):
        v = unweak(value(v, "diff"))
        shape = get_aval(x).shape
        return (
            broadcast_to(v, (*shape[:axis], 1, *shape[axis + 1 :])) if not get_aval(v).ndim else v
        )

    pieces = [*([end(prepend)] if prepend is not None else []), x]
    pieces += [end(append)] if append is not None else []
    x = concatenate_values(pieces, axis)
    for _ in range(n):
        x = diff_values(x, axis)
    return x


@public
def ediff1d(ary, to_end=None, to_begin=None):
    """The differences of neighbours in the flattened array, with values put around them.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.ediff1d(fnp.array([1.0, 4.0]), to_begin=0.0)
    Array([0., 3.])
    """
    x = unweak(value(ary, "ediff1d"))
    _refuse_booleans("ediff1d", x)
    x = reshape_values(x, (get_aval(x).size,))
    dtype = get_aval(x).dtype

    def end(v):
        if v is None:
            return []
        v = value(v, "ediff1d")
        if not np.can_cast(get_aval(v).dtype, dtype, "same_kind"):
            raise TypeError(located(f"ediff1d: {get_aval(v)} does not fit into {dtype}"))
        return [astype(reshape_values(v, (get_aval(v).size,)), dtype)]

    return concatenate_values([*end(to_begin), diff_values(x, 0), *end(to_end)])


def _uniform(x, axis, h, edge_order):
    """Central differences with a distance `h`; one-sided ones at the edges."""
    n = get_aval(x).shape[axis]

    def at(start, stop):
        return slice_axis(x, start, stop, axis)

    inner = ew.div(ew.sub(at(2, n), at(0, n - 2)), ew.mul(h, 2.0))
    if edge_order == 1:
        first = ew.div(ew.sub(at(1, 2), at(0, 1)), h)
        last = ew.div(ew.sub(at(n - 1, n), at(n - 2, n - 1)), h)
    else:
        terms = ((-1.5, at(0, 1)), (2.0, at(1, 2)), (-0.5, at(2, 3)))
        first = _weighted([(ew.div(c, h), v) for c, v in terms])
        terms = ((0.5, at(n - 3, n - 2)), (-2.0, at(n - 2, n - 1)), (1.5, at(n - 1, n)))
        last = _weighted([(ew.div(c, h), v) for c, v in terms])
    return concatenate_values([first, inner, last], axis)


def _weighted(terms):
    total = None
    for c, v in terms:
        term = ew.mul(c, v)
        total = term if total is None else ew.add(total, term)
    return total


def _by_places(x, axis, places, edge_order):
    """Second-order differences of values at places that are not evenly spaced."""
    ndim, n = get_aval(x).ndim, get_aval(x).shape[axis]
    steps = diff_values(places, 0)

    def at(start, stop):
        return slice_axis(x, start, stop, axis)

    def step(start, stop):
        h = slice_axis(steps, start, stop, 0)
        return reshape_values(h, tuple(-1 if i == axis else 1 for i in range(ndim)))

    before, after = step(0, n - 2), step(1, n - 1)
    both = ew.add(before, after)
    inner = _weighted(
        [
            (ew.neg(ew.div(after, ew.mul(before, both))), at(0, n - 2)),
            (ew.div(ew.sub(after, before), ew.mul(before, after)), at(1, n - 1)),
            (ew.div(before, ew.mul(after, both)), at(2, n)),
        ]
    )
    if edge_order == 1:
        first = ew.div(ew.sub(at(1, 2), at(0, 1)), step(0, 1))
        last = ew.div(ew.sub(at(n - 1, n), at(n - 2, n - 1)), step(n - 2, n - 1))
    else:
        first = _one_sided(step(0, 1), step(1, 2), at(0, 1), at(1, 2), at(2, 3))
        near, far = step(n - 2, n - 1), step(n - 3, n - 2)
        last = ew.neg(_one_sided(near, far, at(n - 1, n), at(n - 2, n - 1), at(n - 3, n - 2)))
    return concatenate_values([first, inner, last], axis)


def _one_sided(near, far, x0, x1, x2):
    """The derivative at x0 from two more values on one side."""
    both = ew.add(near, far)
    return _weighted(
        [
            (ew.neg(ew.div(ew.add(ew.mul(2.0, near), far), ew.mul(near, both))), x0),
            (ew.div(both, ew.mul(near, far)), x1),
            (ew.neg(ew.div(near, ew.mul(far, both))), x2),
        ]
    )


@public
def gradient(f, *varargs, axis=None, edge_order=1):
    """Derivatives of sampled values by second-order central differences.

    Parameters
    ----------
    f : array-like
    *varargs : number or array-like
        The distance of the samples, or their places, for each axis; one for all axes.
    axis : int, tuple of int or None
        By which axes; all by default.
    edge_order : {1, 2}
        The order of the one-sided differences at the edges.

    Returns
    -------
    array, or a tuple of them
        One for each axis.

    Raises
    ------
    ValueError
        If an axis has too few samples, or the distances do not fit.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.gradient(fnp.array([0.0, 1.0, 4.0]))
    Array([1., 2., 3.])
    """
    x = unweak(value(f, "gradient"))
    _refuse_booleans("gradient", x)
    x = as_inexact(x)
    axes = axes_of(axis, get_aval(x).ndim)
    if axis is not None:
        given = axis if isinstance(axis, tuple | list) else (axis,)
        axes = tuple(axis_of(i, get_aval(x).ndim) for i in given)
    spacing = [value(h, "gradient: a distance") for h in varargs]
    spacing = spacing * len(axes) if len(spacing) == 1 else spacing or [1.0] * len(axes)
    if len(spacing) != len(axes):
        raise TypeError(located(f"gradient: {len(spacing)} distances do not fit {len(axes)} axes"))
    if edge_order not in (1, 2):
        raise ValueError(located(f"gradient: edge_order must be 1 or 2; got {edge_order!r}"))
    results = []
    for i, h in zip(axes, spacing, strict=True):
        n = get_aval(x).shape[i]
        if n < edge_order + 1:
            raise ValueError(
                located(f"gradient: axis {i} has {n} samples; wanted at least {edge_order + 1}")
            )
        shape = get_aval(h).shape
        if shape not in ((), (n,)):
            raise ValueError(
                located(f"gradient: places of shape {shape} do not fit axis {i} of {n} samples")
            )
        if shape and not isinstance(h, Tracer) and (h[1:] - h[:-1] == h[1] - h[0]).all():
            h, shape = h[1] - h[0], ()
        method = _by_places if shape else _uniform
        slope = method(x, i, as_inexact(h) if shape else h, edge_order)
        results.append(astype(slope, get_aval(x).dtype))
    return results[0] if len(axes) == 1 else tuple(results)


@public
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral of sampled values along an axis by the trapezoidal rule.

    Parameters
    ----------
    y : array-like
    x : array-like, optional
        The places of the samples.
    dx : number
        Their distance, without `x`.
    axis : int

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.trapezoid(fnp.array([0.0, 1.0, 2.0]))
    np.float64(2.0)
    """
    y = unweak(value(y, "trapezoid"))
    ndim = get_aval(y).ndim
    axis = axis_of(axis, ndim)
    n = get_aval(y).shape[axis]
    if x is None:
        steps = value(dx, "trapezoid: dx")
    else:
        places = value(x, "trapezoid: x")
        alone = get_aval(places).ndim == 1
        steps = diff_values(places, 0 if alone else axis)
        if alone:
            steps = reshape_values(steps, tuple(-1 if i == axis else 1 for i in range(ndim)))
    sums = ew.add(slice_axis(y, min(1, n), n, axis), slice_axis(y, 0, max(n - 1, 0), axis))
    return reduce.reduce_sum(ew.div(ew.mul(steps, sums), 2.0), axes=(axis,))


def _cumulative_with_start(primitive, name, x, axis, dtype, out, include_initial, start):
    refuse(name, out=out)
    v = value(x, name)
    if get_aval(v).ndim == 0:
        v = reshape_values(v, (1,))
    if axis is None:
        if get_aval(v).ndim != 1:
            raise ValueError(located(f"{name}: axis must be given for {get_aval(v)}"))
        axis = 0
    total = _cumulative(primitive, name, v, axis, dtype, None)
    if not include_initial:
        return total
    aval = get_aval(total)
    axis = axis_of(axis, aval.ndim)
    shape = (*aval.shape[:axis], 1, *aval.shape[axis + 1 :])
    return concatenate_values([np.full(shape, start, aval.dtype), total], axis)


@public
def cumulative_sum(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
    """The running sum along an axis, beginning with zero if `include_initial`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.cumulative_sum(fnp.array([1.0, 2.0]), include_initial=True)
    Array([0., 1., 3.])
    """
    return _cumulative_with_start(
        reduce.cumsum, "cumulative_sum", x, axis, dtype, out, include_initial, 0
    )


@public
def cumulative_prod(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
    """The running product along an axis, beginning with one if `include_initial`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.cumulative_prod(fnp.array([3.0, 2.0]), include_initial=True)
    Array([1., 3., 6.])
    """
    return _cumulative_with_start(
        reduce.cumprod, "cumulative_prod", x, axis, dtype, out, include_initial, 1
    )


@public
def unwrap(p, discont=None, axis=-1, period=2 * math.pi):
    """Angles without jumps: multiples of the period are added to what follows a jump.

    Parameters
    ----------
    p : array-like
    discont : number, optional
        Jumps smaller than it stay; half the period by default and at least.
    axis : int
    period : number

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.unwrap(fnp.array([0.0, 4.0, 8.0]), period=4.0)
    Array([0., 0., 0.])
    """
    x = unweak(value(p, "unwrap"))
    whole = get_aval(x).dtype.kind in "iu" and isinstance(period, int)
    x = x if whole else as_inexact(x)
    axis = axis_of(axis, get_aval(x).ndim)
    steps = diff_values(x, axis)
    half = period // 2 if whole else period / 2
    wrapped = ew.sub(ew.remainder(ew.add(steps, half), period), half)
    if not whole or period % 2 == 0:
        # a jump by exactly half the period keeps its direction
        upward = ew.logical_and(ew.eq(wrapped, -half), ew.gt(steps, 0))
        wrapped = parts.select(upward, half, wrapped)
    limit = period / 2 if discont is None else discont
    correction = ew.sub(wrapped, steps)
    correction = parts.select(ew.lt(parts.abs(steps), limit), 0, correction)
    n = get_aval(x).shape[axis]
    if n == 0:
        return x
    moved = ew.add(slice_axis(x, 1, n, axis), reduce.cumsum(correction, axis=axis, reverse=False))
    return concatenate_values([slice_axis(x, 0, 1, axis), moved], axis)
