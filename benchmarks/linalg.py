"""Linear algebra: gradients through factorizations of 300 by 300 matrices, in float64."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import fgrad
import fgrad.numpy as fnp

from .harness import Race

N = 300


def data():
    """A positive-definite matrix and a vector."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(N, N))
    return a @ a.T / N + np.eye(N), rng.normal(size=N)


def svd(xp, a, b):
    u, s, vh = xp.linalg.svd(a, full_matrices=False)
    return (s**2).sum() + ((u * xp.sin(s)) @ vh)[0] @ b


def eigh(xp, a, b):
    w, v = xp.linalg.eigh(a)
    return (w**2).sum() + ((v * xp.sin(w)) @ v.T)[0] @ b


def cholesky(xp, a, b):
    return xp.linalg.cholesky(a)[-1] @ b


def solve(xp, a, b):
    return xp.linalg.solve(a, b) @ b


def likelihood(xp, a, b):
    """The log marginal likelihood of a Gaussian process with noise, by its inputs."""
    triangular_solve = LINALG[xp].triangular_solve
    x = a[0]
    k = xp.exp(-((x[:, None] - x[None, :]) ** 2) / 2) + 0.1 * xp.eye(N)
    l = xp.linalg.cholesky(k)
    z = triangular_solve(l, b[:, None], left_side=True, lower=True)
    return -0.5 * (z * z).sum() - xp.log(xp.diagonal(l)).sum()


LINALG = {fnp: fgrad.lax.linalg, jnp: jax.lax.linalg}


def contestants(function):
    ours = fgrad.jit(fgrad.value_and_grad(partial(function, fnp)))
    theirs = jax.jit(jax.value_and_grad(partial(function, jnp)))
    args = data()

    def run_theirs():
        with jax.enable_x64(True):
            return jax.block_until_ready(theirs(*args))

    return lambda: ours(*args), run_theirs


ROWS = [
    Race(
        f"Gaussian process, marginal likelihood, n = {N}, float64, `value_and_grad`, jit",
        "jax.jit",
        0.9,
        partial(contestants, likelihood),
    ),
    *[
        Race(
            f"`{function.__name__}`, n = {N}, float64, `value_and_grad`, jit",
            "jax.jit",
            1.0,
            partial(contestants, function),
        )
        for function in (svd, eigh, cholesky, solve)
    ],
]
