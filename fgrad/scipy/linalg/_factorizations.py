"""Matrices as products."""

import fgrad.numpy as fnp
from fgrad import lax
from fgrad.core.source import located
from fgrad.scipy.linalg._matrices import matrices, square

# Options of SciPy's that say what a compiled program cannot do, or that mean mutation, are taken
# and have no effect: overwrite_a, check_finite and the like.


def cholesky(a, lower=False, overwrite_a=False, check_finite=True):
    """The triangular factor of a Hermitian positive-definite matrix.

    Parameters
    ----------
    a : array of shape (..., n, n)
        Of which one triangle is read.
    lower : bool
        Whether to read the lower triangle and give the lower factor ``a = l @ l.mT.conj()``, or
        the upper ones, ``a = u.mT.conj() @ u``.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.cholesky([[4.0, 0.0], [0.0, 9.0]])
    Array([[2., 0.],
           [0., 3.]])
    """
    a = square("cholesky", a)
    factor = lax.linalg.cholesky(a if lower else a.mT.conj(), symmetrize_input=False)
    return factor if lower else factor.mT.conj()


def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):
    """`cholesky`, and whether the factor is the lower one: for `cho_solve`.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.cho_factor([[4.0]])
    (Array([[2.]]), False)
    """
    return cholesky(a, lower), lower


def lu_factor(a, overwrite_a=False, check_finite=True):
    """The triangular factors of a matrix in one, and the exchanges of rows: for `lu_solve`.

    Parameters
    ----------
    a : array of shape (..., m, n)

    Returns
    -------
    lu : array of shape (..., m, n)
    pivots : int32 array of shape (..., min(m, n))

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.lu_factor([[0.0, 1.0], [2.0, 0.0]])[1]
    Array([1, 1], dtype=int32)
    """
    return lax.linalg.lu(matrices("lu_factor", a))[:2]


def lu(a, permute_l=False, overwrite_a=False, check_finite=True):
    """The factors of ``a = p @ l @ u``: a permutation and two triangular matrices.

    Parameters
    ----------
    a : array of shape (..., m, n)
    permute_l : bool
        Whether to give ``p @ l`` and `u`.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.lu([[0.0, 1.0], [2.0, 0.0]])[0]
    Array([[0., 1.],
           [1., 0.]])
    """
    a = matrices("lu", a)
    both, _, permutation = lax.linalg.lu(a)
    m, n = a.shape[-2:]
    k = min(m, n)
    real = both.real.dtype
    p = (permutation[..., None, :] == fnp.arange(m)[:, None]).astype(real)
    l = fnp.tril(both[..., :k], -1) + fnp.eye(m, k, dtype=both.dtype)
    u = fnp.triu(both[..., :k, :])
    return (p @ l, u) if permute_l else (p, l, u)


def qr(a, overwrite_a=False, lwork=None, mode="full", pivoting=False, check_finite=True):
    """The factors of ``a = q @ r``, orthogonal and upper triangular.

    Parameters
    ----------
    a : array of shape (..., m, n)
    mode : {"full", "r", "economic"}
        Whether `q` is square, only `r` is given (in a tuple), or both are as small as can be.
    pivoting : bool
        Whether to exchange columns, so that the diagonal of `r` falls: ``a[:, p] = q @ r``; `p`
        is given too. It needs SciPy.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> abs(linalg.qr([[3.0], [4.0]], mode="r")[0]).round(6)
    array([[5.],
           [0.]])
    """
    if mode not in ("full", "r", "economic"):
        raise ValueError(located(f"qr: mode must be 'full', 'r' or 'economic'; got {mode!r}"))
    out = lax.linalg.qr(
        matrices("qr", a), pivoting=bool(pivoting), full_matrices=mode != "economic"
    )
    return tuple(out[1:] if mode == "r" else out)


def qr_multiply(
    a, c, mode="right", pivoting=False, conjugate=False, overwrite_a=False, overwrite_c=False
):
    """The product of a matrix with the `q` of `qr`, and the `r`.

    Parameters
    ----------
    a : array of shape (..., m, n)
    c : array of shape (..., k, m), or (..., min(m, n), k) if left; or one of its rows or columns
    mode : {"left", "right"}
        Where `q`, of ``min(m, n)`` columns, stands.
    pivoting : bool
        As for `qr`.
    conjugate : bool
        Whether to multiply with the conjugate of `q`.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> product, r = linalg.qr_multiply([[3.0], [4.0]], [3.0, 4.0])
    >>> abs(product).round(6)
    array([5.])
    """
    if mode not in ("left", "right"):
        raise ValueError(located(f"qr_multiply: mode must be 'left' or 'right'; got {mode!r}"))
    c = fnp.asarray(c)
    vector = c.ndim == 1
    if vector:
        c = c[:, None] if mode == "left" else c[None]
    a, c = matrices("qr_multiply", a, c)
    q, *rest = qr(a, mode="economic", pivoting=pivoting)
    q = q.conj() if conjugate else q
    wanted, got = (q.shape[-1], c.shape[-2]) if mode == "left" else (q.shape[-2], c.shape[-1])
    if wanted != got:
        side = "rows" if mode == "left" else "columns"
        raise ValueError(located(f"qr_multiply: c must have {wanted} {side}; got {c.shape}"))
    product = q @ c if mode == "left" else c @ q
    return product.ravel() if vector else product, *rest


def svd(
    a,
    full_matrices=True,
    compute_uv=True,
    overwrite_a=False,
    check_finite=True,
    lapack_driver="gesdd",
):
    """The factors of ``a = u @ diag(s) @ vh``, or `s` alone.

    Parameters
    ----------
    a : array of shape (..., m, n)
    full_matrices : bool
        Whether `u` and `vh` are square.
    compute_uv : bool
        Whether to give them.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.svd([[2.0]], compute_uv=False)
    Array([2.])
    """
    a = matrices("svd", a)
    return lax.linalg.svd(a, full_matrices=full_matrices, compute_uv=compute_uv)


def polar(a, side="right", *, method="qdwh", eps=None, max_iterations=None):
    """The factors of ``a = u @ p``, or of ``a = p @ u``, by the singular values.

    Parameters
    ----------
    a : array of shape (..., m, n)
    side : {"right", "left"}
        Where the positive-semidefinite factor `p` stands.
    method, eps, max_iterations
        Accepted for compatibility.

    Returns
    -------
    u : array of shape (..., m, n)
        Unitary, or with orthonormal rows or columns.
    p : array of shape (..., n, n), or (..., m, m) if left

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.polar([[-2.0]])
    (Array([[-1.]]), Array([[2.]]))
    """
    if side not in ("left", "right"):
        raise ValueError(located(f"polar: side must be 'right' or 'left'; got {side!r}"))
    u, s, vh = svd(a, full_matrices=False)
    s = s.astype(u.dtype)[..., None, :]
    p = (vh.mT.conj() * s) @ vh if side == "right" else (u * s) @ u.mT.conj()
    return u @ vh, p
