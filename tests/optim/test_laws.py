"""What every optimizer promises, whatever path it takes."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import optim
from tests.optim.problems import PROBLEMS, mlp_params
from tests.optim.rows import GROUPS

ROWS = {
    name: make
    for group, (problems, rows) in GROUPS.items()
    if group not in ("rosenbrock", "of arrays")
    for name, make in rows.items()
}


def loss_of(params):
    """A loss of a network alone, of any dtype."""
    return sum(fnp.sum((w * w - 1.0) ** 2) + fnp.sum((b - 0.5) ** 2) for w, b in params)


def step_of(optimizer, loss):
    tx = optim.with_extra_args_support(optimizer)
    extra = {"value_fn": loss, "obj_fn": loss, "grad_fn": lambda p, i: fgrad.grad(loss)(p)}

    def step(params, state):
        value, grad = fgrad.value_and_grad(loss)(params)
        updates, state = tx.update(grad, state, params, value=value, grad=grad, **extra)
        return optim.apply_updates(params, updates), state

    return step


def dtypes(tree):
    return [leaf.dtype for leaf in fgrad.tree.leaves(tree)]


def masks_are_for_the_network(make):
    """Whether an optimizer is made for the parameters of all problems together."""
    names = ("masked", "freeze", "selective", "partition")
    return any(name in make for name in names)


NETWORKS = [name for name in ROWS if not masks_are_for_the_network(name)]


@pytest.mark.parametrize("name", NETWORKS)
def test_float32_stays_float32(name):
    optimizer = ROWS[name](optim)
    params = mlp_params(np.float32)
    state = optimizer.init(params)
    before = dtypes(state)
    step = fgrad.jit(step_of(optimizer, loss_of))
    for _ in range(2):
        params, state = step(params, state)
        assert set(dtypes(params)) == {np.dtype(np.float32)}
        assert dtypes(state) == before


@pytest.mark.parametrize("name", ROWS)
def test_states_are_pytrees_that_keep_their_structure(name):
    """So that they go through compiled loops, and are saved and loaded as lists of arrays."""
    make_loss, params = PROBLEMS["together"]
    optimizer = ROWS[name](optim)
    step = step_of(optimizer, make_loss(fnp))
    params = fgrad.tree.map(np.asarray, params)
    state = optimizer.init(params)
    traces = []

    @fgrad.jit
    def compiled(params, state):
        traces.append(None)
        return step(params, state)

    params, state = compiled(params, state)
    for _ in range(2):
        leaves, structure = fgrad.tree.flatten(state)
        assert all(hasattr(leaf, "dtype") for leaf in leaves)
        params, state = compiled(params, fgrad.tree.unflatten(structure, leaves))
        assert fgrad.tree.structure(state) == structure
    assert len(traces) == 1


@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_are_parameters_too(name):
    """A Python number where an array could be."""
    if name in ("flatten",):
        pytest.skip("a vector of one number")
    optimizer = ROWS[name](optim)
    step = step_of(optimizer, lambda x: (x - 1.0) ** 2)
    x, state = 3.0, optimizer.init(3.0)
    for _ in range(2):
        x, state = step(x, state)
    assert np.shape(x) == ()
    assert np.isfinite(float(x))


WITHOUT_GRADIENT = [
    name
    for name, make in ROWS.items()
    if name in NETWORKS
    and not any(w in name for w in ("lbfgs", "zoom", "backtracking", "sam", "muon", "flatten"))
    and name not in ("finite", "conditionally masked", "multi steps", "multi steps schedule")
]


@pytest.mark.parametrize("name", WITHOUT_GRADIENT)
def test_parameters_without_gradient_stay(name):
    optimizer = optim.with_extra_args_support(ROWS[name](optim))
    params = {"frozen": np.ones(2), "none": None, "w": np.ones(3)}
    gradients = {"frozen": None, "none": None, "w": np.full(3, 2.0)}
    loss = lambda p: fnp.sum(p["w"] ** 2)
    extra = {"value": 3.0, "grad": gradients, "value_fn": loss, "obj_fn": loss}
    state = optimizer.init(params)
    updates, state = optimizer.update(gradients, state, params, **extra)
    moved = optim.apply_updates(params, updates)
    assert moved["none"] is None
    assert moved["frozen"] is params["frozen"]
    assert np.all(np.isfinite(moved["w"]))


@pytest.mark.parametrize("name", ["adam", "lamb", "lbfgs keep", "muon", "mechanic", "adafactor"])
def test_training_runs_under_vmap(name):
    """A batch of runs from different starts is the runs one by one."""
    make_loss, start = PROBLEMS["mlp"]
    optimizer = ROWS[name](optim)
    step = step_of(optimizer, make_loss(fnp))

    def train(scale):
        params = fgrad.tree.map(lambda p: p * scale, start)
        state = optimizer.init(params)
        for _ in range(3):
            params, state = step(params, state)
        return params

    scales = np.array([0.5, 1.0])
    batched = fgrad.jit(fgrad.vmap(train))(scales)
    for i, scale in enumerate(scales):
        for b, a in zip(fgrad.tree.leaves(batched), fgrad.tree.leaves(train(scale)), strict=True):
            np.testing.assert_allclose(b[i], a, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_gradient_of_zero_is_no_division_by_zero(name):
    """At a minimum nothing becomes NaN, and NumPy does not warn."""
    optimizer = ROWS[name](optim)
    step = step_of(optimizer, lambda p: fnp.sum(p["w"] * 0.0))
    params = {"w": np.array([[1.0, -2.0]])}
    state = optimizer.init(params)
    for _ in range(2):
        params, state = step(params, state)
    assert np.all(np.isfinite(params["w"]))
    numbers = fgrad.tree.leaves(optim.tree.unwrap_random_key_data(state))
    assert not any(np.isnan(leaf).any() for leaf in numbers)
