"""Small words for stacks of matrices, that the rules of this folder are written in."""

import numpy as np

from fgrad.core.trace import get_aval
from fgrad.primitives.contract import einsum, matmul_subscripts
from fgrad.primitives.elementwise import mul
from fgrad.primitives.parts import conj
from fgrad.primitives.shape import broadcast_to, moveaxis, transpose


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
