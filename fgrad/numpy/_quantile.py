"""Medians, quantiles and percentiles."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import axes_of, public, refuse, unweak, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.numpy._shape import reshape_values, transpose_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives.index import gather, take_along_axis
from fgrad.primitives.parts import select
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import astype, broadcast_to, slice_axis
from fgrad.primitives.sort import sort

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


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
    x = unweak(x) if method in ("lower", "higher", "nearest") else as_inexact(unweak(x))
    shape, dtype = get_aval(x).shape, get_aval(x).dtype
    if dtype.kind == "c":
        raise TypeError(located("quantile: complex numbers have no order"))
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
        present = astype(ew.logical_not(ew.isnan(x)), get_aval(as_inexact(x)).dtype)
        count = reduce_sum(present, axes=(0,))
        q = reshape_values(q, (*q_shape, *(1,) * len(rest))) if q_shape else q
        last = ew.max(ew.sub(count, 1), 0)
    else:
        last = n - 1
    place = ew.mul(q, last)
    if method == "nearest":
        place = ew.round(place)
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

    out = at(low) if method == "nearest" else _between(at(low), at(high), fraction, method)
    if not ignore_nan and dtype.kind == "f":
        largest = reshape_values(slice_axis(x, n - 1, n, 0), rest_shape)
        out = select(ew.isnan(largest), dtype.type(math.nan), out)
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
        refuse(name, out=out, weights=weights)
        x = value(a, name)
        if get_aval(x).dtype.kind == "b":
            raise TypeError(located(f"{name}: booleans have no difference; got {get_aval(x)}"))
        axes = axes_of(axis, get_aval(x).ndim)
        return quantile_values(x, _fractions(q, name, whole), axes, keepdims, method, ignore_nan)

    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = f"""The number below which a given part of the elements lies, along axes.

    {"NaN are left out." if ignore_nan else "It is NaN where there is one."}

    Parameters
    ----------
    a : array-like
    q : array-like
        The part, between 0 and {whole}; its axes come first in the result.
    axis : int, tuple of int or None
    out, weights : None
        Not supported.
    overwrite_input : bool
        Accepted for compatibility: nothing is overwritten.
    method : {{'linear', 'lower', 'higher', 'midpoint', 'nearest'}}
        What to take between two elements.
    keepdims : bool

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
