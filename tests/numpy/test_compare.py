"""Comparisons of arrays."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

FLAT = {"smooth": False}
ROWS = [
    Row("isclose", lambda xp, x, y: xp.isclose(x, y, atol=0.5), [(2, 1), (3,)], [(), ()], **FLAT),
    Row("allclose", lambda xp, x: xp.allclose(x, x + 1e-9), [(2, 3)], [(0,)], **FLAT),
    Row("array_equal", lambda xp, x, y: xp.array_equal(x, y), [(2,), (2,)], [(2,), (3,)], **FLAT),
    Row("array_equiv", lambda xp, x, y: xp.array_equiv(x, y), [(2,), (1,)], [(2,), (3,)], **FLAT),
    Row("isreal", lambda xp, x: xp.isreal(x), [(3,)], [()], **FLAT),
    Row("iscomplex", lambda xp, x: xp.iscomplex(x), [(3,)], [()], **FLAT),
    Row("isposinf", lambda xp, x: xp.isposinf(x), [(3,)], **FLAT),
    Row("isneginf", lambda xp, x: xp.isneginf(x), [(3,)], **FLAT),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


@pytest.mark.parametrize("equal_nan", [False, True])
def test_special_numbers(equal_nan):
    """Infinities equal themselves; NaN equal each other if asked to. There is no warning."""
    x = np.array([np.nan, np.inf, -np.inf, 1.0, 1e308])
    a, b = np.meshgrid(x, x)
    got = fnp.isclose(a, b, equal_nan=equal_nan)
    np.testing.assert_array_equal(got, np.isclose(a, b, equal_nan=equal_nan))
    assert fnp.array_equal(x, x, equal_nan=equal_nan) == equal_nan
