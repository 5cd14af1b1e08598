"""Batches in parts."""

import jax
import numpy as np
import optax
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import optim
from tests.harness import assert_same

RNG = np.random.default_rng(0)

T = optim.microbatching.AccumulationType


@pytest.mark.parametrize("kind", ["SUM", "MEAN", "RUNNING_MEAN", "CONCAT"])
def test_microbatches_are_those_of_optax(kind):
    x, y = RNG.normal(size=(6, 3)), RNG.normal(size=(2, 6))

    def run(o):
        def fun(scale, x, *, y):
            return {"x": scale * x, "y": y.T @ np.ones((2, 2))}

        split = o.microbatching.microbatch(
            fun,
            1,
            2,
            getattr(o.microbatching.AccumulationType, kind),
            argnames="y",
            in_axes=(0, 1),
        )
        return split(2.0, x, y=y)

    assert_same(run(optim), jax.jit(lambda: run(optax))())
    assert_same(fgrad.jit(lambda: run(optim))(), run(optim))


def test_parts_that_are_padding_are_left_out():
    total = optim.microbatch(fnp.sum, 0, 2, num_real_microbatches=2)
    # Of three parts, the first two hold all but every third example.
    assert total(np.array([1.0, 2.0, 50.0, 3.0, 4.0, 50.0])) == 10.0


def test_concatenated_results_stand_in_the_order_of_examples():
    x = RNG.normal(size=(6, 3))
    doubled = optim.microbatching.micro_vmap(lambda row: 2 * row, microbatch_size=2)
    np.testing.assert_array_equal(doubled(x), 2 * x)
    np.testing.assert_array_equal(optim.microbatching.micro_vmap(lambda row: 2 * row)(x), 2 * x)


@pytest.mark.parametrize("size", [None, 2])
def test_gradients_of_examples_are_those_of_optax(size):
    w, x, y = RNG.normal(size=3), RNG.normal(size=(6, 3)), RNG.normal(size=6)

    def run(o, xp):
        def loss(w, x, y):
            error = x @ w - y
            return xp.sum(error**2), error

        def clipped(g):
            return g / xp.maximum(1.0, xp.sqrt(xp.sum(g * g)))

        gradients = o.microbatching.micro_grad(
            loss,
            has_aux=True,
            batch_argnums=(1, 2),
            microbatch_size=size,
            transform_fn=clipped,
            metrics_fn=lambda g: xp.sum(g * g),
        )
        total, each = gradients(w, x, y)
        return total, tuple(each)

    assert_same(run(optim, fnp), jax.jit(lambda: run(optax, jax.numpy))(), scale=10)
