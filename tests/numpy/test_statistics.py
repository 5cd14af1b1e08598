"""Statistics."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same
from tests.numpy.suite import Row, suite

REAL = {"dtypes": ("float32", "float64", "int32")}
NUMBERS = {"dtypes": ("float32", "float64", "complex128", "int32")}
ROWS = [
    Row("ptp", lambda xp, x: xp.ptp(x, axis=0), [(3, 4)], [(4,)], [(0,)], **REAL),
    Row("count_nonzero", lambda xp, x: xp.count_nonzero(x, axis=1), [(3, 4)], smooth=False),
    Row("average", lambda xp, x: xp.average(x, axis=1), [(3, 4)], **NUMBERS),
    Row("average-weights", lambda xp, x, w: xp.average(x, 0, w + 3), [(3, 4), (3,)], **NUMBERS),
    Row("average-both", lambda xp, x, w: xp.average(x, weights=w + 3), [(3, 4), (3, 4)], **NUMBERS),
    Row(
        "average-returned",
        lambda xp, x, w: xp.average(x, 0, w + 9, True),
        [(3, 4), (3,)],
        **NUMBERS,
    ),
    Row("average-misfit", lambda xp, x, w: xp.average(x, 1, w), [(3, 4), (3,)], **REAL),
    Row("cov", lambda xp, x: xp.cov(x), [(3, 5)], [(5,)], **NUMBERS),
    Row("cov-y", lambda xp, x, y: xp.cov(x, y, rowvar=False, bias=True), [(5, 2), (5, 2)], **REAL),
    Row(
        "cov-weights",
        lambda xp, x: xp.cov(x, fweights=np.array([1, 2, 1]), aweights=np.array([1.0, 2, 3])),
        [(2, 3)],
        **REAL,
    ),
    Row("corrcoef", lambda xp, x: xp.corrcoef(x), [(3, 5)], **NUMBERS),
    Row(
        "bincount",
        lambda xp, x: xp.bincount(np.array([0, 3, 1, 3]), x),
        [(4,)],
        dtypes=("float32", "float64", "int32"),
        jax=lambda xp, x: xp.bincount(np.array([0, 3, 1, 3]), x, length=4),
    ),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


def test_bincount_under_jit():
    """The length must be given; what lies beyond it is left out."""
    x = np.array([0, 3, 1, 3, 9])
    got = fgrad.jit(lambda v: fnp.bincount(v, length=4))(x)
    np.testing.assert_array_equal(got, [1, 1, 0, 2])
    with pytest.raises(fgrad.errors.ConcretizationTypeError, match="length="):
        fgrad.jit(fnp.bincount)(x)
    with pytest.raises(ValueError, match="must not be negative"):
        fnp.bincount(np.array([-1]))


def test_a_mean_that_is_known():
    """mean= spares computing it again; NumPy takes it too."""
    x = np.random.default_rng(0).normal(size=(3, 4))
    x[0, 0] = np.nan
    for name in ("var", "std", "nanvar", "nanstd"):
        mean = np.nanmean(x, axis=1, keepdims=True)
        options = {"axis": 1, "mean": mean, "correction": 1}
        assert_same(getattr(fnp, name)(x, **options), getattr(np, name)(x, **options))
    f = lambda x: np.std(x, mean=np.mean(x, keepdims=True))
    assert_same(fgrad.grad(f)(x[1:]), fgrad.grad(fnp.std)(x[1:]), 10)
