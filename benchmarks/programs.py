"""Programs of several sorts: filters, solvers, tables, in float32 and whole under jit."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import fgrad
import fgrad.numpy as fnp

from .harness import Race


def normal(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def kalman(lib, xp, change, observe, data):
    """The log likelihood of a Kalman filter, up to a constant, by its dynamics."""
    n, m = len(change), len(observe)

    def step(carry, y):
        mean, cov, total = carry
        mean, cov = change @ mean, change @ cov @ change.T + 0.1 * xp.eye(n, dtype=y.dtype)
        s, v = observe @ cov @ observe.T + xp.eye(m, dtype=y.dtype), y - observe @ mean
        gain = xp.linalg.solve(s, observe @ cov).T
        total = total - (v @ xp.linalg.solve(s, v) + xp.linalg.slogdet(s)[1]) / 2
        return (mean + gain @ v, cov - gain @ s @ gain.T, total), None

    start = xp.zeros(n, data.dtype), xp.eye(n, dtype=data.dtype), xp.zeros((), data.dtype)
    return lib.lax.scan(step, start, data)[0][2]


def kalman_data():
    change = 0.9 * np.eye(6, dtype=np.float32) + 0.02 * normal(6, 6)
    return change, normal(3, 6), normal(200, 3)


def language(lib, xp, table, words, following):
    """The cross entropy of a model that only knows the word before."""
    logits = lib.nn.log_softmax(table[words] @ table.T)
    return -xp.take_along_axis(logits, following[..., None], -1).mean()


def language_data():
    words = np.random.default_rng(0).integers(0, 1000, (2, 32, 50))
    return normal(1000, 64), *words


def interpolation(lib, xp, knots, x):
    """A piecewise linear function, by its values at 64 knots."""
    return (xp.interp(x, np.linspace(-3, 3, 64, dtype=np.float32), knots) ** 2).mean()


def conjugate_gradients(lib, xp, a, b):
    """Fifty steps towards ``a x = b``."""

    def step(_, state):
        x, r, p = state
        ap = a @ p
        alpha = (r @ r) / (p @ ap)
        new = r - alpha * ap
        return x + alpha * p, new, new + (new @ new) / (r @ r) * p

    return lib.lax.fori_loop(0, 50, step, (b * 0, b, b))[0]


def system():
    a = normal(300, 300)
    return a @ a.T / 3 + 100 * np.eye(300, dtype=np.float32), normal(300)


def contestants(function, data, gradient):
    args = data()
    placed = jax.tree.map(jnp.asarray, args)
    with_gradient = lambda lib, f: lib.jit(lib.value_and_grad(f) if gradient else f)
    ours = with_gradient(fgrad, partial(function, fgrad, fnp))
    theirs = with_gradient(jax, partial(function, jax, jnp))
    return lambda: ours(*args), lambda: jax.block_until_ready(theirs(*placed))


def race(work, *how):
    return Race(work, "jax.jit", 1.0, partial(contestants, *how))


ROWS = [
    race("Kalman filter, 200 steps, 6 states, `value_and_grad`, jit", kalman, kalman_data, True),
    race(
        "cross entropy of 1600 words of 1000, width 64, `value_and_grad`, jit",
        language, language_data, True,
    ),
    race(
        "`interp` of 2e5 points at 64 knots, `value_and_grad`, jit",
        interpolation, lambda: (normal(64), normal(200_000)), True,
    ),
    race("50 steps of conjugate gradients, n = 300, jit", conjugate_gradients, system, False),
]  # fmt: skip
