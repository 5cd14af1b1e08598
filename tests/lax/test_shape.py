"""Operations that move elements against jax.lax."""

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same
from tests.jax_suite import Row, suite


def row(name, program, *shapes, **options):
    """A row for one operation of lax."""
    return Row(name, lambda lib, *xs: program(lib.lax, *xs), *shapes, **options)


ROWS = [
    row("reshape", lambda l, x: l.reshape(x, (3, 2)), (2, 3)),
    row("reshape-order", lambda l, x: l.reshape(x, (6,), (1, 0)), (2, 3)),
    row("transpose", lambda l, x: l.transpose(x, (2, 0, 1)), (2, 3, 4)),
    row("collapse", lambda l, x: l.collapse(x, 0, 2), (2, 3, 4)),
    row("squeeze", lambda l, x: l.squeeze(x, (0, -1)), (1, 3, 1)),
    row("expand_dims", lambda l, x: l.expand_dims(x, (0, 2)), (2, 3)),
    row("broadcast", lambda l, x: l.broadcast(x, (4, 1)), (2, 3)),
    row("broadcast_in_dim", lambda l, x: l.broadcast_in_dim(x, (2, 4, 3), (0, 2)), (2, 1)),
    row("broadcast_like", lambda l, x, y: l.broadcast_like(x, y), (3,), (2, 3)),
    row("broadcast_to_rank", lambda l, x: l.broadcast_to_rank(x, 4), (2, 3)),
    row("stack", lambda l, x, y: l.stack([x, y], -1), (2, 3), (2, 3)),
    row("rev", lambda l, x: l.rev(x, (0, 2)), (2, 3, 4)),
    row("concatenate", lambda l, x, y: l.concatenate([x, y], 1), (2, 3), (2, 1)),
    row("split", lambda l, x: l.split(x, (1, 2), 1), (2, 3)),
    row("tile", lambda l, x: l.tile(x, (2, 3)), (2, 2)),
    row("pad", lambda l, x: l.pad(x, x.dtype.type(2.0), [(1, 2, 0), (0, 1, 2)]), (2, 3)),
    row("pad-zero", lambda l, x: l.pad(x, x.dtype.type(0), [(1, 0, 3)]), (3,)),
    row("pad-negative", lambda l, x: l.pad(x, x.dtype.type(1), [(-1, 2, 1), (3, -2, 0)]), (3, 4)),
    row("pad-traced", lambda l, x, v: l.pad(x, v, [(1, -1, 1)]), (3,), ()),
    row("pad-empty", lambda l, x, v: l.pad(x, v, [(1, 1, 1)]), (0,), ()),
    row("convert", lambda l, x: l.convert_element_type(x, np.complex128) * 2j, (3,)),
    row("full_like", lambda l, x: l.full_like(x, 3, shape=(2,)) * x[:2], (3,)),
]
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize(
    "make",
    [
        lambda l: l.iota(np.float32, 4),
        lambda l: l.broadcasted_iota(np.int32, (2, 3), 0),
        lambda l: l.full((2, 3), 4.0),
        lambda l: l.full((2,), 4, np.float32),
    ],
)
def test_new_arrays(make):
    """Shape, dtype and numbers are JAX's."""
    assert_same(make(fgrad.lax), np.asarray(make(jax.lax)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: fgrad.lax.pad(x, 0.0, [(1, 1, 0)]), "does not fit"),
        (lambda x: fgrad.lax.pad(x, 0.0, [(-3, -3, 0)] * 2), "less than nothing"),
        (lambda x: fgrad.lax.broadcast_in_dim(x, (2, 3), (1, 0)), "do not fit"),
        (lambda x: fgrad.lax.split(x, (1, 1), 1), "do not add up to 3"),
        (lambda x: fgrad.lax.collapse(x, 1, 1), "no axes"),
    ],
)
def test_errors(call, message):
    """Arguments that do not fit are refused, and the user's line is named."""
    with pytest.raises(ValueError, match=message) as e:
        call(np.ones((2, 3)))
    assert "test_shape.py" in str(e.value)
