"""The gradient of a function of one number: the cost of a call, not of arithmetic."""

import autograd
import autograd.numpy as anp
import jax
import jax.numpy as jnp

import fgrad
import fgrad.numpy as fnp

from .harness import Race

X = 1.5


def function(xp):
    return lambda x: xp.sin(x) * xp.exp(x) + x**2


def eager():
    ours, theirs = fgrad.grad(function(fnp)), autograd.grad(function(anp))
    return lambda: ours(X), lambda: theirs(X)


def jitted():
    ours, theirs = fgrad.jit(fgrad.grad(function(fnp))), jax.jit(jax.grad(function(jnp)))
    x = jnp.asarray(X)
    return lambda: ours(X), lambda: theirs(x).block_until_ready()


ROWS = [
    Race("scalar `grad`, no jit", "autograd", 0.35, eager),
    Race("scalar `grad`, jit", "jax.jit", 1.0, jitted),
]
