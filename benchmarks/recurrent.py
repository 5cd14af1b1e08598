"""Recurrent networks and an integrator: scans, their values and gradients."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import fgrad
import fgrad.numpy as fnp

from .harness import Race

STEPS, INPUTS, OUTPUTS = 100, 8, 8
GATES = {"RNN": 1, "LSTM": 4}


def data(kind, hidden, batch):
    """Parameters, a sequence of inputs, and one of targets, in float32."""
    rng = np.random.default_rng(0)
    width = GATES[kind] * hidden
    shapes = {"u": (INPUTS, width), "w": (hidden, width), "b": (width,), "v": (hidden, OUTPUTS)}
    params = {
        name: (rng.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32)
        for name, shape in shapes.items()
    }
    x = rng.normal(size=(STEPS, batch, INPUTS)).astype(np.float32)
    y = rng.normal(size=(STEPS, batch, OUTPUTS)).astype(np.float32)
    return params, x, y


def rnn(lib, xp, params, state, x):
    h = xp.tanh(x @ params["u"] + state @ params["w"] + params["b"])
    return h, h @ params["v"]


def lstm(lib, xp, params, state, x):
    h, c = state
    i, f, g, o = xp.split(x @ params["u"] + h @ params["w"] + params["b"], 4, axis=-1)
    c = lib.nn.sigmoid(f) * c + lib.nn.sigmoid(i) * xp.tanh(g)
    h = lib.nn.sigmoid(o) * xp.tanh(c)
    return (h, c), h @ params["v"]


def step(lib, xp, kind, hidden):
    """The value and gradient of a squared error."""

    def loss(params, x, y):
        h = xp.zeros((x.shape[1], hidden), x.dtype)
        cell, start = (rnn, h) if kind == "RNN" else (lstm, (h, h))
        _, out = lib.lax.scan(partial(cell, lib, xp, params), start, x)
        return ((out - y) ** 2).mean()

    return lib.jit(lib.value_and_grad(loss))


def network(kind, hidden, batch):
    args = data(kind, hidden, batch)
    placed = jax.tree.map(jnp.asarray, args)
    ours, theirs = step(fgrad, fnp, kind, hidden), step(jax, jnp, kind, hidden)
    return lambda: ours(*args), lambda: jax.block_until_ready(theirs(*placed))


def integrate(lib, xp, rate):
    """A thousand steps of Heun's method for a damped pendulum, in Python's numbers."""

    def slope(angle, speed):
        return speed, -rate * xp.sin(angle) - 0.1 * speed

    def heun(state, _):
        angle, speed = state
        a1, s1 = slope(angle, speed)
        a2, s2 = slope(angle + 0.01 * a1, speed + 0.01 * s1)
        return (angle + 0.005 * (a1 + a2), speed + 0.005 * (s1 + s2)), None

    return lib.lax.scan(heun, (rate * 0 + 1.0, rate * 0), None, length=1000)[0][0]


def pendulum():
    ours = fgrad.jit(fgrad.value_and_grad(partial(integrate, fgrad, fnp)))
    theirs = jax.jit(jax.value_and_grad(partial(integrate, jax, jnp)))
    rate = np.float32(2.0)
    return lambda: ours(rate), lambda: jax.block_until_ready(theirs(rate))


SIZES = ((32, 16), (128, 32))
TARGETS = {("RNN", 32): 1.2, ("RNN", 128): 0.9, ("LSTM", 32): 1.2, ("LSTM", 128): 1.2}
ROWS = [
    *(
        Race(
            f"{kind} of {STEPS} steps, hidden {hidden}, batch {batch}, `value_and_grad`, jit",
            "jax.jit",
            TARGETS[kind, hidden],
            partial(network, kind, hidden, batch),
        )
        for kind in GATES
        for hidden, batch in SIZES
    ),
    Race("pendulum, scan of 1,000 scalar steps, `value_and_grad`, jit", "jax.jit", 10.0, pendulum),
]
