"""Determinants, ranks and condition numbers."""

import math
from typing import NamedTuple

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, value
from fgrad.numpy.linalg._matrices import LinAlgError, in_common, matrices, square, stacked
from fgrad.numpy.linalg._norms import norm
from fgrad.primitives import elementwise as ew
from fgrad.primitives.linalg.determinant import det as det_p
from fgrad.primitives.linalg.determinant import slogdet as slogdet_p
from fgrad.primitives.linalg.eigen import eigh
from fgrad.primitives.linalg.solve import lu, solve
from fgrad.primitives.linalg.svd import svd
from fgrad.primitives.parts import abs, select
from fgrad.primitives.reduce import reduce_max, reduce_min, reduce_or, reduce_sum
from fgrad.primitives.shape import astype, expand_dims, stop_gradient


class SlogdetResult(NamedTuple):
    """The sign of a determinant and the logarithm of its absolute value."""

    sign: np.ndarray
    logabsdet: np.ndarray


@public
def det(a):
    """The determinants of square matrices; differentiable at singular ones too.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fnp.linalg.det(fnp.array([[1.0, 2.0], [3.0, 5.0]])).round(6)
    np.float64(-1.0)
    >>> fnp.round(fgrad.grad(fnp.linalg.det)(fnp.ones((2, 2))), 6)
    Array([[ 1., -1.],
           [-1.,  1.]])
    """
    return det_p(square("det", a))


@public
def slogdet(a, *, method=None):
    """The sign and the logarithm of the absolute value of determinants.

    Parameters
    ----------
    a : array of shape (..., n, n)
    method : {None, 'lu', 'qr'}
        Accepted for compatibility.

    Returns
    -------
    SlogdetResult
        ``(sign, logabsdet)``; of singular matrices ``(0, -inf)``, which has no derivative.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.slogdet(-fnp.eye(3))
    SlogdetResult(sign=np.float64(-1.0), logabsdet=np.float64(0.0))
    """
    return SlogdetResult(*slogdet_p(square("slogdet", a)))


@public
def matrix_rank(M, rtol=None, *, hermitian=False, tol=None):
    """The number of singular values that are not negligible; its derivative is zero.

    Parameters
    ----------
    M : array of shape (..., m, n)
        A vector counts as one row.
    rtol : float or array, optional
        Relative to the largest singular value; by default ``max(m, n)`` times the precision of the
        dtype.
    hermitian : bool
        Whether the matrices are Hermitian.
    tol : float or array, optional
        An absolute tolerance instead.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.matrix_rank(fnp.ones((3, 3)))
    np.int64(1)
    """
    x = value(M, "matrix_rank")
    if get_aval(x).ndim < 2:
        (x,) = in_common("matrix_rank", x)
        nonzero = ew.ne(x, 0)
        axes = tuple(range(get_aval(x).ndim))
        return astype(reduce_or(nonzero, axes=axes), np.dtype(np.int64))
    (x,) = matrices("matrix_rank", x)
    if 0 in get_aval(x).shape[-2:]:
        return np.zeros(get_aval(x).shape[:-2], np.int64)
    s = _magnitudes(stop_gradient(x), hermitian)
    if tol is None:
        if rtol is None:
            rtol = max(get_aval(x).shape[-2:]) * np.finfo(get_aval(s).dtype).eps
        limit = ew.mul(reduce_max(s, axes=(get_aval(s).ndim - 1,)), value(rtol, "rtol"))
    else:
        limit = value(tol, "tol")
    if get_aval(limit).ndim:
        limit = expand_dims(limit, (get_aval(limit).ndim,))
    counted = astype(ew.gt(s, limit), np.dtype(np.int64))
    return reduce_sum(counted, axes=(get_aval(counted).ndim - 1,))


def _magnitudes(x, hermitian):
    if hermitian:
        return abs(eigh(x, vectors=False)[0])
    return svd(x, full_matrices=False, compute_uv=False)[0]


@public
def cond(x, p=None):
    """The condition numbers of matrices: the norm times that of the inverse.

    Parameters
    ----------
    x : array of shape (..., m, n)
    p : {None, 1, -1, 2, -2, inf, -inf, 'fro'}
        The order of the norm, 2 by default; others than 2 and -2 need square matrices.

    Returns
    -------
    array
        Infinite for singular matrices.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linalg.cond(fnp.array([[2.0, 0.0], [0.0, 4.0]]))
    np.float64(2.0)
    """
    (x,) = matrices("cond", x)
    if 0 in get_aval(x).shape[-2:]:
        raise LinAlgError(located(f"cond is not defined for empty matrices; got {get_aval(x)}"))
    if p in (None, 2, -2):
        (s,) = svd(x, full_matrices=False, compute_uv=False)
        last = get_aval(s).ndim - 1
        high, low = reduce_max(s, axes=(last,)), reduce_min(s, axes=(last,))
        return ew.div(low, high) if p == -2 else ew.div(high, low)
    x = square("cond", x)
    factors, _, permutation = lu(stop_gradient(x))
    eye = stacked(np.eye(get_aval(x).shape[-1], dtype=get_aval(x).dtype), get_aval(x).shape[:-2])
    inverse = solve(x, factors, permutation, eye, transposed=False, strict=False)
    out = ew.mul(*(value(norm(m, p, (-2, -1))) for m in (x, inverse)))
    undefined = reduce_or(ew.ne(x, x), axes=(get_aval(x).ndim - 2, get_aval(x).ndim - 1))
    return select(ew.gt(astype(undefined, np.dtype(int)), 0), out, _infinite_if_nan(out))


def _infinite_if_nan(x):
    return select(ew.ne(x, x), math.inf, x)
