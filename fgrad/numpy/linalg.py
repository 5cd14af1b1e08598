"""Linear algebra on arrays: `numpy.linalg`'s functions, transformable."""

import math

import numpy as np
from numpy.linalg import LinAlgError

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._contract import matmul, matmul_values
from fgrad.numpy._diagonal import diagonal as _diagonal
from fgrad.numpy._diagonal import trace as _trace
from fgrad.numpy._einsum import einsum_values
from fgrad.numpy._face import axes_of, axis_of, public, unweak, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.numpy._products import cross as _cross
from fgrad.numpy._products import outer as _outer
from fgrad.numpy._products import tensordot, vecdot
from fgrad.numpy._rearrange import matrix_transpose
from fgrad.numpy._reduce import reduced
from fgrad.numpy._shape import reshape_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts, reduce
from fgrad.primitives.shape import astype


def _sum(x, axes, keepdims):
    return reduced(reduce.reduce_sum, x, axes, keepdims)


def _squares(x):
    if get_aval(x).dtype.kind == "c":
        return ew.add(ew.square(parts.real(x)), ew.square(parts.imag(x)))
    return ew.square(x)


def _vector_norm(x, ord, axes, keepdims):
    """The norm of the vectors along axes."""
    if ord is None or ord == 2:
        return ew.sqrt(_sum(_squares(x), axes, keepdims))
    size = parts.abs(x)
    dtype = get_aval(size).dtype
    if ord == math.inf:
        return reduced(reduce.reduce_max, size, axes, keepdims)
    if ord == -math.inf:
        return reduced(reduce.reduce_min, size, axes, keepdims)
    if ord == 0:
        return _sum(astype(ew.ne(x, 0), dtype), axes, keepdims)
    if ord == 1:
        return _sum(size, axes, keepdims)
    if isinstance(ord, str):
        raise ValueError(located(f"norm: order {ord!r} is for matrices, not for vectors"))
    return ew.pow(_sum(ew.pow(size, ord), axes, keepdims), 1.0 / ord)


def _matrix_norm(x, ord, axes, keepdims):
    """The norm of the matrices in two axes."""
    row, column = axes
    if ord is None or ord in ("fro", "f"):
        return ew.sqrt(_sum(_squares(x), axes, keepdims))
    size = parts.abs(x)
    match ord:
        case 1 | -1:
            along, over = row, column
        case _ if isinstance(ord, float | int) and math.isinf(ord):
            along, over = column, row
        case 2 | -2 | "nuc":
            raise NotImplementedError(
                located(f"norm: order {ord!r} of matrices needs singular values: not supported yet")
            )
        case _:
            raise ValueError(located(f"norm: there is no matrix norm of order {ord!r}"))
    extreme = reduce.reduce_max if ord > 0 else reduce.reduce_min
    out = reduced(extreme, _sum(size, (along,), True), (over,), True)
    shape = get_aval(out).shape
    return out if keepdims else reshape_values(
        out, tuple(n for i, n in enumerate(shape) if i not in axes)
    )  # fmt: skip


