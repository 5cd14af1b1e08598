"""Slices, at known and at computed places."""

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import axis_of, public, shape_of, value
from fgrad.numpy._shape import squeeze_values
from fgrad.primitives import dynamic
from fgrad.primitives import shape as sh
from fgrad.primitives.index import gather
from fgrad.primitives.shape import astype


@public
def slice(operand, start_indices, limit_indices, strides=None):
    """The elements from starts up to, without, limits, along all axes.

    Raises
    ------
    ValueError
        If they do not fit the array: nothing is clipped.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.slice([1, 2, 3, 4], (1,), (4,), (2,))
    Array([2, 4])
    """
    x = value(operand, "slice")
    shape = get_aval(x).shape
    strides = (1,) * len(shape) if strides is None else tuple(strides)
    index = tuple(zip(start_indices, limit_indices, strides, strict=False))
    fits = all(
        0 <= a <= b <= n and s > 0 for (a, b, s), n in zip(index, shape, strict=False)
    )  # fmt: skip
    if not fits or not len(start_indices) == len(limit_indices) == len(strides) == len(shape):
        raise ValueError(
            located(
                f"slice: starts {tuple(start_indices)}, limits {tuple(limit_indices)} and strides "
                f"{strides} do not fit shape {shape}"
            )
        )
    return sh.slice(x, index=index)


@public
def slice_in_dim(operand, start_index, limit_index, stride=1, axis=0):
    """The elements ``start_index:limit_index:stride`` along one axis.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.slice_in_dim([1, 2, 3, 4], 1, 3)
    Array([2, 3])
    """
    x = value(operand, "slice_in_dim")
    axis = axis_of(axis, get_aval(x).ndim)
    n = get_aval(x).shape[axis]
    if stride < 1:
        raise ValueError(located(f"slice_in_dim: stride must be positive; got {stride}"))
    start = 0 if start_index is None else start_index
    limit = n if limit_index is None else limit_index
    start, limit = (i + n if i < 0 else i for i in (start, limit))
    if not 0 <= start <= limit <= n:
        raise ValueError(
            located(f"slice_in_dim: {start_index} to {limit_index} does not fit an axis of {n}")
        )
    return sh.slice_axis(x, start, limit, axis, stride)


@public
def index_in_dim(operand, index, axis=0, keepdims=True):
    """The part at a known index along one axis.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.index_in_dim([1, 2, 3], -1, keepdims=False)
    np.int64(3)
    """
    x = value(operand, "index_in_dim")
    axis = axis_of(axis, get_aval(x).ndim)
    n = get_aval(x).shape[axis]
    index = index.__index__()
    if not -n <= index < n:
        raise IndexError(located(f"index_in_dim: {index} is out of bounds for an axis of {n}"))
    x = sh.slice_axis(x, index % n, index % n + 1, axis)
    return x if keepdims else squeeze_values(x, (axis,))


@public
def index_take(src, idxs, axes):
    """The elements at several index arrays, one for each of several axes.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.index_take(fnp.arange(4).reshape(2, 2), ([0, 1], [1, 1]), (0, 1))
    Array([1, 3])
    """
    x = value(src, "index_take")
    axes = tuple(axis_of(a, get_aval(x).ndim, "axes") for a in axes)
    indices = [value(i, "index_take: idxs") for i in idxs]
    order = sorted(range(len(axes)), key=axes.__getitem__)
    return gather(x, *[indices[k] for k in order], axes=tuple(axes[k] for k in order), out_axis=0)


# -- computed places -----------------------------------------------------------------------------


def _starts(name, start_indices, ndim):
    """One value for each axis."""
    if isinstance(start_indices, Tracer) or hasattr(start_indices, "shape"):
        array = value(start_indices, f"{name}: start_indices")
        if get_aval(array).shape != (ndim,):
            raise TypeError(located(f"{name}: wanted {ndim} start indices; got {get_aval(array)}"))
        return [sh.slice(array, index=(i,)) for i in range(ndim)]
    starts = [value(i, f"{name}: a start index") for i in start_indices]
    if len(starts) != ndim:
        raise TypeError(located(f"{name}: wanted {ndim} start indices; got {len(starts)}"))
    return starts


def _one_start(x, axis, start):
    starts = [0] * get_aval(x).ndim
    starts[axis] = start
    return starts


