"""Grids of known places become slices."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp

X = np.random.default_rng(0).normal(size=(7, 6, 5))
REGULAR = (
    np.s_[1:-1, 1:-1], np.s_[3], np.s_[-1], np.s_[2:5], np.s_[:, 1:3], np.s_[1:3, 2, :],
    np.s_[1, 1:3, 2], np.s_[np.array([1, 2, 3])], np.s_[np.array([-3, -2])],
    np.s_[np.array([[0], [1]]), np.array([1, 2])],
)  # fmt: skip
OTHERS = (
    np.s_[np.array([1, 1])], np.s_[np.array([2, 0])], np.s_[np.array([0, 1]), np.array([1, 2])],
    np.s_[5:2],
)  # fmt: skip


def names(f, *args):
    return {e.primitive.name for e in fgrad.jit(f).lower(*args).optimized.eqns}


@pytest.mark.parametrize("index", REGULAR + OTHERS)
def test_the_numbers_are_the_same(index):
    u = np.random.default_rng(1).normal(size=X[index].shape)
    want = X.copy()
    want[index] = u
    np.testing.assert_array_equal(fgrad.jit(lambda x, u: x.at[index].set(u))(X_(), u), want)
    want = X.copy()
    np.add.at(want, index, u)
    np.testing.assert_allclose(fgrad.jit(lambda x, u: x.at[index].add(u))(X_(), u), want)
    np.testing.assert_array_equal(fgrad.jit(lambda x: x[index])(X), X[index])


def X_():
    return fnp.asarray(X)


@pytest.mark.parametrize("index", REGULAR)
def test_regular_ones_are_slices(index):
    u = np.ones(X[index].shape)
    assert "scatter" not in names(lambda x, u: x.at[index].set(u), X_(), u)
    assert "gather" not in names(lambda x: x[index], X)


def test_irregular_ones_are_left():
    assert "scatter" in names(lambda x: x.at[np.array([1, 1])].add(1.0), X_())
    assert "gather" in names(lambda x: x[np.array([2, 0])], X)
