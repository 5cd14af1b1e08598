"""What is scattered into zeros: added to at once, summed without the zeros."""

import numpy as np
import pytest

import fgrad

R = np.random.default_rng(0)
ROWS, COLUMNS = R.integers(-4, 4, (5, 1)), R.integers(0, 6, (5, 3))


def among_zeros(u):
    return fgrad.numpy.zeros((4, 6, 2)).at[ROWS, COLUMNS].add(u)


PROGRAMS = {
    "added": lambda u, y: among_zeros(u) + y,
    "added from the right": lambda u, y: y * 2 + among_zeros(u),
    "added twice": lambda u, y: among_zeros(u) + (y + among_zeros(u * 2)),
    "read besides": lambda u, y: (s := among_zeros(u)) + y * s,
    "summed": lambda u, y: (s := among_zeros(u)).sum(0) + (s * y).sum(),
    "summed where one index is as large as all": lambda u, y: (s := among_zeros(u)).sum(0) * s,
    "summed, negative": lambda u, y: (s := among_zeros(u)) + (-s).sum(0, keepdims=True),
    "summed along others": lambda u, y: (s := among_zeros(u)) + s.sum((0, 2), keepdims=True),
    "summed, where its index counts": lambda u, y: (s := among_zeros(u)) + s.sum((0, 1)),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("backend", ("numpy", "llvm"))
def test_the_numbers_are_the_same(name, backend):
    u, y, f = R.normal(size=(5, 3, 2)), R.normal(size=(4, 6, 2)), PROGRAMS[name]
    np.testing.assert_allclose(fgrad.jit(f, backend=backend)(u, y), f(u, y), 1e-12, 1e-12)


def names(f, *args):
    eqns = fgrad.jit(f, backend="numpy").lower(*args).optimized.jaxpr.eqns
    return [e.primitive.name for e in eqns]


@pytest.mark.parametrize(("name", "scatters"), (("added", 1), ("added twice", 2)))
def test_what_would_be_added_is_added_to(name, scatters):
    found = names(PROGRAMS[name], np.ones((5, 3, 2)), np.ones((4, 6, 2)))
    assert "add" not in found
    assert found.count("scatter") == scatters


def test_the_slope_of_a_choice_has_no_array_of_zeros():
    def loss(x, labels):
        y = fgrad.nn.log_softmax(x)
        return -fgrad.numpy.take_along_axis(y, labels, -1).mean()

    args = np.ones((5, 6)), np.zeros((5, 1), int)
    f = fgrad.grad(loss)
    assert names(f, *args).count("scatter") == 1
    consts = fgrad.jit(f, backend="numpy").lower(*args).optimized.consts
    assert all(np.size(c) < 30 for c in consts)


def test_a_sum_does_not_hide_a_wrong_index():
    bad = np.array([0, 7])
    f = lambda u: fgrad.numpy.zeros((4, 6)).at[np.array([2, 2]), bad].add(u).sum(1)
    with pytest.raises(IndexError, match="index 7 is out of bounds"):
        fgrad.jit(f)(np.ones(2))
