"""Gradients that are scaled, and norms that have one at zero."""

import jax
import numpy as np
import optax
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import optim
from tests.harness import assert_same

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("scale", [0.0, 1.0, -0.5, np.float64(3.0)])
def test_scaled_gradients(scale):
    f = lambda x: fnp.sum(optim.scale_gradient({"x": x}, scale)["x"] ** 2)
    x = np.array([1.0, -2.0])
    assert f(x) == 5.0
    np.testing.assert_allclose(fgrad.grad(f)(x), scale * 2 * x)
    np.testing.assert_allclose(fgrad.jit(fgrad.grad(f))(x), scale * 2 * x)


@pytest.mark.parametrize("x", [np.zeros(3), np.array([3.0, 0.0, 4.0]), np.full(3, 1e-9)])
def test_safe_norms_are_those_of_optax(x):
    def results(lib, o):
        out = []
        for f in (
            lambda x: o.safe_norm(x, 1e-3),
            lambda x: o.safe_norm(x, 1e-3, ord=1, keepdims=True).sum(),
            lambda x: o.safe_norm(x[:, None] * np.ones(2), 1e-3, axis=0).sum(),
            lambda x: o.safe_root_mean_squares(x, 1e-3),
        ):
            out.append((f(x), lib.grad(f)(x)))
        return out

    assert_same(results(fgrad, optim), jax.jit(lambda x: results(jax, optax))(x))
