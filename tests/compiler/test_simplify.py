"""The algebra of the compiler: what is removed, and that what is left is the same function."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp

X = np.linspace(-2.0, 2.0, 7)


@pytest.mark.parametrize(
    ("fun", "operations"),
    (
        (lambda x: x * 1.0, 0),
        (lambda x: x / 1.0, 0),
        (lambda x: fnp.negative(-x), 0),
        (lambda x: 2.0 * (3.0 * x), 1),
        (lambda x: -(2.0 * x), 1),
        (lambda x: (-x) * 2.0, 1),
        (lambda x: x / 2.0, 1),
        (lambda x: 1e-200 * (1e-200 * x), 2),  # the constants alone would underflow
        (lambda x: fnp.sin(x) + fnp.sin(x), 2),
        (lambda x: fnp.transpose(fnp.transpose(x)), 0),
        (lambda x: x - 0.0, 0),
        (lambda x: fgrad.lax.stop_gradient(+x), 0),
        (lambda x: fnp.real(x).astype(float), 0),
        (lambda x: x.reshape(7, 1).reshape(1, 7).reshape(7), 0),
        (lambda x: x.reshape(7, 1).reshape(1, 7), 1),
        (lambda x: fnp.broadcast_to(x, (7,)), 0),
        (lambda x: fnp.sum(fnp.max(x, axis=()), axis=()), 0),
        (lambda x: x * 3.0 * 0.5 * 0.25, 1),
        (lambda x: x / 3.0, 1),
        (lambda x: x / -4.0, 1),
        (lambda x: x + fnp.broadcast_to(2.0, (7,)), 1),  # NumPy broadcasts by itself
        (lambda x: x * fnp.full((7,), 3.0), 1),
    ),
)
def test_what_is_left(fun, operations):
    low = fgrad.jit(fun).lower(X)
    assert len(low.optimized.eqns) == operations
    np.testing.assert_allclose(fgrad.jit(fun)(X), fun(X), rtol=1e-15, atol=0)


def test_integers_are_left_alone():
    x = np.array([5, -7, 2**62], dtype=np.int64)
    f = fgrad.jit(lambda x: (3 * (x * 2), -x, x / 2))
    for got, want in zip(f(x), (3 * (x * 2), -x, x / 2), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    ("fun", "names"),
    (
        (lambda x, y: x + fnp.broadcast_to(y, (2, 3)), ["add"]),
        (lambda x, y: fnp.broadcast_to(y, (2, 3)) * x - y, ["mul", "sub"]),
        (lambda x, y: x + fnp.broadcast_to(x[:, :1], (2, 3)), ["slice", "add"]),
        (lambda x, y: x + fnp.broadcast_to(x[:, 0][:, None], (2, 3)), ["slice", "reshape", "add"]),
        # the result has the shape of the broadcast
        (lambda x, y: fnp.broadcast_to(y, (4, 3)) * 2.0, ["broadcast_in_dim", "mul"]),
        (lambda x, y: fnp.broadcast_to(y, (2, 3)) + fnp.broadcast_to(y, (2, 3)), None),
        (lambda x, y: x.transpose(1, 0)[None].transpose(1, 2, 0), None),
        (lambda x, y: x.T.reshape(3, 2, 1).transpose(1, 0, 2).transpose(2, 1, 0), None),
    ),
)
def test_broadcasting_is_left_to_numpy(fun, names):
    x, y = np.arange(6.0).reshape(2, 3), np.array([0.5, -1.0, 2.0])
    f = fgrad.jit(fun)
    if names is not None:
        assert [e.primitive.name for e in f.lower(x, y).optimized.eqns] == names
    got, want = f(x, y), fun(x, y)
    assert got.shape == want.shape
    np.testing.assert_array_equal(got, want)


def test_results_of_transposes_of_transposes():
    x = np.arange(24.0).reshape(2, 3, 4)
    f = fgrad.jit(lambda x: x.transpose(1, 2, 0).transpose(1, 2, 0))
    assert [e.params["permutation"] for e in f.lower(x).optimized.eqns] == [(2, 0, 1)]
    np.testing.assert_array_equal(f(x), x.transpose(2, 0, 1))


def test_equal_expressions_are_computed_once():
    f = lambda x: (fnp.sin(x) * 2.0, fnp.sin(x) * 3.0, x.sum(), x.sum(keepdims=True))
    names = [e.primitive.name for e in fgrad.jit(f).lower(X).optimized.eqns]
    assert names == ["sin", "mul", "mul", "reduce_sum", "reduce_sum"]
    # zero and minus zero are not one literal, nor are a float and an integer
    g = lambda x: (fnp.copysign(x, 0.0), fnp.copysign(x, -0.0), x + 1, x + 1.0)
    for got, want in zip(fgrad.jit(g)(X), g(X), strict=True):
        np.testing.assert_array_equal(got, want)


def test_what_nothing_needs_is_left_out():
    def f(x):
        y, z = fnp.sin(x), fnp.cos(x)
        return y * fnp.tanh(z)[0] if x.ndim > 1 else y

    assert [e.primitive.name for e in fgrad.jit(f).lower(X).optimized.eqns] == ["sin"]


def test_programs_inside_are_inlined():
    inner = fgrad.jit(lambda x: fnp.sin(x))
    f = lambda x: inner(inner(x)) + fgrad.jit(fgrad.jit(fnp.cos))(x)
    names = [e.primitive.name for e in fgrad.jit(f).lower(X).optimized.eqns]
    assert names == ["sin", "sin", "cos", "add"]
