"""Eigenvalues and eigenvectors."""

from typing import NamedTuple

import numpy as np

from fgrad.core.source import located
from fgrad.numpy._face import public
from fgrad.numpy.linalg._matrices import square
from fgrad.primitives.linalg.eigen import eig as eig_p
from fgrad.primitives.linalg.eigen import eigh as eigh_p
from fgrad.primitives.linalg.matrices import mH


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors as columns."""

    eigenvalues: np.ndarray
    eigenvectors: np.ndarray


class EighResult(NamedTuple):
    """Real eigenvalues in ascending order, and orthonormal eigenvectors as columns."""

    eigenvalues: np.ndarray
    eigenvectors: np.ndarray


@public
def eig(a):
    """The eigenvalues and eigenvectors of square matrices.

    Parameters
    ----------
    a : array of shape (..., n, n)

    Returns
    -------
    EigResult
        Complex, also where all are real: the dtype cannot depend on the numbers. Vectors have norm
        one and a real largest component, which their derivative keeps so. Where eigenvalues are
        repeated, vectors have no derivative.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.eig(fnp.array([[2.0, 0.0], [0.0, 3.0]])).eigenvalues
    Array([2.+0.j, 3.+0.j])
    """
    return EigResult(*eig_p(square("eig", a), vectors=True))


@public
def eigvals(a):
    """The eigenvalues of square matrices, complex.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.eigvals(fnp.array([[0.0, 1.0], [-1.0, 0.0]]))
    Array([0.+1.j, 0.-1.j])
    """
    return eig_p(square("eigvals", a), vectors=False)[0]


@public
def eigh(a, UPLO=None, symmetrize_input=True):
    """The eigenvalues and eigenvectors of Hermitian matrices.

    Parameters
    ----------
    a : array of shape (..., n, n)
    UPLO : {'L', 'U'}, optional
        Which triangle is read, the lower one by default.
    symmetrize_input : bool
        Accepted for compatibility: one triangle is read, as by NumPy, and the derivative is that by
        a Hermitian matrix.

    Returns
    -------
    EighResult
        Where eigenvalues are repeated, vectors have no derivative.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.eigh(fnp.array([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    Array([1., 3.])
    """
    return EighResult(*eigh_p(_triangle("eigh", a, UPLO), vectors=True))


@public
def eigvalsh(a, UPLO="L", *, symmetrize_input=True):
    """The eigenvalues of Hermitian matrices, in ascending order; parameters as `eigh`.

    Where they are repeated, symmetric functions of them have their derivatives.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.eigvalsh(fnp.array([[2.0, 1.0], [1.0, 2.0]]))
    Array([1., 3.])
    """
    return eigh_p(_triangle("eigvalsh", a, UPLO), vectors=False)[0]


def _triangle(name, a, uplo):
    """The matrices with the triangle to read below the diagonal."""
    x = square(name, a)
    match uplo:
        case None | "L" | "l":
            return x
        case "U" | "u":
            return mH(x)
    raise ValueError(located(f"{name}: UPLO must be 'L' or 'U'; got {uplo!r}"))
