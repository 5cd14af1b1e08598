"""What the functions of this namespace ask of their matrices."""

from typing import Any

import fgrad.numpy as fnp
from fgrad.numpy._face import give
from fgrad.numpy.linalg import _matrices


def matrices(function, *arrays) -> Any:
    """Stacks of matrices in one dtype in which linear algebra computes; one is not in a list."""
    out = give(_matrices.matrices(function, *arrays))
    return out if len(out) > 1 else out[0]


def square(function, a) -> Any:
    """One stack of square matrices."""
    return give(_matrices.square(function, a))


def columns(function, a, b) -> Any:
    """A matrix, the columns beside it, and what makes a result of them: `b` may be a vector."""
    b = fnp.asarray(b)
    if b.ndim == 1:
        a, b = matrices(function, a, b[:, None])
        return a, b, lambda x: x[..., 0]
    return *matrices(function, a, b), lambda x: x
