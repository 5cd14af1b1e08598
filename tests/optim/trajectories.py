"""Steps of an optimizer, the same way in both libraries."""

import contextlib

import jax
import numpy as np
import optax

import fgrad
import fgrad.numpy as fnp
from fgrad import optim
from tests.optim.problems import PROBLEMS

STEPS = 50


def _move(lib, optim_lib, optimizer, loss, params, state, value, grad):
    """A step from the loss and its gradient; with all extra arguments that any optimizer takes."""
    tx = optim_lib.with_extra_args_support(optimizer)
    functions = {"value_fn": loss, "obj_fn": loss, "grad_fn": lambda p, i: lib.grad(loss)(p)}
    updates, state = tx.update(grad, state, params, value=value, grad=grad, **functions)
    return optim_lib.apply_updates(params, updates), state


def reference(optimizers, problem):
    """For each optimizer the parameters after each step, and the last state: one JAX program."""
    make_loss, start = PROBLEMS[problem]
    loss = make_loss(jax.numpy)
    start = jax.tree.map(jax.numpy.asarray, start)

    def body(carry, _):
        params, states = carry
        # The derivative of the loss is compiled once for all.
        stacked = jax.tree.map(lambda *leaves: jax.numpy.stack(leaves), *params)
        values, grads = jax.vmap(jax.value_and_grad(loss))(stacked)
        moved = []
        for i, optimizer in enumerate(optimizers):
            value, grad = jax.tree.map(lambda x, i=i: x[i], (values, grads))
            moved.append(_move(jax, optax, optimizer, loss, params[i], states[i], value, grad))
        params, states = map(list, zip(*moved, strict=True))
        return (params, states), params

    def run(start):
        states = [optimizer.init(start) for optimizer in optimizers]
        carry = ([start] * len(optimizers), states)
        (_, states), walked = jax.lax.scan(body, carry, None, length=STEPS)
        return list(zip(walked, states, strict=True))

    return jax.jit(run)(start)


def walk(optimizer, problem, compiled=True, steps=STEPS):
    """The same for one optimizer in fgrad, step by step."""
    make_loss, params = PROBLEMS[problem]
    loss = make_loss(fnp)

    def step(params, state):
        value, grad = fgrad.value_and_grad(loss)(params)
        return _move(fgrad, optim, optimizer, loss, params, state, value, grad)

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
    if "key" in str(state.dtype):
        return np.shape(state), "key"
    return np.shape(state), np.dtype(state.dtype).name


def assert_equal(ours, theirs, message="", **tolerance):
    """The same numbers, leaf by leaf."""
    ours = fgrad.tree.leaves(optim.tree.unwrap_random_key_data(ours))
    theirs = jax.tree.leaves(optax.tree.unwrap_random_key_data(theirs))
    assert len(ours) == len(theirs), message
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), err_msg=message, **tolerance)


@contextlib.contextmanager
def about(name):
    """Say which row of a table an assertion is about."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{name}: {error}") from None
