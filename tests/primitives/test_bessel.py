"""The exponentially scaled Bessel functions on both sides of where their series change, at 8."""

import numpy as np
import pytest
import scipy.special

import fgrad
from fgrad.primitives.bessel import i0e, i1e

X = np.r_[np.linspace(-40.0, 40.0, 801), 8.0, np.nextafter(8.0, 9.0), 1e3, 1e-9]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_are_those_of_scipy(dtype):
    rtol = 50 * np.finfo(dtype).eps  # about thirty terms of a series
    x = X.astype(dtype)
    for fun, want in ((i0e, scipy.special.i0e), (i1e, scipy.special.i1e)):
        np.testing.assert_allclose(fun(x), want(x), rtol=rtol)
        np.testing.assert_allclose(fgrad.jit(fun)(x), want(x), rtol=rtol)


def test_derivatives():
    i0, i1 = scipy.special.i0e, scipy.special.i1e
    x = X[X != 0]
    ones = np.ones_like(x)
    np.testing.assert_allclose(
        fgrad.jvp(i0e, (x,), (ones,))[1], i1(x) - np.sign(x) * i0(x), rtol=1e-12
    )
    slope = i0(x) - i1(x) * (np.sign(x) + 1 / x)
    # near zero the terms cancel: to 1/2, of terms of size one
    np.testing.assert_allclose(fgrad.jvp(i1e, (x,), (ones,))[1], slope, rtol=1e-7, atol=1e-12)
