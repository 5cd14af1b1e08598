"""Systems of linear equations, exact and in the least-squares sense, and inverses."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, value
from fgrad.numpy._shape import reshape_values, transpose_values
from fgrad.numpy.linalg._matrices import (
    LinAlgError,
    in_common,
    matrices,
    square,
    stack_shape,
    stacked,
)
from fgrad.primitives import elementwise as ew
from fgrad.primitives.linalg.determinant import inverse_times
from fgrad.primitives.linalg.matrices import matmul
from fgrad.primitives.linalg.pseudoinverse import pinv as pinv_p
from fgrad.primitives.linalg.svd import svd
from fgrad.primitives.parts import abs
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import astype, broadcast_to, expand_dims, slice_axis, stop_gradient


@public
def solve(a, b):
    """The solution of ``a @ x = b``.

    Parameters
    ----------
    a : array of shape (..., n, n)
    b : array of shape (n,) or (..., n, k)

    Returns
    -------
    array
        Of the shape of `b`, stacked as `a` and `b` are. Its derivative uses the same factors.

    Raises
    ------
    LinAlgError
        If a matrix is singular or not square.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.solve(fnp.array([[2.0, 0.0], [0.0, 4.0]]), fnp.array([2.0, 2.0]))
    Array([1. , 0.5])
    """
    a, b = in_common("solve", square("solve", a), value(b, "solve"))
    if get_aval(b).ndim == 1:
        return _solved(a, expand_dims(b, (1,)), column=True)
    if get_aval(b).ndim == 0:
        raise ValueError(located("solve: b must have at least one axis; got a scalar"))
    return _solved(a, b, column=False)


def _solved(a, b, column):
    n, rows = get_aval(a).shape[-1], get_aval(b).shape[-2]
    if n != rows:
        raise ValueError(located(f"solve: {get_aval(a)} and {get_aval(b)} do not fit together"))
    stack = stack_shape("solve", get_aval(a).shape[:-2], get_aval(b).shape[:-2])
    x = inverse_times(stacked(a, stack), stacked(b, stack))
    return reshape_values(x, (*stack, n)) if column else x


def inverse(x, name):
    """The inverses of square matrices."""
    aval = get_aval(x)
    eye = np.eye(aval.shape[-1], dtype=in_dtype(name, x))
    (x,) = in_common(name, x)
    return inverse_times(x, stacked(eye, aval.shape[:-2]))


def in_dtype(name, x):
    """The dtype in which linear algebra computes with a value."""
    return get_aval(in_common(name, x)[0]).dtype


@public
def inv(a):
    """The inverses of square matrices.

    Raises
    ------
    LinAlgError
        If a matrix is singular or not square.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.inv(fnp.array([[2.0, 0.0], [0.0, 4.0]]))
    Array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return inverse(square("inv", a), "inv")


@public
def pinv(a, rtol=None, hermitian=False, *, rcond=None):
    """The Moore-Penrose inverses of matrices.

    Parameters
    ----------
    a : array of shape (..., m, n)
    rtol, rcond : float or array, optional
        Singular values below this times the largest count as zero. By default ``max(m, n)`` times
        the precision of the dtype.
    hermitian : bool
        Whether the matrices are Hermitian.

    Returns
    -------
    array of shape (..., n, m)
        Its derivative is that at constant rank.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.pinv(fnp.array([[2.0, 0.0], [0.0, 0.0]]))
    Array([[0.5, 0. ],
           [0. , 0. ]])
    """
    (a,) = matrices("pinv", a)
    return pseudoinverse(a, rtol if rcond is None else rcond, hermitian, "pinv")


def pseudoinverse(a, rtol, hermitian, name):
    """The Moore-Penrose inverses; `rtol` None is the default tolerance."""
    aval = get_aval(a)
    if rtol is None:
        rtol = max(aval.shape[-2:]) * np.finfo(aval.dtype).eps
    rtol = astype(stop_gradient(value(rtol, f"{name}: rtol")), np.dtype(aval.dtype.char.lower()))
    return pinv_p(a, broadcast_to(rtol, aval.shape[:-2]), hermitian=bool(hermitian))


