"""Medians, quantiles and percentiles."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import axes_of, public, refuse, unweak, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.numpy._shape import reshape_values, transpose_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives.argsort import argsort
from fgrad.primitives.index import gather, take_along_axis
from fgrad.primitives.parts import select
from fgrad.primitives.reduce import cumsum, reduce_sum
from fgrad.primitives.shape import astype, broadcast_to, slice_axis
from fgrad.primitives.sort import sort

# R. J. Hyndman, Y. Fan, Sample quantiles in statistical packages, The American Statistician 50
# (1996) 361-365. Where a quantile `q` stands among `n` sorted elements, counted from 0:
# ``n q + alpha + q (1 - alpha - beta) - 1`` for these,
_CONTINUOUS = {
    "interpolated_inverted_cdf": (0, 1),
    "hazen": (0.5, 0.5),
    "weibull": (0, 0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
_WHOLE = ("lower", "higher", "nearest", "inverted_cdf", "closest_observation")  # elements
# and for these, which take elements or means of two, a matter of rounding.
_METHODS = ("linear", "midpoint", "averaged_inverted_cdf", *_WHOLE, *_CONTINUOUS)


def _place(q, n, last, method):
    """Where among the sorted elements a quantile stands; a fraction lies between two."""
    if method in _CONTINUOUS:
        alpha, beta = _CONTINUOUS[method]
        shift = ew.add(alpha, ew.mul(q, 1 - alpha - beta))
        return ew.sub(ew.add(ew.mul(n, q), shift), 1)
    if method == "nearest":
        return ew.round(ew.mul(q, last))
    if method == "closest_observation":
        place = ew.sub(ew.sub(ew.mul(n, q), 1), 0.5)
        floor = ew.floor(place)
        stays = ew.logical_and(ew.eq(place, floor), ew.eq(ew.remainder(floor, 2), 1))
        return select(stays, floor, ew.add(floor, 1))
    if method == "inverted_cdf":
        return ew.ceil(ew.sub(ew.mul(n, q), 1))
    if method == "averaged_inverted_cdf":
        place = ew.sub(ew.mul(n, q), 1)
        floor = ew.floor(place)
        return select(ew.eq(place, floor), ew.add(floor, 0.5), ew.add(floor, 1))
    return ew.mul(q, last)


def _between(low, high, fraction, method):
    """The number at a fraction of the way from one neighbour to the other."""
    match method:
        case "lower":
            return low
        case "higher":
            return select(ew.gt(fraction, 0), high, low)
        case "midpoint":
            middle = ew.mul(ew.add(low, high), 0.5)
            return select(ew.gt(fraction, 0), middle, low)
    step = ew.sub(high, low)
    near = ew.add(low, ew.mul(step, fraction))
    far = ew.sub(high, ew.mul(step, ew.sub(1, fraction)))
    return select(ew.ge(fraction, 0.5), far, near)


def quantile_values(x, q, axes, keepdims=False, method="linear", ignore_nan=False):
    """NumPy's quantile of a value or tracer over (non-negative) axes; `q` is one too."""
    if method not in _METHODS:
        raise ValueError(located(f"quantile: method must be one of {_METHODS}; got {method!r}"))
    x = unweak(x)
    if method not in _WHOLE and not get_aval(x).inexact:
        x = astype(x, np.result_type(get_aval(x).dtype, get_aval(as_inexact(q)).dtype))
    shape, dtype = get_aval(x).shape, get_aval(x).dtype
    rest = [i for i in range(len(shape)) if i not in axes]
    n = math.prod(shape[i] for i in axes)
    kept = tuple(1 if i in axes else k for i, k in enumerate(shape)) if keepdims else None
    rest_shape = tuple(shape[i] for i in rest)
    q_shape = get_aval(q).shape
    if n == 0:
        shape = (*q_shape, *(kept if keepdims else rest_shape))
        return np.full(shape, math.nan, get_aval(as_inexact(x)).dtype)
    x = reshape_values(transpose_values(x, (*axes, *rest)), (n, *rest_shape))
    x = sort(x, dimension=0)
    # the place of each quantile among the sorted elements; NaN are the last of these
    if ignore_nan:
        real = np.empty(0, get_aval(as_inexact(x)).dtype).real.dtype
        present = astype(ew.logical_not(ew.isnan(x)), real)
        count = reduce_sum(present, axes=(0,))
        q = reshape_values(q, (*q_shape, *(1,) * len(rest))) if q_shape else q
        last = ew.max(ew.sub(count, 1), 0)
    else:
        count, last = n, n - 1
    place = ew.min(ew.max(_place(q, count, last, method), 0), last)
    floor = ew.floor(place)
    low = astype(floor, np.dtype(np.intp))
    high = ew.min(ew.add(low, 1), astype(last, np.dtype(np.intp)))
    fraction = ew.sub(place, floor)
    if ignore_nan:

        def at(i):
            places = broadcast_to(i, (*q_shape, *rest_shape))
            flat = reshape_values(places, (math.prod(q_shape), *rest_shape))
            return reshape_values(take_along_axis(x, flat, 0), (*q_shape, *rest_shape))

    else:
        if q_shape:  # a weak scalar must stay one
            fraction = reshape_values(fraction, (*q_shape, *(1,) * len(rest)))

        def at(i):
            return gather(x, i, axes=(0,), out_axis=0)

    whole = method in _WHOLE and method not in ("lower", "higher")
    out = at(low) if whole else _between(at(low), at(high), fraction, method)
    if not ignore_nan and dtype.kind in "fc":
        largest = reshape_values(slice_axis(x, n - 1, n, 0), rest_shape)
        out = select(ew.isnan(largest), dtype.type(math.nan), out)
    return reshape_values(out, (*q_shape, *kept)) if keepdims else out


