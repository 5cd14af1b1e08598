"""What is random has optax's numbers; and clipping of single examples, for privacy."""

import jax
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad import optim
from fgrad.testing.strategies import arrays
from tests.harness import assert_same

RNG = np.random.default_rng(0)


def test_perturbed_functions_are_those_of_optax():
    x = {"a": RNG.normal(size=3), "b": np.float64(0.3)}

    def results(lib, o, xp):
        def fun(x):
            return {"hard": xp.sign(x["a"]) * x["b"], "max": x["a"].max()}

        out = {}
        for name, noise in (
            ("gumbel", o.perturbations.Gumbel()),
            ("normal", o.perturbations.Normal()),
        ):
            for baseline in (True, False):
                smooth = o.perturbations.make_perturbed_fun(fun, 20, 0.5, noise, baseline)
                total = lambda x, smooth=smooth: sum(
                    v.sum() for v in smooth(lib.random.key(0), x).values()
                )
                out[name, baseline] = smooth(lib.random.key(0), x), lib.grad(total)(x)
        return [out[key] for key in sorted(out)]

    theirs = jax.jit(lambda x: results(jax, optax, jax.numpy))(x)
    assert_same(results(fgrad, optim, fnp), theirs, scale=10)


def test_the_normal_distribution():
    def results(lib, o):
        normal = o.multi_normal(np.array([0.5, -1.0]), np.array([0.1, 0.3]))
        sample = normal.sample((3,), lib.random.key(1))
        return sample, normal.log_prob(sample), normal.log_scale, normal.params

    assert_same(results(fgrad, optim), jax.tree.map(np.asarray, results(jax, optax)))


def test_private_gradients_are_those_of_optax():
    gradients = {"w": RNG.normal(size=(4, 2, 3)), "b": RNG.normal(size=(4,))}
    results = []
    for o in (optim, optax):
        optimizer = o.contrib.differentially_private_aggregate(1.5, 0.3, 7)
        state = optimizer.init(None)
        first, state = optimizer.update(gradients, state)
        second, state = optimizer.update(gradients, state)
        results.append(jax.tree.map(np.asarray, (first, second)))
    assert_same(*results)


@pytest.mark.filterwarnings('ignore:"seed" is deprecated')
def test_dpsgd_is_optaxs():
    gradients = RNG.normal(size=(4, 3))
    results = []
    for o in (optim, optax):
        optimizer = o.contrib.dpsgd(0.1, 1.0, 0.5, seed=3, momentum=0.9, nesterov=True)
        state = optimizer.init(np.zeros(3))
        for _ in range(2):
            updates, state = optimizer.update(gradients, state)
        results.append(np.asarray(updates))
    assert_same(*results)


@pytest.mark.parametrize("uniform", [True, False])
def test_clipped_sums_of_examples_are_those_of_optax(uniform):
    gradients = {"w": RNG.normal(size=(4, 2, 3)), "b": RNG.normal(size=(4,))}
    whole = optim.per_example_global_norm_clip(jax.tree.leaves(gradients), 1.5)
    assert_same(whole, jax.jit(optax.per_example_global_norm_clip)(jax.tree.leaves(gradients), 1.5))
    layers = optim.per_example_layer_norm_clip(gradients, 1.5, uniform)
    theirs = optax.per_example_layer_norm_clip(gradients, 1.5, uniform)
    assert_same(layers, jax.tree.map(np.asarray, theirs))


def test_a_gradient_of_zero_is_not_clipped():
    clipped, count = optim.per_example_global_norm_clip([np.zeros((2, 3))], 1.0)
    assert np.all(clipped[0] == 0)
    assert count == 0


@given(arrays("float64", (3, 4), min_value=-100, max_value=100), st.floats(0.1, 10.0))
def test_no_example_adds_more_than_the_bound(gradients, bound):
    without, _ = optim.per_example_global_norm_clip([gradients[1:]], bound)
    total, _ = optim.per_example_global_norm_clip([gradients], bound)
    assert np.linalg.norm(total[0] - without[0]) <= bound * (1 + 1e-9) + 1e-9
