"""Large gathers of rows: NumPy's answer, in memory of their own, and its errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp

TABLE = np.random.default_rng(0).normal(size=(50, 3))


@given(
    st.sampled_from([np.int8, np.int32, np.int64, np.uint8, np.uint64]),
    st.sampled_from([(9000,), (90, 100), (300_000,)]),
    st.sampled_from([TABLE, TABLE[:, 0].copy(), TABLE.T[:, ::2].T, TABLE.astype(np.float32)]),
    st.integers(0, 99),
)
def test_rows_are_numpys(dtype, shape, table, seed):
    low = 0 if np.dtype(dtype).kind == "u" else -len(table)
    rows = np.random.default_rng(seed).integers(low, len(table), shape).astype(dtype)
    for f in (lambda x, i: x[i], fgrad.jit(lambda x, i: x[i])):
        np.testing.assert_array_equal(f(fnp.asarray(table), rows), table[rows])


@pytest.mark.parametrize("bad", (50, -51))
@pytest.mark.parametrize("transform", (lambda f: f, fgrad.jit))
def test_a_row_out_of_bounds_is_named(transform, bad):
    rows = np.zeros(40_000, np.int32)
    rows[777] = bad
    with pytest.raises(IndexError, match=f"index {bad} is out of bounds"):
        transform(lambda x: fnp.asarray(x)[rows])(fnp.asarray(TABLE))


def test_only_rows_in_front_go_the_fast_way():
    rows = np.arange(40_000) % 50
    table = np.ones((50, 50, 2))
    source = lambda f: fgrad.jit(f, backend="numpy").lower(table).source
    assert "gather_rows" in source(lambda x: x[rows])
    assert "gather_rows" not in source(lambda x: x[:, rows])
    for f in (lambda x: x[:, rows], fgrad.vmap(lambda x: x[rows], in_axes=1, out_axes=1)):
        np.testing.assert_array_equal(fgrad.jit(f)(table), f(table))


def test_a_large_gather_can_run_twice_and_differentiates():
    rows = np.arange(40_000) % 50
    f = fgrad.jit(fgrad.value_and_grad(lambda x: (x[rows] * x[rows[::-1]]).sum()))
    want = 2 * TABLE[::-1] * 800
    for _ in range(3):
        value, grad = f(TABLE)
        np.testing.assert_allclose(value, (TABLE[rows] * TABLE[rows[::-1]]).sum())
        np.testing.assert_allclose(grad, want)
