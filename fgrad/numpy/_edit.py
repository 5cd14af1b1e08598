"""Changed copies: delete, insert, trim_zeros, put, place, fill_diagonal.

What goes where is worked out on places alone; one gather or scatter then moves the elements.
"""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import axis_of, concrete, give, public, unweak, value
from fgrad.numpy._indexing import At
from fgrad.numpy._nonzero import flat_places
from fgrad.numpy._shape import concatenate_values, reshape_values
from fgrad.numpy._take import bring_into_bounds
from fgrad.primitives import elementwise as ew
from fgrad.primitives import shape as sh
from fgrad.primitives.index import gather, scatter
from fgrad.primitives.parts import select
from fgrad.primitives.reduce import cumsum
from fgrad.primitives.sort import argsort


def _along(name, a, axis):
    """The array and its axis; flattened without one."""
    x = unweak(value(a, name))
    if axis is None:
        return reshape_values(x, (get_aval(x).size,)), 0
    return x, axis_of(axis, get_aval(x).ndim)


def _places(name, obj, n):
    """An index of an axis of `n` as an array of places that are not negative."""
    if isinstance(obj, slice):
        return np.arange(*obj.indices(n))
    obj = unweak(value(obj, f"{name}: obj"))
    if name == "delete" and get_aval(obj).ndim > 1 and get_aval(obj).dtype.kind != "b":
        obj = reshape_values(obj, (get_aval(obj).size,))
    aval = get_aval(obj)
    if aval.dtype.kind == "b":
        if name == "delete" and aval.shape != (n,):
            raise ValueError(located(f"delete: the mask must have shape ({n},); got {aval}"))
        return flat_places(obj, name)
    if aval.size == 0:
        return np.zeros(0, np.intp)
    if aval.dtype.kind not in "iu" or aval.ndim > 1:
        raise IndexError(located(f"{name}: obj must be integers along one axis; got {aval}"))
    last = n if name == "insert" else n - 1
    if not isinstance(obj, Tracer) and np.any((obj < -n) | (obj > last)):
        raise IndexError(located(f"{name}: {obj} is out of bounds for an axis of length {n}"))
    return select(ew.lt(obj, 0), ew.add(obj, n), obj)


@public
def delete(arr, obj, axis=None, *, assume_unique_indices=False):
    """A copy of an array without some of the slices along an axis.

    Parameters
    ----------
    arr : array-like
    obj : int, slice, array-like of int or of bool
        Which to leave out; an array must have values, unless its elements are known to differ.
    axis : int or None
        None deletes elements of the flattened array.
    assume_unique_indices : bool
        Whether the elements of `obj` are known to differ.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.delete(fnp.array([4.0, 5.0, 6.0]), 1)
    Array([4., 6.])
    """
    x, axis = _along("delete", arr, axis)
    n = get_aval(x).shape[axis]
    places = _places("delete", obj, n)
    keep = scatter(
        np.zeros(get_aval(places).shape, bool), np.ones(n, bool), places,
        axes=(0,), out_axis=0, op="set",
    )  # fmt: skip
    distinct = assume_unique_indices or get_aval(places).ndim == 0
    size = n - get_aval(places).size if distinct and isinstance(keep, Tracer) else None
    kept = flat_places(keep, "delete with an array (or give assume_unique_indices=True)", size)
    return gather(x, kept, axes=(axis,), out_axis=axis)


@public
def insert(arr, obj, values, axis=None):
    """A copy of an array with values inserted along an axis.

    Parameters
    ----------
    arr : array-like
    obj : int, slice, array-like of int or of bool
        Before which slices to insert.
    values : array-like
        Converted to the dtype of `arr`.
    axis : int or None
        None inserts into the flattened array.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.insert(fnp.array([4.0, 6.0]), 1, 5.0)
    Array([4., 5., 6.])
    """
    x, axis = _along("insert", arr, axis)
    aval, new = get_aval(x), unweak(value(values, "insert: values"))
    n = aval.shape[axis]
    places = _places("insert", obj, n)
    if get_aval(new).dtype.kind == "c" and aval.dtype.kind != "c":
        raise TypeError(located(f"insert: complex values do not fit into {aval}"))
    new = sh.astype(new, aval.dtype)
    new = reshape_values(new, (1,) * (aval.ndim - get_aval(new).ndim) + get_aval(new).shape)
    if get_aval(places).ndim == 0:
        # a single place takes all the values: their first axis is the one to insert along
        new = sh.moveaxis(new, 0, axis)
    if get_aval(places).size == 1:
        places = sh.broadcast_to(reshape_values(places, (1,)), (get_aval(new).shape[axis],))
    k = get_aval(places).size
    shape = list(aval.shape)
    shape[axis] = k
    new = sh.broadcast_to(new, tuple(shape))
    order = argsort(places, dimension=0)
    inserted = ew.add(gather(places, order, axes=(0,), out_axis=0), np.arange(k))
    is_new = scatter(
        np.ones(k, bool), np.zeros(n + k, bool), inserted, axes=(0,), out_axis=0, op="set"
    )
    rank = ew.sub(cumsum(sh.astype(is_new, np.dtype(np.intp)), axis=0, reverse=False), 1)
    taken = ew.add(gather(order, ew.max(rank, 0), axes=(0,), out_axis=0), n) if k else rank
    source = select(is_new, taken, ew.sub(np.arange(n + k), ew.add(rank, 1)))
    return gather(concatenate_values([x, new], axis), source, axes=(axis,), out_axis=axis)


