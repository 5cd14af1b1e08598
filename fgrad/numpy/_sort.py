"""Sorting and searching."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, concrete, public, refuse, unweak, value
from fgrad.numpy._rearrange import flip_values
from fgrad.numpy._shape import reshape_values
from fgrad.primitives import sort as primitives
from fgrad.primitives.elementwise import sub
from fgrad.primitives.index import take_along_axis
from fgrad.primitives.shape import astype


def _along(name, a, axis):
    """The value to sort and the axis to sort along."""
    x = unweak(value(a, name))
    ndim = get_aval(x).ndim
    if axis is None:
        return reshape_values(x, (-1,) if get_aval(x).size else (0,)), 0
    if ndim == 0:
        raise np.exceptions.AxisError(located(f"{name}: a 0-d array has no axis {axis}"))
    return x, axis_of(axis, ndim)


def _refuse_order(name, kind, order):
    refuse(name, order=order)
    if kind not in (None, "quicksort", "mergesort", "heapsort", "stable"):
        raise ValueError(located(f"{name}: no kind of sorting is called {kind!r}"))


@public
def sort(a, axis=-1, kind=None, order=None, *, stable=True, descending=False):
    """The elements in ascending order along an axis; NaN come last.

    Parameters
    ----------
    a : array-like
    axis : int or None
        None sorts the flattened array.
    kind, stable : optional
        Accepted for compatibility: equal elements cannot be told apart.
    order : None
        Not supported.
    descending : bool
        Largest first.

    Returns
    -------
    array
        Its derivative is that of the elements, in their new places.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.sort(fnp.array([3.0, 1.0, 2.0]))
    Array([1., 2., 3.])
    """
    _refuse_order("sort", kind, order)
    x, axis = _along("sort", a, axis)
    out = primitives.sort(x, dimension=axis)
    return flip_values(out, (axis,)) if descending else out


def argsort_values(x, axis, descending=False):
    """The places of the sorted elements; equal ones keep their order."""
    if not descending:
        return primitives.argsort(x, dimension=axis)
    # flipped before and after, so that equal elements keep their order
    places = flip_values(primitives.argsort(flip_values(x, (axis,)), dimension=axis), (axis,))
    return sub(get_aval(x).shape[axis] - 1, places)


@public
def argsort(a, axis=-1, kind=None, order=None, *, stable=True, descending=False):
    """The indices that sort an array along an axis; equal elements keep their order.

    Parameters are those of `sort`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.argsort(fnp.array([3.0, 1.0, 2.0]))
    Array([1, 2, 0])
    """
    _refuse_order("argsort", kind, order)
    x = value(a, "argsort")
    x, axis = _along("argsort", x if get_aval(x).ndim else reshape_values(x, (1,)), axis)
    return argsort_values(x, axis, descending)


@public
def sort_complex(a):
    """The elements, as complex numbers, by their real and then their imaginary parts.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.sort_complex([2.0, 1.0])
    Array([1.+0.j, 2.+0.j])
    """
    x, axis = _along("sort_complex", a, -1)
    x = primitives.sort(x, dimension=axis)
    dtype = get_aval(x).dtype
    if dtype.kind == "c":
        return x
    small = dtype.kind in "iu" and dtype.itemsize < 4
    return astype(x, np.dtype(np.complex64 if small else complex))


@public
def lexsort(keys, axis=-1):
    """The indices that sort by several keys; the last one counts first.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.lexsort(([1, 0, 2], [1, 1, 0]))
    Array([2, 1, 0])
    """
    xs = [unweak(value(k, "lexsort")) for k in keys]
    if not xs:
        raise TypeError(located("lexsort: need at least one key"))
    axis = axis_of(axis, get_aval(xs[0]).ndim)
    order = primitives.argsort(xs[0], dimension=axis)
    for x in xs[1:]:
        then = primitives.argsort(take_along_axis(x, order, axis), dimension=axis)
        order = take_along_axis(order, then, axis)
    return order


@public
def partition(a, kth, axis=-1, kind="introselect", order=None):
    """The elements so ordered that those before place `kth` are not larger: all sorted here.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.partition(fnp.array([3.0, 1.0, 2.0]), 1)
    Array([1., 2., 3.])
    """
    refuse("partition", order=order)
    x, axis = _along("partition", a, axis)
    return primitives.sort(x, dimension=axis)


@public
def argpartition(a, kth, axis=-1, kind="introselect", order=None):
    """The indices for `partition`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.argpartition(fnp.array([3.0, 1.0, 2.0]), 1)
    Array([1, 2, 0])
    """
    refuse("argpartition", order=order)
    x, axis = _along("argpartition", a, axis)
    return primitives.argsort(x, dimension=axis)


@public
def searchsorted(a, v, side="left", sorter=None, *, method="scan"):
    """Where to insert values into a sorted array so that it stays sorted.

    Parameters
    ----------
    a : array-like
        Of one axis, in ascending order (or put into it by `sorter`).
    v : array-like
    side : {'left', 'right'}
        Before or behind elements equal to the value.
    sorter : array-like of int, optional
        The indices that sort `a`.
    method : str
        Accepted for compatibility.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.searchsorted([1.0, 2.0, 3.0], 2.5)
    np.int64(2)
    """
    x, query = value(a, "searchsorted"), value(v, "searchsorted")
    if side not in ("left", "right"):
        raise ValueError(located(f"searchsorted: side must be 'left' or 'right'; got {side!r}"))
    if get_aval(x).ndim != 1:
        raise ValueError(located(f"searchsorted: a must have one axis; got {get_aval(x)}"))
    if sorter is not None:
        x = take_along_axis(x, value(sorter, "sorter"), 0)
    return primitives.searchsorted(x, query, side=side, batched=0)


@public
def digitize(x, bins, right=False, *, method=None):
    """The number of the bin that each element falls into.

    Parameters
    ----------
    x : array-like
    bins : array-like
        The edges, ascending or descending; their order must be known.
    right : bool
        Whether bins hold their right edge instead of the left one.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.digitize([0.5, 2.5], [0.0, 1.0, 2.0])
    Array([1, 3])
    """
    query, edges = value(x, "digitize"), concrete(bins, "digitize: the order of the bins")
    if edges.ndim != 1:
        raise ValueError(located(f"digitize: bins must have one axis; got shape {edges.shape}"))
    rising = bool(np.all(edges[1:] >= edges[:-1]))
    if not rising and not np.all(edges[1:] <= edges[:-1]):
        raise ValueError(located("digitize: bins must be ascending or descending"))
    if get_aval(query).dtype.kind == "c" or edges.dtype.kind == "c":
        raise TypeError(located("digitize: complex numbers have no order"))
    side = "left" if right else "right"
    if rising:
        return primitives.searchsorted(edges, query, side=side, batched=0)
    above = primitives.searchsorted(edges[::-1], query, side=side, batched=0)
    return sub(len(edges), above)
