"""Iterations on matrices."""

import functools

import jax
import numpy as np
import optax
import pytest
import scipy.optimize
from hypothesis import given

import fgrad
from fgrad import optim
from fgrad.testing.strategies import arrays
from tests.harness import assert_same

RNG = np.random.default_rng(0)

SQUARE = RNG.normal(size=(4, 4))
POSITIVE = SQUARE @ SQUARE.T + 0.1 * np.eye(4)


def test_power_iteration_finds_the_largest_eigenvalue():
    values, vectors = np.linalg.eigh(POSITIVE)
    value, vector = fgrad.jit(optim.power_iteration)(POSITIVE)
    np.testing.assert_allclose(value, values[-1], rtol=1e-9)
    np.testing.assert_allclose(np.abs(vector @ vectors[:, -1]), 1.0, rtol=1e-9)
    theirs = jax.jit(optax.power_iteration)(POSITIVE)
    assert_same((value, vector), theirs)


def test_power_iteration_of_an_operator_on_trees():
    scales = {"a": np.array([1.0, 2.0]), "b": np.array(-5.0)}
    product = lambda v: {k: scales[k] * v[k] for k in v}
    v0 = {"a": np.ones(2), "b": np.array(0.5)}
    value, vector = optim.power_iteration(product, v0=v0)
    np.testing.assert_allclose(value, -5.0, rtol=1e-9)
    np.testing.assert_allclose(np.abs(vector["b"]), 1.0)


@pytest.mark.parametrize("p", [1, 2, 4])
def test_matrix_inverse_pth_root(p):
    root, error = optim.matrix_inverse_pth_root(POSITIVE, p, error_tolerance=1e-12)
    ridge = 1e-6 * np.linalg.eigvalsh(POSITIVE)[-1]
    product = np.linalg.matrix_power(root, p) @ (POSITIVE + ridge * np.eye(4))
    # The iteration's own error, times the condition number of the root.
    np.testing.assert_allclose(product, np.eye(4), atol=1e-8)
    assert error < 1e-10


def test_matrix_inverse_pth_root_of_a_number():
    root, _ = optim.matrix_inverse_pth_root(np.array([[16.0]]), 4)
    np.testing.assert_allclose(root, [[0.5]], rtol=1e-6)


@given(arrays("float64", (5, 3)), arrays("float64", (5,)))
def test_nnls_is_scipys(A, b):
    expected, _ = scipy.optimize.nnls(A, b)
    x = np.asarray(optim.nnls(A, b, iters=300))
    assert np.all(x >= 0)
    # It need not have converged where A is almost singular, but the residual has.
    assert np.sum((A @ x - b) ** 2) <= np.sum((A @ expected - b) ** 2) * (1 + 1e-3) + 1e-3


def test_nnls_is_optaxs():
    A, b = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))
    theirs = jax.jit(functools.partial(optax.nnls, iters=30))(A, b)
    assert_same(optim.nnls(A, b, iters=30), theirs)
