"""Reductions and running reductions against jax.lax."""

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same
from tests.jax_suite import Row, suite

REDUCTIONS = ("reduce_sum", "reduce_prod", "reduce_max", "reduce_min")
CUMULATIVE = ("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp")


def row(label, name, *arguments, **options):
    """A row for one operation of lax."""
    return Row(label, lambda lib, x: getattr(lib.lax, name)(x, *arguments, **options), (3, 4, 2))


ROWS = [
    *(row(name, name, (0, 2)) for name in REDUCTIONS),
    *(row(f"{name}-none", name, ()) for name in REDUCTIONS),
    *(row(name, name, 1) for name in CUMULATIVE),
    *(row(f"{name}-reverse", name, axis=0, reverse=True) for name in CUMULATIVE),
]
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize("name", ["reduce_and", "reduce_or", "reduce_xor"])
def test_bits(name):
    """Integers bit by bit, and booleans."""
    x = np.random.default_rng(0).integers(0, 99, (3, 4))
    for v in (x, x > 50):
        want = np.asarray(getattr(jax.lax, name)(v, (0,)))
        assert_same(getattr(fgrad.lax, name)(v, (0,)), want)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_places(name):
    """The first of equal elements, in the dtype asked for."""
    x = np.array([[1.0, 3.0, 3.0], [2.0, 0.0, 0.0]])
    want = np.asarray(getattr(jax.lax, name)(x, 1, np.int32))
    assert_same(getattr(fgrad.lax, name)(x, 1, np.int32), want)


def test_cumlogsumexp_does_not_overflow():
    """Large and infinite numbers are no problem."""
    x = np.array([-np.inf, 1000.0, 1000.0, -1000.0])
    assert_same(fgrad.lax.cumlogsumexp(x), np.logaddexp.accumulate(x))
    gradient = fgrad.grad(lambda v: fgrad.lax.cumlogsumexp(v)[1:].sum())(x)
    assert np.isfinite(gradient).all()
