"""The methods of ufuncs, and functions made from functions."""

import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.test_util import check_grads
from tests.harness import assert_same
from tests.numpy.suite import quiet

UFUNCS = sorted(
    name
    for name in dir(np)
    if isinstance(getattr(np, name), np.ufunc)
    and getattr(np, name).signature is None
    and getattr(np, name).__name__ == name
    # of times alone; and its second argument has another dtype than the first
    and name not in ("isnat", "ldexp")
)
CALLS = {
    "reduce": lambda u, x: u.reduce(x),
    "reduce-axis": lambda u, x: u.reduce(x, axis=1, keepdims=True),
    "reduce-all": lambda u, x: u.reduce(x, axis=None),
    "reduce-axes": lambda u, x: u.reduce(x, axis=(0, 1)),
    "reduce-initial": lambda u, x: u.reduce(x, initial=2),
    "reduce-where": lambda u, x: u.reduce(x, where=x > 1, initial=3),
    "reduce-where-only": lambda u, x: u.reduce(x, where=x > 1),
    "reduce-empty": lambda u, x: u.reduce(x[:0]),
    "reduce-dtype": lambda u, x: u.reduce(x, dtype="float32"),
    "reduce-int": lambda u, x: u.reduce(x, dtype=int),
    "reduce-0d": lambda u, x: u.reduce(x[0, 0]),
    "accumulate": lambda u, x: u.accumulate(x),
    "accumulate-axis": lambda u, x: u.accumulate(x, axis=1),
    "accumulate-one": lambda u, x: u.accumulate(x[:1]),
    "outer": lambda u, x: u.outer(x, x[0]),
    "outer-0d": lambda u, x: u.outer(x[0, 0], x[0]),
    "reduceat": lambda u, x: u.reduceat(x, [0, 2, 1, 3], axis=1),
}
X = np.random.default_rng(0).uniform(0.5, 2, (3, 4))
# NumPy's vectorized loops of these join the first element with the last alone along such an axis
WRONG_IN_NUMPY = {(name, "reduce-axis") for name in ("arctan2", "power")}


def numpys(name, call, x):
    """What NumPy gives; None where it refuses."""
    try:
        return CALLS[call](getattr(np, name), x)
    except (TypeError, ValueError, IndexError):
        return None


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", UFUNCS)
def test_methods(name, call):
    """As NumPy's over dtypes, and an error where NumPy has one."""
    if (name, call) in WRONG_IN_NUMPY:
        pytest.skip("NumPy's answer is not that of its own accumulate")
    for dtype in ("float64", "int64", "bool", "int8", "float32"):
        x = X.astype(dtype)
        with quiet():
            want = numpys(name, call, x)
            if want is None:
                with pytest.raises((TypeError, ValueError, IndexError)):
                    CALLS[call](getattr(fnp, name), x)
            else:
                assert_same(CALLS[call](getattr(fnp, name), x), want)


@pytest.mark.parametrize("name", ["add", "multiply", "subtract", "divide", "maximum", "logaddexp",
                                  "hypot"])  # fmt: skip
def test_on_tracers(name):
    """numpy.f.method of tracers, with derivatives by finite differences."""
    u = getattr(np, name)

    def f(x):
        return u.reduce(x).sum() + (u.accumulate(x, axis=1) ** 2).sum() + np.sin(
            u.outer(x[0], x[1])).sum() + u.reduceat(x, [0, 2], axis=1).sum()  # fmt: skip

    assert_same(fgrad.jit(f)(X), f(X), scale=10)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "divide", "power",
                                  "logaddexp", "negative", "square"])  # fmt: skip
