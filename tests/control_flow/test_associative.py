"""associative_scan against JAX."""

import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.lax import associative_scan
from tests.jax_suite import Row, suite


def products(**options):
    return lambda lib, x: lib.lax.associative_scan(lib.numpy.multiply, x, **options)


def matrices(lib, x):
    return lib.lax.associative_scan(lib.numpy.matmul, x)


def recurrence(lib, a, b):
    """x[t] = a[t] x[t-1] + b[t], as a scan of affine maps."""
    combine = lambda p, q: (p[0] * q[0], p[1] * q[0] + q[1])
    return lib.lax.associative_scan(combine, (a, b), axis=1)


ROWS = [
    *(Row(f"products-{n}", products(), (n,)) for n in range(1, 8)),
    Row("reverse", products(reverse=True), (6, 2)),
    Row("axis", products(axis=-1), (2, 5)),
    Row("matrices", matrices, (5, 2, 2)),
    Row("recurrence", recurrence, (2, 6), (2, 6)),
]

test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


def test_number_of_calls_is_logarithmic():
    calls = []

    def add(a, b):
        calls.append(1)
        return fnp.add(a, b)

    out = associative_scan(add, np.arange(1000))
    np.testing.assert_array_equal(out, jnp.cumsum(np.arange(1000)))
    assert len(calls) < 20


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: associative_scan(fnp.add, ()), ValueError, "no arrays"),
        (lambda: associative_scan(fnp.add, np.ones(3), axis=1), ValueError, "no axis 1"),
        (
            lambda: associative_scan(lambda a, b: a, (np.ones(3), np.ones(2))),
            ValueError,
            "different lengths",
        ),
        (
            lambda: associative_scan(lambda a, b: (a, b), np.ones(3)),
            TypeError,
            "like its arguments",
        ),
        (lambda: associative_scan(1, np.ones(3)), TypeError, "expected a function"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=rf"{text}[^\0]*test_associative.py"):
        call()


def test_of_nothing():
    assert associative_scan(fnp.add, np.zeros((0, 2))).shape == (0, 2)
    assert fgrad.jit(lambda x: associative_scan(fnp.add, x))(np.zeros((0, 2))).shape == (0, 2)
