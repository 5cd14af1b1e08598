"""Reductions with a Python function against jax.lax."""

import operator

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same
from tests.jax_suite import Row, suite


def monoid(name, start):
    """A row for a function that a primitive reduces by."""
    return Row(
        name,
        lambda lib, x: lib.lax.reduce(x, x.dtype.type(start), getattr(lib.lax, name), (2, 0)),
        (2, 3, 4),
    )


def product(x, y):
    """Of 2 x 2 matrices: associative, but the order counts."""
    (a, b, c, d), (e, f, g, h) = x, y
    return a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h


def products(lib, *xs):
    """The matrices along an axis multiplied in their order."""
    if lib is fgrad:
        one, zero = (v.dtype.type for v in xs[:2])
        return lib.lax.reduce(xs, (one(1), zero(0), zero(0), one(1)), product, (1,))
    total = [x[:, 0] for x in xs]
    for k in range(1, xs[0].shape[1]):
        total = product(total, [x[:, k] for x in xs])
    return tuple(total)


ROWS = [
    monoid("add", 0),
    monoid("add", 2),
    monoid("mul", 1),
    monoid("max", -np.inf),
    monoid("min", 0.5),
    Row(
        "function",
        lambda lib, x: (
            fgrad.lax.reduce(x, x.dtype.type(0), lambda a, b: a + b + a * b, (0,))
            if lib is fgrad
            else jax.numpy.prod(1 + x, 0) - 1
        ),
        (7, 3),
    ),
    Row("matrices", products, *((2, 5),) * 4),
]
ROWS[1].name = "add-two"
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor"])
@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
def test_bits(name, dtype):
    """Integers bit by bit, and booleans."""
    x = np.random.default_rng(0).integers(0, 99, (3, 4)).astype(dtype)
    start = np.array(-1 if name == "bitwise_and" else 0).astype(dtype)[()]
    ours, theirs = (lib.lax.reduce(x, start, getattr(lib.lax, name), (0,)) for lib in (fgrad, jax))
    assert_same(ours, np.asarray(theirs))


def test_branches_in_the_function():
    """The function is mapped over the elements: it may choose with cond."""
    x = np.array([[3.0, -4.0, 1.0], [2.0, -2.5, 0.0]])
    larger = lambda a, b: fgrad.lax.cond(abs(a) > abs(b), lambda: a, lambda: b)
    assert_same(fgrad.lax.reduce(x, 0.0, larger, (1,)), np.array([-4.0, -2.5]))
    gradient = fgrad.grad(lambda v: fgrad.lax.reduce(v, 0.0, larger, (1,)).sum())(x)
    assert_same(gradient, np.array([[0.0, 1, 0], [0, 1, 0]]))


def test_operators_and_empty_axes():
    """Python's and NumPy's functions are known too; of nothing the initial value is left."""
    x = np.arange(6).reshape(2, 3)
    assert fgrad.lax.reduce(x, 0, operator.add, (0, 1)) == 15
    assert_same(fgrad.lax.reduce(x, 7, np.multiply, (0,)), np.prod(x, 0) * 7)
    for function in (np.maximum, lambda a, b: a):
        assert_same(fgrad.lax.reduce(x[:0], -1, function, (0,)), np.full(3, -1))
        assert_same(fgrad.lax.reduce(x[:0], -1, function, (1,)), np.zeros(0, int))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: fgrad.lax.reduce((x, x), 0.0, max, (0,)), TypeError, "the structure"),
        (
            lambda x: fgrad.lax.reduce((x, x[0]), (0.0, 0.0), max, (0,)),
            ValueError,
            "must have one shape",
        ),
        (
            lambda x: fgrad.lax.reduce(x, np.float32(0), max, (0,)),
            TypeError,
            "must be a scalar of dtype float64",
        ),
        (
            lambda x: fgrad.lax.reduce(x, 0.0, lambda a, b: (a, b), (0,)),
            TypeError,
            "computation must give",
        ),
        (lambda x: fgrad.lax.reduce(x, 0.0, lambda a, b: a > b, (0,)), TypeError, "must give"),
    ],
)
def test_errors(call, error, message):
    """What does not fit is refused, and the user's line is named."""
    with pytest.raises(error, match=message) as e:
        call(np.ones((2, 3)))
    assert "test_reduce_by.py" in str(e.value)
