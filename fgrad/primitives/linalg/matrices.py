"""Small words for stacks of matrices, that the rules of this folder are written in."""

import numpy as np

from fgrad.core.trace import get_aval
from fgrad.primitives.contract import einsum, matmul_subscripts
from fgrad.primitives.elementwise import add, div, mul, sub
from fgrad.primitives.parts import conj
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import broadcast_to, expand_dims, moveaxis, transpose


def matmul(x, y):
    """The products of two stacks of the same leading shape."""
    lhs, rhs, out = matmul_subscripts(get_aval(x).ndim, get_aval(y).ndim)
    return einsum(x, y, subscripts=f"{lhs},{rhs}->{out}")


def mT(x):
    """The transposed matrices."""
    n = get_aval(x).ndim
    return transpose(x, permutation=(*range(n - 2), n - 1, n - 2))


def mH(x):
    """The conjugate transposed matrices."""
    return mT(conjugate(x))


def conjugate(x):
    """The complex conjugate; itself if it is real."""
    return conj(x) if get_aval(x).dtype.kind == "c" else x


def masked(x, mask):
    """`x` times a constant matrix of ones and zeros (or weights)."""
    return mul(x, mask.astype(get_aval(x).dtype))


def tril(x, k=0):
    """The lower triangles."""
    return masked(x, np.tri(*get_aval(x).shape[-2:], k))


def triu(x, k=0):
    """The upper triangles."""
    return masked(x, 1 - np.tri(*get_aval(x).shape[-2:], k - 1))


def stacked(args, dims, size):
    """Arguments with the batch first, those that have none repeated."""
    return [
        broadcast_to(a, (size, *get_aval(a).shape)) if d is None else moveaxis(a, d, 0)
        for a, d in zip(args, dims, strict=True)
    ]


def diagonal(x):
    """The diagonals of square matrices."""
    n = get_aval(x).ndim
    return reduce_sum(masked(x, np.eye(get_aval(x).shape[-1])), axes=(n - 1,))


def as_row(w):
    """Vectors as matrices of one row, to scale columns with."""
    return expand_dims(w, (get_aval(w).ndim - 1,))


def as_column(w):
    """Vectors as matrices of one column, to scale rows with."""
    return expand_dims(w, (get_aval(w).ndim,))


def hermitian_part(x):
    """``(x + x^H) / 2``"""
    return mul(add(x, mH(x)), 0.5)


def differences(w):
    """``1 / (w[j] - w[i])`` off the diagonal and 0 on it: infinite where values are repeated."""
    eye = np.eye(get_aval(w).shape[-1]).astype(get_aval(w).dtype)
    return sub(div(1.0, add(sub(as_row(w), as_column(w)), eye)), eye)
