"""The rows of the operations on the bits of numbers."""

import numpy as np
from jax import lax

from fgrad.primitives import bits
from tests.primitives.row import UNARY, row

_REAL = ("float32", "float64")


def _bitcast(x, *, new_dtype):
    x = np.array(x)
    narrow = new_dtype.itemsize < x.dtype.itemsize
    return np.frombuffer(x.tobytes(), new_dtype).reshape(x.shape + (-1,) * narrow)[()]


def _from_jax(x, **params):
    return np.asarray(lax.reduce_precision(x, **params))[()]


BITS = [
    row(
        bits.bitcast_convert_type,
        _bitcast,
        None,
        [((s,), {"new_dtype": np.dtype(d)}) for s in ((2, 3), ()) for d in ("int32", "uint8")],
        values=("int32", *_REAL),
    ),
    *(
        row(
            bits.reduce_precision,
            _from_jax,
            None,  # rounded tangents are no derivatives: tests/lax/test_bits.py compares them
            [(c[0], {"exponent_bits": e, "mantissa_bits": m}) for c in UNARY],
            dtypes=(),
            values=_REAL,
        )
        for e, m in ((8, 7), (5, 10), (2, 3), (11, 52))
    ),
]
