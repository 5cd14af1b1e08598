"""Eigenvalues and singular values."""

import enum
from typing import Any

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public
from fgrad.numpy.linalg import svd as numpy_svd
from fgrad.numpy.linalg._matrices import square
from fgrad.primitives.elementwise import div, mul, sqrt
from fgrad.primitives.index import take_along_axis
from fgrad.primitives.linalg.determinant import inverse_times
from fgrad.primitives.linalg.eigen import eig as eig_p
from fgrad.primitives.linalg.eigen import eigh as eigh_p
from fgrad.primitives.linalg.matrices import as_row, conjugate, hermitian_part, mH
from fgrad.primitives.parts import abs, real, sign
from fgrad.primitives.reduce import argmax, reduce_sum
from fgrad.primitives.shape import broadcast_to, slice_axis


class EigImplementation(enum.Enum):
    """Names for compatibility: all are LAPACK's."""

    CUSOLVER = "cusolver"
    MAGMA = "magma"
    LAPACK = "lapack"


class EighImplementation(enum.Enum):
    """Names for compatibility: all are LAPACK's."""

    QR = "qr"
    JACOBI = "jacobi"
    QDWH = "qdwh"


class SvdAlgorithm(enum.Enum):
    """Names for compatibility: all are LAPACK's."""

    DEFAULT = "default"
    QR = "QR"
    JACOBI = "Jacobi"
    POLAR = "polar"
    DIVIDE_AND_CONQUER = "divide_and_conquer"


@public
def eig(
    x,
    *,
    compute_left_eigenvectors=True,
    compute_right_eigenvectors=True,
    enable_eigvec_derivs=False,
    implementation=None,
    use_magma=None,
):
    """Eigenvalues and left and right eigenvectors of square matrices.

    Parameters
    ----------
    x : array of shape (..., n, n)
    compute_left_eigenvectors, compute_right_eigenvectors : bool
    enable_eigvec_derivs, implementation, use_magma
        Accepted for compatibility: eigenvectors have derivatives where eigenvalues are distinct.

    Returns
    -------
    list of complex arrays
        The eigenvalues; the vectors u with ``u.conj() @ x = w * u.conj()``, if asked for; the
        vectors v with ``x @ v = w * v``, if asked for. Vectors are columns of norm one whose
        largest component is real.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> w, vl, vr = fgrad.lax.linalg.eig(fnp.array([[1.0, 1.0], [0.0, 2.0]]))
    >>> w
    Array([1.+0.j, 2.+0.j])
    """
    a = square("eig", x)
    if not (compute_left_eigenvectors or compute_right_eigenvectors):
        return eig_p(a, vectors=False)
    w, v = eig_p(a, vectors=True)
    left = [_left(v)] if compute_left_eigenvectors else []
    return [w, *left, *([v] if compute_right_eigenvectors else [])]


def _left(v):
    """The left eigenvectors: columns of the conjugate transposed inverse, scaled as LAPACK's."""
    aval = get_aval(v)
    axis = aval.ndim - 2
    eye = broadcast_to(np.eye(aval.shape[-1], dtype=aval.dtype), aval.shape)
    u = mH(inverse_times(v, eye))
    largest = as_row(argmax(abs(u), axis=axis, index_dtype=np.dtype(np.intp)))
    phase = sign(take_along_axis(u, largest, axis))
    norm = sqrt(reduce_sum(real(mul(u, conjugate(u))), axes=(axis,)))
    return div(mul(u, conjugate(phase)), as_row(norm))


@public
def eigh(
    x,
    *,
    lower=True,
    symmetrize_input=True,
    sort_eigenvalues=True,
    subset_by_index=None,
    implementation=None,
):
    """Eigenvectors and eigenvalues of Hermitian matrices.

    Parameters
    ----------
    x : array of shape (..., n, n)
    lower : bool
        Which triangle is read if `symmetrize_input` is false.
    symmetrize_input : bool
        Whether to take the Hermitian part of `x` first.
    sort_eigenvalues : bool
        Accepted for compatibility: they always ascend.
    subset_by_index : pair of int, optional
        Give only these, ``start <= i < stop``.
    implementation : EighImplementation, optional
        Accepted for compatibility.

    Returns
    -------
    v : array of shape (..., n, n)
        The eigenvectors are its columns.
    w : real array of shape (..., n)

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> v, w = fgrad.lax.linalg.eigh(fnp.array([[0.0, 1.0], [1.0, 0.0]]))
    >>> w
    Array([-1.,  1.])
    """
    a = square("eigh", x)
    a = hermitian_part(a) if symmetrize_input else a if lower else mH(a)
    w, v = eigh_p(a, vectors=True)
    if subset_by_index is None:
        return v, w
    start, stop = subset_by_index
    last = get_aval(w).ndim - 1
    if not 0 <= start < stop <= get_aval(w).shape[-1]:
        raise ValueError(
            located(f"eigh: subset_by_index {subset_by_index} is out of bounds for {get_aval(w)}")
        )
    return slice_axis(v, start, stop, last + 1), slice_axis(w, start, stop, last)


@public
def svd(x, *, full_matrices=True, compute_uv=True, subset_by_index=None, algorithm=None):
    """The singular value decomposition ``x = (u * s) @ vh``.

    Parameters
    ----------
    x : array of shape (..., m, n)
    full_matrices, compute_uv, subset_by_index
        See `fgrad.numpy.linalg.svd`.
    algorithm : SvdAlgorithm, optional
        Accepted for compatibility.

    Returns
    -------
    u, s, vh : array
        Only s if `compute_uv` is false.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.linalg.svd(fnp.array([[0.0, 2.0], [1.0, 0.0]]), compute_uv=False)
    Array([2., 1.])
    """
    out: Any = numpy_svd(x, full_matrices, compute_uv, subset_by_index=subset_by_index)
    return tuple(out) if compute_uv else out
