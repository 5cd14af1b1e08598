"""Transformations that compose: each takes a function of inexact arrays and gives one.

They are written once for both libraries: ``lib`` is fgrad or jax, ``np`` its numpy.
"""

import jax
import jax.numpy as jnp

import fgrad
import fgrad.numpy as fnp
from tests.testing.laws import total, waves

LIBRARIES = {"fgrad": (fgrad, fnp), "jax": (jax, jnp)}
FACTORS = (1.0, -0.5)


def grad(lib, np, f):
    return lambda *xs: lib.grad(total(f, np), argnums=tuple(range(len(xs))))(*xs)


def jvp(lib, np, f):
    return lambda *xs: lib.jvp(f, xs, waves(xs))[1]


def vjp(lib, np, f):
    def pulled(*xs):
        outs, pull = lib.vjp(f, *xs)
        return pull(waves(outs))

    return pulled


def vmap(lib, np, f):
    """The sum of a batch of two, mapped over the first axis."""

    def summed(*xs):
        rows = [np.stack([(c * x).astype(x.dtype) for c in FACTORS]) for x in xs]
        return tuple(np.sum(o, axis=0) for o in lib.vmap(f)(*rows))

    return summed


def vmap_last(lib, np, f):
    """The same along the last axis, with every second argument not mapped."""

    def summed(*xs):
        axes = tuple(None if i % 2 else -1 for i in range(len(xs)))
        rows = [
            x if a is None else np.stack([(c * x).astype(x.dtype) for c in FACTORS], axis=-1)
            for x, a in zip(xs, axes, strict=True)
        ]
        outs = lib.vmap(f, in_axes=axes, out_axes=-1)(*rows)
        return tuple(np.sum(o, axis=-1) for o in outs)

    return summed


def jit(lib, np, f):
    return lib.jit(f)


def checkpoint(lib, np, f):
    return lib.checkpoint(f)


def linearize(lib, np, f):
    return lambda *xs: lib.linearize(f, *xs)[1](*waves(xs))


def linear_transpose(lib, np, f):
    def pulled(*xs):
        outs, push = lib.linearize(f, *xs)
        return lib.linear_transpose(push, *xs)(waves(outs))

    return pulled


TRANSFORMATIONS = (
    jit, jvp, vjp, grad, vmap, linearize, checkpoint, linear_transpose, vmap_last
)  # fmt: skip


# -- the same from the definitions -------------------------------------------------------------


def _loop(lib, np, f, mapped):
    """The sum of a batch of two, one after the other."""

    def summed(*xs):
        total = None
        for c in FACTORS:
            outs = f(*((c * x).astype(x.dtype) if mapped(i) else x for i, x in enumerate(xs)))
            total = (
                outs if total is None else tuple(a + b for a, b in zip(total, outs, strict=True))
            )
        return total

    return summed


DEFINITIONS = {
    jit: lambda lib, np, f: f,
    checkpoint: lambda lib, np, f: f,
    linearize: jvp,
    linear_transpose: vjp,
    grad: grad,
    vjp: vjp,
    jvp: jvp,
    vmap: lambda lib, np, f: _loop(lib, np, f, lambda i: True),
    vmap_last: lambda lib, np, f: _loop(lib, np, f, lambda i: i % 2 == 0),
}


def compose(library, transformations, f):
    """`f` transformed, the first of `transformations` applied last."""
    for t in reversed(transformations):
        f = t(*LIBRARIES[library], f)
    return f


def defined(library, transformations, f):
    """The same from definitions that neither batch, compile nor rematerialize."""
    return compose(library, [DEFINITIONS[t] for t in transformations], f)
