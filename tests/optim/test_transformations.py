"""What the transformations promise beyond the path they walk."""

import jax
import numpy as np
import optax
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import optim
from tests.optim.problems import mlp, mlp_params


def dtypes(tree):
    return [leaf.dtype for leaf in fgrad.tree.leaves(tree)]


FLOAT32_OPTIMIZERS = {
    "sgd": optim.sgd(0.1, momentum=0.9, nesterov=True),
    "sgd schedule": optim.sgd(optim.cosine_decay_schedule(0.1, 10), momentum=np.float64(0.9)),
    "adam": optim.adam(np.float64(0.1), b1=np.float64(0.8), nesterov=True),
    "adamw": optim.adamw(0.1, weight_decay=optim.linear_schedule(0.1, 0.0, 10)),
    "clipped": optim.chain(optim.clip(1.0), optim.clip_by_global_norm(0.1), optim.adam(0.1)),
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", FLOAT32_OPTIMIZERS)
def test_float32_stays_float32(name, compiled):
    optimizer = FLOAT32_OPTIMIZERS[name]
    params = mlp_params(np.float32)
    state = optimizer.init(params)
    gradients = fgrad.tree.map(lambda p: p + np.float32(0.5), params)
    update = fgrad.jit(optimizer.update) if compiled else optimizer.update
    for _ in range(2):
        updates, new_state = update(gradients, state, params)
        assert set(dtypes(updates)) == {np.dtype(np.float32)}
        assert dtypes(new_state) == dtypes(state)
        state = new_state
    assert set(dtypes(optim.apply_updates(params, updates))) == {np.dtype(np.float32)}


def test_float32_trajectory_is_that_of_optax():
    params = mlp_params(np.float32)
    gradients = [jax.tree.map(lambda p, k=k: np.cos(p + np.float32(k)), params) for k in range(50)]
    paths = []
    for lib in (optim, optax):
        optimizer = lib.adamw(lib.warmup_cosine_decay_schedule(0.0, 0.1, 10, 40))
        moved, state = params, optimizer.init(params)
        for g in gradients:
            updates, state = optimizer.update(g, state, moved)
            moved = lib.apply_updates(moved, updates)
        paths.append(jax.tree.leaves(jax.tree.map(np.asarray, moved)))
    for ours, theirs in zip(*paths, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_complex_parameters_follow_optax():
    params = np.array([1.0 + 2.0j, -0.5j])
    gradient = np.array([0.3 - 0.1j, 2.0 + 1.0j])
    results = []
    for lib in (optim, optax):
        optimizer = lib.chain(lib.clip_by_global_norm(0.5), lib.adam(0.1))
        state = optimizer.init(params)
        for _ in range(5):
            updates, state = optimizer.update(gradient, state, params)
        results.append(np.asarray(updates))
    np.testing.assert_allclose(*results, rtol=1e-12)


def test_the_first_moment_has_the_dtype_asked_for():
    optimizer = optim.adam(0.1, mu_dtype=np.float32)
    params = {"w": np.ones(3)}
    state = optimizer.init(params)
    for _ in range(2):
        updates, state = optimizer.update(params, state, params)
        assert state[0].mu["w"].dtype == np.float32
        assert state[0].nu["w"].dtype == np.float64


def test_updates_run_under_vmap():
    optimizer = optim.adam(0.1)
    starts = np.linspace(-1.0, 1.0, 4)

    def descend(x, rate):
        loss = lambda x: (x - 0.3) ** 2
        tx = optim.chain(optim.scale_by_adam(), optim.scale(-rate))
        state = tx.init(x)
        for _ in range(5):
            updates, state = tx.update(fgrad.grad(loss)(x), state, x)
            x = optim.apply_updates(x, updates)
        return x

    rates = np.array([0.1, 0.2, 0.3, 0.4])
    together = fgrad.vmap(descend)(starts, rates)
    apart = [descend(x, rate) for x, rate in zip(starts, rates, strict=True)]
    np.testing.assert_allclose(together, apart, rtol=1e-12)

    states = fgrad.vmap(optimizer.init)(starts)
    updates, states = fgrad.vmap(optimizer.update)(starts, states)
    assert np.shape(states[0].count) == (4,)
    np.testing.assert_allclose(updates, -0.1 * np.sign(starts), rtol=1e-6)


def test_an_update_can_be_differentiated():
    """The derivative of the loss after one step by the learning rate is -|gradient|^2."""
    loss = lambda x: fnp.sum(x**2)
    x = np.array([1.0, -2.0])

    def after_step(rate):
        optimizer = optim.sgd(rate)
        updates, _ = optimizer.update(fgrad.grad(loss)(x), optimizer.init(x), x)
        return loss(optim.apply_updates(x, updates))

    np.testing.assert_allclose(fgrad.grad(after_step)(0.0), -np.sum((2 * x) ** 2))


def test_global_norm_is_that_of_all_leaves_as_one_vector():
    tree = {"a": np.array([3.0, 0.0]), "b": (np.array([[4.0]]), None, 12.0), "c": np.array(3 + 4j)}
    np.testing.assert_allclose(optim.global_norm(tree), np.sqrt(9 + 16 + 144 + 25))
    assert optim.global_norm({}) == 0.0
    assert optim.global_norm(np.ones(4, np.float32)).dtype == np.float32


@pytest.mark.parametrize("mask", [{"b": False, "w": True}, lambda p: {"b": False, "w": True}])
def test_masked_parameters_do_not_decay(mask):
    optimizer = optim.add_decayed_weights(0.5, mask)
    params = {"b": np.array(4.0), "w": (np.array(4.0), np.array(2.0))}
    zeros = fgrad.tree.map(np.zeros_like, params)
    updates, state = optimizer.update(zeros, optimizer.init(params), params)
    assert updates["b"] == 0.0
    assert [float(w) for w in updates["w"]] == [2.0, 1.0]
    assert isinstance(state, optim.MaskedState)


def test_masked_keeps_state_for_the_unmasked_only():
    params = {"b": np.ones(2), "w": np.ones(3)}
    optimizer = optim.masked(optim.trace(0.9), {"b": False, "w": True})
    state = optimizer.init(params)
    assert [m.shape for m in fgrad.tree.leaves(state)] == [(3,)]
    assert state.inner_state.trace["b"] == optim.MaskedNode()
    updates, state = optimizer.update(params, state)
    updates, state = optimizer.update(params, state)
    np.testing.assert_array_equal(updates["b"], params["b"])
    np.testing.assert_allclose(updates["w"], 1.9)


def test_masked_hides_extra_arguments_that_look_like_updates():
    seen = {}

    def update(updates, state, params=None, **extra_args):
        seen.update(extra_args)
        return updates, state

    inner = optim.GradientTransformationExtraArgs(lambda p: optim.EmptyState(), update)
    params = {"b": 1.0, "w": 2.0}
    optimizer = optim.masked(inner, {"b": False, "w": True}, mask_compatible_extra_args=True)
    optimizer.update(params, optimizer.init(params), tags={"b": "x", "w": "y"}, value=3.0)
    assert seen == {"tags": {"b": optim.MaskedNode(), "w": "y"}, "value": 3.0}


def test_chain_hands_extra_arguments_to_those_that_take_them():
    def update(updates, state, params=None, *, value, **extra_args):
        return fgrad.tree.map(lambda u: u * value, updates), state

    by_value = optim.GradientTransformationExtraArgs(lambda p: optim.EmptyState(), update)
    optimizer = optim.chain(optim.scale(2.0), by_value)
    state = optimizer.init(1.0)
    assert optimizer.update(1.0, state, value=3.0)[0] == 6.0


def test_chain_refuses_a_state_of_another_chain():
    optimizer = optim.chain(optim.scale(1.0), optim.scale(2.0))
    with pytest.raises(ValueError, match=r"2 transformations, got 1"):
        optimizer.update(1.0, optim.chain(optim.scale(1.0)).init(1.0))


def test_the_count_saturates_instead_of_overflowing():
    largest = np.int32(2**31 - 1)
    assert optim.safe_increment(largest) == largest
    assert fgrad.jit(optim.safe_increment)(largest - 1) == largest
    assert optim.safe_increment(np.int32(0)).dtype == np.int32


def test_apply_updates_keeps_structure_and_dtype():
    params = {"f": np.ones(2, np.float32), "i": np.array([1, 2]), "n": None}
    moved = optim.apply_updates(params, {"f": np.ones(2), "i": np.array([1.0, 1.0]), "n": None})
    assert moved["f"].dtype == np.float32
    assert moved["i"].dtype == params["i"].dtype
    assert moved["i"].tolist() == [2, 3]
    assert moved["n"] is None


def test_training_compiles_once():
    loss = mlp(fnp)
    optimizer = optim.adam(optim.cosine_decay_schedule(0.1, 10))
    traces = []

    @fgrad.jit
    def step(params, state):
        traces.append(None)
        updates, state = optimizer.update(fgrad.grad(loss)(params), state, params)
        return optim.apply_updates(params, updates), state

    params = mlp_params()
    state = optimizer.init(params)
    for _ in range(5):
        params, state = step(params, state)
    assert len(traces) == 1
