"""The places of what is true, and the elements there.

How many there are is known only with the numbers; `size` fixes it for tracers that have none.
"""

import numpy as np

from fgrad.core.avals import weak_types
from fgrad.core.errors import ConcretizationTypeError
from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import axis_of, public, refuse, unweak, value
from fgrad.numpy._shape import reshape_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives.index import gather
from fgrad.primitives.parts import select
from fgrad.primitives.reduce import cumsum
from fgrad.primitives.shape import astype, broadcast_to, concatenate, expand_dims, moveaxis
from fgrad.primitives.sort import searchsorted


def flat_places(x, name, size=None):
    """Where the flattened array is not zero; past its end where `size` asks for more places.

    Raises
    ------
    ConcretizationTypeError
        If the array has no values and no `size` is given.
    """
    if size is None and not isinstance(x, Tracer):
        return np.flatnonzero(x)
    if size is None:
        what = f"{name}: the number of elements that are not zero (give size= to fix it)"
        return np.flatnonzero(x.concrete(ConcretizationTypeError, what))
    x = reshape_values(x, (get_aval(x).size,))
    true = x if get_aval(x).dtype.kind == "b" else ew.ne(x, 0)
    count = cumsum(astype(true, np.dtype(np.intp)), axis=0, reverse=False)
    return searchsorted(count, np.arange(1, size.__index__() + 1), side="left", batched=0)


def fill_behind(x, places, n, fill):
    """Rows of `x` with a number, or a row, instead of those whose place lies past the end `n`."""
    aval = get_aval(x)
    behind = reshape_values(ew.ge(places, n), (-1, *(1,) * (aval.ndim - 1)))
    fill = value(fill, "fill_value")
    fill = aval.dtype.type(fill) if type(fill) in weak_types else astype(fill, aval.dtype)
    return select(behind, broadcast_to(fill, aval.shape), x)


def rows_at(x, places, size, fill):
    """The rows of `x` at places from `flat_places`, filled up if `size` is given."""
    n = get_aval(x).shape[0]
    if size is None:
        return gather(x, places, axes=(0,), out_axis=0)
    if n == 0:
        x = broadcast_to(get_aval(x).dtype.type(0), (1, *get_aval(x).shape[1:]))
    rows = gather(x, ew.min(places, max(n - 1, 0)), axes=(0,), out_axis=0)
    return fill_behind(rows, places, n, fill)


def nonzero_values(x, name, size=None, fill_value=None):
    """NumPy's nonzero of a value or tracer."""
    shape = get_aval(x).shape
    if not shape:
        raise ValueError(located(f"{name} of a 0-d array has no axis; use atleast_1d"))
    places = flat_places(x, name, size)
    if size is None:
        return tuple(np.unravel_index(places, shape))
    fills = fill_value if isinstance(fill_value, tuple | list) else (fill_value,) * len(shape)
    if len(fills) != len(shape):
        raise ValueError(located(f"{name}: fill_value must be a number or {len(shape)} of them"))
    out, rest = [], places
    for n, fill in zip(reversed(shape), reversed(fills), strict=True):
        index = ew.remainder(rest, n) if n else rest
        out.append(fill_behind(index, places, np.prod(shape), 0 if fill is None else fill))
        rest = ew.floor_divide(rest, max(n, 1))
    return tuple(reversed(out))


@public
def nonzero(a, *, size=None, fill_value=None):
    """The places of the elements that are not zero: one array of indices for each axis.

    Parameters
    ----------
    a : array-like
    size : int, optional
        The length of the result: more places are left out, fewer are filled up. Needed if the
        array has no values, as under `jit`, because how many are not zero decides the shape.
    fill_value : int or tuple of int, optional
        What to fill up with; 0 by default.

    Raises
    ------
    ConcretizationTypeError
        If the array has no values and `size` is not given.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.nonzero(fnp.array([0.0, 3.0, 4.0]))
    (Array([1, 2]),)
    >>> fnp.nonzero(fnp.array([0.0, 3.0, 4.0]), size=3, fill_value=-1)
    (Array([ 1,  2, -1]),)
    """
    return nonzero_values(value(a, "nonzero"), "nonzero", size, fill_value)


@public
def flatnonzero(a, *, size=None, fill_value=None):
    """The places, in the flattened array, of the elements that are not zero; see `nonzero`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.flatnonzero(fnp.array([0.0, 3.0]))
    Array([1])
    """
    x = value(a, "flatnonzero")
    x = reshape_values(x, (get_aval(x).size,))
    return nonzero_values(x, "flatnonzero", size, fill_value)[0]


@public
def argwhere(a, *, size=None, fill_value=None):
    """The places of the elements that are not zero, one in each row; see `nonzero`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.argwhere(fnp.array([0.0, 3.0]))
    Array([[1]])
    """
    x = value(a, "argwhere")
    if get_aval(x).ndim == 0:
        places = flat_places(reshape_values(x, (1,)), "argwhere", size)
        return np.zeros((get_aval(places).size, 0), np.intp)
    columns = nonzero_values(x, "argwhere", size, fill_value)
    return concatenate(*(expand_dims(c, (1,)) for c in columns), dimension=1)


def _chosen(name, condition, a, axis, size, fill_value):
    x, c = unweak(value(a, name)), value(condition, f"{name}: condition")
    if axis is None:
        x, axis = reshape_values(x, (get_aval(x).size,)), 0
    axis = axis_of(axis, get_aval(x).ndim)
    n = get_aval(x).shape[axis]
    places = flat_places(c, name, size)
    if size is None:
        return gather(x, places, axes=(axis,), out_axis=axis)
    # a place behind the end of the condition is one behind the end of the array
    places = select(ew.ge(places, get_aval(c).size), n, places)
    return moveaxis(rows_at(moveaxis(x, axis, 0), places, size, fill_value), 0, axis)


@public
def compress(condition, a, axis=None, out=None, *, size=None, fill_value=0):
    """The elements along an axis where a condition holds.

    Parameters
    ----------
    condition : array-like of bool
        Of one axis.
    a : array-like
    axis : int or None
        None takes from the flattened array.
    size, fill_value : optional
        The length of the result and what to fill it up with, as for `nonzero`.
    out : None
        Not supported.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.compress([True, False], fnp.array([1.0, 2.0]))
    Array([1.])
    """
    refuse("compress", out=out)
    if np.ndim(condition) != 1:
        raise ValueError(located("compress: the condition must have one axis"))
    return _chosen("compress", condition, a, axis, size, fill_value)


@public
def extract(condition, arr, *, size=None, fill_value=0):
    """The elements of the flattened array where a condition holds; see `compress`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.extract([True, False], fnp.array([1.0, 2.0]))
    Array([1.])
    """
    return _chosen("extract", condition, arr, None, size, fill_value)