@public
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors or matrices.

    Parameters
    ----------
    x : array-like
    ord : {None, 'fro', number, inf, -inf}
        The order: 2 by default, of matrices 'fro'. Those of matrices that need singular values (2,
        -2 and 'nuc') are not supported yet.
    axis : int, pair of int or None
        The axis of the vectors or the two of the matrices. None: the flattened array, or, with
        `ord`, the whole of a vector or matrix.
    keepdims : bool

    Returns
    -------
    array
        Its derivative at zero is NaN for order 2, as the derivative of a square root.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.norm(fnp.array([3.0, 4.0]))
    np.float64(5.0)
    """
    v = as_inexact(unweak(value(x, "norm")))
    ndim = get_aval(v).ndim
    if axis is None:
        axes = tuple(range(ndim))
        if ord is None:
            return _vector_norm(v, None, axes, keepdims)
        if ndim not in (1, 2):
            raise ValueError(located(f"norm: axis must be given for {get_aval(v)} and an order"))
    else:
        given = axis if isinstance(axis, tuple | list) else (axis,)
        axes = tuple(axis_of(a, ndim) for a in given)
        if len(set(axes)) != len(axes):
            raise ValueError(located(f"norm: axis {axis} names an axis twice"))
    if len(axes) == 1:
        return _vector_norm(v, ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix_norm(v, ord, axes, keepdims)
    raise ValueError(located(f"norm: axis must name one axis or two; got {axis!r}"))


@public
def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    """The norm of the vectors along axes; without `axis` of the flattened array.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.vector_norm(fnp.array([3.0, 4.0]))
    np.float64(5.0)
    """
    v = as_inexact(unweak(value(x, "vector_norm")))
    return _vector_norm(v, ord, axes_of(axis, get_aval(v).ndim), keepdims)


@public
def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    """The norm of the matrices in the last two axes; orders are those of `norm`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.matrix_norm(fnp.array([[3.0, 4.0]]))
    np.float64(5.0)
    """
    v = as_inexact(unweak(value(x, "matrix_norm")))
    ndim = get_aval(v).ndim
    if ndim < 2:
        raise LinAlgError(located(f"matrix_norm needs at least two axes; got {get_aval(v)}"))
    return _matrix_norm(v, ord, (ndim - 2, ndim - 1), keepdims)


@public
def matrix_power(a, n):
    """The product of a square matrix with itself, `n` times.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.matrix_power(fnp.array([[1, 1], [0, 1]]), 3)
    Array([[1, 3],
           [0, 1]])
    """
    x = value(a, "matrix_power")
    aval = get_aval(x)
    n = n.__index__()
    if aval.ndim < 2 or aval.shape[-1] != aval.shape[-2]:
        raise LinAlgError(located(f"matrix_power needs square matrices; got {aval}"))
    if n < 0:
        raise NotImplementedError(
            located("matrix_power of a negative exponent needs an inverse: not supported yet")
        )
    if n == 0:
        return np.broadcast_to(np.eye(aval.shape[-1], dtype=aval.dtype), aval.shape)
    result = None
    while n:
        if n % 2:
            result = x if result is None else matmul_values(result, x)
        n //= 2
        x = matmul_values(x, x) if n else x
    return result


@public
def multi_dot(arrays, *, precision=None):
    """The product of several matrices, in the order that costs least; the outer two may be vectors.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.multi_dot([fnp.ones((1, 2)), fnp.ones((2, 2)), fnp.ones(2)])
    Array([4.])
    """
    xs = [unweak(value(a, "multi_dot")) for a in arrays]
    if len(xs) < 2:
        raise ValueError(located("multi_dot needs at least two arrays"))
    for k, x in enumerate(xs):
        if get_aval(x).ndim not in ((1, 2) if k in (0, len(xs) - 1) else (2,)):
            raise LinAlgError(located(f"multi_dot: array {k} has no fitting shape: {get_aval(x)}"))
    for x, y in zip(xs, xs[1:], strict=False):
        if get_aval(x).shape[-1] != get_aval(y).shape[0]:
            raise ValueError(
                located(f"multi_dot: {get_aval(x)} and {get_aval(y)} do not fit together")
            )
    label = [[2 * k, 2 * k + 2] for k in range(len(xs))]
    return _product_of(xs, label)


def _product_of(xs, label):
    """One einsum over a chain, whose path it chooses itself."""
    from fgrad.numpy._einsum import _from_lists

    if get_aval(xs[0]).ndim == 1:
        label[0] = label[0][1:]
    if get_aval(xs[-1]).ndim == 1:
        label[-1] = label[-1][:1]
    ends = [label[0][0]] * (len(label[0]) == 2) + [label[-1][-1]] * (len(label[-1]) == 2)
    chain = [item for pair in zip(xs, label, strict=True) for item in pair]
    subscripts, operands = _from_lists((*chain, ends))
    return einsum_values(subscripts, *operands)


@public
def outer(x1, x2, /):
    """All products of an element of one vector with one of another.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.outer([1, 2], [3, 4])
    Array([[3, 4],
           [6, 8]])
    """
    for x in (x1, x2):
        if get_aval(value(x, "outer")).ndim != 1:
            raise ValueError(located("linalg.outer: both operands must be vectors"))
    return value(_outer(x1, x2))


@public
def cross(x1, x2, /, *, axis=-1):
    """The cross product of vectors of three components along an axis.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    Array([0., 0., 1.])
    """
    for x in (x1, x2):
        aval = get_aval(value(x, "cross"))
        if aval.shape[axis_of(axis, aval.ndim)] != 3:
            raise ValueError(located(f"linalg.cross: vectors must have 3 components; got {aval}"))
    return value(_cross(x1, x2, axis=axis))


@public
def trace(x, /, *, offset=0, dtype=None):
    """The sums of the diagonals of the matrices in the last two axes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.trace([[1, 2], [3, 4]])
    np.int64(5)
    """
    return value(_trace(x, offset, -2, -1, dtype))


@public
def diagonal(x, /, *, offset=0):
    """The diagonals of the matrices in the last two axes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.diagonal([[1, 2], [3, 4]])
    Array([1, 4])
    """
    return value(_diagonal(x, offset, -2, -1))


__all__ = [
    "LinAlgError", "cross", "diagonal", "matmul", "matrix_norm", "matrix_power", "matrix_transpose",
    "multi_dot", "norm", "outer", "tensordot", "trace", "vecdot", "vector_norm",
]  # fmt: skip