@public
def dynamic_slice(operand, start_indices, slice_sizes):
    """A part of a known size at a computed place.

    Parameters
    ----------
    operand : array-like
    start_indices : sequence of int, or array of them
        They may be traced. A negative one counts from the end; then the part is moved so that it
        lies inside the array.
    slice_sizes : tuple of int

    Returns
    -------
    array
        Of shape `slice_sizes`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.dynamic_slice([1, 2, 3, 4], (3,), (2,))
    Array([3, 4])
    """
    x = value(operand, "dynamic_slice")
    starts = _starts("dynamic_slice", start_indices, get_aval(x).ndim)
    return dynamic.dynamic_slice(x, *starts, slice_sizes=shape_of(slice_sizes, "slice_sizes"))


@public
def dynamic_slice_in_dim(operand, start_index, slice_size, axis=0):
    """A part of a known size at a computed place along one axis; see `dynamic_slice`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.dynamic_slice_in_dim([1, 2, 3, 4], 1, 2)
    Array([2, 3])
    """
    x = value(operand, "dynamic_slice_in_dim")
    return _slice_in_dim(x, value(start_index, "start_index"), slice_size, axis)


def _slice_in_dim(x, start, size, axis):
    axis = axis_of(axis, get_aval(x).ndim)
    sizes = list(get_aval(x).shape)
    sizes[axis] = size.__index__()
    return dynamic.dynamic_slice(x, *_one_start(x, axis, start), slice_sizes=tuple(sizes))


@public
def dynamic_index_in_dim(operand, index, axis=0, keepdims=True):
    """The part at a computed index along one axis; see `dynamic_slice`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.dynamic_index_in_dim([1, 2, 3], 1, keepdims=False)
    np.int64(2)
    """
    x = value(operand, "dynamic_index_in_dim")
    axis = axis_of(axis, get_aval(x).ndim)
    part = _slice_in_dim(x, value(index, "index"), 1, axis)
    return part if keepdims else squeeze_values(part, (axis,))


@public
def dynamic_update_slice(operand, update, start_indices):
    """A copy of an array with another written into it at a computed place.

    Parameters
    ----------
    operand : array-like
    update : array-like
        Of as many axes and the same dtype.
    start_indices : sequence of int, or array of them
        As for `dynamic_slice`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.dynamic_update_slice([1, 2, 3, 4], [7, 8], (1,))
    Array([1, 7, 8, 4])
    """
    x = value(operand, "dynamic_update_slice")
    new = _update(x, value(update, "update"))
    starts = _starts("dynamic_update_slice", start_indices, get_aval(x).ndim)
    return dynamic.dynamic_update_slice(x, new, *starts)


def _update(x, update):
    """The update in the dtype of the operand, if it has it or came from Python scalars."""
    have, dtype = get_aval(update), get_aval(x).dtype
    if not have.weak_type and have.dtype != dtype:
        raise TypeError(located(f"the update must have dtype {dtype}; got {have}"))
    return astype(update, dtype)


@public
def dynamic_update_slice_in_dim(operand, update, start_index, axis):
    """A copy of an array with another written into it at a computed place along one axis.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.dynamic_update_slice_in_dim([1, 2, 3, 4], [7, 8], 2, 0)
    Array([1, 2, 7, 8])
    """
    x = value(operand, "dynamic_update_slice_in_dim")
    axis = axis_of(axis, get_aval(x).ndim)
    new = _update(x, value(update, "update"))
    return dynamic.dynamic_update_slice(x, new, *_one_start(x, axis, value(start_index)))


@public
def dynamic_update_index_in_dim(operand, update, index, axis):
    """A copy of an array with the part at a computed index along one axis replaced.

    Parameters
    ----------
    operand : array-like
    update : array-like
        Of the shape of that part, with or without the axis.
    index : int
    axis : int

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.dynamic_update_index_in_dim([1, 2, 3], 7, 1, 0)
    Array([1, 7, 3])
    """
    x = value(operand, "dynamic_update_index_in_dim")
    axis = axis_of(axis, get_aval(x).ndim)
    new = _update(x, value(update, "update"))
    if get_aval(new).ndim == get_aval(x).ndim - 1:
        new = sh.expand_dims(new, (axis,))
    return dynamic.dynamic_update_slice(x, new, *_one_start(x, axis, value(index)))
