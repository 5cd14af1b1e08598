"""Functions that move elements without changing them."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axes_of, axis_of, public, reduced_axes, refuse, value
from fgrad.numpy._inplace import copied
from fgrad.primitives import shape as sh


def reshape_values(x, shape):
    """NumPy's reshape of a value or tracer; one size may be -1."""
    aval = get_aval(x)
    sizes = [n.__index__() for n in ((shape,) if hasattr(shape, "__index__") else shape)]
    if sizes.count(-1) > 1:
        raise ValueError(located(f"reshape: only one size can be -1; got {tuple(sizes)}"))
    if -1 in sizes:
        known = 1
        for n in sizes:
            known *= n if n != -1 else 1
        if known == 0 or aval.size % known:
            raise ValueError(
                located(f"reshape: cannot make shape {tuple(sizes)} of shape {aval.shape}")
            )
        sizes[sizes.index(-1)] = aval.size // known
    return x if tuple(sizes) == aval.shape else sh.reshape(x, new_sizes=tuple(sizes))


@public
def reshape(a, shape, order="C", *, copy=None):
    """The same elements in another shape.

    Parameters
    ----------
    a : array-like
    shape : int or tuple of int
        One of them may be -1: what is left.
    order : {'C', 'F'}
        How the elements are read and laid out: last axis fastest, or first.
    copy : bool, optional
        Accepted for compatibility; a result never shares memory that can be written.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If the number of elements differs.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.reshape(fnp.arange(4), (2, -1))
    Array([[0, 1],
           [2, 3]])
    """
    x = value(a, "reshape")
    if order == "F":
        shape = (shape,) if hasattr(shape, "__index__") else tuple(shape)
        return transpose_values(reshape_values(transpose_values(x), shape[::-1]))
    if order not in ("C", "A"):
        raise ValueError(located(f"reshape: order must be 'C' or 'F'; got {order!r}"))
    return reshape_values(x, shape)


def transpose_values(x, axes=None):
    """NumPy's transpose of a value or tracer."""
    ndim = get_aval(x).ndim
    if axes is None:
        permutation = tuple(range(ndim))[::-1]
    else:
        permutation = tuple([axis_of(a, ndim, "axes") for a in axes])
        if len(set(permutation)) != len(permutation) or len(permutation) != ndim:
            raise ValueError(located(f"transpose: axes {axes} do not fit {ndim} axes"))
    return x if permutation == tuple(range(ndim)) else sh.transpose(x, permutation=permutation)


@public
def transpose(a, axes=None):
    """The axes in another order, reversed by default.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.transpose(fnp.ones((2, 3))).shape
    (3, 2)
    """
    return transpose_values(value(a, "transpose"), axes)


@public
def ravel(a, order="C"):
    """The elements in one axis.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.ravel(fnp.ones((2, 2)))
    Array([1., 1., 1., 1.])
    """
    x = value(a, "ravel")
    return reshape_values(transpose_values(x) if order == "F" else x, (-1,))


@public
def squeeze(a, axis=None):
    """Without axes of length one: all of them, or those named.

    Raises
    ------
    ValueError
        If a named axis is longer.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.squeeze(fnp.ones((1, 2, 1))).shape
    (2,)
    """
    return squeeze_values(value(a, "squeeze"), axis)


def squeeze_values(x, axis=None):
    """NumPy's squeeze of a value or tracer."""
    shape = get_aval(x).shape
    if axis is None:
        axes = [i for i, n in enumerate(shape) if n == 1]
    else:
        axes = reduced_axes(axis, len(shape))
        for i in axes:
            if shape[i] != 1:
                raise ValueError(located(f"squeeze: axis {i} of shape {shape} is longer than one"))
    return reshape_values(x, tuple([n for i, n in enumerate(shape) if i not in axes]))


@public
def expand_dims(a, axis):
    """With axes of length one put in at the positions `axis` of the result.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.expand_dims(fnp.ones(2), 0).shape
    (1, 2)
    """
    x = value(a, "expand_dims")
    count = len(axis) if isinstance(axis, tuple | list) else 1
    return sh.expand_dims(x, axes_of(axis, get_aval(x).ndim + count))


@public
def swapaxes(a, axis1, axis2):
    """With two axes exchanged.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.swapaxes(fnp.ones((2, 3)), 0, 1).shape
    (3, 2)
    """
    x = value(a, "swapaxes")
    ndim = get_aval(x).ndim
    order = list(range(ndim))
    i, j = axis_of(axis1, ndim, "axis1"), axis_of(axis2, ndim, "axis2")
    order[i], order[j] = order[j], order[i]
    return transpose_values(x, order)


@public
def broadcast_to(array, shape, subok=False):
    """Repeated along new axes and axes of length one, to `shape`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.broadcast_to(1.0, (2,))
    Array([1., 1.])
    """
    shape = (shape,) if hasattr(shape, "__index__") else tuple(shape)
    return sh.broadcast_to(value(array, "broadcast_to"), shape)


@public
def concatenate(arrays, axis=0, out=None, dtype=None, casting="same_kind"):
    """Arrays one behind the other along an existing axis.

    Parameters
    ----------
    arrays : sequence of array-like
        Of equal shapes but along `axis`.
    axis : int or None
        None flattens them first.
    dtype : dtype-like, optional
        Of the result.
    casting : str
        Which conversions to `dtype` are allowed.

    Raises
    ------
    TypeError
        If an array cannot be cast.
    ValueError
        If there is none, or the shapes do not fit.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.concatenate([fnp.ones(2), fnp.zeros(1)])
    Array([1., 1., 0.])
    """
    refuse("concatenate", out=out)
    xs = [value(a, "concatenate") for a in arrays]
    if not xs:
        raise ValueError(located("concatenate: need at least one array"))
    return concatenate_values(xs, axis, dtype, casting)


concat = concatenate


def concatenate_values(xs, axis=0, dtype=None, casting="same_kind"):
    """NumPy's concatenate of values or tracers."""
    if axis is None:
        xs, axis = [reshape_values(x, (-1,)) for x in xs], 0
    ndim = get_aval(xs[0]).ndim
    if ndim == 0:
        raise ValueError(located("concatenate: 0-d arrays have no axis to join; use stack"))
    axis = axis_of(axis, ndim)
    if dtype is None and casting not in ("same_kind", "unsafe"):
        dtype = np.result_type(*[get_aval(x).dtype for x in xs])
    if dtype is not None:
        dtype = np.dtype(dtype)
        for x in xs:
            if not np.can_cast(get_aval(x).dtype, dtype, casting):
                raise TypeError(
                    located(f"cannot cast {get_aval(x)} to {dtype} by the rule {casting!r}")
                )
        xs = [sh.astype(x, dtype) for x in xs]
    return copied(xs[0]) if len(xs) == 1 else sh.concatenate(*xs, dimension=axis)


@public
def stack(arrays, axis=0, out=None, dtype=None, casting="same_kind"):
    """Arrays of one shape along a new axis.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.stack([1.0, 2.0])
    Array([1., 2.])
    """
    refuse("stack", out=out)
    xs = [value(a, "stack") for a in arrays]
    if not xs:
        raise ValueError(located("stack: need at least one array"))
    shapes = {get_aval(x).shape for x in xs}
    if len(shapes) > 1:
        raise ValueError(located(f"stack: all arrays must have one shape; got {sorted(shapes)}"))
    axis = axis_of(axis, get_aval(xs[0]).ndim + 1)
    return concatenate_values([sh.expand_dims(x, (axis,)) for x in xs], axis, dtype, casting)
