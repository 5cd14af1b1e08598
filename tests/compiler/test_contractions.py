"""Moves of axes that the compiler folds into products."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp

X = np.arange(6.0).reshape(2, 3)
Y = np.linspace(-1.0, 1.0, 12).reshape(3, 4)
CUBE = np.linspace(-2.0, 2.0, 24).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("fun", "args"),
    (
        (lambda x, y: (x @ y).T, (X, Y)),
        (lambda x, y: fnp.transpose(x) @ y, (X.T.copy(), Y)),
        (lambda x, y: x @ fnp.transpose(y), (X, Y.T.copy())),
        (lambda x, y: (x.T @ y.T).T, (X.T.copy(), Y.T.copy())),
        (lambda x, y: fnp.einsum("abc,cd->abd", x, y).transpose(2, 0, 1), (CUBE, Y.T.copy())),
        (lambda x, y: fnp.einsum("cab,cd->abd", x.transpose(2, 0, 1), y), (CUBE, Y.T.copy())),
    ),
)
def test_a_moved_product_is_one_product(fun, args):
    f = fgrad.jit(fun)
    assert [e.primitive.name for e in f.lower(*args).optimized.eqns] == ["einsum"]
    np.testing.assert_allclose(f(*args), fun(*args), rtol=1e-14, atol=1e-14)


def test_a_product_that_is_read_twice_is_made_once():
    def fun(x, y):
        z = x @ y
        return z.T, fnp.sin(z)

    f = fgrad.jit(fun)
    names = [e.primitive.name for e in f.lower(X, Y).optimized.eqns]
    assert sorted(names) == ["einsum", "sin", "transpose"]
    for got, want in zip(f(X, Y), fun(X, Y), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-14)


def test_a_product_that_is_a_result_is_made_once():
    def fun(x, y):
        z = x @ y
        return z.T, z

    names = [e.primitive.name for e in fgrad.jit(fun).lower(X, Y).optimized.eqns]
    assert sorted(names) == ["einsum", "transpose"]


@pytest.mark.parametrize(
    ("fun", "args", "left"),
    (
        # one row among zeros, and every second one
        (lambda x, y: x.T @ _placed(y[0], (2, 4), (1,)), (X, Y), ["slice", "slice", "einsum"]),
        (lambda x, y: x @ _placed(y[:2], (3, 4), np.s_[::2]), (X, Y), ["slice", "slice", "einsum"]),
        # zeros along a free axis stay
        (lambda x, y: _placed(x, (4, 3), np.s_[1:3]) @ y, (X, Y), ["pad", "einsum"]),
        (
            lambda x, y: _placed(x[:1, 1:], (4, 3), np.s_[1:2, :2]) @ y,
            (X, Y),
            ["slice", "pad", "slice", "einsum"],
        ),
    ),
)
def test_a_sum_over_padding_skips_its_zeros(fun, args, left):
    f = fgrad.jit(fun)
    assert [e.primitive.name for e in f.lower(*args).optimized.eqns] == left
    np.testing.assert_allclose(f(*args), fun(*args), rtol=1e-14, atol=1e-14)


def _placed(x, shape, index):
    """`x` among zeros, by the transpose of the slice."""
    (ct,) = fgrad.vjp(lambda whole: whole[index], np.zeros(shape))[1](x)
    return ct