def test_at(name):
    """Repeated places are changed one after the other, by NumPy's function in place."""
    places, b = np.array([0, 2, 0, -1]), np.array([2.0, 3.0, 1.5, 0.5])
    arguments = (places,) if getattr(np, name).nin == 1 else (places, b)
    want = X[0].copy()
    getattr(np, name).at(want, *arguments)
    ours = fgrad.jit(lambda x: getattr(fnp, name).at(x, *arguments, inplace=False))
    assert_same(ours(X[0]), want, scale=10)
    with pytest.raises(ValueError, match=f"x = fgrad.numpy.{name}.at.*inplace=False"):
        getattr(fnp, name).at(X[0], *arguments)

    def in_place(x):
        y = x.copy()
        getattr(np, name).at(y, *arguments)
        return y

    assert_same(fgrad.jit(in_place)(X[0]), want, scale=10)


def test_frompyfunc():
    """As jax.numpy's."""

    def f(lib):
        u = lib.frompyfunc(lambda x, y: x * y + 1, 2, 1, identity=0)
        return u(X, X[0]), u.reduce(X), u.accumulate(X, axis=1), u.outer(X[0], X[1])

    assert_same(f(fnp), jax.tree.map(np.asarray, f(jnp)), scale=10)
    made = fnp.frompyfunc(lambda x: -x, 1, 1)
    assert isinstance(made, fnp.ufunc) and isinstance(fnp.add, fnp.ufunc)
    assert not isinstance(fnp.sum, fnp.ufunc)
    assert (fnp.add.nin, fnp.add.nout, fnp.add.nargs, fnp.add.identity) == (2, 1, 3, 0)
    with pytest.raises(TypeError, match="takes 1 arguments"):
        made(1, 2)
    with pytest.raises(ValueError, match="functions of two arguments"):
        made.reduce(X)


FUNCTIONS = {
    "sum": np.sum, "sort": np.sort, "outer": lambda v: np.outer(v, v),
    "item": operator.itemgetter(0),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_apply_along_axis(name, axis):
    """Results of any rank stand where the axis stood."""
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    want = np.apply_along_axis(FUNCTIONS[name], axis, x)
    assert_same(fnp.apply_along_axis(FUNCTIONS[name], axis, x), want)
    assert_same(fgrad.jit(lambda x: np.apply_along_axis(FUNCTIONS[name], axis, x))(x), want)


def test_apply_over_axes():
    """One axis after the other."""
    x = np.ones((2, 3, 4))
    assert_same(fnp.apply_over_axes(fnp.sum, x, [0, 2]), np.apply_over_axes(np.sum, x, [0, 2]))
    with pytest.raises(ValueError, match="3 axes"):
        fnp.apply_over_axes(lambda v, axis: 1.0, x, 0)


def test_fromfunction():
    """The function gets arrays of indices."""
    got = fnp.fromfunction(lambda i, j, k: i * k + j, (2, 3), dtype=int, k=5)
    assert_same(got, np.fromfunction(lambda i, j, k: i * k + j, (2, 3), dtype=int, k=5))


@pytest.mark.parametrize("options", [{}, {"otypes": [np.float32]}, {"excluded": {"c"}}], ids=str)
def test_vectorize(options):
    """As numpy.vectorize, with derivatives."""
    x, y = X[:, :1], X[0]

    def f(a, b, c=1.0):
        return (a + b) * c

    want = np.vectorize(f, **options)(x, y, c=2.0)
    assert_same(fnp.vectorize(f, **options)(x, y, c=2.0), want)
    assert_same(fgrad.jit(fnp.vectorize(f, **options))(x, y), (want / 2).astype(want.dtype))
    gradient = fgrad.grad(lambda v: fnp.vectorize(f, **options)(v, y).sum())(x)
    assert_same(gradient, np.full((3, 1), 4.0))


def test_vectorize_with_a_signature():
    """Core axes stay, the others broadcast."""
    a, b = np.arange(60.0).reshape(5, 1, 3, 4), np.ones((2, 4))
    product = fnp.vectorize(lambda m, v: m @ v, signature="(n,m),(m)->(n)")
    assert_same(product(a, b), np.vectorize(lambda m, v: m @ v, signature="(n,m),(m)->(n)")(a, b))
    with pytest.raises(ValueError, match="the axis 'm' has the sizes"):
        product(a, b[:, :3])
    with pytest.raises(ValueError, match="no signature"):
        fnp.vectorize(np.sin, signature="n->")
