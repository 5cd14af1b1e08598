"""Several arrays put together, and the axes that this takes."""

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, value
from fgrad.numpy._inplace import copied
from fgrad.numpy._shape import concatenate_values, reshape_values
from fgrad.primitives.define import broadcast_shapes
from fgrad.primitives.shape import broadcast_to


def _at_least(name, arrays, expand):
    """One array, or a tuple of them, with the axes that `expand` adds."""
    out = tuple(
        reshape_values(x, expand(get_aval(x).shape)) for x in (value(a, name) for a in arrays)
    )
    return out[0] if len(out) == 1 else out


def _two_axes(shape):
    return (1,) * (2 - len(shape)) + shape


def _three_axes(shape):
    return {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}.get(len(shape), shape)


@public
def atleast_1d(*arys):
    """Each array with at least one axis.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.atleast_1d(1.0)
    Array([1.])
    """
    return _at_least("atleast_1d", arys, lambda shape: shape or (1,))


@public
def atleast_2d(*arys):
    """Each array with at least two axes; new ones are put in front.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.atleast_2d(fnp.ones(3)).shape
    (1, 3)
    """
    return _at_least("atleast_2d", arys, _two_axes)


@public
def atleast_3d(*arys):
    """Each array with at least three axes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.atleast_3d(fnp.ones(3)).shape
    (1, 3, 1)
    """
    return _at_least("atleast_3d", arys, _three_axes)


def _joined(name, tup, expand, axis, dtype, casting="same_kind"):
    """Arrays brought to the rank that `expand` gives them and joined."""
    if not hasattr(tup, "__len__"):
        raise TypeError(located(f"{name} wants a sequence of arrays; got {type(tup).__name__}"))
    xs = [value(a, name) for a in tup]
    if not xs:
        raise ValueError(located(f"{name}: need at least one array"))
    xs = [reshape_values(x, expand(get_aval(x).shape)) for x in xs]
    return concatenate_values(xs, axis(get_aval(xs[0]).ndim), dtype, casting)


@public
def hstack(tup, dtype=None, *, casting="same_kind"):
    """Arrays side by side: joined along the second axis, or the only one.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.hstack([fnp.ones(1), fnp.zeros(2)])
    Array([1., 0., 0.])
    """
    return _joined("hstack", tup, lambda s: s or (1,), lambda ndim: int(ndim > 1), dtype, casting)


@public
def vstack(tup, dtype=None, *, casting="same_kind"):
    """Arrays under each other: joined along the first of at least two axes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.vstack([fnp.ones(2), fnp.zeros(2)])
    Array([[1., 1.],
           [0., 0.]])
    """
    return _joined("vstack", tup, _two_axes, lambda ndim: 0, dtype, casting)


@public
def dstack(tup, dtype=None):
    """Arrays behind each other: joined along the third axis.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.dstack([fnp.ones(2), fnp.zeros(2)])
    Array([[[1., 0.],
            [1., 0.]]])
    """
    return _joined("dstack", tup, _three_axes, lambda ndim: 2, dtype)


@public
def column_stack(tup):
    """Vectors as the columns of a matrix; matrices are joined as they are.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.column_stack([fnp.ones(2), fnp.zeros(2)])
    Array([[1., 0.],
           [1., 0.]])
    """

    def columns(shape):
        return (*shape, *(1,) * (2 - len(shape)))

    return _joined("column_stack", tup, columns, lambda ndim: 1, None)


@public
def append(arr, values, axis=None):
    """An array with values behind it, along an axis or both flattened.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.append(fnp.ones(1), 2.0)
    Array([1., 2.])
    """
    return concatenate_values([value(arr, "append"), value(values, "append")], axis)


def _block(arrays, name):
    """The joined array, and how deep the lists were."""
    if not isinstance(arrays, list):
        return value(arrays, name), 0
    if not arrays:
        raise ValueError(located("block: a list of blocks is empty"))
    parts, depths = zip(*(_block(a, name) for a in arrays), strict=True)
    if len(set(depths)) > 1:
        raise ValueError(located("block: the lists of blocks differ in depth"))
    depth = depths[0] + 1
    ndim = max(depth, *(get_aval(p).ndim for p in parts))
    parts = [reshape_values(p, (1,) * (ndim - get_aval(p).ndim) + get_aval(p).shape) for p in parts]
    return concatenate_values(parts, -depth), depth


@public
def block(arrays):
    """An array of blocks, as nested lists of them lay it out.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.block([[fnp.ones((1, 1)), fnp.zeros((1, 2))]])
    Array([[1., 0., 0.]])
    """
    return copied(_block(arrays, "block")[0])


@public
def broadcast_arrays(*args, subok=False):
    """Arrays brought to one shape, as a tuple.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.broadcast_arrays(fnp.ones(2), 0.0)
    (Array([1., 1.]), Array([0., 0.]))
    """
    xs = [value(a, "broadcast_arrays") for a in args]
    shape = broadcast_shapes("broadcast_arrays", [get_aval(x).shape for x in xs])
    return tuple(broadcast_to(x, shape) for x in xs)
