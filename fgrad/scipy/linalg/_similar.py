"""Matrices as others that are similar to them: of eigenvalues, or nearly triangular."""

import numpy as np

import fgrad.numpy as fnp
from fgrad import lax
from fgrad.core.source import located
from fgrad.scipy._arguments import inexact
from fgrad.scipy.linalg._matrices import square


def eigh(
    a,
    b=None,
    lower=True,
    eigvals_only=False,
    overwrite_a=False,
    overwrite_b=False,
    turbo=True,
    eigvals=None,
    type=1,
    check_finite=True,
):
    """The eigenvalues of a Hermitian matrix, ascending, and the eigenvectors.

    Parameters
    ----------
    a : array of shape (..., n, n)
    b, eigvals : None
        Not supported.
    lower : bool
        Which triangle is read.
    eigvals_only : bool
    type : int
        Only 1.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.eigh([[2.0, 0.0], [0.0, 1.0]], eigvals_only=True)
    Array([1., 2.])
    """
    for name, given, wanted in (("b", b, None), ("eigvals", eigvals, None), ("type", type, 1)):
        if given is not wanted and given != wanted:
            raise NotImplementedError(located(f"eigh: only {name}={wanted} is supported"))
    v, w = lax.linalg.eigh(square("eigh", a), lower=lower, symmetrize_input=False)
    return w if eigvals_only else (w, v)


def eigh_tridiagonal(
    d, e, *, eigvals_only=False, select="a", select_range=None, tol=None, key=None
):
    """`eigh` of a tridiagonal matrix.

    Parameters
    ----------
    d : array of shape (n,)
        The diagonal.
    e : array of shape (n - 1,)
        The one beside it.
    eigvals_only : bool
    select : {"a", "i"}
        Whether to give all, or those from and to the indices of `select_range`.
    select_range : (int, int), optional
    tol, key
        Accepted for compatibility.

    Notes
    -----
    The matrix is made dense.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.eigh_tridiagonal([2.0, 1.0], [0.0], eigvals_only=True)
    Array([1., 2.])
    """
    d, e = (fnp.asarray(v) for v in inexact("eigh_tridiagonal", d=d, e=e))
    if d.ndim != 1 or e.shape != (max(len(d) - 1, 0),):
        raise ValueError(
            located(
                f"eigh_tridiagonal: d of shape {d.shape} and e of {e.shape} do not fit together"
            )
        )
    which = slice(None)
    if select == "i":
        if select_range is None or select_range[0] > select_range[1]:
            raise ValueError(
                located(f"eigh_tridiagonal: select='i' wants a select_range; got {select_range}")
            )
        which = slice(int(select_range[0]), int(select_range[1]) + 1)
    elif select != "a":
        raise NotImplementedError(
            located(f"eigh_tridiagonal: select must be 'a' or 'i'; got {select!r}")
        )
    dense = fnp.diag(d.real.astype(e.dtype)) + fnp.diag(e, 1) + fnp.diag(e.conj(), -1)
    w, v = eigh(dense)
    return w[which] if eigvals_only else (w[which], v[:, which])


def schur(a, output="real"):
    """The factors of ``a = z @ t @ z.mT.conj()``, by SciPy. They have no derivatives.

    Parameters
    ----------
    a : array of shape (..., n, n)
    output : {"real", "complex"}
        Whether a real matrix gives real factors, with blocks of two on the diagonal of `t`.

    Returns
    -------
    t, z : array of shape (..., n, n)

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.schur([[2.0, 1.0], [0.0, 3.0]])[0]
    Array([[2., 1.],
           [0., 3.]])
    """
    if output not in ("real", "complex"):
        raise ValueError(located(f"schur: output must be 'real' or 'complex'; got {output!r}"))
    a = square("schur", a)
    if output == "complex":
        a = a.astype(np.result_type(a.dtype, np.complex64))
    return lax.linalg.schur(a)


def rsf2csf(T, Z, check_finite=True):
    """The complex Schur form of a real one.

    Parameters
    ----------
    T, Z : array of shape (..., n, n)
        What `schur` gives.

    Returns
    -------
    T, Z : complex array of shape (..., n, n)

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> t, z = linalg.rsf2csf([[0.0, 1.0], [-1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])
    >>> abs(t.diagonal()).round(6)
    array([1., 1.])
    """
    t, z = square("rsf2csf: T", T), square("rsf2csf: Z", Z)
    if t.shape != z.shape:
        raise ValueError(located(f"rsf2csf: T of shape {t.shape} and Z of {z.shape}"))
    dtype = np.result_type(t.dtype, z.dtype, np.complex64)
    t, z = t.astype(dtype), z.astype(dtype)
    n = t.shape[-1]
    for m in range(n - 1, 0, -1):
        g = _rotation(t[..., m - 1 : m + 1, m - 1 : m + 1])
        two = (..., slice(None), slice(m - 1, m + 1))
        rows = (..., slice(m - 1, m + 1), slice(None))
        t = t.at[rows].set(g @ t[rows])
        t = t.at[two].set(t[two] @ g.mT.conj())
        z = z.at[two].set(z[two] @ g.mT.conj())
        t = t.at[..., m, m - 1].set(0)
    return t, z


def _rotation(block):
    """What makes a matrix of two rows triangular; the identity if it is."""
    below, corner = block[..., 1, 0], block[..., 1, 1]
    half = 0.5 * (block[..., 0, 0] - corner)
    product = block[..., 0, 1] * below
    # an eigenvalue less the corner
    mu = half + fnp.sqrt(half * half + product)
    eps = fnp.finfo(block.dtype).eps
    flat = fnp.abs(below) <= eps * (fnp.abs(block[..., 0, 0]) + fnp.abs(corner))
    mu, below = fnp.where(flat, 1, mu), fnp.where(flat, 0, below)
    size = fnp.sqrt((mu * mu.conj() + below * below.conj()).real)
    c, s = mu / size, below / size
    top, bottom = fnp.stack([c.conj(), s], -1), fnp.stack([-s, c], -1)
    return fnp.stack([top, bottom], -2)


def hessenberg(a, *, calc_q=False, overwrite_a=False, check_finite=True):
    """The matrix zero below the first subdiagonal that is similar to a matrix, by SciPy.

    It has no derivatives.

    Parameters
    ----------
    a : array of shape (..., n, n)
    calc_q : bool
        Whether to give the `q` of ``a = q @ h @ q.mT.conj()`` too.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.hessenberg([[1.0, 2.0], [3.0, 4.0]])
    Array([[1., 2.],
           [3., 4.]])
    """
    a = square("hessenberg", a)
    n = a.shape[-1]
    reduced, taus = lax.linalg.hessenberg(a)
    h = fnp.triu(reduced, -1)
    if not calc_q:
        return h
    q = fnp.broadcast_to(fnp.eye(n, dtype=a.dtype), a.shape)
    if n > 1:
        inner = lax.linalg.ormqr(reduced[..., 1:, :-1], taus, q[..., 1:, 1:])
        q = q.at[..., 1:, 1:].set(inner)
    return h, q
