"""Diagonals and triangles."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, public, refuse, unweak, value
from fgrad.numpy._rearrange import moveaxis_values
from fgrad.numpy._reduce import _sum_dtype
from fgrad.numpy._shape import reshape_values
from fgrad.primitives import shape as sh
from fgrad.primitives.parts import select
from fgrad.primitives.reduce import reduce_sum


def _places(n, m, offset):
    """The diagonal of an n x m matrix as a range of places in its flattened form."""
    length = max(min(n + min(offset, 0), m - max(offset, 0)), 0)
    start = offset if offset >= 0 else -offset * m
    return (start, start + (length - 1) * (m + 1) + 1, m + 1) if length else (0, 0, 1)


def diagonal_values(x, offset=0, axis1=0, axis2=1):
    """NumPy's diagonal of a value or tracer: a strided slice of the flattened matrices."""
    ndim = get_aval(x).ndim
    if ndim < 2:
        raise ValueError(located(f"diagonal needs at least two axes; got {get_aval(x)}"))
    axes = axis_of(axis1, ndim, "axis1"), axis_of(axis2, ndim, "axis2")
    if axes[0] == axes[1]:
        raise ValueError(located(f"diagonal: axis1 and axis2 must differ; both are {axes[0]}"))
    x = moveaxis_values(x, axes, (ndim - 2, ndim - 1))
    *batch, n, m = get_aval(x).shape
    x = reshape_values(x, (*batch, n * m))
    start, stop, step = _places(n, m, offset)
    return sh.slice_axis(x, start, stop, ndim - 2, step)


@public
def diagonal(a, offset=0, axis1=0, axis2=1):
    """The diagonal of a matrix, or of each matrix in two axes of an array.

    Parameters
    ----------
    a : array-like
    offset : int
        Which diagonal: above the main one if positive.
    axis1, axis2 : int
        The axes of the matrices; the diagonals are in the last axis of the result.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.diagonal(fnp.array([[1, 2], [3, 4]]))
    Array([1, 4])
    """
    return diagonal_values(value(a, "diagonal"), offset, axis1, axis2)


@public
def trace(a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    """The sum of the diagonal. Parameters are those of `diagonal`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.trace(fnp.array([[1, 2], [3, 4]]))
    np.int64(5)
    """
    refuse("trace", out=out)
    x = diagonal_values(value(a, "trace"), offset, axis1, axis2)
    aval = get_aval(x)
    x = sh.astype(x, np.dtype(dtype) if dtype is not None else _sum_dtype(aval.dtype))
    return reduce_sum(x, axes=(aval.ndim - 1,))


def diag_values(x, k=0):
    """NumPy's diag of a value or tracer."""
    shape = get_aval(x).shape
    if len(shape) == 2:
        return diagonal_values(x, k)
    if len(shape) != 1:
        raise ValueError(located(f"diag needs an array of one or two axes; got {get_aval(x)}"))
    n = shape[0] + abs(k)
    flat = sh.pad(x, shape=(n * n,), index=(_places(n, n, k),))
    return reshape_values(flat, (n, n))


@public
def diag(v, k=0):
    """The diagonal of a matrix, or the matrix with a vector as its diagonal.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.diag([1, 2])
    Array([[1, 0],
           [0, 2]])
    """
    return diag_values(value(v, "diag"), k)


@public
def diagflat(v, k=0):
    """The matrix whose diagonal are the elements of an array.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.diagflat([[1], [2]])
    Array([[1, 0],
           [0, 2]])
    """
    return diag_values(reshape_values(unweak(value(v, "diagflat")), (-1,)), k)


@public
def tri(N, M=None, k=0, dtype=float):
    """Ones on and below a diagonal, zeros above.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.tri(2)
    Array([[1., 0.],
           [1., 1.]])
    """
    return np.tri(N, M, k, float if dtype is None else np.dtype(dtype))


def _triangle(name, x, mask):
    aval = get_aval(x)
    if aval.ndim == 0:
        raise ValueError(located(f"{name} needs an array of at least one axis"))
    mask = mask(*(aval.shape[-2:] if aval.ndim > 1 else 2 * aval.shape))
    return select(mask, x, aval.dtype.type(0))


@public
def tril(m, k=0):
    """A matrix with zeros above a diagonal.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.tril(fnp.ones((2, 2)))
    Array([[1., 0.],
           [1., 1.]])
    """
    return _triangle("tril", value(m, "tril"), lambda n, m: np.tri(n, m, k, bool))


@public
def triu(m, k=0):
    """A matrix with zeros below a diagonal.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.triu(fnp.ones((2, 2)))
    Array([[1., 1.],
           [0., 1.]])
    """
    return _triangle("triu", value(m, "triu"), lambda n, m: ~np.tri(n, m, k - 1, bool))
