"""Polynomials, convolutions and interpolation."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

NUMBERS = {"dtypes": ("float32", "float64", "complex128", "int32")}
REAL = ("float32", "float64", "int32")
XP = np.array([-1.0, 0.0, 0.5, 2.0])
ROWS = [
    Row(
        "polyval",
        lambda xp, p, x: xp.polyval(p, x),
        [(3,), (2, 3)],
        [(0,), (2,)],
        [(1,), ()],
        **NUMBERS,
    ),
    Row("polyadd", lambda xp, p, q: xp.polyadd(p, q), [(3,), (2,)], **NUMBERS),
    Row("polysub", lambda xp, p, q: xp.polysub(p, q), [(2,), (3,)], **NUMBERS),
    Row(
        "polymul", lambda xp, p, q: xp.polymul(p, q), [(3,), (2,)], dtypes=("float64", "complex128")
    ),
    Row("polyder", lambda xp, p: xp.polyder(p, 2), [(4,)], **NUMBERS),
    Row("vander", lambda xp, x: xp.vander(x, 4), [(3,)], **NUMBERS),
    Row("vander-increasing", lambda xp, x: xp.vander(x, increasing=True), [(3,)], **NUMBERS),
    *(
        Row(
            f"convolve-{m}",
            lambda xp, x, y, m=m: xp.convolve(x, y, m),
            [(5,), (3,)],
            [(2,), (4,)],
            **NUMBERS,
        )
        for m in ("full", "same", "valid")
    ),
    *(
        Row(
            f"correlate-{m}",
            lambda xp, x, y, m=m: xp.correlate(x, y, m),
            [(5,), (3,)],
            [(5,), (4,)],
            **NUMBERS,
        )
        for m in ("full", "same", "valid")
    ),
    Row("interp", lambda xp, x, f: xp.interp(x, XP, f), [(2, 3), (4,)], [(), (4,)], dtypes=REAL),
    Row(
        "interp-period",
        lambda xp, x, f: xp.interp(9 * x, XP[::-1], f, period=2.5),
        [(3,), (4,)],
        dtypes=REAL,
    ),
    Row("interp-complex", lambda xp, x, f: xp.interp(x.real, XP, f), [(3,), (4,)], **NUMBERS),
    Row(
        "interp-outside",
        lambda xp, x: xp.interp(9 * x, XP, XP**2, left=-5, right=5),
        [(6,)],
        dtypes=("float64",),
    ),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


def test_interpolation_at_the_points():
    """At the points themselves the value is that of the point."""
    f = np.array([1.0, 5.0, 2.0, 3.0])
    np.testing.assert_array_equal(fnp.interp(XP, XP, f), f)


def test_wrong_vectors():
    """Operands that are not vectors of fitting lengths are refused."""
    with pytest.raises(ValueError, match="vectors of equal length"):
        fnp.interp(1.0, [1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="wanted one axis"):
        fnp.convolve(np.ones((2, 2)), np.ones(2))
