"""The algebra of the compiler: what is removed, and that what is left is the same function."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp

X = np.linspace(-2.0, 2.0, 7)


@pytest.mark.parametrize(
    ("fun", "operations"),
    (
        (lambda x: x * 1.0, 0),
        (lambda x: x / 1.0, 0),
        (lambda x: fnp.negative(-x), 0),
        (lambda x: 2.0 * (3.0 * x), 1),
        (lambda x: -(2.0 * x), 1),
        (lambda x: (-x) * 2.0, 1),
        (lambda x: x / 2.0, 1),
        (lambda x: 1e-200 * (1e-200 * x), 2),  # the constants alone would underflow
        (lambda x: fnp.sin(x) + fnp.sin(x), 2),
        (lambda x: fnp.transpose(fnp.transpose(x)), 0),
    ),
)
def test_what_is_left(fun, operations):
    low = fgrad.jit(fun).lower(X)
    assert len(low.optimized.eqns) == operations
    np.testing.assert_allclose(fgrad.jit(fun)(X), fun(X), rtol=1e-15, atol=0)


def test_integers_are_left_alone():
    x = np.array([5, -7, 2**62], dtype=np.int64)
    f = fgrad.jit(lambda x: (3 * (x * 2), -x, x / 2))
    for got, want in zip(f(x), (3 * (x * 2), -x, x / 2), strict=True):
        np.testing.assert_array_equal(got, want)
