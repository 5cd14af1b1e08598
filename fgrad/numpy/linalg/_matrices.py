"""What linear algebra asks of its arguments."""

import numpy as np
from numpy.linalg import LinAlgError

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import value
from fgrad.primitives.shape import astype, broadcast_to


def matrices(name, *arrays):
    """Stacks of matrices in the dtype in which NumPy computes with them.

    Raises
    ------
    LinAlgError
        If one has fewer than two axes.
    TypeError
        If its dtype is none of float32, float64, complex64, complex128 or an integer.
    """
    xs = [value(a, name) for a in arrays]
    for x in xs:
        if get_aval(x).ndim < 2:
            raise LinAlgError(located(f"{name}: wanted matrices; got {get_aval(x)}"))
    return in_common(name, *xs)


def in_common(name, *xs):
    """Values in the one dtype in which linear algebra computes with them."""
    dtype = np.result_type(*(_computed(name, get_aval(x)) for x in xs))
    return [astype(x, dtype) for x in xs]


def _computed(name, aval):
    dtype = aval.dtype
    if dtype.kind in "biu":
        return np.dtype(np.float64)
    if dtype.char not in "fdFD":
        raise TypeError(located(f"{name}: arrays of dtype {dtype} are not supported; got {aval}"))
    return dtype


def square(name, a):
    """One stack of square matrices."""
    (x,) = matrices(name, a)
    m, n = get_aval(x).shape[-2:]
    if m != n:
        raise LinAlgError(located(f"{name}: wanted square matrices; got {get_aval(x)}"))
    return x


def stack_shape(name, *shapes):
    """The broadcast of leading shapes."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        text = " and ".join(map(str, shapes))
        raise ValueError(located(f"{name}: stacks of shapes {text} do not broadcast")) from None


def stacked(x, stack):
    """A matrix for each element of a stack."""
    return broadcast_to(x, (*stack, *get_aval(x).shape[-2:]))


__all__ = ["LinAlgError", "in_common", "matrices", "square", "stack_shape", "stacked"]
