"""Each optimizer walks where optax's walks."""

import jax
import numpy as np
import optax
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import optim
from tests.optim.problems import PROBLEMS

STEPS = 50

# Made from the library, so that the same line builds both optimizers.
OPTIMIZERS = {
    "sgd": lambda o: o.sgd(1e-3),
    "sgd momentum": lambda o: o.sgd(1e-3, momentum=0.9),
    "sgd nesterov": lambda o: o.sgd(1e-3, momentum=0.9, nesterov=True),
    "sgd schedule": lambda o: o.sgd(o.linear_schedule(1e-3, 1e-4, 30)),
    "adam": lambda o: o.adam(0.05),
    "adam betas": lambda o: o.adam(0.05, b1=0.5, b2=0.9, eps=1e-3, eps_root=1e-6),
    "adam nesterov": lambda o: o.adam(0.05, nesterov=True),
    "adam schedule": lambda o: o.adam(o.warmup_cosine_decay_schedule(0.0, 0.1, 10, 40, 0.01)),
    "adamw": lambda o: o.adamw(0.05, weight_decay=0.1),
    "adamw schedule": lambda o: o.adamw(0.05, weight_decay=o.cosine_decay_schedule(0.1, 20)),
    "adamw nesterov": lambda o: o.adamw(0.05, nesterov=True),
    "clip": lambda o: o.chain(o.clip(0.1), o.sgd(0.1)),
    "clip norm": lambda o: o.chain(o.clip_by_global_norm(0.5), o.adam(0.05)),
    "decay then trace": lambda o: o.chain(
        o.add_decayed_weights(0.01), o.trace(0.8), o.identity(), o.scale(-1e-3)
    ),
    "flipped": lambda o: o.chain(
        o.scale_by_learning_rate(1e-3, flip_sign=False), o.scale_by_learning_rate(1.0)
    ),
    "scale by schedule": lambda o: o.scale_by_schedule(
        o.polynomial_schedule(-1e-3, -1e-4, 2, 30, 5)
    ),
}


def trajectory(lib, optim_lib, optimizer, loss, params, compiled):
    def step(params, state):
        updates, state = optimizer.update(lib.grad(loss)(params), state, params)
        return optim_lib.apply_updates(params, updates), state

    if compiled:
        step = lib.jit(step)
    state = optimizer.init(params)
    walked = []
    for _ in range(STEPS):
        params, state = step(params, state)
        walked.append(params)
    return walked, state


def outline(state):
    """The names, fields, shapes and dtypes of a state."""
    if isinstance(state, tuple | list):
        fields = getattr(state, "_fields", None)
        return type(state).__name__, fields, [outline(part) for part in state]
    if isinstance(state, dict):
        return {key: outline(part) for key, part in state.items()}
    return np.shape(state), np.dtype(state.dtype).name


def assert_equal(ours, theirs, **tolerance):
    ours, theirs = fgrad.tree.leaves(ours), jax.tree.leaves(theirs)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), **tolerance)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_trajectory_is_that_of_optax(name, problem):
    loss, params = PROBLEMS[problem]
    ours, our_state = trajectory(
        fgrad, optim, OPTIMIZERS[name](optim), loss(fnp), params, compiled=True
    )
    theirs, their_state = trajectory(
        jax, optax, OPTIMIZERS[name](optax), loss(jax.numpy), params, compiled=True
    )
    # JAX divides an int32 count in float32, so optax's schedules have that accuracy.
    tolerance = 1e-6 if "schedule" in name else 1e-10
    assert_equal(ours, theirs, rtol=tolerance, atol=tolerance)
    assert_equal(our_state, their_state, rtol=10 * tolerance, atol=tolerance)
    assert outline(our_state) == outline(their_state)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_jit_changes_nothing(name):
    loss, params = PROBLEMS["mlp"]
    walks = [
        trajectory(fgrad, optim, OPTIMIZERS[name](optim), loss(fnp), params, compiled)[0]
        for compiled in (False, True)
    ]
    assert_equal(*walks, rtol=1e-12, atol=1e-12)
