"""What losses ask of their arguments."""

from typing import Any

import fgrad.numpy as fnp


def array(x) -> Any:
    """`x` as an array, traced or not, of whatever dtype: more than NumPy's stubs can say."""
    return fnp.asarray(x)


def floating(x, argument, loss) -> Any:
    """`x` as an array of floating dtype."""
    x = array(x)
    if x.dtype.kind != "f":
        raise TypeError(f"{loss}: `{argument}` must be floating, got dtype {x.dtype}")
    return x


def same_shape(x, y, x_argument, y_argument, loss):
    """Refuse arrays of different shapes, where broadcasting would hide a mistake."""
    if fnp.shape(x) != fnp.shape(y):
        raise ValueError(
            f"{loss}: `{x_argument}` and `{y_argument}` must have the same shape, "
            f"got {fnp.shape(x)} and {fnp.shape(y)}"
        )


def masked_sum(x, axis, where) -> Any:
    """The sum of what a mask keeps; the rest, which may be infinite, does not touch it."""
    return fnp.sum(x if where is None else fnp.where(where, x, 0), axis=axis)
