"""Schedules take optax's values at each step, compiled or not."""

import jax
import numpy as np
import optax
import pytest

import fgrad
from fgrad import optim

SCHEDULES = {
    "constant": lambda o: o.constant_schedule(0.3),
    "linear": lambda o: o.linear_schedule(0.1, 1.0, 7),
    "linear later": lambda o: o.linear_schedule(0.1, 1.0, 7, transition_begin=3),
    "linear of no steps": lambda o: o.linear_schedule(0.1, 1.0, 0),
    "linear from before": lambda o: o.linear_schedule(0.1, 1.0, 7, transition_begin=-3),
    "polynomial": lambda o: o.polynomial_schedule(1.0, 0.2, 2.5, 9, 2),
    "cosine": lambda o: o.cosine_decay_schedule(0.5, 8),
    "cosine to alpha": lambda o: o.cosine_decay_schedule(0.5, 8, alpha=0.1, exponent=2.0),
    "warm-up": lambda o: o.warmup_cosine_decay_schedule(0.0, 1.0, 4, 12, 0.1),
    "warm-up to zero": lambda o: o.warmup_cosine_decay_schedule(0.1, 0.0, 4, 12),
    "warm-up then constant": lambda o: o.warmup_constant_schedule(0.1, 1.0, 5),
    "piecewise constant": lambda o: o.piecewise_constant_schedule(1.0, {3: 0.5, 9: 0.1}),
    "piecewise constant of one piece": lambda o: o.piecewise_constant_schedule(0.7),
    "exponential": lambda o: o.exponential_decay(1.0, 4, 0.5),
    "exponential stairs": lambda o: o.exponential_decay(1.0, 4, 0.5, 2, True, 0.3),
    "exponential growth": lambda o: o.exponential_decay(1.0, 4, 2.0, end_value=5.0),
    "exponential of no steps": lambda o: o.exponential_decay(1.0, 0, 0.5),
    "exponential of no rate": lambda o: o.exponential_decay(1.0, 4, 0.0),
    "exponential from before": lambda o: o.exponential_decay(1.0, 4, 0.5, -2),
    "warm-up then exponential": lambda o: o.warmup_exponential_decay_schedule(
        0.0, 1.0, 3, 2, 0.7, transition_begin=1, end_value=0.4
    ),
    "lines": lambda o: o.piecewise_interpolate_schedule("linear", 0.5, {3: 2.0, 7: 0.1, 9: 3.0}),
    "cosines": lambda o: o.piecewise_interpolate_schedule("cosine", 0.5, {3: 2.0, 7: 0.1}),
    "one piece": lambda o: o.piecewise_interpolate_schedule("cosine", 0.5),
    "linear one-cycle": lambda o: o.linear_onecycle_schedule(12, 1.0, 0.3, 0.8, 10.0, 50.0),
    "cosine one-cycle": lambda o: o.cosine_onecycle_schedule(12, 1.0),
    "warm restarts": lambda o: o.sgdr_schedule(
        [
            {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 2, "decay_steps": 6},
            {
                "init_value": 0.1,
                "peak_value": 0.5,
                "warmup_steps": 1,
                "decay_steps": 8,
                "end_value": 0.05,
                "exponent": 2.0,
            },
        ]
    ),
    "joined": lambda o: o.join_schedules(
        [o.constant_schedule(1.0), o.linear_schedule(1.0, 0.0, 4), o.constant_schedule(0.5)], [3, 9]
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_values_are_those_of_optax(name):
    ours, theirs = SCHEDULES[name](optim), SCHEDULES[name](optax)
    compiled = fgrad.jit(ours)
    # Floats, as JAX divides integers in float32.
    counts = np.arange(16.0)
    expected = np.broadcast_to(jax.jit(jax.vmap(theirs))(counts), counts.shape)
    for count in range(16):
        np.testing.assert_allclose(ours(count), expected[count], rtol=1e-12, atol=1e-15)
        value = compiled(np.int32(count))
        np.testing.assert_allclose(value, expected[count], rtol=1e-12, atol=1e-15)


def test_cosine_needs_steps():
    with pytest.raises(ValueError, match="must be positive, got 0"):
        optim.cosine_decay_schedule(1.0, 0)


def test_joined_schedules_need_their_boundaries():
    schedule = optim.join_schedules([optim.constant_schedule(1.0)] * 2, [3, 5])
    with pytest.raises(ValueError):
        schedule(0)


# -- hyperparameters in the state ----------------------------------------------------------------

PARAMS = {"w": np.array([1.0, -2.0]), "b": np.float64(0.5)}
GRADIENTS = {"w": np.array([0.3, -0.1]), "b": np.float64(-2.0)}


def test_injected_hyperparameters_can_be_set():
    optimizer = optim.inject_hyperparams(optim.adam)(learning_rate=0.1)
    state = optimizer.init(PARAMS)
    update = fgrad.jit(optimizer.update)
    first, _ = update(GRADIENTS, state, PARAMS)
    state.hyperparams["learning_rate"] = 0.2
    second, state = update(GRADIENTS, state, PARAMS)
    np.testing.assert_allclose(second["w"], 2 * first["w"], rtol=1e-12)
    assert state.hyperparams["learning_rate"].dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_injected_hyperparameters_have_the_dtype_of_parameters(dtype):
    factory = optim.inject_hyperparams(optim.adamw)
    optimizer = factory(learning_rate=optim.linear_schedule(0.1, 0.0, 10), weight_decay=0.1)
    params = fgrad.tree.map(lambda p: np.asarray(p, dtype), PARAMS)
    state = optimizer.init(params)
    for _ in range(2):
        assert {np.asarray(x).dtype for x in state.hyperparams.values()} == {np.dtype(dtype)}
        updates, state = optimizer.update(params, state, params)
        assert {x.dtype for x in fgrad.tree.leaves(updates)} == {np.dtype(dtype)}


def test_injected_hyperparameters_of_integer_and_complex_parameters_are_real():
    optimizer = optim.inject_hyperparams(optim.sgd)(learning_rate=0.1)
    for params in (np.array([1, 2]), np.array([1j, 2.0])):
        assert optimizer.init(params).hyperparams["learning_rate"] == 0.1


def test_static_arguments_stay():
    seen = []

    def factory(rate, order, power=lambda x: x):
        seen.append((order, power))
        return optim.scale(rate)

    optimizer = optim.inject_hyperparams(factory, static_args=("order", "power"))(0.5, 2)
    assert list(optimizer.init(PARAMS).hyperparams) == ["rate"]
    assert seen[0][0] == 2


class Doubling:
    """A schedule whose state is its value."""

    def init(self):
        return np.float64(1.0)

    def update(self, state, **extra_args):
        return state * extra_args["factor"]

    def __call__(self, state, **extra_args):
        return state


def test_stateful_schedules_see_extra_arguments():
    optimizer = optim.inject_hyperparams(optim.scale)(step_size=Doubling())
    state = optimizer.init(PARAMS)
    sizes = []
    for _ in range(3):
        updates, state = optimizer.update({"w": 1.0}, state, {"w": 0.0}, factor=2.0)
        sizes.append(float(updates["w"]))
    assert sizes == [1.0, 2.0, 4.0]


def test_training_runs_under_vmap_over_hyperparameters():
    """A batch of runs, each with its own rate and decay, is the runs one by one."""
    factory = optim.inject_hyperparams(optim.adamw)

    def train(rate, decay):
        optimizer = factory(learning_rate=0.0, weight_decay=0.0)
        params, state = PARAMS, optimizer.init(PARAMS)
        state.hyperparams.update(learning_rate=rate, weight_decay=decay)
        for _ in range(5):
            updates, state = optimizer.update(GRADIENTS, state, params)
            params = optim.apply_updates(params, updates)
        return params

    rates, decays = np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.1, 1.0])
    together = fgrad.jit(fgrad.vmap(train))(rates, decays)
    for i in range(3):
        alone = train(rates[i], decays[i])
        np.testing.assert_allclose(together["w"][i], alone["w"], rtol=1e-12)
