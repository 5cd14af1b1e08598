"""Reductions that leave NaN out."""

import numpy as np

from tests.numpy.suite import Row, suite

NUMBERS = ("float32", "float64", "complex128", "int32")
REAL = ("float32", "float64", "int32")


def holes(xp, x):
    """`x` with NaN where it is large."""
    return x if x.dtype.kind in "iub" else xp.where(x.real > 0.8, np.nan, x).astype(x.dtype)


def row(name, dtypes=NUMBERS, smooth=True, **options):
    """A row for a reduction of an array with holes."""
    label = name + "".join(f"-{k}" for k in options)
    return Row(
        label,
        lambda xp, x: getattr(xp, name)(holes(xp, x), **options),
        [(3, 4)],
        dtypes=dtypes,
        smooth=smooth,
    )


ROWS = [
    *(row(name) for name in ("nansum", "nanprod", "nanmean")),
    *(row(name, axis=1) for name in ("nansum", "nanprod", "nanmean", "nancumsum", "nancumprod")),
    *(row(name, REAL, axis=0) for name in ("nanmax", "nanmin")),
    *(row(name, REAL, axis=0, ddof=1) for name in ("nanvar", "nanstd")),
    *(row(name, REAL, smooth=False, axis=0) for name in ("nanargmax", "nanargmin")),
    row("nansum", axis=0, keepdims=True, dtype="complex128", smooth=False),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)
