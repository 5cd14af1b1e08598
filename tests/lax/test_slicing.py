"""Slices at known and computed places against jax.lax."""

import functools

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same
from tests.jax_suite import Row, suite


def row(name, program, *shapes):
    """A row for one operation of lax."""
    return Row(name, lambda lib, *xs: program(lib.lax, *xs), *shapes)


def place(l, v):
    """An integer computed from numbers, as likely outside as inside."""
    return l.convert_element_type(v * 4, np.int32)


ROWS = [
    row("slice", lambda l, x: l.slice(x, (0, 1), (2, 4), (1, 2)), (2, 5)),
    row("slice_in_dim", lambda l, x: l.slice_in_dim(x, 1, -1, 2, axis=1), (2, 7)),
    row("index_in_dim", lambda l, x: l.index_in_dim(x, -1, 1, keepdims=False), (2, 3)),
    row("dynamic_slice", lambda l, x: l.dynamic_slice(x, (1, 9), (2, 2)), (3, 5)),
    row("dynamic_slice_in_dim", lambda l, x: l.dynamic_slice_in_dim(x, -2, 2, axis=1), (2, 5)),
    row("dynamic_index_in_dim", lambda l, x: l.dynamic_index_in_dim(x, 1, 1, False), (2, 3)),
    row(
        "dynamic_update_slice", lambda l, x, u: l.dynamic_update_slice(x, u, (1, 7)), (3, 5), (2, 2)
    ),
    row(
        "dynamic_update_slice_in_dim",
        lambda l, x, u: l.dynamic_update_slice_in_dim(x, u, 1, 1),
        (3, 5),
        (3, 2),
    ),
    row(
        "dynamic_update_index_in_dim",
        lambda l, x, u: l.dynamic_update_index_in_dim(x, u, -1, 0),
        (3, 5),
        (5,),
    ),
    # computed places: with vmap they differ from example to example
    row(
        "computed-slice",
        lambda l, x, v: l.dynamic_slice(x, (place(l, v), np.int32(1)), (2, 2)),
        (5, 3),
        (),
    ),
    row(
        "computed-index",
        lambda l, x, v: l.dynamic_index_in_dim(x, place(l, v), 1, keepdims=False),
        (2, 5),
        (),
    ),
    row(
        "computed-update",
        lambda l, x, u, v: l.dynamic_update_slice(x, u, (place(l, v), np.int32(0))),
        (5, 3),
        (2, 3),
        (),
    ),
]
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize("start", range(-8, 9))
def test_starts_are_brought_into_bounds(start):
    """As JAX does it, eagerly and under jit."""
    x = np.arange(5.0)
    want = np.asarray(jax.lax.dynamic_slice(x, (start,), (2,)))
    for call in (fgrad.lax.dynamic_slice, fgrad.jit(fgrad.lax.dynamic_slice, static_argnums=2)):
        assert_same(call(x, (start,), (2,)), want)
    want = np.asarray(jax.lax.dynamic_update_slice(x, x[:2] + 9, (start,)))
    assert_same(fgrad.lax.dynamic_update_slice(x, x[:2] + 9, (start,)), want)
    assert_same(x, np.arange(5.0))


def test_array_of_starts():
    """The starts may be one array."""
    x = np.arange(12.0).reshape(3, 4)
    got = fgrad.jit(functools.partial(fgrad.lax.dynamic_slice, slice_sizes=(2, 2)))(
        x, np.array([1, 2])
    )
    assert_same(got, x[1:3, 2:4])


def test_index_take():
    """One index array for each axis."""
    x = np.arange(24.0).reshape(2, 3, 4)
    i, j = np.array([1, 0, 1]), np.array([3, 0, 2])
    assert_same(
        fgrad.lax.index_take(x, (i, j), (0, 2)), np.asarray(jax.lax.index_take(x, (i, j), (0, 2)))
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: fgrad.lax.slice(x, (0, 0), (2, 9)), ValueError, "do not fit shape"),
        (lambda x: fgrad.lax.slice(x, (0,), (2,)), ValueError, "do not fit shape"),
        (lambda x: fgrad.lax.slice_in_dim(x, 0, 9), ValueError, "does not fit an axis of 2"),
        (lambda x: fgrad.lax.index_in_dim(x, 2), IndexError, "out of bounds for an axis of 2"),
        (lambda x: fgrad.lax.dynamic_slice(x, (0,), (1, 1)), TypeError, "wanted 2 start indices"),
        (lambda x: fgrad.lax.dynamic_slice(x, (0, 0), (3, 1)), ValueError, "do not fit into shape"),
        (lambda x: fgrad.lax.dynamic_slice(x, (0.5, 0), (1, 1)), TypeError, "must be an integer"),
        (
            lambda x: fgrad.lax.dynamic_update_slice(x, np.ones((1, 1), np.float32), (0, 0)),
            TypeError,
            "must have dtype float64",
        ),
    ],
)
def test_errors(call, error, message):
    """Wrong places and sizes are refused, eagerly and under jit, and the user's line is named."""
    for f in (call, fgrad.jit(call)):
        with pytest.raises(error, match=message) as e:
            f(np.ones((2, 3)))
        assert "test_slicing.py" in str(e.value)
