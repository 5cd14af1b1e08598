"""Distinct elements and set operations: sort, find where equal elements begin, take those.

How many there are is known only with the numbers; `size` fixes it for tracers that have none.
"""

from typing import Any, NamedTuple

import numpy as np

from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, public, unweak, value
from fgrad.numpy._nonzero import flat_places, rows_at
from fgrad.numpy._shape import concatenate_values, reshape_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import shape as sh
from fgrad.primitives.index import gather, scatter
from fgrad.primitives.reduce import cumsum, reduce_or
from fgrad.primitives.sort import argsort, searchsorted


def _flat(x, name):
    x = unweak(value(x, name))
    return reshape_values(x, (get_aval(x).size,))


def _two(x, y, name):
    """Two flattened arrays of one dtype."""
    x, y = _flat(x, f"{name}: ar1"), _flat(y, f"{name}: ar2")
    dtype = np.result_type(get_aval(x).dtype, get_aval(y).dtype)
    return sh.astype(x, dtype), sh.astype(y, dtype)


def _take(x, places):
    return gather(x, places, axes=(0,), out_axis=0)


def _first(x):
    """The first row: the smallest of sorted ones."""
    return _take(x, 0) if get_aval(x).shape[0] else 0


def _isnan(x):
    return ew.ne(x, x)


class _Runs(NamedTuple):
    """Sorted rows, where each was, and whether it differs from the one before."""

    rows: Any
    order: Any
    first: Any


