"""Elements by their places: take, choose, and putting along an axis."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, concrete, public, refuse, unweak, value
from fgrad.numpy._indexing import At
from fgrad.numpy._shape import reshape_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives.define import broadcast_shapes
from fgrad.primitives.index import gather
from fgrad.primitives.parts import select
from fgrad.primitives.shape import broadcast_to, concatenate, expand_dims

# -- take ----------------------------------------------------------------------------------------


def bring_into_bounds(name, indices, n, mode, fill_value=None):
    """Indices for an axis of `n`, and where they were out of bounds if that is to be filled."""
    aval = get_aval(indices)
    if aval.dtype.kind not in "iu":
        raise TypeError(located(f"{name}: indices must be integers; got {aval}"))
    match mode:
        case None | "raise" | "promise_in_bounds":
            return indices, None
        case "wrap":
            return ew.remainder(indices, n), None
        case "clip":
            return ew.max(ew.min(indices, n - 1), 0), None
        case "fill":
            outside = ew.logical_or(ew.lt(indices, -n), ew.ge(indices, n))
            return select(outside, 0, indices), outside
    raise ValueError(
        located(f"{name}: mode must be 'raise', 'wrap', 'clip' or 'fill'; got {mode!r}")
    )


@public
def take(
    a,
    indices,
    axis=None,
    out=None,
    mode=None,
    unique_indices=False,
    indices_are_sorted=False,
    fill_value=None,
):
    """The elements at indices along an axis.

    Parameters
    ----------
    a : array-like
    indices : array-like of int
        Negative ones count from the end.
    axis : int or None
        None takes from the flattened array.
    out : None
        Not supported.
    mode : {'raise', 'wrap', 'clip', 'fill'}, optional
        What to do with indices out of bounds; by default they are an error.
    unique_indices, indices_are_sorted : bool
        Accepted for compatibility.
    fill_value : number, optional
        For mode 'fill'; by default NaN, or the least number (largest of unsigned) of an integer.

    Raises
    ------
    IndexError
        If an index is out of bounds, without a mode.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.take(fnp.array([4.0, 5.0, 6.0]), [2, 0])
    Array([6., 4.])
    """
    refuse("take", out=out)
    x, i = unweak(value(a, "take")), unweak(value(indices, "take: indices"))
    if axis is None or not get_aval(x).ndim:  # a number is taken from as a vector of one
        x, axis = reshape_values(x, (get_aval(x).size,)), 0 if axis is None else axis
    axis = axis_of(axis, get_aval(x).ndim)
    i, outside = bring_into_bounds("take", i, get_aval(x).shape[axis], mode)
    result = gather(x, i, axes=(axis,), out_axis=axis)
    if outside is None:
        return result
    after = get_aval(x).ndim - axis - 1
    outside = reshape_values(outside, (*get_aval(outside).shape, *(1,) * after))
    return select(outside, _fill_value(fill_value, get_aval(x).dtype), result)


def _fill_value(fill_value, dtype):
    if fill_value is None:
        match dtype.kind:
            case "f" | "c":
                fill_value = math.nan
            case "i":
                fill_value = np.iinfo(dtype).min
            case "u":
                fill_value = np.iinfo(dtype).max
            case _:
                fill_value = True
    return dtype.type(fill_value)


def _aligned(x, indices, axis):
    """The operand and indices of take_along_axis: equal but along `axis`."""
    a, b = get_aval(x), get_aval(indices)
    if a.ndim != b.ndim:
        raise ValueError(located(f"take_along_axis: {b} must have as many axes as {a}"))
    if b.dtype.kind not in "iu":
        raise IndexError(located(f"take_along_axis: indices must be integers; got {b}"))

    def fitted(v, shape):
        other = [n if i != axis else get_aval(v).shape[axis] for i, n in enumerate(shape)]
        return broadcast_to(v, tuple(other))

    common = broadcast_shapes(
        "take_along_axis, beside the axis",
        [tuple(1 if i == axis else n for i, n in enumerate(s.shape)) for s in (a, b)],
    )
    return fitted(x, common), fitted(indices, common)


def _grid(indices, axis):
    """One index array for each axis: the indices themselves along `axis`."""
    grid = list(np.indices(get_aval(indices).shape, sparse=True))
    grid[axis] = indices
    return tuple(grid)


@public
def take_along_axis(arr, indices, axis=-1, mode=None, fill_value=None):
    """The elements at indices that differ from line to line along an axis.

    Parameters
    ----------
    arr : array-like
    indices : array-like of int
        Of the shape of `arr`, but along `axis`; axes of length one are stretched.
    axis : int or None
        None takes from the flattened array.
    mode, fill_value : optional
        As in `take`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> x = fnp.array([[3.0, 1.0], [2.0, 4.0]])
    >>> fnp.take_along_axis(x, fnp.argmax(x, axis=1, keepdims=True), axis=1)
    Array([[3.],
           [4.]])
    """
    x, i = unweak(value(arr, "take_along_axis")), value(indices, "take_along_axis: indices")
    if axis is None:
        x, axis = reshape_values(x, (get_aval(x).size,)), 0
    axis = axis_of(axis, get_aval(x).ndim)
    x, i = _aligned(x, i, axis)
    i, outside = bring_into_bounds("take_along_axis", i, get_aval(x).shape[axis], mode)
    axes = tuple(range(get_aval(x).ndim))
    result = gather(x, *_grid(i, axis), axes=axes, out_axis=0)
    if outside is None:
        return result
    return select(outside, _fill_value(fill_value, get_aval(x).dtype), result)


def put_along_axis(arr, indices, values, axis, inplace=True, *, mode=None):
    """A copy of an array with values put at indices along an axis.

    Parameters
    ----------
    arr, indices : array-like
        As for `take_along_axis`.
    values : array-like
        Broadcast to the indices.
    axis : int or None
    inplace : bool
        Must be given as False: nothing is changed in place.

    Raises
    ------
    ValueError
        If `inplace` is true.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.put_along_axis(fnp.zeros((2, 2)), fnp.array([[0], [1]]), 5.0, 1, inplace=False)
    Array([[5., 0.],
           [0., 5.]])
    """
    if inplace:
        raise ValueError(
            located("put_along_axis gives a copy: write x = put_along_axis(..., inplace=False)")
        )
    x, i = unweak(value(arr, "put_along_axis")), value(indices, "put_along_axis: indices")
    shape = get_aval(x).shape
    if axis is None:
        flat = reshape_values(x, (get_aval(x).size,))
        return reshape_values(value(At(flat)[i].set(values, mode=mode)), shape)
    axis = axis_of(axis, len(shape))
    x, i = _aligned(x, i, axis)
    return At(x)[_grid(i, axis)].set(values, mode=mode)


@public
def choose(a, choices, out=None, mode="raise"):
    """Elements of several arrays: at each place of the one whose number stands there.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.choose([1, 0], [[10, 20], [30, 40]])
    Array([30, 20])
    """
    refuse("choose", out=out)
    i = unweak(value(a, "choose"))
    xs = [value(c, "choose: a choice") for c in choices]
    shape = np.broadcast_shapes(get_aval(i).shape, *(get_aval(x).shape for x in xs))
    stacked = concatenate(
        *(expand_dims(broadcast_to(unweak(x), shape), (0,)) for x in xs), dimension=0
    )
    if mode == "raise":
        known = concrete(i, "choose: the check of its numbers (mode 'clip' or 'wrap' needs none)")
        if known.size and not 0 <= known.min() <= known.max() < len(xs):
            raise ValueError(located(f"choose: the numbers must be in [0, {len(xs)})"))
    i, _ = bring_into_bounds("choose", i, len(xs), mode)
    grid = (broadcast_to(i, shape), *np.indices(shape, sparse=True))
    return gather(stacked, *grid, axes=tuple(range(len(grid))), out_axis=0)