def _weighted(name, x, q, axes, weights, keepdims, ignore_nan):
    """The first of the sorted elements up to which a part `q` of the weights lies."""
    x, w = unweak(x), value(weights, f"{name}: weights")
    shape = get_aval(x).shape
    if get_aval(w).shape != shape:
        if get_aval(w).ndim != 1 or len(axes) != 1 or get_aval(w).size != shape[axes[0]]:
            raise ValueError(
                located(f"{name}: weights must have the shape of the array, {shape}, or be a "
                        f"vector along the one axis; got {get_aval(w)}")
            )  # fmt: skip
        column = tuple([n if i == axes[0] else 1 for i, n in enumerate(shape)])
        w = broadcast_to(reshape_values(w, column), shape)
    if not isinstance(w, Tracer) and np.any(np.asarray(w) < 0):
        raise ValueError(located(f"{name}: weights must not be negative"))
    rest = [i for i in range(len(shape)) if i not in axes]
    n, rest_shape = math.prod(shape[i] for i in axes), tuple([shape[i] for i in rest])
    front = lambda v: reshape_values(transpose_values(v, (*axes, *rest)), (n, *rest_shape))
    x, w = front(x), astype(front(w), np.dtype(float))
    order = argsort(x, dimension=0)
    x, w = take_along_axis(x, order, 0), take_along_axis(w, order, 0)
    if get_aval(x).dtype.kind == "f":
        absent = ew.isnan(x)
        if ignore_nan:
            w = select(absent, 0.0, w)
    part = cumsum(w, axis=0, reverse=False)
    total = slice_axis(part, n - 1, n, 0)
    if not isinstance(total, Tracer) and not np.all(np.isfinite(total) & (total != 0)):
        raise ValueError(located(f"{name}: weights must be finite and not all zero"))
    part = ew.div(part, total)
    part = select(ew.eq(part, 0), -1.0, part)  # what has no weight is not chosen
    q_shape = get_aval(q).shape
    q = reshape_values(q, (*q_shape, *(1,) * (1 + len(rest))))
    below = astype(ew.lt(part, q), np.dtype(np.intp))
    place = ew.min(reduce_sum(below, axes=(len(q_shape),)), n - 1)
    flat = reshape_values(place, (math.prod(q_shape), *rest_shape))
    out = reshape_values(take_along_axis(x, flat, 0), (*q_shape, *rest_shape))
    if get_aval(x).dtype.kind == "f" and not ignore_nan:
        largest = reshape_values(slice_axis(x, n - 1, n, 0), rest_shape)
        out = select(ew.isnan(largest), get_aval(x).dtype.type(math.nan), out)
    kept = tuple([1 if i in axes else k for i, k in enumerate(shape)])
    return reshape_values(out, (*q_shape, *kept)) if keepdims else out


