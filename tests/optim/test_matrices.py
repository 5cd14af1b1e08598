"""Optimizers of matrices."""

import jax
import numpy as np
import optax
import pytest

import fgrad.numpy as fnp
from fgrad import optim
from tests.harness import assert_same

RNG = np.random.default_rng(0)


def test_galore_is_optaxs():
    params = {
        "tall": RNG.normal(size=(6, 3)),
        "wide": (RNG.normal(size=(2, 5)), RNG.normal(size=4)),
    }
    gradients = [jax.tree.map(lambda p, k=k: np.cos(p + k), params) for k in range(5)]

    def run(o):
        optimizer = o.contrib.galore(0.1, rank=2, update_proj_gap=3, scale=0.5, weight_decay=0.1)
        state, walked = optimizer.init(params), params
        for g in gradients:
            updates, state = optimizer.update(g, state, walked)
            walked = o.apply_updates(walked, updates)
        return walked

    ours, theirs = run(optim), jax.jit(lambda: run(optax))()
    # optax finds the singular vectors in single precision.
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_galore_of_tensors():
    params = RNG.normal(size=(2, 3, 4))
    numbers = optim.contrib.GaLoreDimensionNumbers((0, 1), 2)
    full = optim.contrib.galore(0.1, 100, weight_dimension_numbers=numbers)
    state = full.init(params)
    assert state[0].projector.shape == (6, 4)
    # The projection onto all directions is none; Adam's first step is the sign in their basis.
    updates, state = full.update(params, state, params)
    assert updates.shape == params.shape
    with pytest.raises(ValueError, match="all axes"):
        optim.contrib.galore(
            0.1, weight_dimension_numbers=optim.contrib.GaLoreDimensionNumbers(0, 1)
        ).init(params)


def test_muon_of_tensors_is_optaxs():
    params = {"conv": RNG.normal(size=(3, 2, 4)), "rest": {"w": RNG.normal(size=(3, 2)), "b": 1.0}}

    def run(o):
        numbers = o.contrib.MuonDimensionNumbers((0,), (2,))
        optimizer = o.contrib.muon(
            0.1,
            muon_weight_dimension_numbers={"conv": numbers, "rest": None},
            preconditioning="schatten",
            consistent_rms=0.2,
        )
        p = jax.tree.map(fnp.asarray if o is optim else jax.numpy.asarray, params)
        state = optimizer.init(p)
        for _ in range(3):
            updates, state = optimizer.update(p, state, p)
            p = o.apply_updates(p, updates)
        return p

    assert_same(run(optim), jax.jit(lambda: run(optax))(), scale=100)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4)])
def test_muon_makes_matrices_almost_orthogonal(shape):
    optimizer = optim.contrib.scale_by_muon(ns_steps=10)
    gradient = RNG.normal(size=shape)
    update, _ = optimizer.update(gradient, optimizer.init(gradient))
    # The coefficients trade exactness for speed: singular values near 1, not at it.
    assert np.all(np.abs(np.linalg.svd(update)[1] - 1) < 0.35)