@public
def lstsq(a, b, rcond=None, *, numpy_resid=False):
    """The least-squares solution of ``a @ x = b``, of the smallest norm.

    Parameters
    ----------
    a : array of shape (m, n)
    b : array of shape (m,) or (m, k)
    rcond : float, optional
        Singular values below this times the largest count as zero.
    numpy_resid : bool
        Whether to leave the residuals empty where NumPy does: if the rank is less than n, or m is
        not more than n. The rank must be known for that, so not under `jit`.

    Returns
    -------
    x : array of shape (n,) or (n, k)
        Its derivative is that at constant rank.
    residuals : array of shape (1,) or (k,)
        Sums of squares.
    rank : int
    s : array of shape (min(m, n),)
        The singular values of `a`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> a = fnp.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> fnp.round(fnp.linalg.lstsq(a, fnp.array([1.0, 3.0, 5.0]))[0], 6)
    Array([1., 2.])
    """
    (a,), b = matrices("lstsq", a), value(b, "lstsq")
    a, b = in_common("lstsq", a, b)
    if get_aval(a).ndim != 2 or get_aval(b).ndim not in (1, 2):
        raise LinAlgError(
            located(f"lstsq: wanted one matrix and a vector or matrix; got {get_aval(a)}")
        )
    m, n = get_aval(a).shape
    if get_aval(b).shape[0] != m:
        raise LinAlgError(located(f"lstsq: {get_aval(a)} and {get_aval(b)} do not fit together"))
    column = get_aval(b).ndim == 1
    if column:
        b = expand_dims(b, (1,))
    rtol = max(m, n) * np.finfo(get_aval(a).dtype).eps if rcond is None else rcond
    x = matmul(pseudoinverse(a, rtol, False, "lstsq"), b)
    (s,) = svd(a, full_matrices=False, compute_uv=False)
    rank = _rank(s, rtol)
    error = ew.sub(b, matmul(a, x))
    residuals = reduce_sum(ew.square(abs(error)), axes=(0,))
    if numpy_resid and (m <= n or int(rank) < n):
        residuals = slice_axis(residuals, 0, 0, 0)
    return (reshape_values(x, (n,)) if column else x), residuals, rank, s


def _rank(s, rtol):
    largest = slice_axis(s, 0, 1, get_aval(s).ndim - 1)
    large = ew.gt(s, ew.mul(largest, rtol))
    return reduce_sum(astype(large, np.dtype(np.int32)), axes=(get_aval(s).ndim - 1,))


@public
def tensorsolve(a, b, axes=None):
    """The solution of ``tensordot(a, x, x.ndim) = b``.

    Parameters
    ----------
    a : array
        Of shape ``b.shape + x.shape``, both of the same number of elements.
    b : array
    axes : tuple of int, optional
        Axes of `a` to move to the end first.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.tensorsolve(2 * fnp.eye(4).reshape(2, 2, 4), fnp.ones((2, 2)))
    Array([0.5, 0.5, 0.5, 0.5])
    """
    a, b = value(a, "tensorsolve"), value(b, "tensorsolve")
    ndim = get_aval(a).ndim
    if axes is not None:
        order = [i for i in range(ndim) if i not in axes]
        a = transpose_values(a, (*order, *axes))
    shape = get_aval(a).shape[get_aval(b).ndim :]
    n = math.prod(shape)
    if get_aval(a).size != n * n:
        raise LinAlgError(
            located(f"tensorsolve: {get_aval(a)} is no square system for {get_aval(b)}")
        )
    a, b = in_common("tensorsolve", reshape_values(a, (n, n)), reshape_values(b, (n, 1)))
    return reshape_values(_solved(a, b, column=True), shape)


@public
def tensorinv(a, ind=2):
    """The inverse of `a` as a map by `tensordot` from its last axes to its first `ind`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.tensorinv(2 * fnp.eye(4).reshape(4, 2, 2), ind=1).shape
    (2, 2, 4)
    """
    if ind <= 0:
        raise ValueError(located(f"tensorinv: ind must be positive; got {ind}"))
    x = value(a, "tensorinv")
    shape = get_aval(x).shape
    n = math.prod(shape[ind:])
    if get_aval(x).size != n * n:
        raise LinAlgError(located(f"tensorinv: {get_aval(x)} is no square system for ind={ind}"))
    return reshape_values(
        inverse(reshape_values(x, (n, n)), "tensorinv"), (*shape[ind:], *shape[:ind])
    )
