"""Reductions of matrices to simpler ones, and products with the reflectors these consist of."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, value
from fgrad.numpy.linalg._matrices import in_common, square
from fgrad.primitives.elementwise import add, mul, sub
from fgrad.primitives.linalg import reductions
from fgrad.primitives.linalg.matrices import as_column, as_row, matmul, mH, mT, tril, triu
from fgrad.primitives.linalg.triangular import triangular_solve
from fgrad.primitives.shape import broadcast_to, slice_axis


@public
def hessenberg(a):
    """A matrix similar to a square one and zero below the first subdiagonal, by SciPy.

    Parameters
    ----------
    a : array of shape (..., n, n)

    Returns
    -------
    a : array of shape (..., n, n)
        The Hessenberg matrix, and below its subdiagonal the reflectors that gave it.
    taus : array of shape (..., n - 1)
        The factors of the reflectors.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> h, taus = fgrad.lax.linalg.hessenberg(fnp.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> h, taus
    (Array([[1., 2.],
           [3., 4.]]), Array([0.]))
    """
    return tuple(reductions.hessenberg(square("hessenberg", a)))


@public
def tridiagonal(a, *, lower=True):
    """A tridiagonal matrix similar to a Hermitian one, by SciPy.

    Parameters
    ----------
    a : array of shape (..., n, n)
    lower : bool
        Which triangle of it is read.

    Returns
    -------
    a : array of shape (..., n, n)
        In the triangle that was read the tridiagonal matrix and the reflectors that gave it.
    d : real array of shape (..., n)
        The diagonal.
    e : real array of shape (..., n - 1)
        The diagonal beside it.
    taus : array of shape (..., n - 1)
        The factors of the reflectors.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.linalg.tridiagonal(fnp.array([[1.0, 2.0], [2.0, 4.0]]))[1]
    Array([1., 4.])
    """
    return tuple(reductions.tridiagonal(square("tridiagonal", a), lower=bool(lower)))


@public
def schur(x, *, compute_schur_vectors=True, sort_eig_vals=False, select_callable=None):
    """The factors of ``x = Q @ T @ Q.conj().T``, Q unitary and T upper triangular, by SciPy.

    Parameters
    ----------
    x : array of shape (..., n, n)
        Of a real one T is real, with blocks of two on its diagonal for pairs of complex
        eigenvalues.
    compute_schur_vectors : bool
        Whether to give Q.
    sort_eig_vals, select_callable
        Accepted for compatibility.

    Returns
    -------
    t, q : array of shape (..., n, n)
        A tuple of t alone without Schur vectors.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.linalg.schur(fnp.array([[2.0, 1.0], [0.0, 3.0]]))[0]
    Array([[2., 1.],
           [0., 3.]])
    """
    return tuple(reductions.schur(square("schur", x), vectors=bool(compute_schur_vectors)))


@public
def ormqr(a, taus, c, *, left=True, transpose=False):
    """The product of a matrix with the Q of a QR decomposition that is given by reflectors.

    Parameters
    ----------
    a : array of shape (..., m, n)
        Below its diagonal the reflectors; ``fgrad.numpy.linalg.qr(x, "raw")[0].mT``.
    taus : array of shape (..., k)
        The factors of the first k of them.
    c : array of shape (..., m, p), or (..., p, m) if not `left`
    left : bool
        Whether Q stands left of `c`.
    transpose : bool
        Whether to multiply with the conjugate transpose of Q instead.

    Returns
    -------
    array
        Of the shape of `c`.

    Notes
    -----
    ``Q = I - V T V^H`` with ``T^-1 = diag(1 / taus) + striu(V^H V)``: T. Joffrain et al.,
    Accumulating Householder transformations, revisited, ACM Transactions on Mathematical Software
    32 (2006).

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> h, taus = fnp.linalg.qr(fnp.array([[3.0], [4.0]]), "raw")
    >>> x = fgrad.lax.linalg.ormqr(h.mT, taus, fnp.array([[3.0], [4.0]]), transpose=True)
    >>> fnp.round(fnp.abs(x), 6)
    Array([[5.],
           [0.]])
    """
    a, taus, c = in_common("ormqr", *(value(v, "ormqr") for v in (a, taus, c)))
    *stack, m, n = get_aval(a).shape
    (k,) = get_aval(taus).shape[-1:]
    side = -2 if left else -1
    fits = get_aval(taus).shape[:-1] == get_aval(c).shape[:-2] == tuple(stack)
    if not fits or k > min(m, n) or get_aval(c).shape[side] != m:
        raise ValueError(
            located(f"ormqr: {get_aval(a)}, {get_aval(taus)} and {get_aval(c)} do not fit together")
        )
    v = slice_axis(a, 0, k, get_aval(a).ndim - 1)
    v = add(tril(v, -1), np.eye(m, k, dtype=get_aval(a).dtype))
    vh = mH(v)
    eye = broadcast_to(np.eye(k, dtype=get_aval(a).dtype), (*stack, k, k))
    upper = add(mul(triu(matmul(vh, v), 1), as_row(taus)), eye)
    # T = diag(taus) (I + striu(V^H V) diag(taus))^-1
    t = triangular_solve(upper, eye, left=True, lower=False, op="N", unit=True)
    t = mul(as_column(taus), t)
    t = mH(t) if transpose else t
    if left:
        return sub(c, matmul(v, matmul(t, matmul(vh, c))))
    return sub(c, matmul(matmul(matmul(c, v), t), vh))


def householder_product(a, taus):
    """The first columns of the Q of a QR decomposition that is given by reflectors.

    Parameters
    ----------
    a : array of shape (..., m, n), n <= m
        Below its diagonal the reflectors; ``fgrad.numpy.linalg.qr(x, "raw")[0].mT``.
    taus : array of shape (..., k)
        The factors of the first k of them.

    Returns
    -------
    array of shape (..., m, n)

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> h, taus = fnp.linalg.qr(fnp.array([[3.0], [4.0]]), "raw")
    >>> fgrad.lax.linalg.householder_product(h.mT, taus)
    Array([[-0.6],
           [-0.8]])
    """
    aval = get_aval(value(a, "householder_product"))
    columns = np.eye(*aval.shape[-2:], dtype=aval.dtype)
    return ormqr(a, taus, np.broadcast_to(columns, aval.shape))


@public
def symmetric_product(a_matrix, c_matrix, *, alpha=1.0, beta=0.0, symmetrize_output=False):
    """``alpha * A @ A.mT + beta * C``, symmetric if C is.

    Parameters
    ----------
    a_matrix : array of shape (..., m, n)
    c_matrix : array of shape (..., m, m)
    alpha, beta : float
    symmetrize_output : bool
        Accepted for compatibility: both triangles are filled.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.linalg.symmetric_product(fnp.ones((2, 3)), fnp.eye(2), beta=2.0)
    Array([[5., 3.],
           [3., 5.]])
    """
    name = "symmetric_product"
    a, c = in_common(name, value(a_matrix, name), value(c_matrix, name))
    return add(mul(matmul(a, mT(a)), alpha), mul(c, beta))
