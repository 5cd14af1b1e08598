"""Sums at repeated indices."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import fgrad
import fgrad.numpy as fnp

from .harness import Race

UPDATES, ROWS_OF_TABLE = 10**6, 10**4


def total(xp, rows, table, updates):
    out = table.at[rows].add(updates)
    return (out * out).sum()


def scatter_add(width):
    rng = np.random.default_rng(0)
    rows = rng.integers(0, ROWS_OF_TABLE, UPDATES).astype(np.int32)
    shape = (width,) if width > 1 else ()
    table = fnp.asarray(rng.normal(size=(ROWS_OF_TABLE, *shape)).astype(np.float32))
    updates = rng.normal(size=(UPDATES, *shape)).astype(np.float32)
    placed = jax.tree.map(jnp.asarray, (rows, np.asarray(table), updates))
    ours = fgrad.jit(fgrad.value_and_grad(partial(total, fnp), (1, 2)))
    theirs = jax.jit(jax.value_and_grad(partial(total, jnp), (1, 2)))
    return lambda: ours(rows, table, updates), lambda: jax.block_until_ready(theirs(*placed))


ROWS = [
    Race(
        f"scatter-add of 1e6 rows of {width} into 1e4, `value_and_grad`, jit",
        "jax.jit",
        1.5,
        partial(scatter_add, width),
    )
    for width in (1, 16)
]
