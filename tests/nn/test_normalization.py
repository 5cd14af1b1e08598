"""Standard forms against jax.nn."""

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same
from tests.jax_suite import Row, suite

MASK = np.array([[True, False, True], [True, True, True]])
ROWS = [
    Row("standardize", lambda lib, x: lib.nn.standardize(x), (2, 3)),
    Row("standardize-axis", lambda lib, x: lib.nn.standardize(x, axis=(0, 1), epsilon=0.1), (2, 3)),
    Row("standardize-stable", lambda lib, x: lib.nn.standardize(x, algorithm="stable"), (2, 3)),
    Row("standardize-where", lambda lib, x: lib.nn.standardize(x, where=MASK), (2, 3)),
    Row(
        "standardize-given",
        lambda lib, x, m, v: lib.nn.standardize(x, 0, m, v),
        (2, 3),
        (3,),
        (3,),
        domain="positive",
    ),
]
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("dtype", [None, np.float32, np.int32, bool])
def test_one_hot(axis, dtype):
    """Places out of bounds give zeros."""
    x = np.array([[0, 2, 1], [3, -1, 2]])
    dtype = dtype or float
    got = fgrad.nn.one_hot(x, 3, dtype=dtype, axis=axis)
    assert_same(got, np.asarray(jax.nn.one_hot(x, 3, dtype=dtype, axis=axis)))
    mapped = fgrad.vmap(lambda v: fgrad.nn.one_hot(v, 3))(x)
    assert_same(mapped, fgrad.nn.one_hot(x, 3))
    assert_same(fgrad.jit(lambda v: fgrad.nn.one_hot(v, 3))(x), mapped)
