"""Booleans packed into bytes, and back."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, public, unweak, value
from fgrad.numpy._rearrange import moveaxis_values
from fgrad.numpy._shape import reshape_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import shape as sh
from fgrad.primitives.reduce import reduce_sum


def _prepared(name, a, axis, bitorder):
    """The array with the axis to work on last, that axis, and the bits of a byte."""
    if bitorder not in ("big", "little"):
        raise ValueError(located(f"{name}: bitorder must be 'big' or 'little'; got {bitorder!r}"))
    x = unweak(value(a, name))
    bits = np.arange(8, dtype=np.uint8)
    bits = bits[::-1] if bitorder == "big" else bits
    if axis is None:
        return reshape_values(x, (get_aval(x).size,)), 0, bits
    axis = axis_of(axis, get_aval(x).ndim)
    return moveaxis_values(x, axis, -1), axis, bits


@public
def packbits(a, axis=None, bitorder="big"):
    """Eight truth values to a byte, along an axis; the last byte is filled up with zeros.

    Parameters
    ----------
    a : array-like of int or bool
    axis : int or None
        None packs the flattened array.
    bitorder : {'big', 'little'}
        Whether the first value is the highest or the lowest bit.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.packbits([True, False, True])
    Array([160], dtype=uint8)
    """
    x, axis, bits = _prepared("packbits", a, axis, bitorder)
    if get_aval(x).dtype.kind not in "biu":
        raise TypeError(located(f"packbits: wanted integers or booleans; got {get_aval(x)}"))
    *rest, n = get_aval(x).shape
    count = -(-n // 8)
    x = sh.astype(ew.ne(x, 0), np.dtype(np.uint8))
    index = (*((0, k, 1) for k in rest), (0, n, 1))
    x = sh.pad(x, shape=(*rest, 8 * count), index=index)
    x = ew.shift_left(reshape_values(x, (*rest, count, 8)), bits)
    return moveaxis_values(reduce_sum(x, axes=(len(rest) + 1,)), -1, axis)


@public
def unpackbits(a, axis=None, count=None, bitorder="big"):
    """The bits of bytes, along an axis.

    Parameters
    ----------
    a : array-like of uint8
    axis, bitorder
        As for `packbits`.
    count : int, optional
        How many bits to give: more are zeros; if negative, how many to leave out at the end.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.unpackbits(fnp.array([160], dtype=fnp.uint8), count=3)
    Array([1, 0, 1], dtype=uint8)
    """
    x, axis, bits = _prepared("unpackbits", a, axis, bitorder)
    if get_aval(x).dtype != np.uint8:
        raise TypeError(located(f"unpackbits: wanted uint8; got {get_aval(x)}"))
    *rest, n = get_aval(x).shape
    x = ew.bitwise_and(ew.shift_right(reshape_values(x, (*rest, n, 1)), bits), np.uint8(1))
    x = reshape_values(x, (*rest, 8 * n))
    if count is not None:
        wanted = count if count >= 0 else 8 * n + count
        if wanted < 0:
            raise ValueError(located(f"unpackbits: count {count} leaves out more than there are"))
        kept = min(wanted, 8 * n)
        x = sh.slice_axis(x, 0, kept, len(rest))
        index = (*((0, k, 1) for k in rest), (0, kept, 1))
        x = sh.pad(x, shape=(*rest, wanted), index=index)
    return moveaxis_values(x, -1, axis)
