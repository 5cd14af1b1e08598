"""Cholesky, LU and QR decompositions."""

from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, value
from fgrad.numpy.linalg import qr as numpy_qr
from fgrad.numpy.linalg._matrices import in_common, matrices, square
from fgrad.primitives.index import take_along_axis
from fgrad.primitives.linalg.cholesky import cholesky as cholesky_p
from fgrad.primitives.linalg.cholesky_update import cholesky_update as cholesky_update_p
from fgrad.primitives.linalg.matrices import as_row, hermitian_part
from fgrad.primitives.linalg.pivots import pivots_to_permutation
from fgrad.primitives.linalg.reductions import qr_pivots
from fgrad.primitives.linalg.solve import lu as lu_p
from fgrad.primitives.shape import broadcast_to


@public
def cholesky(x, *, symmetrize_input=True):
    """The lower triangular L with ``L @ L.conj().T = x``.

    Parameters
    ----------
    x : array of shape (..., n, n)
        Hermitian and positive definite.
    symmetrize_input : bool
        Whether to take the Hermitian part of `x` first; without, its lower triangle is read.

    Raises
    ------
    LinAlgError
        If a matrix is not positive definite, or not square (JAX: NaN).

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.linalg.cholesky(fnp.array([[4.0, 2.0], [2.0, 5.0]]))
    Array([[2., 0.],
           [1., 2.]])
    """
    a = square("cholesky", x)
    return cholesky_p(hermitian_part(a) if symmetrize_input else a)


@public
def cholesky_update(r_matrix, w_vector):
    """The upper triangular factor of ``R.T @ R + outer(w, w)``, in O(n**2).

    Parameters
    ----------
    r_matrix : real array of shape (..., n, n)
        Upper triangular.
    w_vector : array of shape (..., n)

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.linalg.cholesky_update(fnp.array([[3.0]]), fnp.array([4.0]))
    Array([[5.]])
    """
    r, w = value(r_matrix, "cholesky_update"), value(w_vector, "cholesky_update")
    return cholesky_update_p(*in_common("cholesky_update", r, w))


@public
def lu(x):
    """The LU decomposition with partial pivoting.

    Parameters
    ----------
    x : array of shape (..., m, n)

    Returns
    -------
    lu : array of shape (..., m, n)
        The unit lower triangular factor below the diagonal, the upper triangular one elsewhere.
    pivots : int32 array of shape (..., min(m, n))
        The row that each row was exchanged with, in order.
    permutation : int32 array of shape (..., m)
        ``x[permutation]`` is the product of the factors.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.linalg.lu(fnp.array([[0.0, 1.0], [2.0, 3.0]]))[2]
    Array([1, 0], dtype=int32)
    """
    (a,) = matrices("lu", x)
    return tuple(lu_p(a))


@public
def lu_pivots_to_permutation(pivots, permutation_size):
    """Exchanges of rows, one after the other, as one permutation.

    Parameters
    ----------
    pivots : int array of shape (..., k)
    permutation_size : int
        The number of rows, at least k.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.linalg.lu_pivots_to_permutation([1, 2], 3)
    Array([1, 2, 0], dtype=int32)
    """
    p = value(pivots, "lu_pivots_to_permutation")
    return pivots_to_permutation(p, rows=permutation_size.__index__())


@public
def qr(x, *, pivoting=False, full_matrices=True, use_magma=None):
    """The factors of ``x = Q @ R``.

    Parameters
    ----------
    x : array of shape (..., m, n)
    pivoting : bool
        Whether to take the longest column that is left each time, so that the diagonal of R falls;
        by SciPy (``pip install fgrad[scipy]``).
    full_matrices : bool
        Whether Q is square, or has only the columns that R needs.
    use_magma : None
        Accepted for compatibility.

    Returns
    -------
    q, r : array
    p : int32 array of shape (..., n)
        If `pivoting`: the order of columns, ``x[:, p] = Q @ R``.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> q, r, p = fgrad.lax.linalg.qr(fnp.array([[1.0, 3.0], [0.0, 4.0]]), pivoting=True)
    >>> p
    Array([1, 0], dtype=int32)
    """
    (a,) = matrices("qr", x)
    mode = "complete" if full_matrices else "reduced"
    if not pivoting:
        return tuple(numpy_qr(a, mode))
    (p,) = qr_pivots(a)
    order = broadcast_to(as_row(p), get_aval(a).shape)
    return *numpy_qr(take_along_axis(a, order, get_aval(a).ndim - 1), mode), p
