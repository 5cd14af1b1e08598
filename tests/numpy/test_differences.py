"""Differences and running sums."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

NUMBERS = {"dtypes": ("float32", "float64", "complex128", "int32")}
REAL = {"dtypes": ("float32", "float64", "int32")}
PLACES = np.array([0.0, 1.0, 3.0, 4.0, 7.0])
ROWS = [
    Row("diff", lambda xp, x: xp.diff(x), [(5,)], [(2, 3)], [(1,)], [(0,)], [()]),
    Row("diff-2", lambda xp, x: xp.diff(x, 2, axis=0), [(4, 3)], **NUMBERS),
    Row("diff-ends", lambda xp, x: xp.diff(x, prepend=0, append=x[:, :2]), [(2, 3)], **NUMBERS),
    Row("ediff1d", lambda xp, x: xp.ediff1d(x), [(2, 3)], [(1,)], **NUMBERS),
    Row("ediff1d-ends", lambda xp, x: xp.ediff1d(x, x[:1], x[1:]), [(3,)], **NUMBERS),
    Row("gradient", lambda xp, x: xp.gradient(x), [(5,)], [(3, 4)], [(1,)], **REAL),
    Row("gradient-axis", lambda xp, x: xp.gradient(x, 0.5, axis=1), [(3, 4)], **REAL),
    Row("gradient-axes", lambda xp, x: xp.gradient(x, 0.5, 2.0, axis=(1, 0)), [(3, 4)], **REAL),
    Row("gradient-places", lambda xp, x: xp.gradient(x, PLACES), [(5,)], smooth=False, **REAL),
    Row(
        "gradient-edge",
        lambda xp, x: (xp.gradient(x, edge_order=2), xp.gradient(x, PLACES, edge_order=2)),
        [(5,)],
        smooth=False,
        **REAL,
    ),
    Row("trapezoid", lambda xp, x: xp.trapezoid(x), [(5,)], [(2, 3)], [(0,)], **NUMBERS),
    Row("trapezoid-x", lambda xp, x: xp.trapezoid(x, PLACES, axis=0), [(5, 2)], **NUMBERS),
    Row("trapezoid-dx", lambda xp, x, y: xp.trapezoid(x, dx=y), [(5,), ()], **REAL),
    Row("cumulative_sum", lambda xp, x: xp.cumulative_sum(x), [(5,)], [(2, 3)]),
    Row(
        "cumulative_sum-initial",
        lambda xp, x: xp.cumulative_sum(x, axis=1, include_initial=True),
        [(2, 3)],
    ),
    Row(
        "cumulative_prod",
        lambda xp, x: xp.cumulative_prod(x, axis=0, include_initial=True),
        [(3, 2)],
    ),
    Row("unwrap", lambda xp, x: xp.unwrap(4 * x), [(9,)], **REAL),
    Row("unwrap-period", lambda xp, x: xp.unwrap(x, axis=0, period=3), [(9, 2)], **REAL),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


def test_too_few_samples():
    """gradient needs enough samples for its order."""
    with pytest.raises(ValueError, match="axis 0 has 2 samples; wanted at least 3"):
        fnp.gradient(np.ones(2), edge_order=2)
