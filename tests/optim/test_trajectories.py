"""Each optimizer walks where optax's walks."""

import optax
import pytest

import fgrad
from fgrad import optim
from tests.optim.rows import GROUPS
from tests.optim.trajectories import assert_equal, outline, reference, walk

CASES = [(group, problem) for group, (problems, _) in GROUPS.items() for problem in problems]


@pytest.mark.parametrize("group, problem", CASES)
def test_trajectories_are_those_of_optax(group, problem):
    _, rows = GROUPS[group]
    theirs = reference([make(optax) for make in rows.values()], problem)
    for (name, make), (their_walk, their_state) in zip(rows.items(), theirs, strict=True):
        ours, our_state = walk(make(optim), problem)
        assert_equal(ours, their_walk, name, rtol=1e-6, atol=1e-6)
        # Sums of squares and the like are larger than the parameters, as are their roundings.
        assert_equal(our_state, their_state, name, rtol=1e-5, atol=1e-6)
        assert outline(our_state) == outline(their_state), name
        # Without compilation the numbers differ by roundings alone.
        plain, _ = walk(make(optim), problem, compiled=False, steps=4)
        first = [leaf[:4] for leaf in fgrad.tree.leaves(ours)]
        assert_equal(plain, first, name, rtol=1e-9, atol=1e-9)