def _runs(x, equal_nan=True):
    """The rows of `x` in order."""
    n = get_aval(x).shape[0]
    if get_aval(x).ndim == 1:
        order = argsort(x, dimension=0)
        rows = _take(x, order)
        before, after = sh.slice_axis(rows, 0, max(n - 1, 0), 0), sh.slice_axis(rows, 1, n, 0)
        differ = ew.ne(before, after)
        if equal_nan and get_aval(x).dtype.kind in "fc":
            differ = ew.logical_and(differ, ew.logical_not(
                ew.logical_and(_isnan(before), _isnan(after))))  # fmt: skip
    else:
        table = reshape_values(x, (n, get_aval(x).size // n if n else 0))
        order = np.arange(n)
        for i in reversed(range(get_aval(table).shape[1])):
            column = _take(sh.slice(table, index=((0, n, 1), i)), order)
            order = _take(order, argsort(column, dimension=0))
        rows = _take(x, order)
        table = _take(table, order)
        before, after = sh.slice_axis(table, 0, max(n - 1, 0), 0), sh.slice_axis(table, 1, n, 0)
        differ = reduce_or(ew.ne(before, after), axes=(1,))
    first = concatenate_values([np.ones(min(n, 1), bool), differ], 0)
    return _Runs(rows, order, first)


class UniqueAllResult(NamedTuple):
    """What `unique_all` gives."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    """What `unique_counts` gives."""

    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    """What `unique_inverse` gives."""

    values: Any
    inverse_indices: Any


def _unique(name, ar, axis, equal_nan, size, fill_value):
    """All that `unique` can give."""
    x = unweak(value(ar, name))
    shape = get_aval(x).shape
    if axis is None:
        x = reshape_values(x, (get_aval(x).size,))
    else:
        axis = axis_of(axis, len(shape))
        x = sh.moveaxis(x, axis, 0)
    n = get_aval(x).shape[0]
    runs = _runs(x, equal_nan)
    places = flat_places(runs.first, name, size)
    rows = rows_at(runs.rows, places, size, _first(runs.rows) if fill_value is None else fill_value)
    indices = rows_at(runs.order, places, size, _first(runs.order))
    which = ew.sub(cumsum(sh.astype(runs.first, np.dtype(np.intp)), axis=0, reverse=False), 1)
    inverse = scatter(which, np.zeros(n, np.intp), runs.order, axes=(0,), out_axis=0, op="set")
    length = get_aval(places).shape[0]
    if size is None:
        ends = concatenate_values([places, np.full(1, n)], 0)
    else:
        ends = flat_places(runs.first, name, length + 1)
    counts = ew.sub(sh.slice_axis(ends, 1, length + 1, 0), sh.slice_axis(ends, 0, length, 0))
    if axis is None:
        inverse = reshape_values(inverse, shape)
    else:
        rows = sh.moveaxis(rows, 0, axis)
    return UniqueAllResult(rows, indices, inverse, counts)


@public
def unique(
    ar,
    return_index=False,
    return_inverse=False,
    return_counts=False,
    axis=None,
    *,
    equal_nan=True,
    size=None,
    fill_value=None,
    sorted=True,
):
    """The distinct elements of an array, in ascending order.

    Parameters
    ----------
    ar : array-like
    return_index : bool
        Whether to give also the place where each first stood.
    return_inverse : bool
        Whether to give also, for each element of `ar`, its place in the result.
    return_counts : bool
        Whether to give also how often each occurred.
    axis : int or None
        None for elements; an axis for whole slices across it.
    equal_nan : bool
        Whether NaN equals NaN.
    size : int, optional
        The length of the result: more elements are left out, fewer are filled up. Needed if the
        array has no values, as under `jit`.
    fill_value : number, optional
        What to fill up with; by default the smallest element.
    sorted : bool
        Accepted for compatibility: the result is always in order.

    Returns
    -------
    array or tuple of arrays
        Their derivative is that of the elements they were taken from.

    Raises
    ------
    ConcretizationTypeError
        If the array has no values and `size` is not given.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.unique([3, 1, 3], return_counts=True)
    (Array([1, 3]), Array([1, 2]))
    """
    found = _unique("unique", ar, axis, equal_nan, size, fill_value)
    wanted = (True, return_index, return_inverse, return_counts)
    out = tuple(part for part, flag in zip(found, wanted, strict=True) if flag)
    return out if len(out) > 1 else out[0]


@public
def unique_all(x, *, size=None, fill_value=None):
    """The distinct elements, where each first stood, the inverse and the counts; see `unique`.

    NaN are distinct from each other here, as the array API standard says.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.unique_all([3, 1, 3]).indices
    Array([1, 0])
    """
    return _unique("unique_all", x, None, False, size, fill_value)


@public
def unique_counts(x, *, size=None, fill_value=None):
    """The distinct elements and how often each occurs; see `unique_all`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.unique_counts([3, 1, 3]).counts
    Array([1, 2])
    """
    found = _unique("unique_counts", x, None, False, size, fill_value)
    return UniqueCountsResult(found.values, found.counts)


@public
def unique_inverse(x, *, size=None, fill_value=None):
    """The distinct elements and, for each element, its place among them; see `unique_all`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.unique_inverse([3, 1, 3]).inverse_indices
    Array([1, 0, 1])
    """
    found = _unique("unique_inverse", x, None, False, size, fill_value)
    return UniqueInverseResult(found.values, found.inverse_indices)


@public
def unique_values(x, *, size=None, fill_value=None):
    """The distinct elements; see `unique_all`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.unique_values([3, 1, 3])
    Array([1, 3])
    """
    return _unique("unique_values", x, None, False, size, fill_value).values


# -- set operations ------------------------------------------------------------------------------


def _among(x, y):
    """Which elements of `x` are elements of `y`, both of one dtype; NaN are in nothing."""
    n = get_aval(y).size
    if n == 0:
        return np.zeros(get_aval(x).shape, bool)
    ordered = _take(y, argsort(y, dimension=0))
    place = ew.min(searchsorted(ordered, x, side="left", batched=0), n - 1)
    return ew.eq(_take(ordered, place), x)


@public
def isin(element, test_elements, assume_unique=False, invert=False, *, kind=None, method="auto"):
    """Which elements are among others.

    Parameters
    ----------
    element, test_elements : array-like
    assume_unique : bool
        Accepted for compatibility.
    invert : bool
        Whether to tell which are not.
    kind, method : optional
        Accepted for compatibility.

    Returns
    -------
    array of bool
        Of the shape of `element`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.isin([1, 2, 3], [3, 1])
    Array([ True, False,  True])
    """
    x, y = _two(element, test_elements, "isin")
    found = reshape_values(_among(x, y), get_aval(value(element)).shape)
    return ew.logical_not(found) if invert else found


@public
def union1d(ar1, ar2, *, size=None, fill_value=None):
    """The distinct elements of two arrays, in ascending order; `size` is as for `unique`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.union1d([3, 1], [2, 1])
    Array([1, 2, 3])
    """
    both = concatenate_values(_two(ar1, ar2, "union1d"), 0)
    return _unique("union1d", both, None, True, size, fill_value).values


@public
def intersect1d(ar1, ar2, assume_unique=False, return_indices=False, *, size=None, fill_value=None):
    """The distinct elements that are in both of two arrays, in ascending order.

    Parameters
    ----------
    ar1, ar2 : array-like
        Flattened.
    assume_unique : bool
        Accepted for compatibility.
    return_indices : bool
        Whether to give also where each element first stood in `ar1` and in `ar2`.
    size, fill_value : optional
        As for `unique`; filled up with the smallest element of both, indices with the sizes of
        the arrays.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.intersect1d([3, 1, 1], [1, 3, 4])
    Array([1, 3])
    """
    x, y = _two(ar1, ar2, "intersect1d")
    runs = _runs(x)
    keep = ew.logical_and(runs.first, _among(runs.rows, y))
    places = flat_places(keep, "intersect1d", size)
    if fill_value is None and size is not None:
        fill_value = _first(_runs(concatenate_values([x, y], 0)).rows)
    out = rows_at(runs.rows, places, size, fill_value)
    if not return_indices:
        return out
    in_x = rows_at(runs.order, places, size, get_aval(x).size)
    order = argsort(y, dimension=0)
    found = searchsorted(_take(y, order), runs.rows, side="left", batched=0)
    in_y = _take(order, ew.min(found, max(get_aval(y).size - 1, 0))) if get_aval(y).size else found
    return out, in_x, rows_at(in_y, places, size, get_aval(y).size)


@public
def setdiff1d(ar1, ar2, assume_unique=False, *, size=None, fill_value=None):
    """The distinct elements of one array that are not in another, in ascending order.

    Parameters
    ----------
    ar1, ar2 : array-like
        Flattened.
    assume_unique : bool
        If true, all elements of `ar1` that are not in `ar2`, in the order they have.
    size, fill_value : optional
        As for `unique`, but filled up with 0 by default.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.setdiff1d([3, 1, 2], [1])
    Array([2, 3])
    """
    dtype = get_aval(unweak(value(ar1, "setdiff1d: ar1"))).dtype
    x, y = _two(ar1, ar2, "setdiff1d")
    rows, _, first = (x, None, True) if assume_unique else _runs(x)
    keep = ew.logical_and(first, ew.logical_not(_among(rows, y)))
    places = flat_places(keep, "setdiff1d", size)
    out = rows_at(rows, places, size, 0 if fill_value is None else fill_value)
    return sh.astype(out, dtype)


@public
def setxor1d(ar1, ar2, assume_unique=False, *, size=None, fill_value=None):
    """The distinct elements that are in one of two arrays only, in ascending order.

    Parameters
    ----------
    ar1, ar2 : array-like
        Flattened.
    assume_unique : bool
        Accepted for compatibility.
    size, fill_value : optional
        As for `unique`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.setxor1d([3, 1, 2], [1, 5])
    Array([2, 3, 5])
    """
    x, y = _two(ar1, ar2, "setxor1d")
    rows, keep = [], []
    for one, other in ((x, y), (y, x)):
        runs = _runs(one)
        rows.append(runs.rows)
        keep.append(ew.logical_and(runs.first, ew.logical_not(_among(runs.rows, other))))
    rows, keep = concatenate_values(rows, 0), concatenate_values(keep, 0)
    order = argsort(rows, dimension=0)
    rows, places = _take(rows, order), flat_places(_take(keep, order), "setxor1d", size)
    if fill_value is None and size:
        fill_value = _first(rows_at(rows, places, size, 0))
    return rows_at(rows, places, size, fill_value)
