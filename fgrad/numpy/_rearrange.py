"""Elements in another order: axes moved, arrays flipped, rolled and repeated."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import axes_of, axis_of, concrete, public, shape_of, value
from fgrad.numpy._inplace import copied, unrelated
from fgrad.numpy._shape import concatenate_values, reshape_values, transpose_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import shape as sh
from fgrad.primitives.index import gather

# -- axes ----------------------------------------------------------------------------------------


def moveaxis_values(x, source, destination):
    """NumPy's moveaxis of a value or tracer."""
    ndim = get_aval(x).ndim
    source, destination = (
        [axis_of(a, ndim, name) for a in (s if isinstance(s, tuple | list) else (s,))]
        for s, name in ((source, "source"), (destination, "destination"))
    )
    if len(source) != len(destination):
        raise ValueError(
            located("moveaxis: source and destination must hold the same number of axes")
        )
    order = [i for i in range(ndim) if i not in source]
    for d, s in sorted(zip(destination, source, strict=True)):
        order.insert(d, s)
    return transpose_values(x, order)


@public
def moveaxis(a, source, destination):
    """With axes moved to new positions; the others keep their order.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.moveaxis(fnp.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return moveaxis_values(value(a, "moveaxis"), source, destination)


@public
def rollaxis(a, axis, start=0):
    """With one axis moved before the axis `start`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.rollaxis(fnp.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    x = value(a, "rollaxis")
    ndim = get_aval(x).ndim
    axis = axis_of(axis, ndim)
    if not -ndim <= start <= ndim:
        raise ValueError(located(f"rollaxis: start {start} is out of bounds for {ndim} axes"))
    start = start + ndim if start < 0 else start
    return moveaxis_values(x, axis, start - (axis < start))


@public
def permute_dims(a, axes=None):
    """The axes in another order: `transpose` under the array API's name.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.permute_dims(fnp.ones((2, 3)), (1, 0)).shape
    (3, 2)
    """
    return transpose_values(value(a, "permute_dims"), axes)


def matrix_transpose_values(x):
    """The last two axes of a value or tracer exchanged."""
    ndim = get_aval(x).ndim
    if ndim < 2:
        raise ValueError(
            located(f"matrix_transpose needs at least two axes; got shape {get_aval(x).shape}")
        )
    return transpose_values(x, (*range(ndim - 2), ndim - 1, ndim - 2))


@public
def matrix_transpose(x, /):
    """With the last two axes exchanged.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.matrix_transpose(fnp.ones((4, 2, 3))).shape
    (4, 3, 2)
    """
    return matrix_transpose_values(value(x, "matrix_transpose"))


# -- flips ---------------------------------------------------------------------------------------


def flip_values(x, axes):
    """A value or tracer with the order along `axes` (non-negative) reversed."""
    shape = get_aval(x).shape
    index = [(n - 1, -1, -1) if i in axes and n > 1 else (0, n, 1) for i, n in enumerate(shape)]
    return sh.slice(x, index=tuple(index)) if axes else x


@public
def flip(m, axis=None):
    """With the order of the elements along axes reversed: all of them by default.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.flip(fnp.arange(3))
    Array([2, 1, 0])
    """
    x = value(m, "flip")
    return flip_values(x, axes_of(axis, get_aval(x).ndim))


@public
def fliplr(m):
    """With the order along the second axis reversed.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fliplr([[1, 2]])
    Array([[2, 1]])
    """
    x = value(m, "fliplr")
    return flip_values(x, (axis_of(1, get_aval(x).ndim),))


@public
def flipud(m):
    """With the order along the first axis reversed.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.flipud([1, 2])
    Array([2, 1])
    """
    x = value(m, "flipud")
    return flip_values(x, (axis_of(0, get_aval(x).ndim),))


@public
def rot90(m, k=1, axes=(0, 1)):
    """Turned by `k` right angles, from the first of the two axes towards the second.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.rot90([[1, 2], [3, 4]])
    Array([[2, 4],
           [1, 3]])
    """
    x = value(m, "rot90")
    ndim = get_aval(x).ndim
    first, second = (axis_of(a, ndim, "axes") for a in axes)
    if first == second:
        raise ValueError(located(f"rot90: the two axes must differ; got {axes}"))
    order = list(range(ndim))
    order[first], order[second] = second, first
    match k % 4:
        case 0:
            return x
        case 1:
            return transpose_values(flip_values(x, (second,)), order)
        case 2:
            return flip_values(x, (first, second))
    return flip_values(transpose_values(x, order), (second,))


# -- rolls ---------------------------------------------------------------------------------------


def _roll_one(x, shift, axis):
    n = get_aval(x).shape[axis]
    if n < 2:
        return copied(x)
    if isinstance(shift, Tracer):
        if shift.aval.shape or shift.aval.dtype.kind not in "iub":
            raise TypeError(located(f"roll: shift must be an integer; got {shift.aval}"))
        places = ew.remainder(ew.sub(np.arange(n), sh.astype(shift, np.int64)), n)
        return gather(x, places, axes=(axis,), out_axis=axis)
    cut = -int(shift) % n
    if cut == 0:
        return copied(x)
    return concatenate_values(
        [sh.slice_axis(x, cut, n, axis), sh.slice_axis(x, 0, cut, axis)], axis
    )


@public
def roll(a, shift, axis=None):
    """With elements moved along axes; those that leave at one end enter at the other.

    Parameters
    ----------
    a : array-like
    shift : int, tuple of int or array of int
        By how much, for each axis; it may be traced.
    axis : int, tuple of int or None
        None rolls the flattened array.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.roll(fnp.arange(4), 1)
    Array([3, 0, 1, 2])
    """
    x = value(a, "roll")
    shape = get_aval(x).shape
    shifts = tuple(shift) if isinstance(shift, tuple | list) or get_aval(shift).shape else (shift,)
    if axis is None:
        x = reshape_values(x, (get_aval(x).size,))
        for s in shifts:
            x = _roll_one(x, value(s, "shift"), 0)
        return reshape_values(x, shape)
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    if len(axes) != len(shifts):
        if 1 not in (len(axes), len(shifts)):
            raise ValueError(located(f"roll: {len(shifts)} shifts do not fit {len(axes)} axes"))
        axes, shifts = (
            tuple(s) * ((len(axes) if s is shifts else len(shifts)) if len(s) == 1 else 1)
            for s in (axes, shifts)
        )
    for s, a in zip(shifts, axes, strict=True):
        x = _roll_one(x, value(s, "shift"), axis_of(a, len(shape)))
    return x if shifts and axes else copied(x)


# -- repetition ----------------------------------------------------------------------------------


@public
def tile(A, reps):
    """Copies of an array laid out side by side.

    Parameters
    ----------
    A : array-like
    reps : int or tuple of int
        The number of copies along each of the last axes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.tile(fnp.array([1, 2]), 2)
    Array([1, 2, 1, 2])
    """
    x = value(A, "tile")
    reps, shape = shape_of(reps, "reps"), get_aval(x).shape
    ndim = max(len(reps), len(shape))
    reps = (1,) * (ndim - len(reps)) + reps
    shape = (1,) * (ndim - len(shape)) + shape
    if all(r == 1 for r in reps):
        return copied(reshape_values(x, shape))
    x = reshape_values(x, tuple(k for n in shape for k in (1, n)))
    x = sh.broadcast_to(x, tuple(k for r, n in zip(reps, shape, strict=True) for k in (r, n)))
    return unrelated(reshape_values(x, tuple(r * n for r, n in zip(reps, shape, strict=True))))


@public
def repeat(a, repeats, axis=None, *, total_repeat_length=None):
    """Each element several times.

    Parameters
    ----------
    a : array-like
    repeats : int or array-like of int
        How often; an array gives one number for each element along the axis and must have values.
    axis : int or None
        None repeats the elements of the flattened array.
    total_repeat_length : int, optional
        The length of the result along the axis: shorter ones are filled with the last element.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.repeat(fnp.array([1, 2]), 2)
    Array([1, 1, 2, 2])
    """
    x = value(a, "repeat")
    if axis is None:
        x, axis = reshape_values(x, (get_aval(x).size,)), 0
    axis = axis_of(axis, get_aval(x).ndim)
    shape = get_aval(x).shape
    times = concrete(repeats, "repeat: the number of repeats")
    if times.dtype.kind not in "biu" or (times.size and times.min() < 0):
        raise ValueError(located(f"repeat: repeats must be non-negative integers; got {repeats!r}"))
    if times.size == 1 and total_repeat_length is None:
        times = int(times.reshape(()))
        if times == 1:
            return copied(x)
        x = reshape_values(x, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
        x = sh.broadcast_to(x, (*shape[: axis + 1], times, *shape[axis + 1 :]))
        shape = (*shape[:axis], shape[axis] * times, *shape[axis + 1 :])
        return unrelated(reshape_values(x, shape))
    if times.size not in (1, shape[axis]) or times.ndim > 1:
        raise ValueError(
            located(f"repeat: repeats of shape {times.shape} do not fit an axis of {shape[axis]}")
        )
    places = np.repeat(np.arange(shape[axis]), times)
    if total_repeat_length is not None:
        places = places[:total_repeat_length]
        missing = total_repeat_length - len(places)
        if missing and not math.prod(shape):
            raise ValueError(located("repeat: there is no element to fill the result with"))
        places = np.append(places, np.full(missing, shape[axis] - 1, places.dtype))
    return gather(x, places, axes=(axis,), out_axis=axis)


@public
def resize(a, new_shape):
    """An array of another shape, filled with repeated copies of the elements in order.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.resize(fnp.array([1, 2]), (2, 2))
    Array([[1, 2],
           [1, 2]])
    """
    x = value(a, "resize")
    shape, size = shape_of(new_shape), get_aval(x).size
    wanted = math.prod(shape)
    if size == 0:
        return np.zeros(shape, get_aval(x).dtype)
    flat = reshape_values(x, (size,))
    places = np.arange(wanted) % size
    return reshape_values(gather(flat, places, axes=(0,), out_axis=0), shape)
