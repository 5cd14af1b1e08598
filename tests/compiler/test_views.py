"""What shares memory with an operand is known to the compiler, which must copy or keep it."""

import jax
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.compiler.buffers import VIEWS
from tests.harness import draw, seeded
from tests.primitives.rows import ROWS

# what is written in other operations is gone before memory is planned
COMPILED = [row for row in ROWS if row.primitive.expand is None]


@pytest.mark.parametrize("row", COMPILED, ids=repr)
def test_only_declared_views_share_memory(row):
    rng = seeded()
    for operands, params in row.cases:
        domains = iter(row.domains)
        args = [
            draw(rng, next(domains), o, row.values[-1]) if isinstance(o, tuple) else o
            for o in operands
        ]
        with np.errstate(all="ignore"):
            try:
                out = row.primitive(*args, **params)
            except TypeError:
                continue  # not of complex numbers
        for i, x in enumerate(args):
            shared = any(np.shares_memory(o, x) for o in jax.tree.leaves(out))
            assert not shared or (row.primitive in VIEWS and i == 0)


def test_a_moving_slice_is_copied_out():
    x = np.array([0.7, -0.8, 0.2])
    f = fgrad.jit(lambda x: fnp.transpose(fgrad.lax.dynamic_slice_in_dim(x, 0, 2)))
    for _ in range(2):  # a compiled program runs differently the second time
        assert not np.shares_memory(f(x), x)
