"""Steps of an optimizer whose state is given away, in float32."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

import fgrad
import fgrad.numpy as fnp
from fgrad import optim

from .harness import Race


def stepper(lib, optimizers, xp, leaves, size):
    """A function that takes one step, from where the last one ended."""
    rng = np.random.default_rng(0)
    draw = lambda: [xp.asarray(rng.normal(size=size).astype(np.float32)) for _ in range(leaves)]
    params, grads = draw(), draw()
    adam = optimizers.adam(1e-3)

    def step(params, state, grads):
        updates, state = adam.update(grads, state, params)
        return optimizers.apply_updates(params, updates), state

    step = lib.jit(step, donate_argnums=(0, 1))
    now = [params, adam.init(params)]

    def run():
        now[:] = step(*now, grads)
        return now[0][0][:3]

    return run


def contestants(leaves, size):
    ours = stepper(fgrad, optim, fnp, leaves, size)
    theirs = stepper(jax, optax, jnp, leaves, size)
    return ours, lambda: jax.block_until_ready(theirs())


ROWS = [
    Race(
        f"Adam step, {leaves} leaves of {size} numbers, donated, jit",
        "jax.jit + optax",
        target,
        partial(contestants, leaves, size),
    )
    for leaves, size, target in ((20, 500_000, 1.0), (200, 100, 0.7))
]
