"""Small programs and the transformations of them, written once for fgrad and JAX.

A program is made by ``program(lib, np)`` and maps a vector to a vector of the same length; so does
what a transformation makes of it, and they compose in any order.
"""

import jax
import jax.numpy as jnp
import numpy as onp

import fgrad
import fgrad.numpy as fnp

LIBRARIES = {"fgrad": (fgrad, fnp), "jax": (jax, jnp)}
N = 3
POINT = onp.array([0.4, -0.7, 1.1])
DIRECTION = onp.array([0.3, 1.2, -0.5])
_W = onp.random.default_rng(0).normal(size=(2, N, N)) / 2


def smooth(lib, np):
    return lambda x: np.sin(x) * np.exp(-(x**2)) + x / (1 + x * x) + np.tanh(3 * x) ** 3


def network(lib, np):
    def f(x):
        for w in _W:
            x = np.tanh(w @ x + 0.1)
        return x * np.sum(x)

    return f


def softmax(lib, np):
    def f(x):
        z = x - np.max(x)
        return np.exp(z) / np.sum(np.exp(z)) + np.log(np.sum(np.exp(x))) * np.prod(x)

    return f


def indexing(lib, np):
    index = onp.array([2, 0, 0])

    def f(x):
        y = x[index] * x[::-1]
        y = y.at[onp.array([0, 0])].add(x[1:] ** 2)
        return np.concatenate([y[1:], np.sort(y)[:1] * x[0]])

    return f


def running(lib, np):
    def f(x):
        grid = np.reshape(np.stack([np.cumsum(x), np.cumprod(x)]), (N, 2))
        return np.where(x > 0, grid[:, 0] * x, np.maximum(grid[:, 1], x * x)) + np.abs(x)

    return f


def inner_jit(lib, np):
    scale = lib.jit(lambda x, s: (np.cos(x) * s, s**2))

    def f(x):
        y, s = scale(x, x[0] * x[1])
        return lib.jit(lambda z: z * s + x)(y)  # closes over what is being transformed

    return f


def custom(lib, np):
    @lib.custom_jvp
    def g(x, y):
        return np.sin(x) * y, x

    @g.defjvp
    def _(primals, tangents):
        (x, y), (tx, ty) = primals, tangents
        return g(x, y), (2 * np.cos(x) * y * tx + np.sin(x) * ty, 3 * tx)

    def f(x):
        a, b = g(x, x[::-1])
        return a * b + g(x[0], 2.0)[0]

    return f


def complex_numbers(lib, np):
    def f(x):
        z = np.exp(1j * x) * (x + 2j * x[::-1])
        return np.real(z * np.sum(z)) + np.abs(z) * np.imag(z) + np.angle(z)

    return f


def rematerialized(lib, np):
    block = lib.checkpoint(lambda x, w: np.sin(w @ x) * x)

    def f(x):
        for w in _W:
            x = block(x, w)
        return x

    return f


PROGRAMS = [
    smooth, network, softmax, indexing, running, inner_jit, custom, complex_numbers, rematerialized,
]  # fmt: skip


# -- transformations: (lib, np, f) -> a function of the same kind ----------------------------------


def grad(lib, np, f):
    return lib.grad(lambda x: np.sum(f(x) * DIRECTION))


def jvp(lib, np, f):
    return lambda x: lib.jvp(f, (x,), (DIRECTION * np.ones(x.shape),))[1]


def vmap(lib, np, f):
    return lambda x: np.sum(lib.vmap(f)(np.stack([x, 0.5 * x])), axis=0)


def vmap_columns(lib, np, f):
    return lambda x: lib.vmap(f, in_axes=1, out_axes=1)(np.stack([x, -x], axis=1))[:, 1]


def jit(lib, np, f):
    return lib.jit(f)


def checkpoint(lib, np, f):
    return lib.checkpoint(f)


def linearize(lib, np, f):
    return lambda x: lib.linearize(f, x)[1](DIRECTION * np.ones(x.shape))


def vjp(lib, np, f):
    return lambda x: lib.vjp(f, x)[1](DIRECTION * np.ones(x.shape))[0]


TRANSFORMATIONS = [grad, jvp, vmap, vmap_columns, jit, checkpoint, linearize, vjp]


def compose(library, transformations, program):
    """The first of `transformations` applied last."""
    lib, np = LIBRARIES[library]
    f = program(lib, np)
    for t in reversed(transformations):
        f = t(lib, np, f)
    return f
