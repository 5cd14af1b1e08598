"""Cholesky, QR, and singular value decompositions."""

from typing import NamedTuple

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import concrete, public
from fgrad.numpy.linalg._matrices import matrices, square
from fgrad.primitives import elementwise as ew
from fgrad.primitives.index import take_along_axis
from fgrad.primitives.linalg.cholesky import cholesky as cholesky_p
from fgrad.primitives.linalg.eigen import eigh
from fgrad.primitives.linalg.matrices import as_row, mH
from fgrad.primitives.linalg.qr import full_qr
from fgrad.primitives.linalg.qr import qr as qr_p
from fgrad.primitives.linalg.svd import svd as svd_p
from fgrad.primitives.parts import abs, select
from fgrad.primitives.shape import astype, broadcast_to, pad, slice_axis
from fgrad.primitives.sort import argsort


class QRResult(NamedTuple):
    """A matrix with orthonormal columns and an upper triangular one."""

    Q: np.ndarray
    R: np.ndarray


class SVDResult(NamedTuple):
    """Left singular vectors, singular values, and right singular vectors."""

    U: np.ndarray
    S: np.ndarray
    Vh: np.ndarray


@public
def cholesky(a, *, upper=False, symmetrize_input=True):
    """The lower triangular L with ``L @ L.conj().T = a``.

    Parameters
    ----------
    a : array of shape (..., n, n)
        Hermitian and positive definite.
    upper : bool
        Whether to give the upper triangular conjugate transpose instead.
    symmetrize_input : bool
        Accepted for compatibility: one triangle of `a` is read, as by NumPy, and the derivative is
        that by a Hermitian matrix.

    Raises
    ------
    LinAlgError
        If a matrix is not positive definite, or not square.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.cholesky(fnp.array([[4.0, 2.0], [2.0, 5.0]]))
    Array([[2., 0.],
           [1., 2.]])
    """
    x = square("cholesky", a)
    return mH(cholesky_p(mH(x))) if upper else cholesky_p(x)


@public
def qr(a, mode="reduced"):
    """The factors of ``a = Q @ R``.

    Parameters
    ----------
    a : array of shape (..., m, n)
    mode : {'reduced', 'complete', 'r', 'raw'}
        ``'reduced'``: Q of shape (..., m, k) with ``k = min(m, n)``; ``'complete'``: Q of shape
        (..., m, m); ``'r'``: R alone; ``'raw'``: LAPACK's form, of arrays that are not traced.

    Returns
    -------
    QRResult or array

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> q, r = fnp.linalg.qr(fnp.array([[3.0, 1.0], [4.0, 2.0]]))
    >>> abs(r[0, 0]).round(6)
    np.float64(5.0)
    """
    (x,) = matrices("qr", a)
    m, n = get_aval(x).shape[-2:]
    if mode == "complete" and m > n:
        q, r, _ = full_qr(x)
        index = tuple([(0, size, 1) for size in get_aval(r).shape])
        return QRResult(q, pad(r, shape=get_aval(x).shape, index=index))
    if mode in ("reduced", "complete"):
        return QRResult(*qr_p(x))
    if mode == "r":
        return qr_p(x)[1]
    if mode == "raw":
        return np.linalg.qr(concrete(x, "qr with mode='raw'"), "raw")
    raise ValueError(located(f"qr: mode must be 'reduced', 'complete', 'r' or 'raw'; got {mode!r}"))


@public
def svd(a, full_matrices=True, compute_uv=True, hermitian=False, subset_by_index=None):
    """The singular value decomposition ``a = (U * S) @ Vh``.

    Parameters
    ----------
    a : array of shape (..., m, n)
    full_matrices : bool
        Whether U and Vh are square. The vectors that this adds are no function of `a` and have no
        derivative.
    compute_uv : bool
        Whether to give more than the singular values.
    hermitian : bool
        Whether the matrices are Hermitian; found by `eigh` then.
    subset_by_index : pair of int, optional
        Give only these singular values, ``start <= i < stop``, and their vectors.

    Returns
    -------
    SVDResult or array
        Singular values in descending order. Where they are repeated, singular vectors have no
        derivative; the values alone (``compute_uv=False``) then have that of symmetric functions.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.svd(fnp.array([[0.0, 2.0], [1.0, 0.0]]), compute_uv=False)
    Array([2., 1.])
    """
    (x,) = matrices("svd", a)
    if hermitian:
        found = _hermitian_svd(square("svd", x), compute_uv)
    else:
        found = svd_p(x, full_matrices=bool(full_matrices), compute_uv=bool(compute_uv))
    if subset_by_index is not None:
        found = _subset(found, subset_by_index)
    return SVDResult(*found) if compute_uv else found[0]


def _hermitian_svd(x, vectors):
    """Singular values as the sizes of eigenvalues."""
    if not vectors:
        (w,) = eigh(x, vectors=False)
        size = abs(w)
        order = argsort(ew.neg(size), dimension=get_aval(w).ndim - 1)
        return [take_along_axis(size, order, get_aval(w).ndim - 1)]
    w, v = eigh(x, vectors=True)
    last = get_aval(w).ndim - 1
    order = argsort(ew.neg(abs(w)), dimension=last)
    w = take_along_axis(w, order, last)
    v = take_along_axis(v, broadcast_to(as_row(order), get_aval(v).shape), last + 1)
    signs = select(ew.lt(w, 0), -1.0, 1.0)
    return [v, abs(w), mH(ew.mul(v, as_row(astype(signs, get_aval(w).dtype))))]


def _subset(found, bounds):
    """Some of the singular values, and their vectors."""
    start, stop = bounds
    along = [len(get_aval(x).shape) - 1 for x in found]
    if len(found) == 3:
        along[2] -= 1
    if not 0 <= start < stop <= get_aval(found[len(found) // 2]).shape[-1]:
        raise ValueError(located(f"svd: subset_by_index {bounds} is out of bounds"))
    return [slice_axis(x, start, stop, axis) for x, axis in zip(found, along, strict=True)]


@public
def svdvals(x, /):
    """The singular values of matrices, in descending order.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.svdvals(fnp.array([[0.0, 2.0], [1.0, 0.0]]))
    Array([2., 1.])
    """
    (x,) = matrices("svdvals", x)
    return svd_p(x, full_matrices=False, compute_uv=False)[0]
