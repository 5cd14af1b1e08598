"""Medians and quantiles."""

import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

REAL = {"dtypes": ("float32", "float64", "int32")}
Q = np.array([0.1, 0.5, 1.0])
ROWS = [
    Row("median", lambda xp, x: xp.median(x), [(5,)], [(4,)], [(3, 4)], [()], **REAL),
    Row("median-axis", lambda xp, x: xp.median(x, axis=1, keepdims=True), [(3, 4)], **REAL),
    Row("quantile", lambda xp, x: xp.quantile(x, 0.3), [(5,)], [(3, 4)], **REAL),
    Row("quantile-array", lambda xp, x: xp.quantile(x, Q, axis=0), [(5, 2)], **REAL),
    Row(
        "quantile-axes",
        lambda xp, x: xp.quantile(x, Q, (0, -1), keepdims=True),
        [(2, 3, 2)],
        **REAL,
    ),
    Row("percentile", lambda xp, x: xp.percentile(x, 30, axis=-1), [(2, 5)], **REAL),
    *(
        Row(m, lambda xp, x, m=m: xp.quantile(x, 0.3, axis=0, method=m), [(5, 2)], **REAL)
        for m in ("lower", "higher", "nearest", "midpoint")
    ),
    Row(
        "nanmedian",
        lambda xp, x: xp.nanmedian(xp.where(x > 1, np.nan, x), 0),
        [(5, 2)],
        dtypes=("float64",),
    ),
    Row(
        "nanquantile",
        lambda xp, x: xp.nanquantile(xp.where(x > 1, np.nan, x), Q, 0),
        [(5, 2)],
        dtypes=("float64",),
    ),
    Row(
        "nanpercentile",
        lambda xp, x: xp.nanpercentile(xp.where(x > 1, np.nan, x), 40),
        [(5, 2)],
        dtypes=("float64",),
    ),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


def test_nan():
    """A NaN makes the quantile NaN; nanquantile leaves it out, and is NaN of nothing else."""
    x = np.array([[1.0, np.nan, np.nan], [2.0, 3.0, np.nan]])
    np.testing.assert_array_equal(fnp.quantile(x, 0.5, axis=0), [1.5, np.nan, np.nan])
    np.testing.assert_array_equal(fnp.nanquantile(x, 0.5, axis=0), [1.5, 3.0, np.nan])


def test_traced_fraction():
    """The fraction may be traced, and has a derivative."""
    x = np.array([1.0, 2.0, 4.0, 8.0])
    np.testing.assert_allclose(fgrad.jit(fnp.quantile)(x, 0.4), np.quantile(x, 0.4))
    import jax

    want = jax.grad(lambda q: jnp.quantile(x, q))(0.4)
    np.testing.assert_allclose(fgrad.grad(lambda q: fnp.quantile(x, q))(0.4), want)


def test_wrong_fractions():
    """A fraction outside [0, 1] is refused, and so is an unknown method."""
    with pytest.raises(ValueError, match=r"q must be in \[0, 1\]"):
        fnp.quantile(np.ones(3), 30)
    with pytest.raises(ValueError, match="method must be one of"):
        fnp.quantile(np.ones(3), 0.5, method="best")
