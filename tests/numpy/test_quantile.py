"""Medians and quantiles."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


METHODS = (
    "linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf",
    "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased",
    "normal_unbiased",
)  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_numpys(method):
    rng = np.random.default_rng(0)
    q = np.linspace(0, 1, 21)
    for n in (1, 2, 3, 4, 5, 8, 10):
        x = rng.normal(size=(n, 2))
        want = np.quantile(x, q, axis=0, method=method)
        np.testing.assert_allclose(fnp.quantile(x, q, axis=0, method=method), want, rtol=1e-12)
        y = np.concatenate([x, np.full((2, 2), np.nan)])
        got = fnp.nanquantile(y, q, axis=0, method=method)
        np.testing.assert_allclose(got, want, rtol=1e-12)
    integers = rng.integers(0, 9, 7)
    want = np.quantile(integers, 0.4, method=method)
    got = fnp.quantile(integers, 0.4, method=method)
    assert got == pytest.approx(want)
    assert got.dtype == want.dtype
    slope = fgrad.grad(lambda x: fnp.quantile(x, 0.37, method=method))(x[:, 0])
    direction = rng.normal(size=10)
    ahead, behind = (
        np.quantile(x[:, 0] + h * direction, 0.37, method=method) for h in (1e-6, -1e-6)
    )
    np.testing.assert_allclose(slope @ direction, (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-8)


@given(st.data())
def test_weights_are_numpys(data):
    n = data.draw(st.integers(1, 6))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x, w = rng.integers(0, 5, (3, n)).astype(float), rng.integers(0, 4, (3, n)).astype(float)
    w[:, 0] += 1
    q = np.array(data.draw(st.lists(st.sampled_from(np.linspace(0, 1, 9)), min_size=1, max_size=3)))
    ones = {"method": "inverted_cdf"}
    for name in ("quantile", "nanquantile"):
        if name == "nanquantile" and n > 1:
            x[0, -1] = np.nan
        for axis, weights in ((1, w), (1, w[0]), (None, w), ((0, 1), w)):
            if name == "nanquantile" and weights.ndim == 1:
                continue  # NumPy 2.4 takes the wrong axis
            got, want = (
                getattr(lib, name)(x, q, axis, weights=weights, **ones) for lib in (fnp, np)
            )
            np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(
        fnp.percentile(x, 100 * q, weights=w, keepdims=True, **ones),
        np.percentile(x, 100 * q, weights=w, keepdims=True, **ones),
    )


def test_weights_under_transformations():
    x, w = np.array([3.0, 1.0, 2.0]), np.array([1.0, 5.0, 2.0])
    f = lambda x, w: fnp.quantile(x, 0.7, weights=w, method="inverted_cdf")
    np.testing.assert_array_equal(fgrad.jit(fgrad.grad(f))(x, w), [0.0, 0.0, 1.0])
    np.testing.assert_array_equal(fgrad.vmap(f, (0, None))(np.stack([x, -x]), w), [2.0, -1.0])


@pytest.mark.parametrize(
    ("options", "text"),
    (
        ({"weights": np.ones(3)}, "method='inverted_cdf'"),
        ({"weights": np.ones(2), "method": "inverted_cdf"}, "shape of the array"),
        ({"weights": -np.ones(3), "method": "inverted_cdf"}, "must not be negative"),
    ),
)
def test_errors_of_weights(options, text):
    with pytest.raises(ValueError, match=rf"{text}[^\0]*test_quantile"):
        fnp.quantile(np.ones(3), 0.5, **options)


def test_medians_of_complex_numbers_are_those_of_their_sort():
    x = np.array([1 + 2j, 1 - 1j, 0 + 5j, 3 + 0j, np.nan + 1j])
    assert fnp.median(x[:3]) == np.median(x[:3])
    assert fnp.median(x[:4]) == np.median(x[:4])
    assert fnp.nanmedian(x) == np.nanmedian(x)
    with pytest.raises(TypeError, match="no order"):
        fnp.quantile(x, 0.5)