def _fractions(q, name, whole):
    """`q` as a value between 0 and 1, in the array's dtype if it is a Python number."""
    x = value(q, f"{name}: q")
    known = None if isinstance(x, Tracer) else np.asarray(x)
    if known is not None and not np.all((known >= 0) & (known <= whole)):
        raise ValueError(located(f"{name}: q must be in [0, {whole}]; got {q!r}"))
    return as_inexact(x) if whole == 1 else ew.div(x, whole)


def _quantiles(name, whole, ignore_nan):
    @public
    def fun(
        a,
        q,
        axis=None,
        out=None,
        overwrite_input=False,
        method="linear",
        keepdims=False,
        *,
        weights=None,
    ):
        refuse(name, out=out)
        x = value(a, name)
        if get_aval(x).dtype.kind == "b" and method not in _WHOLE:
            raise TypeError(located(f"{name}: booleans have no difference; got {get_aval(x)}"))
        if get_aval(x).dtype.kind == "c":
            raise TypeError(located(f"{name}: complex numbers have no order; got {get_aval(x)}"))
        axes = axes_of(axis, get_aval(x).ndim)
        if method == "linear" and whole == 1 and get_aval(value(q, name)).dtype.kind in "iu":
            method = "lower"  # the least or the largest element itself
        q = _fractions(q, name, whole)
        if weights is None:
            return quantile_values(x, q, axes, keepdims, method, ignore_nan)
        if method != "inverted_cdf":
            raise ValueError(located(f"{name}: weights need method='inverted_cdf'; got {method!r}"))
        return _weighted(name, x, q, axes, weights, keepdims, ignore_nan)

    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = f"""The number below which a given part of the elements lies, along axes.

    {"NaN are left out." if ignore_nan else "It is NaN where there is one."}

    Parameters
    ----------
    a : array-like
    q : array-like
        The part, between 0 and {whole}; its axes come first in the result.
    axis : int, tuple of int or None
    out : None
        Not supported.
    overwrite_input : bool
        Accepted for compatibility: nothing is overwritten.
    method : str
        What to take between two elements: 'linear', 'lower', 'higher', 'midpoint', 'nearest',
        'inverted_cdf', 'averaged_inverted_cdf', 'closest_observation',
        'interpolated_inverted_cdf', 'hazen', 'weibull', 'median_unbiased' or 'normal_unbiased'.
    keepdims : bool
    weights : array-like, optional
        With ``method='inverted_cdf'``: how much each element counts. Of the array's shape, or a
        vector along one axis.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.{name}([1.0, 2.0, 4.0], {3 * whole // 4 if whole > 1 else 0.75})
    np.float64(3.0)
    """
    return fun


quantile = _quantiles("quantile", 1, False)
percentile = _quantiles("percentile", 100, False)
nanquantile = _quantiles("nanquantile", 1, True)
nanpercentile = _quantiles("nanpercentile", 100, True)


@public
def median(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    """The middle of the sorted elements along axes, or the mean of the two in the middle.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.median(fnp.array([3.0, 1.0, 2.0]))
    np.float64(2.0)
    """
    refuse("median", out=out)
    x = value(a, "median")
    return quantile_values(x, 0.5, axes_of(axis, get_aval(x).ndim), keepdims, "midpoint")


@public
def nanmedian(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    """The median along axes, of what is not NaN.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.nanmedian(fnp.array([3.0, fnp.nan, 2.0]))
    np.float64(2.5)
    """
    refuse("nanmedian", out=out)
    x = value(a, "nanmedian")
    return quantile_values(x, 0.5, axes_of(axis, get_aval(x).ndim), keepdims, "midpoint", True)
