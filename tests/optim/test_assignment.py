"""Assignments are the cheapest."""

import jax
import numpy as np
import optax
import pytest
import scipy.optimize
from hypothesis import given

import fgrad
from fgrad import optim
from fgrad.testing.strategies import arrays
from tests.harness import assert_same

RNG = np.random.default_rng(0)

ALGORITHMS = {
    "hungarian": optim.assignment.hungarian_algorithm,
    "base": optim.assignment.base_hungarian_algorithm,
}


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (3, 6), (6, 3), (0, 3), (2, 0)])
def test_assignments_are_the_cheapest(name, shape):
    assign = fgrad.jit(ALGORITHMS[name])

    @given(arrays("float64", shape))
    def check(costs):
        rows, columns = assign(costs)
        assert len(set(rows.tolist())) == len(set(columns.tolist())) == min(shape)
        best = scipy.optimize.linear_sum_assignment(costs)
        np.testing.assert_allclose(
            costs[rows, columns].sum(), costs[best].sum(), rtol=1e-12, atol=1e-12
        )

    check()


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)])
def test_assignments_come_in_the_order_of_optax(shape):
    costs = RNG.normal(size=shape)
    for name in ("hungarian_algorithm", "base_hungarian_algorithm"):
        theirs = jax.jit(getattr(optax.assignment, name))(costs)
        assert_same(getattr(optim.assignment, name)(costs), theirs, dtype=False)
