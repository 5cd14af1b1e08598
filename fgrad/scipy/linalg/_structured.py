"""Matrices that a vector makes: Toeplitz's, Hankel's, companions and others.

Vectors may stand in stacks, along the last axis.
"""

import operator

import numpy as np

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.scipy._arguments import inexact


def _vectors(function, least=0, **arguments):
    out = []
    for name, v in arguments.items():
        v = fnp.atleast_1d(v)
        if v.shape[-1] < least:
            raise ValueError(
                located(f"{function}: {name} must have at least {least} numbers; got {v.shape}")
            )
        out.append(v)
    return out


def _joined(*vectors):
    """One vector after another, in stacks that are broadcast."""
    stack = fnp.broadcast_shapes(*(v.shape[:-1] for v in vectors))
    return fnp.concatenate([fnp.broadcast_to(v, (*stack, v.shape[-1])) for v in vectors], -1)


def toeplitz(c, r=None):
    """The matrix of equal numbers along each diagonal.

    Parameters
    ----------
    c : array of shape (..., m)
        The first column.
    r : array of shape (..., n), optional
        The first row, but its first number; the conjugate of the column unless given.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.toeplitz([1, 2], [1, 3, 4])
    Array([[1, 3, 4],
           [2, 1, 3]])
    """
    (c,) = _vectors("toeplitz", c=c)
    (r,) = (c.conj(),) if r is None else _vectors("toeplitz", r=r)
    m, n = c.shape[-1], r.shape[-1]
    return _joined(c[..., ::-1], r[..., 1:])[..., m - 1 - np.arange(m)[:, None] + np.arange(n)]


def hankel(c, r=None):
    """The matrix of equal numbers along each diagonal that rises.

    Parameters
    ----------
    c : array of shape (..., m)
        The first column.
    r : array of shape (..., n), optional
        The last row, but its first number; zeros unless given.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.hankel([1, 2], [0, 3, 4])
    Array([[1, 2, 3],
           [2, 3, 4]])
    """
    (c,) = _vectors("hankel", c=c)
    (r,) = (fnp.zeros_like(c),) if r is None else _vectors("hankel", r=r)
    m, n = c.shape[-1], r.shape[-1]
    return _joined(c, r[..., 1:])[..., np.arange(m)[:, None] + np.arange(n)]


def circulant(c):
    """The matrix whose columns are a vector, each one more turned round.

    Parameters
    ----------
    c : array of shape (..., n)
        The first column.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.circulant([1, 2])
    Array([[1, 2],
           [2, 1]])
    """
    (c,) = _vectors("circulant", c=c)
    n = c.shape[-1]
    return c[..., (np.arange(n)[:, None] - np.arange(n)) % max(n, 1)]


def fiedler(a):
    """The matrix of the distances of numbers.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.fiedler([1, 4])
    Array([[0, 3],
           [3, 0]])
    """
    (a,) = _vectors("fiedler", a=a)
    return fnp.abs(a[..., :, None] - a[..., None, :])


def leslie(f, s):
    """The matrix by which a population changes.

    Parameters
    ----------
    f : array of shape (..., n)
        The births of each age, the first row.
    s : array of shape (..., n - 1)
        What is left of each age, below the diagonal.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.leslie([0.1, 2.0], [0.2])
    Array([[0.1, 2. ],
           [0.2, 0. ]])
    """
    (f,), (s,) = _vectors("leslie", 2, f=f), _vectors("leslie", s=s)
    n = f.shape[-1]
    if s.shape[-1] != n - 1:
        raise ValueError(located(f"leslie: s must have {n - 1} numbers; got {s.shape}"))
    return _with_first_row(f, s)


def _with_first_row(first, below):
    """A matrix of a first row and the diagonal below the main one."""
    n = first.shape[-1]
    stack = fnp.broadcast_shapes(first.shape[:-1], below.shape[:-1])
    zeros = fnp.zeros((*stack, n, n), np.result_type(first.dtype, below.dtype))
    return zeros.at[..., 0, :].set(first).at[..., np.arange(1, n), np.arange(n - 1)].set(below)


