"""Hyperparameters in the state."""

import functools
import inspect

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import optim

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


# What decides what is computed, or is no number.
STATIC = {
    "adafactor": ("min_dim_size_to_factor",),
    "adopt": ("clip_value_fn",),
    "galore": ("rank",),
    "lbfgs": ("memory_size",),
    "muon": ("ns_steps",),
    "schedule_free_adamw": ("warmup_steps",),
    "schedule_free_sgd": ("warmup_steps",),
}


def required(factory):
    parameters = inspect.signature(factory).parameters.values()
    return {p.name for p in parameters if p.default is inspect.Parameter.empty}


# All that take a learning rate and need no more.
FACTORIES = {
    name: factory
    for space in (optim, optim.contrib)
    for name, factory in vars(space).items()
    if (inspect.isfunction(factory) or isinstance(factory, functools.partial))
    and {"learning_rate", "max_learning_rate"} & set(inspect.signature(factory).parameters)
    and required(factory) <= {"learning_rate"}
}


@pytest.mark.parametrize("name", FACTORIES)
def test_hyperparameters_of_every_optimizer_can_be_injected(name):
    """All its numbers become traced, and it takes the steps it takes otherwise."""
    factory = FACTORIES[name]
    given = dict.fromkeys(required(factory), 0.01)
    loss = lambda p: fnp.sum((p["w"] - 0.5) ** 2) + fnp.sum(p["b"] ** 2)
    walks = []
    for make in (factory, optim.inject_hyperparams(factory, STATIC.get(name, ()))):
        tx = optim.with_extra_args_support(make(**given))
        takes = {"value", "value_fn", "grad"} if name == "lbfgs" else {"value", "obj_fn"}

        def step(params, state, tx=tx, takes=takes):
            value, grad = fgrad.value_and_grad(loss)(params)
            extra = {"value": value, "grad": grad, "value_fn": loss, "obj_fn": loss}
            extra = {key: extra[key] for key in takes}
            updates, state = tx.update(grad, state, params, **extra)
            return optim.apply_updates(params, updates), state

        params = {"w": np.cos(np.arange(6, dtype="f4")).reshape(2, 3), "b": np.ones(3, "f4")}
        state, step = tx.init(params), fgrad.jit(step)
        for _ in range(2):
            params, state = step(params, state)
        walks.append(fgrad.tree.leaves(params))
    for plain, injected in zip(*walks, strict=True):
        assert injected.dtype == np.float32
        # Hyperparameters are rounded to single precision.
        np.testing.assert_allclose(injected, plain, rtol=1e-3, atol=1e-4)
