"""Random numbers."""

from functools import partial

import jax
import numpy as np

import fgrad

from .harness import Race

COUNT = 10**6


def normal(shape, dtype):
    key, placed = fgrad.random.key(0), jax.random.key(0)
    ours = fgrad.jit(lambda key: fgrad.random.normal(key, shape, dtype))
    theirs = jax.jit(lambda key: jax.random.normal(key, shape, dtype))
    return lambda: ours(key), lambda: np.asarray(theirs(placed))


ROWS = [
    Race(
        "`random.normal` of 1e6, float32, jit", "jax.jit", 1.5, partial(normal, (COUNT,), "float32")
    )
]