def companion(a):
    """The matrix whose eigenvalues are the roots of a polynomial.

    Parameters
    ----------
    a : array of shape (..., n)
        Its coefficients, the highest first.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.companion([1.0, -3.0, 2.0])
    Array([[ 3., -2.],
           [ 1.,  0.]])
    """
    (a,) = _vectors("companion", 2, a=inexact("companion", a=a))
    first = -a[..., 1:] / a[..., :1]
    return _with_first_row(first, fnp.ones(first.shape[-1] - 1, first.dtype))


def fiedler_companion(a):
    """The matrix of five diagonals whose eigenvalues are the roots of a polynomial.

    Parameters
    ----------
    a : array of shape (..., n)
        Its coefficients, the highest first.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.fiedler_companion([1.0, -3.0, 2.0])
    Array([[ 3., -2.],
           [ 1.,  0.]])

    References
    ----------
    M. Fiedler, A note on companion matrices, Linear Algebra and its Applications 372 (2003).
    """
    (a,) = _vectors("fiedler_companion", 1, a=inexact("fiedler_companion", a=a))
    n = a.shape[-1] - 1
    a = a / a[..., :1]
    out = fnp.zeros((*a.shape[:-1], n, n), a.dtype)
    if n == 0:
        return out
    entries = {(0, 0): -a[..., 1], **({(1, 0): 1} if n > 1 else {})}
    for i in range(0, n, 2):
        entries |= {(i, i + 1): -a[..., min(i + 2, n)], (i, i + 2): 1}
        if i:
            entries |= {(i, i - 1): -a[..., i + 1], (i + 1, i - 1): 1}
    for (i, j), entry in entries.items():
        if max(i, j) < n:
            out = out.at[..., i, j].set(entry)
    return out


def convolution_matrix(a, n, mode="full"):
    """The matrix whose product with a vector is the convolution with another one.

    Parameters
    ----------
    a : array of shape (..., m)
    n : int
        The length of the vector it is multiplied with.
    mode : {"full", "valid", "same"}
        As for `fgrad.numpy.convolve`.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.convolution_matrix([1, 2], 2)
    Array([[1, 0],
           [2, 1],
           [0, 2]])
    """
    n = operator.index(n)
    if n <= 0:
        raise ValueError(located(f"convolution_matrix: n must be positive; got {n}"))
    if mode not in ("full", "valid", "same"):
        raise ValueError(
            located(f"convolution_matrix: mode must be 'full', 'valid' or 'same'; got {mode!r}")
        )
    (a,) = _vectors("convolution_matrix", 1, a=a)
    m = a.shape[-1]
    zeros = fnp.zeros((*a.shape[:-1], n - 1), a.dtype)
    full = toeplitz(_joined(a, zeros), _joined(a[..., :1], zeros))
    cut = {"full": 0, "same": min(n, m) - 1, "valid": 2 * (min(n, m) - 1)}[mode]
    return full[..., cut // 2 : full.shape[-2] - (cut - cut // 2), :]


def block_diag(*arrs):
    """The matrix of others along its diagonal.

    Parameters
    ----------
    *arrs : array of up to two axes
        Vectors are rows.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.block_diag(1, [2, 3])
    Array([[1, 0, 0],
           [0, 2, 3]])
    """
    blocks = [fnp.atleast_2d(a) for a in arrs] or [fnp.zeros((1, 0))]
    for i, b in enumerate(blocks):
        if b.ndim > 2:
            raise ValueError(
                located(f"block_diag: argument {i} must have up to two axes; got shape {b.shape}")
            )
    dtype = np.result_type(*(b.dtype for b in blocks))
    width, left, rows = sum(b.shape[1] for b in blocks), 0, []
    for b in blocks:
        right = width - left - b.shape[1]
        rows.append(fnp.pad(b.astype(dtype), ((0, 0), (left, right))))
        left += b.shape[1]
    return fnp.concatenate(rows)
