"""What is known of dtypes: their kinds, sizes and promotion."""

import numpy as np
from numpy import finfo, iinfo

from fgrad.core.avals import extended, float0, prng_key
from fgrad.core.source import located
from fgrad.numpy._dtypes import issubdtype, result_type

__all__ = [
    "TypePromotionError", "canonicalize_dtype", "extended", "finfo", "float0", "iinfo",
    "issubdtype", "itemsize_bits", "prng_key", "result_type", "scalar_type_of",
]  # fmt: skip


class TypePromotionError(ValueError):
    """Two dtypes that do not go together, or one that does not fit into another."""


def canonicalize_dtype(dtype, allow_extended_dtype=False):
    """A dtype from anything that names one; all of NumPy's are kept as they are.

    Parameters
    ----------
    dtype : dtype-like
    allow_extended_dtype : bool
        Whether it may be that of random keys.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.dtypes.canonicalize_dtype(float)
    dtype('float64')
    """
    dtype = np.dtype(dtype)
    if not allow_extended_dtype and issubdtype(dtype, extended):
        raise ValueError(located(f"canonicalize_dtype: {dtype} is the dtype of random keys"))
    return dtype


def itemsize_bits(dtype):
    """How many bits a number of the dtype takes.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.dtypes.itemsize_bits("float32")
    32
    """
    return 8 * np.dtype(dtype).itemsize


_SCALARS = {"b": bool, "i": int, "u": int, "f": float, "c": complex}


def scalar_type_of(x):
    """The Python type of the numbers in an array.

    Raises
    ------
    TypeError
        If it does not hold numbers.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.dtypes.scalar_type_of(np.float32(1.0))
    <class 'float'>
    """
    dtype = result_type(x)
    if dtype.kind not in _SCALARS:
        raise TypeError(located(f"scalar_type_of: {dtype} has no Python type"))
    return _SCALARS[dtype.kind]
