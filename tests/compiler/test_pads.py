"""Sums of padded pieces become concatenations, and nothing else does."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp


def pieces(x):
    a, b, c = fnp.split(x, 3, axis=-1)
    return fnp.sin(a) * b, fnp.exp(c) * b


def total(x):
    p, q = pieces(x)
    return (p * q).sum()


def test_the_gradient_of_a_split_is_a_concatenation():
    x = np.random.default_rng(0).normal(size=(4, 6))
    g = fgrad.jit(fgrad.grad(total))
    assert "concatenate" in g.lower(x).source and "pad(" not in g.lower(x).source
    np.testing.assert_allclose(g(x), fgrad.grad(total)(x), rtol=1e-12)


@pytest.mark.parametrize(
    "cut",
    [
        lambda x: x[:2].sum() + (x[2:5] ** 2).sum(),  # a gap
        lambda x: (x[:4] ** 2).sum() + (x[3:] ** 3).sum(),  # an overlap
        lambda x: (x[::2] ** 2).sum() + (x[1::2] ** 3).sum(),  # interleaved
        lambda x: (x[:4:2] ** 2).sum() + (x[4:] ** 3).sum(),  # every other one
        lambda x: (x[3:] ** 2).sum() + (x[:3] ** 3).sum(),  # the other way round
        lambda x: (x[:3] ** 2).sum() + (x[3::2] ** 3).sum(),  # one piece has holes
        lambda x: (x[0] ** 2) + (x[1:] ** 3).sum(),  # an axis is dropped
    ],
)
def test_what_does_not_tile_stays_a_sum(cut):
    x = np.arange(1.0, 7.0)
    np.testing.assert_allclose(fgrad.jit(fgrad.grad(cut))(x), fgrad.grad(cut)(x), rtol=1e-14)


def test_a_term_that_is_read_elsewhere_is_kept():
    def f(x):
        a, b = fnp.split(x, 2)
        g = fgrad.grad(lambda x: (x[:3] ** 2).sum() + (x[3:] ** 3).sum())(x)
        return (g * g).sum() + (a * b).sum()

    x = np.arange(1.0, 7.0)
    np.testing.assert_allclose(fgrad.jit(fgrad.grad(f))(x), fgrad.grad(f)(x), rtol=1e-14)


def test_a_sum_that_is_a_result_too_is_made_once():
    def f(a, b, c):
        first = fnp.pad(a, (0, 4)) + fnp.pad(b, (2, 2))
        return first, first + fnp.pad(c, (4, 0))

    args = np.ones(2), np.full(2, 2.0), np.full(2, 3.0)
    names = [e.primitive.name for e in fgrad.jit(f).lower(*args).optimized.eqns]
    assert "concatenate" not in names
    for got, want in zip(fgrad.jit(f)(*args), f(*args), strict=True):
        np.testing.assert_array_equal(got, want)