@public
def trim_zeros(filt, trim="fb", axis=None):
    """An array without the zeros at its edges, which must have values.

    Parameters
    ----------
    filt : array-like
    trim : {'fb', 'f', 'b'}
        Where to trim: in front, behind, or both.
    axis : int, tuple of int or None
        All by default.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.trim_zeros([0, 1, 2, 0])
    Array([1, 2])
    """
    x, trim = unweak(value(filt, "trim_zeros")), trim.lower()
    if trim not in ("fb", "bf", "f", "b"):
        raise ValueError(located(f"trim_zeros: trim must be 'f', 'b' or 'fb'; got {trim!r}"))
    aval = get_aval(x)
    axes = range(aval.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = [axis_of(a, aval.ndim) for a in axes]
    places = np.argwhere(concrete(x, "trim_zeros: the zeros at its edges"))
    index = [(0, n, 1) for n in aval.shape]
    for a in axes:
        n = aval.shape[a]
        column = places[:, a]
        first, last = (column.min(), column.max() + 1) if len(column) else (n, n)
        first, last = (first if "f" in trim else 0), (last if "b" in trim else n)
        index[a] = (int(first), int(last) if len(column) else int(first), 1)
    return sh.slice(x, index=tuple(index))


# -- what NumPy does in place: here always on a copy -----------------------------------------------


def _refuse_in_place(name, arguments, inplace):
    if inplace:
        raise ValueError(
            located(f"{name} gives a copy: write x = fgrad.numpy.{name}({arguments}, "
                    "inplace=False)")
        )  # fmt: skip


def _repeated(name, v, n):
    """A flattened array, repeated to have `n` elements."""
    v = unweak(value(v, name))
    size = get_aval(v).size
    v = reshape_values(v, (size,))
    return v if size == n else gather(v, np.arange(n) % size, axes=(0,), out_axis=0)


def put(a, ind, v, mode=None, *, inplace=True):
    """A copy of an array with values put at places of its flattened form.

    Parameters
    ----------
    a : array-like
    ind : array-like of int
    v : array-like
        Repeated if there are fewer than places.
    mode : {'raise', 'wrap', 'clip'}, optional
        What to do with places out of bounds.
    inplace : bool
        Must be given as False: nothing is changed in place.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.put(fnp.zeros(3), [0, 2], [5.0, 6.0], inplace=False)
    Array([5., 0., 6.])
    """
    _refuse_in_place("put", "x, ind, v", inplace)
    x, places = unweak(value(a, "put")), unweak(value(ind, "put: ind"))
    size = get_aval(places).size
    places = reshape_values(places, (size,))
    places, _ = bring_into_bounds("put", places, get_aval(x).size, mode)
    if get_aval(value(v)).size == 0:
        return give(x)
    flat = At(reshape_values(x, (get_aval(x).size,)))
    out = flat[places].set(_repeated("put: v", v, size))
    return out.reshape(get_aval(x).shape)


def place(arr, mask, vals, *, inplace=True):
    """A copy of an array with values, one after the other, where a mask is true.

    Parameters
    ----------
    arr : array-like
    mask : array-like of bool
        Of the same size.
    vals : array-like
        Repeated if there are fewer than places.
    inplace : bool
        Must be given as False: nothing is changed in place.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.place(fnp.zeros(3), [True, False, True], [5.0, 6.0], inplace=False)
    Array([5., 0., 6.])
    """
    _refuse_in_place("place", "x, mask, vals", inplace)
    x, true = unweak(value(arr, "place")), value(mask, "place: mask")
    aval, v = get_aval(x), unweak(value(vals, "place: vals"))
    if get_aval(true).size != aval.size:
        raise ValueError(located(f"place: the mask {get_aval(true)} does not fit {aval}"))
    v = sh.astype(reshape_values(v, (get_aval(v).size,)), aval.dtype)
    true = reshape_values(true, (aval.size,))
    true = true if get_aval(true).dtype.kind == "b" else ew.ne(true, 0)
    if get_aval(v).size == 0:
        if not isinstance(true, Tracer) and not np.any(true):
            return give(x)
        raise ValueError(located("place: there are no values to put"))
    rank = ew.sub(cumsum(sh.astype(true, np.dtype(np.intp)), axis=0, reverse=False), 1)
    taken = gather(v, ew.remainder(rank, get_aval(v).size), axes=(0,), out_axis=0)
    return give(select(reshape_values(true, aval.shape), reshape_values(taken, aval.shape), x))


def fill_diagonal(a, val, wrap=False, *, inplace=True):
    """A copy of an array with values on its diagonal.

    Parameters
    ----------
    a : array-like
        Of at least two axes, of equal lengths if there are more.
    val : array-like
        Repeated if there are fewer than places.
    wrap : bool
        Whether the diagonal of a tall matrix starts again after each square.
    inplace : bool
        Must be given as False: nothing is changed in place.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fill_diagonal(fnp.zeros((2, 2)), [1.0, 2.0], inplace=False)
    Array([[1., 0.],
           [0., 2.]])
    """
    _refuse_in_place("fill_diagonal", "x, val", inplace)
    x = unweak(value(a, "fill_diagonal"))
    shape = get_aval(x).shape
    if len(shape) < 2:
        raise ValueError(located(f"fill_diagonal needs at least two axes; got {get_aval(x)}"))
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ValueError(located(f"fill_diagonal: all axes must be of one length; got {shape}"))
    step = sum(int(np.prod(shape[i + 1 :])) for i in range(len(shape)))
    end = shape[1] * shape[1] if len(shape) == 2 and not wrap else get_aval(x).size
    places = np.arange(0, min(end, get_aval(x).size), step)
    return put(x, places, val, inplace=False)
