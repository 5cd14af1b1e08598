"""Operations that move elements, and those that make arrays."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import axes_of, axis_of, public, shape_of, unweak, value
from fgrad.numpy._rearrange import flip_values
from fgrad.numpy._shape import concatenate_values, reshape_values, squeeze_values, transpose_values
from fgrad.numpy._split import split_values
from fgrad.primitives import shape as sh
from fgrad.primitives.parts import select


@public
def reshape(operand, new_sizes, dimensions=None):
    """The same elements in another shape; `dimensions` is an order of the axes to take first.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.reshape([1, 2], (2, 1)).shape
    (2, 1)
    """
    x = value(operand, "reshape")
    return reshape_values(x if dimensions is None else transpose_values(x, dimensions), new_sizes)


@public
def transpose(operand, permutation):
    """The axes in another order.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.transpose([[1, 2]], (1, 0)).shape
    (2, 1)
    """
    return transpose_values(value(operand, "transpose"), permutation)


@public
def collapse(operand, start_dimension, stop_dimension=None):
    """With the axes from `start_dimension` up to, without, `stop_dimension` made one.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.collapse(fnp.ones((2, 3, 4)), 1).shape
    (2, 12)
    """
    x = value(operand, "collapse")
    shape = get_aval(x).shape
    start, stop, _ = slice(start_dimension, stop_dimension).indices(len(shape))
    if stop <= start:
        raise ValueError(
            located(f"collapse: no axes from {start_dimension} to {stop_dimension} of {shape}")
        )
    size = int(np.prod(shape[start:stop], dtype=int))
    return reshape_values(x, (*shape[:start], size, *shape[stop:]))


@public
def squeeze(array, dimensions):
    """Without the named axes, which have length one.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.squeeze([[1, 2]], (0,))
    Array([1, 2])
    """
    return squeeze_values(value(array, "squeeze"), tuple(dimensions))


@public
def expand_dims(array, dimensions):
    """With axes of length one at the named places of the result.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.expand_dims([1, 2], (0,)).shape
    (1, 2)
    """
    x = value(array, "expand_dims")
    return sh.expand_dims(x, axes_of(tuple(dimensions), get_aval(x).ndim + len(dimensions)))


@public
def broadcast(operand, sizes):
    """Repeated along new leading axes.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.broadcast(1.0, (2,))
    Array([1., 1.])
    """
    x = value(operand, "broadcast")
    return sh.broadcast_to(x, (*shape_of(sizes, "sizes"), *get_aval(x).shape))


@public
def broadcast_in_dim(operand, shape, broadcast_dimensions):
    """Repeated to `shape`, in which the axes of the operand stand at `broadcast_dimensions`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.broadcast_in_dim([1.0, 2.0], (2, 2), (0,))
    Array([[1., 1.],
           [2., 2.]])
    """
    x = unweak(value(operand, "broadcast_in_dim"))
    shape, dimensions = shape_of(shape), tuple(broadcast_dimensions)
    places = tuple(axis_of(d, len(shape), "broadcast_dimensions") for d in dimensions)
    if len(places) != get_aval(x).ndim or list(places) != sorted(set(places)):
        raise ValueError(
            located(f"broadcast_in_dim: dimensions {dimensions} do not fit {get_aval(x)}")
        )
    return sh.broadcast_in_dim(x, shape=shape, broadcast_dimensions=places)


@public
def broadcast_like(arr, like_arr):
    """Repeated, as NumPy broadcasts, to the shape of another array.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.broadcast_like(1.0, [2, 3])
    Array([1., 1.])
    """
    shape = get_aval(value(like_arr, "broadcast_like: like_arr")).shape
    return sh.broadcast_to(unweak(value(arr, "broadcast_like: arr")), shape)


@public
def broadcast_to_rank(x, rank):
    """With as many axes of length one in front as make `rank` axes.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.broadcast_to_rank([1.0, 2.0], 3).shape
    (1, 1, 2)
    """
    x = value(x, "broadcast_to_rank")
    missing = rank - get_aval(x).ndim
    if missing < 0:
        raise ValueError(located(f"broadcast_to_rank: {get_aval(x)} has more than {rank} axes"))
    return sh.expand_dims(x, tuple(range(missing)))


@public
def rev(operand, dimensions):
    """With the order along axes reversed.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.rev([1, 2, 3], (0,))
    Array([3, 2, 1])
    """
    x = value(operand, "rev")
    return flip_values(x, axes_of(tuple(dimensions), get_aval(x).ndim))


@public
def concatenate(operands, dimension):
    """Arrays one behind the other along an axis.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.concatenate([[1, 2], [3]], 0)
    Array([1, 2, 3])
    """
    xs = [value(x, "concatenate") for x in operands]
    if not xs:
        raise ValueError(located("concatenate: need at least one array"))
    return concatenate_values(xs, dimension)


@public
def stack(operands, axis=0):
    """Arrays of one shape along a new axis.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.stack([[1, 2], [3, 4]], axis=1)
    Array([[1, 3],
           [2, 4]])
    """
    xs = [value(x, "stack") for x in operands]
    if len({get_aval(x).shape for x in xs}) != 1:
        shapes = [get_aval(x).shape for x in xs]
        raise ValueError(located(f"stack: wanted arrays of one shape; got {shapes}"))
    axis = axis_of(axis, get_aval(xs[0]).ndim + 1)
    return concatenate_values([sh.expand_dims(x, (axis,)) for x in xs], axis)


@public
def split(operand, sizes, axis=0):
    """Parts of given sizes along an axis.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.split(fgrad.numpy.arange(3), (1, 2))
    [Array([0]), Array([1, 2])]
    """
    x = value(operand, "split")
    axis = axis_of(axis, get_aval(x).ndim)
    if sum(sizes) != get_aval(x).shape[axis]:
        raise ValueError(
            located(f"split: sizes {tuple(sizes)} do not add up to {get_aval(x).shape[axis]}")
        )
    return split_values(x, np.cumsum(sizes)[:-1], axis)


@public
def pad(operand, padding_value, padding_config):
    """An array with a value put before, behind and between its elements.

    Parameters
    ----------
    operand : array-like
    padding_value : array-like
        A scalar of the dtype of the operand.
    padding_config : sequence of (int, int, int)
        For each axis how many before, behind and between; a negative number before or behind takes
        elements away.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.pad([1.0, 2.0], 0.0, [(1, 0, 1)])
    Array([0., 1., 0., 2.])
    """
    x, filler = unweak(value(operand, "pad")), value(padding_value, "padding_value")
    aval = get_aval(x)
    config = [tuple(c) for c in padding_config]
    if len(config) != aval.ndim or any(len(c) != 3 or c[2] < 0 for c in config):
        raise ValueError(located(f"pad: padding_config {config} does not fit {aval}"))
    if get_aval(filler).shape:
        raise ValueError(located(f"pad: padding_value must be a scalar; got {get_aval(filler)}"))
    filler = sh.astype(filler, aval.dtype)
    shape, index, cut = [], [], []
    for n, (before, behind, between) in zip(aval.shape, config, strict=True):
        spread = (n - 1) * (between + 1) + 1 if n else 0
        start = max(before, 0)
        total = start + spread + max(behind, 0)
        shape.append(total)
        index.append((start, start + spread, between + 1) if n else (0, 0, 1))
        first, last = max(-before, 0), total - max(-behind, 0)
        if last < first:
            raise ValueError(located(f"pad: padding_config {config} leaves less than nothing"))
        cut.append((first, last, 1))
    shape, index = tuple(shape), tuple(index)
    if shape != aval.shape:
        x = sh.pad(x, shape=shape, index=index)
        if isinstance(filler, Tracer) or filler != 0:
            inside = np.zeros(shape, bool)
            inside[sh.as_numpy_index(index)] = True
            x = select(inside, x, filler)
    return x if tuple(c[1] - c[0] for c in cut) == shape else sh.slice(x, index=tuple(cut))


@public
def convert_element_type(operand, new_dtype):
    """The same numbers in another dtype; of complex numbers that become real, the real part.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.convert_element_type(1.5, "int32")
    np.int32(1)
    """
    return sh.astype(value(operand, "convert_element_type"), np.dtype(new_dtype))


def dtype(x):
    """The dtype of an array, a number or a type.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.dtype(1.0), fgrad.lax.dtype("float32")
    (dtype('float64'), dtype('float32'))
    """
    if isinstance(x, type | str | np.dtype):
        return np.dtype(x)
    return get_aval(value(x, "dtype")).dtype


# -- making arrays -------------------------------------------------------------------------------


@public
def iota(dtype, size):
    """0, 1, 2, ...

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.iota("int64", 3)
    Array([0, 1, 2])
    """
    return np.arange(size.__index__(), dtype=np.dtype(dtype))


@public
def broadcasted_iota(dtype, shape, dimension):
    """An array that holds its index along one axis.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.broadcasted_iota("int64", (2, 2), 1)
    Array([[0, 1],
           [0, 1]])
    """
    shape = shape_of(shape)
    axis = axis_of(dimension, len(shape), "dimension")
    line = np.arange(shape[axis], dtype=np.dtype(dtype))
    return np.broadcast_to(line.reshape([-1 if i == axis else 1 for i in range(len(shape))]), shape)


@public
def full(shape, fill_value, dtype=None):
    """An array of one value.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.full((2,), 7.0)
    Array([7., 7.])
    """
    x = unweak(value(fill_value, "full"))
    x = x if dtype is None else sh.astype(x, np.dtype(dtype))
    return sh.broadcast_to(x, shape_of(shape))


@public
def empty(shape, dtype):
    """An array of zeros, the cheapest there is.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.empty((2,), float)
    Array([0., 0.])
    """
    return np.zeros(shape_of(shape), np.dtype(dtype))


@public
def shape_as_value(shape):
    """A shape as an array of integers.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.shape_as_value((2, 3))
    Array([2, 3])
    """
    return np.array(shape_of(shape), int)


@public
def full_like(x, fill_value, dtype=None, shape=None):
    """An array of one value, of the shape and dtype of another.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.full_like([1, 2], 7)
    Array([7, 7])
    """
    aval = get_aval(value(x, "full_like"))
    filler = sh.astype(
        value(fill_value, "fill_value"), aval.dtype if dtype is None else np.dtype(dtype)
    )
    return sh.broadcast_to(filler, aval.shape if shape is None else shape_of(shape))
