"""The bits of numbers."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, unweak, value
from fgrad.primitives import bits
from fgrad.primitives import elementwise as ew
from fgrad.primitives.parts import select
from fgrad.primitives.shape import astype


@public
def bitcast_convert_type(operand, new_dtype):
    """The same bits as numbers of another dtype.

    Parameters
    ----------
    operand : array-like
    new_dtype : dtype-like

    Returns
    -------
    array
        Of the shape of the operand. Narrower numbers stand along one axis more, the last; wider
        ones are made of all numbers along the last axis, which is gone. The derivative is zero.

    Raises
    ------
    ValueError
        If the numbers along the last axis do not make one of the wider dtype.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.bitcast_convert_type(1.0, "int64")
    np.int64(4607182418800017408)
    """
    x = unweak(value(operand, "bitcast_convert_type"))
    return bits.bitcast_convert_type(x, new_dtype=np.dtype(new_dtype))


@public
def reduce_precision(operand, exponent_bits, mantissa_bits):
    """The nearest numbers that a narrower floating-point format has, in the dtype they came in.

    Parameters
    ----------
    operand : array-like of float
    exponent_bits, mantissa_bits : int
        Of that format. What it has no room for becomes infinite, or zero.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.reduce_precision(3.1415926, exponent_bits=8, mantissa_bits=7)
    3.140625
    """
    return bits.reduce_precision(
        value(operand, "reduce_precision"),
        exponent_bits=exponent_bits.__index__(),
        mantissa_bits=mantissa_bits.__index__(),
    )


@public
def mulhi(x, y, /):
    """The upper half of the bits of the full product, for each pair of elements.

    Parameters
    ----------
    x, y : array-like of int
        Of one dtype.

    Examples
    --------
    >>> import fgrad, numpy as np
    >>> fgrad.lax.mulhi(np.int32(2**30), np.int32(8))
    np.int32(2)
    """
    x, y = unweak(value(x, "mulhi: x")), unweak(value(y, "mulhi: y"))
    dtype = get_aval(x).dtype
    if dtype.kind not in "iu" or get_aval(y).dtype != dtype:
        raise TypeError(
            located(f"mulhi: wanted integers of one dtype; got {get_aval(x)} and {get_aval(y)}")
        )
    size = 8 * dtype.itemsize
    if size < 64:
        wide = np.dtype(f"{dtype.kind}8")
        return astype(ew.shift_right(ew.mul(astype(x, wide), astype(y, wide)), size), dtype)
    high = _mulhi_unsigned(astype(x, np.dtype(np.uint64)), astype(y, np.dtype(np.uint64)))
    high = astype(high, dtype)
    if dtype.kind == "i":  # the bits of a negative number stand for 2**64 more than it is
        high = ew.sub(high, select(ew.lt(x, 0), y, np.int64(0)))
        high = ew.sub(high, select(ew.lt(y, 0), x, np.int64(0)))
    return high


def _mulhi_unsigned(x, y):
    """By products of halves."""
    half, mask = np.uint64(32), np.uint64(2**32 - 1)
    (x1, x0), (y1, y0) = ((ew.shift_right(v, half), ew.bitwise_and(v, mask)) for v in (x, y))
    middle = ew.add(ew.mul(x1, y0), ew.shift_right(ew.mul(x0, y0), half))
    other = ew.add(ew.mul(x0, y1), ew.bitwise_and(middle, mask))
    carried = ew.add(ew.shift_right(middle, half), ew.shift_right(other, half))
    return ew.add(ew.mul(x1, y1), carried)
