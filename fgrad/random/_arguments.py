"""What every sampler checks of its arguments."""

from typing import Any

import numpy as np

from fgrad.core.avals import key_dtype
from fgrad.core.source import located
from fgrad.core.trace import as_value, get_aval
from fgrad.dtypes import TypePromotionError
from fgrad.numpy._face import shape_of, value
from fgrad.primitives.define import broadcast_shapes
from fgrad.primitives.random import random_wrap


def typed_keys(key, name):
    """Keys as an array of `key_dtype`; raw ones, two words of uint32 each, are wrapped."""
    keys = as_value(key, f"{name}: the key")
    aval = get_aval(keys)
    if aval.dtype == key_dtype:
        return keys
    if aval.dtype == np.uint32 and aval.shape[-1:] == (2,):
        return random_wrap(keys)
    raise TypeError(
        located(
            f"{name}: wanted a random key, as fgrad.random.key(0) makes one, or the two words of "
            f"dtype uint32 of a raw key; got {aval}"
        )
    )


def single_key(key, name):
    """One key; see `typed_keys`."""
    key = typed_keys(key, name)
    shape = get_aval(key).shape
    if shape:
        raise ValueError(
            located(
                f"{name} takes a single key; got an array of keys of shape {shape}. "
                "Use fgrad.vmap to draw with each of them."
            )
        )
    return key


def is_raw(key):
    """Whether keys are given as words of uint32, and shall be given back so."""
    return get_aval(as_value(key)).dtype != key_dtype


_KINDS = {"f": "floating", "fc": "floating or complex", "iu": "integer", "u": "unsigned integer"}
_SIZES = {"f": (2, 4, 8), "c": (8, 16), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8)}


def checked_dtype(dtype, name, default: Any = float, kinds="f"):
    """A dtype argument; `default` for None.

    Raises
    ------
    ValueError
        If it is not of one of the `kinds`.
    """
    dtype = np.dtype(default if dtype is None else dtype)
    if dtype.kind not in kinds or dtype.itemsize not in _SIZES[dtype.kind]:
        raise ValueError(located(f"{name}: the dtype must be {_KINDS[kinds]}; got {dtype}"))
    return dtype


def parameters(name, dtype, **given):
    """Parameters of a distribution, as values; each must fit into `dtype` without loss.

    Raises
    ------
    TypePromotionError
        If one does not.
    """
    out = []
    for what, x in given.items():
        x = value(x, f"{name}: {what}")
        aval = get_aval(x)
        if not (
            aval.weak_type or np.result_type(aval.dtype, dtype) == dtype or aval.dtype.kind in "iub"
        ):
            raise TypePromotionError(
                located(f"{name}: {what} of dtype {aval.dtype} does not fit into dtype {dtype}")
            )
        out.append(x)
    return out


def sample_shape(name, shape, *parameters):
    """The shape to draw: as given, or the broadcast of the parameters.

    Raises
    ------
    ValueError
        If the parameters do not broadcast to the shape.
    """
    shapes = [get_aval(p).shape for p in parameters]
    if shape is None:
        return broadcast_shapes(name, shapes)
    return fitting_shape(name, shape, *shapes)


def fitting_shape(name, shape, *shapes):
    """A shape argument, to which these shapes must broadcast."""
    shape = shape_of(shape, f"{name}: shape")
    if shapes and broadcast_shapes(name, [shape, *shapes]) != shape:
        text = " and ".join(map(str, shapes))
        raise ValueError(
            located(f"{name}: parameters of shapes {text} do not broadcast to shape {shape}")
        )
    return shape
