"""Tracers behave like arrays: methods, operators, and NumPy's operands on either side."""

import operator

import numpy as np
import pytest

import fgrad
from tests.harness import assert_same

METHODS = {
    "sum": {}, "mean": {}, "prod": {}, "max": {}, "min": {}, "any": {}, "all": {}, "argmax": {},
    "argmin": {}, "ravel": {}, "flatten": {}, "squeeze": {}, "cumsum": {}, "cumprod": {},
    "std": {"ddof": 1}, "var": {"axis": 0}, "conj": {}, "conjugate": {}, "trace": {},
    "diagonal": {"offset": 1}, "copy": {}, "sort": {}, "argsort": {},
}  # fmt: skip
POSITIONAL = {
    "round": (1,), "repeat": (2, 0), "take": ([0, 2], 1), "reshape": (2, -1), "transpose": (1, 0),
    "swapaxes": (0, 1), "astype": (np.float32,), "clip": (-0.5, 0.5), "dot": (np.ones(3),),
    "searchsorted": (), "compress": ([True, False, True], 1), "sum": (0,), "item": (), "tolist": (),
}  # fmt: skip
X = np.random.default_rng(0).normal(size=(4, 3))


@pytest.mark.parametrize("name", METHODS)
def test_methods(name):
    """A method of a tracer is the method of an array."""
    want = getattr(X.copy(), name)(**METHODS[name])
    if name == "sort":  # an array sorts itself
        want = np.sort(X)
    assert_same(fgrad.jit(lambda x: getattr(x, name)(**METHODS[name]))(X), want)


@pytest.mark.parametrize("name", ["round", "repeat", "take", "reshape", "transpose", "swapaxes",
                                  "astype", "clip", "dot", "compress"])  # fmt: skip
def test_methods_with_arguments(name):
    """Positional arguments stand where NumPy's do."""
    args = POSITIONAL[name]
    assert_same(fgrad.jit(lambda x: getattr(x, name)(*args))(X), getattr(X, name)(*args))


def test_properties():
    """T, mT, real, imag and the sizes."""

    def f(z):
        assert (z.shape, z.ndim, z.size, z.itemsize, z.nbytes) == ((4, 3), 2, 12, 16, 192)
        assert len(z) == 4
        return z.T, z.mT, z.real, z.imag, [row.sum() for row in z]

    z = X + 1j * X[::-1]
    assert_same(fgrad.jit(f)(z), (z.T, z.T, z.real, z.imag, [row.sum() for row in z]))


OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "eq", "ne", "lt", "le", "gt",
             "ge")  # fmt: skip
OTHERS = [
    2, 2.5, np.float32(2), np.float64(2), np.int64(3), np.ones(3, np.float32), np.arange(1, 4),
    [1.0, 2.0, 3.0], True,
]  # fmt: skip


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("other", OTHERS, ids=repr)
def test_operators_on_both_sides(name, other):
    """Numbers, NumPy scalars, arrays and lists on either side, with NumPy's dtypes."""
    op = getattr(operator, name)
    for x in (np.abs(X), np.abs(X).astype(np.float32), np.float32(1.5)):
        if isinstance(other, list) and np.ndim(x) == 0 and name in ("mul", "add"):
            continue  # Python repeats a list
        right, left = op(x, other), op(other, x)
        assert_same(fgrad.jit(lambda v: op(v, other))(x), right)
        assert_same(fgrad.jit(lambda v: op(other, v))(x), left)


@pytest.mark.parametrize("name", ["and_", "or_", "xor", "lshift", "rshift"])
def test_integer_operators(name):
    """Bitwise operators, on both sides."""
    op, x = getattr(operator, name), np.array([1, 2, 5])
    assert_same(fgrad.jit(lambda v: (op(v, 3), op(3, v), ~v))(x), (op(x, 3), op(3, x), ~x))


def test_matrix_products_on_both_sides():
    """ndarray @ tracer and tracer @ ndarray."""
    assert_same(fgrad.jit(lambda x: (x @ X.T, X.T @ x))(X), (X @ X.T, X.T @ X))


def test_ufunc_methods():
    """add.reduce, multiply.accumulate and their kin."""
    want = np.add.reduce(X), np.maximum.reduce(X, axis=1), np.multiply.accumulate(X, axis=1)
    got = fgrad.jit(
        lambda x: (
            np.add.reduce(x), np.maximum.reduce(x, axis=1), np.multiply.accumulate(x, axis=1),
        )
    )(X)  # fmt: skip
    assert_same(got, want)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.add(x, 1, out=np.zeros(3)), "cannot write"),
        (lambda x: np.save("never.npy", x), "numpy.save is not supported on a tracer"),
        (lambda x: np.isnat(x), "numpy.isnat is not supported"),
    ],
)
def test_what_is_not_there_says_so(call, message):
    """Nothing falls back to numbers without derivatives."""
    with pytest.raises(TypeError, match=message):
        fgrad.jit(call)(np.ones(3))


def test_writing_into_an_array_is_refused():
    """array += tracer names what to write instead."""
    with pytest.raises(TypeError, match=r"x = x \+ y"):
        fgrad.jit(lambda x: operator.iadd(np.ones(3), x))(np.ones(3))


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x < 1, lambda x: x <= 1, lambda x: x == x, lambda x: x // 1, lambda x: 2 // x,
        lambda x: divmod(x, 2)[0], lambda x: x.astype(int), lambda x: x.imag,
    ],
)  # fmt: skip
def test_what_has_no_derivative_is_an_array_too(make):
    """It is a number while derivatives are taken, and has `.at` like any result."""

    def f(x):
        y = make(x)
        assert isinstance(y, fgrad.Array)
        return x.sum() + y.at[0].set(0).sum()

    fgrad.grad(f)(np.array([0.5, 1.5]))
