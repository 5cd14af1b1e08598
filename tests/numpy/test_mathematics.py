"""Elementwise compositions."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

FLAT = {"smooth": False}
FLOATS = ("float32", "float64", "complex128")
REAL = ("float32", "float64", "int32")
SHAPES = [(2, 3)], [()], [(0, 2)]
ROWS = [
    Row("round", lambda xp, x: xp.round(x), *SHAPES, dtypes=(*FLOATS, "int32"), **FLAT),
    Row("round-2", lambda xp, x: xp.round(x, 2), *SHAPES, dtypes=(*FLOATS, "int32"), **FLAT),
    Row("round-tens", lambda xp, x: xp.round(x * 100, -1), *SHAPES, dtypes=FLOATS, **FLAT),
    Row("around", lambda xp, x: xp.around(x, decimals=1), *SHAPES, dtypes=FLOATS, **FLAT),
    Row("divmod", lambda xp, x, y: xp.divmod(x, y), [(2, 1), (3,)], domain="nonzero", dtypes=REAL),
    Row("modf", lambda xp, x: xp.modf(x), *SHAPES, dtypes=REAL),
    Row("ldexp", lambda xp, x: xp.ldexp(x, np.array([1, -2, 3])), [(2, 3)], dtypes=REAL),
    Row("frexp", lambda xp, x: xp.frexp(x), *SHAPES, dtypes=REAL, **FLAT),
    Row("float_power", lambda xp, x, y: xp.float_power(x, y), [(3,), ()], domain="positive"),
    Row("deg2rad", lambda xp, x: xp.deg2rad(x), *SHAPES),
    Row("rad2deg", lambda xp, x: xp.rad2deg(x), *SHAPES),
    Row("radians", lambda xp, x: xp.radians(x), *SHAPES),
    Row("degrees", lambda xp, x: xp.degrees(x), *SHAPES),
    Row("angle", lambda xp, x: xp.angle(x), *SHAPES, dtypes=(*FLOATS, "int32")),
    Row("angle-deg", lambda xp, x: xp.angle(x, deg=True), [(3,)], dtypes=FLOATS),
    Row("fabs", lambda xp, x: xp.fabs(x), *SHAPES),
    Row("fmax", lambda xp, x, y: xp.fmax(x, y), [(2, 1), (3,)]),
    Row("fmin", lambda xp, x, y: xp.fmin(x, y), [(2, 1), (3,)]),
    Row("heaviside", lambda xp, x, y: xp.heaviside(xp.round(x), y), [(9,), ()], dtypes=FLOATS[:2]),
    Row("sinc", lambda xp, x: xp.sinc(x), *SHAPES, dtypes=(*FLOATS, "int32")),
    Row("nan_to_num", lambda xp, x: xp.nan_to_num(x), *SHAPES),
    Row("real_if", lambda xp, x: xp.real(x) + xp.imag(x), *SHAPES),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


@pytest.mark.parametrize("name", ["modf", "frexp", "sinc", "nan_to_num", "fabs"])
def test_special_numbers(name):
    """NaN, infinities and zeros of both signs are NumPy's."""
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-310, 1e308])
    if name == "sinc":
        x = x[3:6]
    with np.errstate(all="ignore"):
        got, want = getattr(fnp, name)(x), getattr(np, name)(x)
    np.testing.assert_array_equal(got, want)


def test_sinc_is_smooth_at_zero():
    """Its derivatives at zero are those of its series."""
    second = fgrad.grad(fgrad.grad(fnp.sinc))
    np.testing.assert_allclose(second(0.0), -(np.pi**2) / 3)
    np.testing.assert_allclose(fgrad.grad(fgrad.grad(second))(0.0), np.pi**4 / 5)


def test_nan_to_num_of_all_kinds():
    """The replacements are those given."""
    x = np.array([np.nan, np.inf, -np.inf, 1.0])
    options = {"nan": 1.0, "posinf": 2.0, "neginf": 3.0}
    np.testing.assert_array_equal(fnp.nan_to_num(x, **options), np.nan_to_num(x, **options))


def test_weak_numbers_stay_weak():
    """A function of a Python number does not widen float32."""
    x = np.float32([1.0])
    for f in (fnp.sinc, fnp.deg2rad, fnp.fabs, lambda v: fnp.round(v, 1), fnp.angle):
        assert (x * f(2.0)).dtype == np.float32


def test_parts_of_whole_numbers_have_the_slope_of_their_neighbours():
    for x in (-1.0, -2.0, 0.0, 3.0, -2.5):
        assert fgrad.grad(lambda x: fnp.modf(x)[0])(x) == 1.0


@pytest.mark.parametrize("x", [0.0, 1e-12, 1e-8, 1e-4, 0.009, 0.01])
def test_curvature_of_sinc_near_zero(x):
    """Of the series; sin(y) / y differentiated loses all digits below 1e-8."""
    y = np.pi * x
    want = np.pi**2 * (-1 / 3 + y**2 / 10 - y**4 / 168 + y**6 / 6480)
    for derivative in (fgrad.grad(fgrad.grad(fnp.sinc)), fgrad.hessian(fnp.sinc)):
        np.testing.assert_allclose(derivative(x), want, rtol=1e-9)
