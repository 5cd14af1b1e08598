"""Sums at repeated indices: every way of computing them gives NumPy's numbers."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad.primitives import scatter_add
from fgrad.primitives.scatter_add import SMALL, add_at
from tests.harness import assert_same

CASES = {
    "vector": ((7,), (0,)),
    "one column": ((7, 1), (0,)),
    "two": ((7, 2), (0,)),
    "three": ((7, 3), (0,)),
    "eight": ((7, 8), (0,)),
    "nine": ((7, 9), (0,)),
    "thirty": ((7, 5, 6), (0,)),
    "two axes": ((3, 4, 5), (0, 1)),
    "last axis": ((3, 7), (1,)),
    "middle": ((3, 4, 2), (1,)),
    "apart": ((3, 2, 4), (0, 2)),
    "wide": ((3, 50000), (0,)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "int64", "uint8"])
@pytest.mark.parametrize(("shape", "axes"), CASES.values(), ids=CASES.keys())
def test_as_numpy(shape, axes, dtype):
    rng = np.random.default_rng(0)
    n = 3 if "50000" in str(shape) else 2 * SMALL
    indices = [rng.integers(-shape[a], shape[a], n) for a in axes]
    index = tuple(indices[axes.index(a)] if a in axes else slice(None) for a in range(len(shape)))
    x = rng.integers(0, 5, shape).astype(dtype)
    updates = rng.integers(0, 5, x[index].shape).astype(dtype)
    want = x.copy()
    np.add.at(want, index, updates)
    got = x.copy()
    together = axes[-1] - axes[0] == len(axes) - 1
    add_at(got, indices, axes, updates, axes[0] if together else 0)
    np.testing.assert_array_equal(got, want)


def test_indices_broadcast_and_bounds_are_checked():
    x = np.zeros((4, 5))
    i, j = np.arange(4)[:, None], np.arange(300) % 5
    got = fnp.asarray(x).at[i, j].add(1.0)
    want = x.copy()
    np.add.at(want, (i, j), 1.0)
    np.testing.assert_array_equal(got, want)
    for bad in (5, -6):
        with pytest.raises(IndexError, match=rf"index {bad} is out[^\0]*test_scatter_add"):
            fnp.asarray(x).at[0, np.full(300, bad)].add(1.0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(50,), (50, 3), (50, 2, 4), (5, 10, 8)])
@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize("sparse", [True, False])
def test_many_rows(monkeypatch, dtype, shape, index, sparse):
    if not sparse:
        monkeypatch.setattr(scatter_add, "installed", lambda module: None)
    rng = np.random.default_rng(0)
    axes = (0, 1) if shape[-1] == 8 else (0,)
    count = 300_001 if shape == (50,) else 90_001
    x = rng.normal(size=shape).astype(dtype)
    rows = tuple([rng.integers(-shape[a], shape[a], count).astype(index) for a in axes])
    updates = rng.normal(size=x[rows].shape).astype(dtype)
    got, want = x.copy(), x.astype(complex)
    np.add.at(want, rows, updates)
    add_at(got, rows, axes, updates, 0)
    # thousands of summands a row, each rounded once
    tolerance = 300 * np.finfo(dtype).eps
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=100 * tolerance)
    rows[0][17] = shape[0]
    with pytest.raises(IndexError, match=f"index {shape[0]} is out of bounds"):
        add_at(got, rows, axes, updates, 0)


def test_nothing_to_add():
    x = fnp.ones((3, 2))
    assert_same(x.at[np.zeros((0,), int)].add(np.ones((0, 2))), x)


@given(
    shape=st.sampled_from([(6,), (6, 2), (6, 3), (6, 10), (2, 3, 4)]),
    seed=st.integers(0, 100),
)
def test_derivatives_of_large_sums(shape, seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(-shape[0], shape[0], SMALL)
    x, u = rng.normal(size=shape), rng.normal(size=(SMALL, *shape[1:]))

    def f(lib, x, u):
        return (lib.numpy.asarray(x).at[rows].add(u) ** 2).sum()

    got = fgrad.jit(fgrad.value_and_grad(lambda x, u: f(fgrad, x, u), (0, 1)))(x, u)
    assert_same(got, jax.value_and_grad(lambda x, u: f(jax, x, u), (0, 1))(x, u), 10)
