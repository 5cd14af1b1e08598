"""Norms of vectors and matrices."""

import math

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axes_of, axis_of, public, unweak, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.numpy._reduce import reduced
from fgrad.numpy._shape import reshape_values
from fgrad.numpy.linalg._matrices import LinAlgError
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts, reduce
from fgrad.primitives.linalg.svd import svd
from fgrad.primitives.shape import astype, expand_dims, moveaxis


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
            return _singular_norm(x, ord, axes, keepdims)
        case _:
            raise ValueError(located(f"norm: there is no matrix norm of order {ord!r}"))
    extreme = reduce.reduce_max if ord > 0 else reduce.reduce_min
    out = reduced(extreme, _sum(size, (along,), True), (over,), True)
    shape = get_aval(out).shape
    return out if keepdims else reshape_values(
        out, tuple(n for i, n in enumerate(shape) if i not in axes)
    )  # fmt: skip


def _singular_norm(x, ord, axes, keepdims):
    """The largest or smallest singular value, or the sum of all."""
    ndim = get_aval(x).ndim
    row, column = axes
    x = moveaxis(x, row, ndim - 1)
    x = moveaxis(x, column - (row < column), ndim - 1)
    (s,) = svd(x, full_matrices=False, compute_uv=False)
    reduction = {2: reduce.reduce_max, -2: reduce.reduce_min, "nuc": reduce.reduce_sum}[ord]
    if ord == 2 and not get_aval(s).shape[-1]:
        reduction = reduce.reduce_sum  # no matrix is smaller than one of nothing: zero
    out = reduction(s, axes=(ndim - 2,))
    return expand_dims(out, axes) if keepdims else out


@public
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors or matrices.

    Parameters
    ----------
    x : array-like
    ord : {None, 'fro', 'nuc', number, inf, -inf}
        The order: 2 by default, of matrices 'fro'.
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
