"""Multilayer perceptrons: a training step's value and gradient, in float32."""

from functools import partial

import autograd
import autograd.numpy as anp
import jax
import jax.numpy as jnp
import numpy as np

import fgrad
import fgrad.numpy as fnp
from fgrad import nn

from .flops import flops
from .harness import Figure, Race

BATCH = 128
SMALL, MEDIUM, LARGE = (64, 64, 10), (64, 128, 128, 10), (784, 512, 256, 10)


def data(sizes):
    """Parameters, a batch of inputs, and their labels as one-hot rows."""
    rng = np.random.default_rng(0)
    params = [
        ((rng.normal(size=(m, n)) / np.sqrt(m)).astype(np.float32), np.zeros(n, np.float32))
        for m, n in zip(sizes[:-1], sizes[1:], strict=True)
    ]
    inputs = rng.normal(size=(BATCH, sizes[0])).astype(np.float32)
    labels = np.eye(sizes[-1], dtype=np.float32)[rng.integers(sizes[-1], size=BATCH)]
    return params, inputs, labels


def forward(activation, params, x):
    *hidden, (w, b) = params
    for v, c in hidden:
        x = activation(x @ v + c)
    return x @ w + b


def loss(activation, log_softmax, params, x, labels):
    """Cross-entropy, summed over classes and averaged over the batch if there is one."""
    log_probabilities = log_softmax(forward(activation, params, x))
    return -(labels * log_probabilities).sum() / (len(x) if x.ndim == 2 else 1)


def plain_log_softmax(xp):
    """What there is no function for in autograd, for both in the same words."""
    return lambda z: z - xp.log(xp.sum(xp.exp(z), axis=1, keepdims=True))


def fgrad_loss(sizes):
    activation = fnp.tanh if sizes is SMALL else nn.relu
    return partial(loss, activation, nn.log_softmax)


def jax_loss(sizes):
    activation = jnp.tanh if sizes is SMALL else jax.nn.relu
    return partial(loss, activation, jax.nn.log_softmax)


def eager():
    args = data(SMALL)
    ours = fgrad.value_and_grad(partial(loss, fnp.tanh, plain_log_softmax(fnp)))
    theirs = autograd.value_and_grad(partial(loss, anp.tanh, plain_log_softmax(anp)))
    return lambda: ours(*args), lambda: theirs(*args)


def jitted(sizes):
    args = data(sizes)
    placed = jax.tree.map(jnp.asarray, args)
    ours = fgrad.jit(fgrad.value_and_grad(fgrad_loss(sizes)))
    theirs = jax.jit(jax.value_and_grad(jax_loss(sizes)))
    return lambda: ours(*args), lambda: jax.block_until_ready(theirs(*placed))


def first_call():
    args = data(MEDIUM)
    placed = jax.tree.map(jnp.asarray, args)

    # New functions each time, so that nothing compiled before is found again.
    def ours():
        return fgrad.jit(fgrad.value_and_grad(fgrad_loss(MEDIUM)))(*args)

    def theirs():
        step = jax.jit(jax.value_and_grad(jax_loss(MEDIUM)))
        return jax.block_until_ready(step(*placed))

    return ours, theirs


def per_example():
    args = data(SMALL)
    placed = jax.tree.map(jnp.asarray, args)
    ours = fgrad.jit(fgrad.vmap(fgrad.grad(fgrad_loss(SMALL)), in_axes=(None, 0, 0)))
    theirs = jax.jit(jax.vmap(jax.grad(jax_loss(SMALL)), in_axes=(None, 0, 0)))
    return lambda: ours(*args), lambda: jax.block_until_ready(theirs(*placed))


def gradient_over_forward(seconds):
    del seconds  # counted, not timed
    args = data(MEDIUM)
    function = fgrad_loss(MEDIUM)
    return flops(fgrad.value_and_grad(function), *args) / flops(function, *args)


def name(sizes):
    return "-".join(map(str, sizes))


ROWS = [
    Race(f"MLP {name(SMALL)} `value_and_grad`, no jit", "autograd", 0.4, eager),
    *(
        Race(f"MLP {name(sizes)} `value_and_grad`, jit", "jax.jit", 1.0, partial(jitted, sizes))
        for sizes in (SMALL, MEDIUM, LARGE)
    ),
    Race(f"first call of the MLP {name(MEDIUM)} step", "jax.jit", 0.1, first_call),
    Race(f"MLP {name(SMALL)} `vmap(grad)` per example, jit", "jax.jit", 1.5, per_example),
    Figure(f"MLP {name(MEDIUM)} gradient over forward, flops", 3.0, "", gradient_over_forward),
]
