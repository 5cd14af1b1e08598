"""Elementary functions in vector code: how many units in the last place they are off."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.compiler.native.helpers import compiled, same_bits

TINY = {"f": 1.4e-45, "d": 5e-324}

# Where each function is asked for in single and in double precision.
RANGES = {
    "exp": ([(-104, 89), (-1, 1), (-1e-10, 1e-10)], [(-746, 710), (-1, 1), (-1e-20, 1e-20)]),
    "expm1": ([(-20, 89), (-1, 1), (-1e-10, 1e-10)], [(-40, 710), (-1, 1), (-1e-20, 1e-20)]),
    "log": ([(0.3, 3), (0, 3e38), (0, 1e-38), (0.999, 1.001)],
            [(0.3, 3), (0, 1e308), (0, 1e-307), (0.999, 1.001)]),
    "log1p": ([(-1, 1), (-1e-6, 1e-6), (0, 1e30)], [(-1, 1), (-1e-12, 1e-12), (0, 1e300)]),
    "tanh": ([(-10, 10), (-1, 1), (-1e-5, 1e-5)], [(-25, 25), (-1, 1), (-1e-9, 1e-9)]),
    "sinh": ([(-89, 89), (-1, 1), (-1e-5, 1e-5)], [(-710, 710), (-1, 1), (-1e-9, 1e-9)]),
    "cosh": ([(-89, 89), (-1, 1)], [(-710, 710), (-1, 1)]),
    "sin": ([(-10, 10), (-1e4, 1e4), (-1e30, 1e30)], [(-10, 10), (-1e6, 1e6), (-1e30, 1e30)]),
    "cos": ([(-10, 10), (-1e4, 1e4), (-1e30, 1e30)], [(-10, 10), (-1e6, 1e6), (-1e30, 1e30)]),
    "log2": ([(0.3, 3), (0, 3e38), (0, 1e-38)], None),
    "log10": ([(0.3, 3), (0, 3e38), (0, 1e-38)], None),
}  # fmt: skip
CASES = [(name, k, dtype) for name, of in RANGES.items() for k, dtype in enumerate("fd") if of[k]]

EXTENDED = pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 1e-18,
    reason="there are no numbers of more digits to compare with",
)


def errors(got, exact):
    """Errors in units in the last place."""
    return np.abs(got.astype(np.longdouble) - exact) / np.spacing(np.abs(got))


@EXTENDED
@pytest.mark.parametrize(("name", "k", "dtype"), CASES)
def test_errors_of_about_two_units_at_most(name, k, dtype):
    r = np.random.default_rng(0)
    f = compiled(lambda x: getattr(fnp, name)(x) * 1)
    for low, high in RANGES[name][k]:
        x = r.uniform(low, high, 1000).astype(dtype)
        if low == 0:  # all exponents
            x = np.geomspace(max(high * 1e-30, TINY[dtype]), high, 1000).astype(dtype)
        x = x[(x != 0) & (x != -1)]
        got = np.asarray(f(x))
        finite = np.isfinite(got)
        exact = getattr(np, name)(x.astype(np.longdouble))
        assert np.all(np.abs(exact[~finite]) > np.finfo(dtype).max * (1 - 1e-6))
        assert errors(got[finite], exact[finite]).max() < 2.2


@EXTENDED
def test_powers_in_single_precision():
    r = np.random.default_rng(0)
    x = np.exp(r.uniform(-20, 20, 2000)).astype("f")
    y = r.uniform(-4, 4, 2000).astype("f")
    f = compiled(lambda x, y: fnp.power(x, y) * 1)
    exact = x.astype(np.longdouble) ** y
    assert errors(np.asarray(f(x, y)), exact).max() < 0.51


@EXTENDED
@pytest.mark.parametrize("dtype", "fd")
def test_sums_of_exponentials(dtype):
    r = np.random.default_rng(0)
    x, y = r.uniform(-50, 50, (2, 1000)).astype(dtype)
    y[::3] = x[::3] + r.uniform(-1, 1, x[::3].size).astype(dtype)
    exact = np.logaddexp(x.astype(np.longdouble), y)
    got = np.asarray(compiled(lambda x, y: fnp.logaddexp(x, y) * 1)(x, y))
    scale = np.maximum(np.abs(x), np.abs(y))
    assert np.all(np.abs(got - exact) <= 2 * np.spacing(scale))


def special(dtype):
    """Where functions have ends, and on both sides of these."""
    finfo = np.finfo(dtype)
    points = [0, 1, 20, 22, 40, 50, 88.72284, 89.416, 90, 103.97, 104, 709.782712893384, 710, 711,
              710.4758600739439, 745.1332191019412, 746, 1e6, finfo.tiny, finfo.tiny / 8,
              finfo.smallest_subnormal, finfo.max, np.inf, np.pi / 2, np.sqrt(0.5),
              np.sqrt(2)]  # fmt: skip
    x = np.array(points, dtype)
    with np.errstate(all="ignore"):
        x = np.concatenate([x, np.nextafter(x, dtype(0)), np.nextafter(x, dtype(np.inf))])
    return np.concatenate([x, -x, [dtype(np.nan)]])


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
@pytest.mark.parametrize("name", RANGES)
def test_special_values(name, dtype):
    x = special(dtype)
    ufunc = getattr(np, name)
    with np.errstate(all="ignore"):
        got, want = np.asarray(compiled(lambda x: getattr(fnp, name)(x) * 1)(x)), ufunc(x)
    # where results are about as small as numbers get they have few bits
    atol = 2 * np.finfo(dtype).smallest_subnormal
    np.testing.assert_allclose(got, want, 4 * np.finfo(dtype).eps, atol)
    zero = x == 0
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(want[zero]))


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
@pytest.mark.parametrize("name", ("power", "logaddexp"))
def test_special_values_of_two(name, dtype):
    points = [0.0, 0.5, 1, 1.5, 2, 3, 1e10 + 1, 1e30, np.inf, 1e-30]
    x, y = map(np.ravel, np.meshgrid(*[np.array([*points, *(-p for p in points), np.nan])] * 2))
    x, y = x.astype(dtype), y.astype(dtype)
    f = getattr(fnp, name)
    with np.errstate(all="ignore"):
        got, want = np.asarray(compiled(lambda x, y: f(x, y) * 1)(x, y)), getattr(np, name)(x, y)
    np.testing.assert_allclose(got, want, 4 * np.finfo(dtype).eps)
    number = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(got[number]), np.signbit(want[number]))


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_a_number_alone_has_the_bits_that_it_has_among_others(dtype):
    r = np.random.default_rng(0)
    x = np.concatenate([special(dtype), r.normal(size=60).astype(dtype) * 5])
    f = compiled(lambda x: [getattr(fnp, name)(x) for name in RANGES])
    with np.errstate(all="ignore"):
        together = [np.asarray(v) for v in f(x)]
        alone = [
            np.concatenate(v) for v in zip(*(f(x[i : i + 1]) for i in range(x.size)), strict=True)
        ]
    for got, want in zip(alone, together, strict=True):
        same_bits(got, want)
