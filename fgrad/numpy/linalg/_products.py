"""Products and powers of matrices, and their diagonals."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._contract import matmul_values
from fgrad.numpy._diagonal import diagonal as _diagonal
from fgrad.numpy._diagonal import trace as _trace
from fgrad.numpy._einsum import einsum_values
from fgrad.numpy._face import axis_of, public, refuse, unweak, value
from fgrad.numpy._products import cross as _cross
from fgrad.numpy._products import outer as _outer
from fgrad.numpy.linalg._matrices import LinAlgError
from fgrad.numpy.linalg._solve import inverse


@public
def matrix_power(a, n):
    """The product of a square matrix with itself, `n` times; with its inverse if `n` is negative.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.matrix_power(fnp.array([[1, 1], [0, 1]]), 3)
    Array([[1, 3],
           [0, 1]])
    """
    x = value(a, "matrix_power")
    aval = get_aval(x)
    if not hasattr(n, "__index__"):
        raise TypeError(located(f"matrix_power: the exponent must be an integer; got {n!r}"))
    n = n.__index__()
    if aval.ndim < 2 or aval.shape[-1] != aval.shape[-2]:
        raise LinAlgError(located(f"matrix_power needs square matrices; got {aval}"))
    if n < 0:
        x, n = inverse(x, "matrix_power"), -n
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
def multi_dot(arrays, *, out=None, precision=None):
    """The product of several matrices, in the order that costs least; the outer two may be vectors.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.multi_dot([fnp.ones((1, 2)), fnp.ones((2, 2)), fnp.ones(2)])
    Array([4.])
    """
    refuse("multi_dot", out=out)
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
