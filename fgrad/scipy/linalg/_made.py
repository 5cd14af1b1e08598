"""Matrices that a number makes: Hilbert's, Pascal's, Hadamard's and others."""

import math
import operator

import numpy as np

from fgrad.core.source import located
from fgrad.numpy._face import public


def _size(function, n, least=0):
    n = operator.index(n)
    if n < least:
        raise ValueError(located(f"{function}: n must be at least {least}; got {n}"))
    return n


def _kind(function, kind):
    kind = "symmetric" if kind is None else kind
    if kind not in ("symmetric", "lower", "upper"):
        raise ValueError(
            located(f"{function}: kind must be 'symmetric', 'lower' or 'upper'; got {kind!r}")
        )
    return kind


def _binomials(n):
    """Pascal's triangle, exact as long as float64 is."""
    return np.array([[float(math.comb(i, j)) for j in range(n)] for i in range(n)]).reshape(n, n)


@public
def hilbert(n):
    """Hilbert's matrix, of ``1 / (i + j + 1)``.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.hilbert(2)[1]
    Array([0.5       , 0.33333333])
    """
    i = np.arange(_size("hilbert", n))
    return 1.0 / (i[:, None] + i + 1)


@public
def invhilbert(n):
    """The inverse of `hilbert`.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.invhilbert(2)
    Array([[ 4., -6.],
           [-6., 12.]])
    """
    n = _size("invhilbert", n)

    def entry(i, j):
        c = math.comb
        size = (i + j + 1) * c(n + i, n - j - 1) * c(n + j, n - i - 1) * c(i + j, i) ** 2
        return float(-size if (i + j) % 2 else size)

    return np.array([[entry(i, j) for j in range(n)] for i in range(n)]).reshape(n, n)


@public
def pascal(n, kind=None):
    """Pascal's matrix: the triangle of binomial coefficients, or its product with its transpose.

    Parameters
    ----------
    n : int
    kind : {None, "symmetric", "lower", "upper"}

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.pascal(3, "lower")
    Array([[1., 0., 0.],
           [1., 1., 0.],
           [1., 2., 1.]])
    """
    kind, triangle = _kind("pascal", kind), _binomials(_size("pascal", n))
    if kind == "symmetric":
        return triangle @ triangle.T
    return triangle if kind == "lower" else triangle.T


@public
def invpascal(n, kind=None):
    """The inverse of `pascal`.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.invpascal(2, "lower")
    Array([[ 1., -0.],
           [-1.,  1.]])
    """
    kind, triangle = _kind("invpascal", kind), _binomials(_size("invpascal", n))
    signs = (-1.0) ** np.arange(len(triangle))
    triangle = signs[:, None] * triangle * signs
    if kind == "symmetric":
        return triangle.T @ triangle
    return triangle if kind == "lower" else triangle.T


@public
def helmert(n, full=False):
    """Helmert's matrix, whose rows are orthonormal and, but the first, have the sum zero.

    Parameters
    ----------
    n : int
    full : bool
        Whether to give the first row, of equal numbers.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.helmert(2).round(3)
    array([[ 0.707, -0.707]])
    """
    n = _size("helmert", n, 1)
    k = np.arange(1.0, n)[:, None]
    rows = np.tri(n - 1, n) / np.sqrt(k * (k + 1))
    rows[np.arange(n - 1), np.arange(1, n)] = -np.sqrt(k / (k + 1))[:, 0]
    return np.concatenate([np.full((1, n), n**-0.5), rows]) if full else rows


@public
def hadamard(n, dtype=int):
    """Hadamard's matrix, of ones and minus ones, with orthogonal rows.

    Parameters
    ----------
    n : int
        A power of two.
    dtype : dtype-like

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.hadamard(2)
    Array([[ 1,  1],
           [ 1, -1]])
    """
    n = _size("hadamard", n)
    if n < 1 or n & (n - 1):
        raise ValueError(located(f"hadamard: n must be a power of two; got {n}"))
    i = np.arange(n)
    odd = np.bitwise_count(i[:, None] & i) % 2
    return (1 - 2 * odd.astype(int)).astype(dtype)


@public
def dft(n, scale=None, *, dtype=None):
    """The matrix of the discrete Fourier transform.

    Parameters
    ----------
    n : int
    scale : {None, "sqrtn", "n"}
        What it is divided by: nothing, the root of `n`, or `n`.
    dtype : dtype-like
        Complex; complex128 unless given.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.dft(2).real
    Array([[ 1.,  1.],
           [ 1., -1.]])
    """
    if scale not in (None, "sqrtn", "n"):
        raise ValueError(located(f"dft: scale must be None, 'sqrtn' or 'n'; got {scale!r}"))
    dtype = np.dtype(complex if dtype is None else dtype)
    if dtype.kind != "c":
        raise ValueError(located(f"dft: dtype must be complex; got {dtype}"))
    i = np.arange(_size("dft", n))
    turns = np.exp(-2j * np.pi / max(n, 1) * (i[:, None] * i % max(n, 1)))
    return (turns / {None: 1, "sqrtn": math.sqrt(n), "n": n}[scale]).astype(dtype)
