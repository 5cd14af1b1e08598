"""Reductions and running reductions."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.numpy.suite import DTYPES, Row, suite

REAL = tuple(d for d in DTYPES if d != "complex128")
MASK = np.array([[True, False, True, True], [False] * 4, [True, True, False, True]])
SHAPES = [(3, 4)], [()], [(0, 2)]


def row(name, *cases, label="", dtypes=DTYPES, smooth=True, **options):
    """A row for a reduction."""
    return Row(
        name + label,
        lambda xp, x: getattr(xp, name)(x, **options),
        *(cases or SHAPES),
        dtypes=dtypes,
        smooth=smooth,
    )


SUMS = ("sum", "prod", "mean")
ROWS = [
    *(row(name) for name in (*SUMS, "any", "all")),
    *(row(name, [(3, 4)], label="-axis", axis=1) for name in (*SUMS, "any", "all")),
    *(row(name, [(3, 4)], label="-axes", axis=(0, -1), keepdims=True) for name in SUMS),
    *(row(name, [(3, 4)], label="-dtype", dtype="complex128") for name in SUMS),
    *(row(name, [(3, 4)], label="-where", axis=1, where=MASK) for name in (*SUMS, "any")),
    row("sum", [(3, 4)], label="-initial", axis=0, initial=3),
    row("prod", [(3, 4)], label="-initial", axis=0, initial=3),
    *(row(name, dtypes=REAL) for name in ("max", "min", "amax", "amin")),
    *(
        row(name, [(3, 4)], label="-axis", axis=0, keepdims=True, dtypes=REAL)
        for name in ("max", "min")
    ),
    row("max", [(3, 4)], label="-initial", axis=0, initial=-2, dtypes=REAL),
    row("max", [(0, 2)], label="-of-nothing", axis=0, initial=-2, dtypes=REAL, smooth=False),
    *(
        row(
            name,
            [(3, 4)],
            label="-where",
            axis=0,
            dtypes=("float32", "float64", "complex128"),
            where=MASK,
        )
        for name in ("var", "std")
    ),
    *(row(name, [(3, 4)], [()]) for name in ("var", "std")),
    *(row(name, [(0, 2)], label="-of-nothing", smooth=False) for name in ("var", "std")),
    *(row(name, [(3, 4)], label="-ddof", axis=1, ddof=1, keepdims=True) for name in ("var", "std")),
    row("var", [(3, 4)], label="-correction", axis=0, correction=2),
    *(row(name, dtypes=REAL, smooth=False) for name in ("argmax", "argmin")),
    *(
        row(name, [(3, 4)], label="-axis", axis=-1, keepdims=True, dtypes=REAL, smooth=False)
        for name in ("argmax", "argmin")
    ),
    *(row(name) for name in ("cumsum", "cumprod")),
    *(row(name, [(3, 4)], label="-axis", axis=1) for name in ("cumsum", "cumprod")),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "max", "var", "cumsum", "any"])
@pytest.mark.parametrize("dtype", ["int8", "uint16", "float16", "bool", "uint64", "complex64"])
def test_dtypes_of_results(name, dtype):
    """Small integers are summed in large ones, halves in halves: as NumPy does it."""
    x = np.array([1, 0, 2]).astype(dtype)
    assert getattr(fnp, name)(x).dtype == getattr(np, name)(x).dtype


def test_errors():
    """A wrong axis names the axis; the largest of nothing names what is missing."""
    with pytest.raises(ValueError, match="axis 2 is out of bounds for an array of 2 axes"):
        fnp.sum(np.ones((2, 3)), axis=2)
    with pytest.raises(ValueError, match="names an axis twice"):
        fnp.sum(np.ones((2, 3)), axis=(0, 0))
    with pytest.raises(ValueError, match="needs initial="):
        fnp.max(np.ones(3), where=np.array([True, False, True]))
    with pytest.raises(NotImplementedError, match="out="):
        fnp.sum(np.ones(3), out=np.zeros(()))
