"""Multiplication and addition with a single rounding, as compiled code does them."""

import numpy as np

from fgrad.core.trace import ONE
from fgrad.primitives.define import Elementwise

_SPLITTER = float(2**27 + 1)


def _halves(x):
    """Two numbers of 26 bits whose sum is `x`: T. J. Dekker, Numer. Math. 18 (1971)."""
    c = _SPLITTER * x
    high = c - (c - x)
    return high, x - high


def _fma_double(x, y, z):
    """The product and the sum with what they lost to rounding: Dekker; D. E. Knuth, The Art of
    Computer Programming 2, 4.2.2.
    """
    product = x * y
    (a, b), (c, d) = _halves(x), _halves(y)
    lost = ((a * c - product) + a * d + b * c) + b * d
    total = product + z
    back = total - product
    lost = lost + ((product - (total - back)) + (z - back))
    return np.where(np.isfinite(lost), total + lost, total)[()]


def multiply_add(x, y, z):
    """``x * y + z``, rounded once in float32 and, but for the rarest cases, in float64."""
    dtype = np.result_type(x, y, z)
    if dtype == np.float64:
        with np.errstate(all="ignore"):
            return _fma_double(*(np.asarray(v, dtype) for v in (x, y, z)))
    if dtype == np.float32:  # the product is exact in twice the digits
        wide = np.multiply(x, y, dtype=np.float64)
        return np.add(wide, z, dtype=np.float64).astype(dtype)
    return np.asarray(x * y + z, dtype)[()]


fma = Elementwise(
    "fma",
    None,
    lambda ans, x, y, z: y,
    lambda ans, x, y, z: x,
    ONE,
    impl=multiply_add,
    dtype_rule=lambda *operands: np.result_type(
        *(o(0) if isinstance(o, type) else o for o in operands)
    ),
)
