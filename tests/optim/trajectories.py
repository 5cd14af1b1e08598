"""Steps of an optimizer, the same way in both libraries."""

import jax
import numpy as np
import optax

import fgrad
import fgrad.numpy as fnp
from fgrad import optim
from tests.optim.problems import TOGETHER, together

STEPS = 50


def stepper(lib, optim_lib, optimizer, loss):
    """A step from parameters and state to the next ones."""
    tx = optim_lib.with_extra_args_support(optimizer)

    def step(params, state):
        value, grad = lib.value_and_grad(loss)(params)
        updates, state = tx.update(grad, state, params, value=value, grad=grad, value_fn=loss)
        return optim_lib.apply_updates(params, updates), state

    return step


def reference(optimizer, loss=None, params=TOGETHER):
    """The parameters after each of the steps, and the last state: in JAX, as one program."""
    step = stepper(jax, optax, optimizer, loss or together(jax.numpy))

    def run(params):
        def body(carry, _):
            carry = step(*carry)
            return carry, carry[0]

        start = (params, optimizer.init(params))
        (_, state), walked = jax.lax.scan(body, start, None, length=STEPS)
        return walked, state

    params = jax.tree.map(jax.numpy.asarray, params)
    return jax.tree.map(np.asarray, jax.jit(run)(params))


def walk(optimizer, loss=None, params=TOGETHER, compiled=True, steps=STEPS):
    """The same in fgrad, step by step."""
    step = stepper(fgrad, optim, optimizer, loss or together(fnp))
    if compiled:
        step = fgrad.jit(step)
    state = optimizer.init(params)
    walked = []
    for _ in range(steps):
        params, state = step(params, state)
        walked.append(params)
    return fgrad.tree.map(lambda *leaves: np.stack(leaves), *walked), state


def outline(state):
    """The names, fields, shapes and dtypes of a state."""
    if isinstance(state, tuple | list):
        fields = getattr(state, "_fields", None)
        return type(state).__name__, fields, [outline(part) for part in state]
    if isinstance(state, dict):
        return {key: outline(part) for key, part in state.items()}
    if state is None:
        return None
    return np.shape(state), np.dtype(state.dtype).name


def assert_equal(ours, theirs, **tolerance):
    ours, theirs = fgrad.tree.leaves(ours), jax.tree.leaves(theirs)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), **tolerance)
