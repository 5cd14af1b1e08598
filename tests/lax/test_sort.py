"""Sorting against jax.lax."""

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same
from tests.jax_suite import Row, suite

ROWS = [
    Row("sort", lambda lib, x: lib.lax.sort(x, 0), (4, 3)),
    Row("sort-two", lambda lib, x, y: lib.lax.sort((x, y)), (2, 5), (2, 5)),
    Row("sort_key_val", lambda lib, x, y: lib.lax.sort_key_val(x, y, 0), (5, 2), (5, 2)),
    Row(
        "approx_max_k",
        lambda lib, x: tuple(lib.lax.approx_max_k(x, 2, 0)),
        (5, 2),
        same_dtype=False,
    ),
    Row(
        "approx_min_k", lambda lib, x: tuple(lib.lax.approx_min_k(x, k=2)), (2, 5), same_dtype=False
    ),
    Row("top_k", lambda lib, x: tuple(lib.lax.top_k(x, 2)), (2, 5), same_dtype=False),
]
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize("num_keys", [1, 2, 3])
def test_several_keys(num_keys):
    """The first key counts before the second; equal ones keep their order."""
    rng = np.random.default_rng(0)
    xs = tuple(rng.integers(0, 3, (2, 20)) for _ in range(3))
    assert_same(
        fgrad.lax.sort(xs, num_keys=num_keys), jax.lax.sort(xs, num_keys=num_keys), dtype=False
    )


def test_top_k_of_equal_elements():
    """The first of equal elements comes first."""
    x = np.array([1, 3, 3, 2, 3])
    values, places = fgrad.lax.top_k(x, 4)
    np.testing.assert_array_equal(values, [3, 3, 3, 2])
    np.testing.assert_array_equal(places, [1, 2, 4, 3])
    with pytest.raises(ValueError, match=r"k must be in \[0, 5\]"):
        fgrad.lax.top_k(x, 6)
