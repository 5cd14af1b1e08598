"""linearize, vjp and linear_transpose."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.core.avals import float0
from tests.harness import assert_same


def model(np_):
    return lambda p, x: {"y": np_.tanh(p["w"] @ x) * p["b"], "x": x}


PARAMS = {"w": np.arange(6.0).reshape(2, 3) / 10, "b": np.array([1.0, -2.0])}
X = np.array([0.3, -0.2, 0.5])


def test_linearize_runs_the_function_once():
    runs = []

    def f(x):
        runs.append(1)
        return fnp.sin(x) * x

    y, f_jvp = fgrad.linearize(f, X)
    for t in (X, 2 * X, np.zeros(3)):
        assert_same(f_jvp(t), fgrad.jvp(lambda x: fnp.sin(x) * x, (X,), (t,))[1])
    assert len(runs) == 1


def test_linearize_on_pytrees():
    t = jax.tree.map(np.ones_like, (PARAMS, X))
    y, f_jvp = fgrad.linearize(model(fnp), PARAMS, X)
    want = jax.jvp(model(jnp), (PARAMS, X), t)
    assert_same((y, f_jvp(*t)), want)
    assert_same(fgrad.vmap(f_jvp)(*jax.tree.map(lambda v: v[None], t))["y"][0], want[1]["y"])
    assert_same(fgrad.jit(f_jvp)(*t), want[1])


def test_vjp_on_pytrees():
    ct = {"y": np.array([1.0, 2.0]), "x": np.ones(3)}
    y, pull = fgrad.vjp(model(fnp), PARAMS, X)
    want = jax.vjp(model(jnp), PARAMS, X)[1](ct)
    assert_same(pull(ct), want)
    assert_same(pull(ct), want)  # a second time
    assert_same(fgrad.jit(pull)(ct), want)
    both = fgrad.vmap(pull)(jax.tree.map(lambda c: np.stack([c, 2 * c]), ct))
    assert_same(both, jax.tree.map(lambda w: np.stack([w, 2 * w]), want), scale=10)


def test_aux():
    y, f_jvp, aux = fgrad.linearize(lambda x: (x**2, {"k": x}), 3.0, has_aux=True)
    assert (y, f_jvp(1.0), aux["k"]) == (9.0, 6.0, 3.0)
    y, pull, aux = fgrad.vjp(lambda x: (x**2, {"k": x}), 3.0, has_aux=True)
    assert (y, pull(1.0), aux["k"]) == (9.0, (6.0,), 3.0)


def test_integers():
    y, pull = fgrad.vjp(lambda n, x: n * x, 3, 2.0)
    cn, cx = pull(1.0)
    assert cn.dtype == float0
    assert cx == 3.0
    y, pull = fgrad.vjp(lambda x: (x, fnp.argmax(x)), X)
    assert_same(pull((X, np.zeros((), float0)))[0], X)


def test_second_order_through_the_pullback():
    def outer(lib, np_):
        return lambda x: np_.sum(lib.vjp(lambda y: np_.sin(y) * x, x)[1](x**2)[0])

    assert_same(fgrad.grad(outer(fgrad, fnp))(X), jax.grad(outer(jax, jnp))(X))


def test_a_pullback_outlives_its_transformation_only_with_concrete_values():
    kept = []

    def f(x):
        kept.append(fgrad.vjp(fnp.sin, x)[1])
        return kept[0](1.0)[0]

    assert fgrad.grad(f)(0.5) == pytest.approx(-np.sin(0.5))
    with pytest.raises(fgrad.errors.UnexpectedTracerError):
        kept[0](1.0)


def test_linear_transpose():
    w = np.arange(6.0).reshape(2, 3)
    f = lambda np_: lambda x, y: (w @ x + y[::-1], 3 * y[0], np_.cumsum(x))
    args = np.ones(3), np.ones(2)
    ct = (np.array([1.0, 2.0]), np.float64(3.0), np.arange(3.0))
    want = jax.linear_transpose(f(jnp), *args)(ct)
    assert_same(fgrad.linear_transpose(f(fnp), *args)(ct), want)
    shapes = [fgrad.ShapeDtypeStruct(a.shape, a.dtype) for a in args]
    assert_same(fgrad.linear_transpose(f(fnp), *shapes)(ct), want)
    assert_same(fgrad.jit(fgrad.linear_transpose(f(fnp), *shapes))(ct), want)


def test_linear_transpose_through_jit():
    def f(x):
        doubled, constant = fgrad.jit(lambda x, k: (k * x, k + 1))(x, 2.0)
        return doubled * constant

    assert fgrad.linear_transpose(f, 1.0)(1.0) == (6.0,)


def test_linear_transpose_of_a_sum_with_zeros():
    assert_same(fgrad.linear_transpose(lambda x: x + np.zeros(3), X)(X), (X,))


def test_results_that_do_not_depend_on_the_input():
    _, f_jvp = fgrad.linearize(lambda x, y: (x * 2, fnp.ones(2), x.sum() * 0 + 1), X, 1.0)
    t, none, zero = f_jvp(X, 1.0)
    assert_same((t, none, zero), (2 * X, np.zeros(2), np.float64(0.0)))


def test_inputs_on_which_a_linear_function_does_not_depend():
    back = fgrad.linear_transpose(lambda x, y: 2.0 * x, X, np.ones(2, np.float32))
    cx, cy = back(np.ones(3))
    assert_same((cx, cy), (np.full(3, 2.0), np.zeros(2, np.float32)))


@pytest.mark.parametrize("wrap", [fgrad.jit, fgrad.checkpoint], ids=["jit", "checkpoint"])
def test_programs_of_which_some_results_are_unused_or_integers(wrap):
    f = wrap(lambda x: (fnp.sin(x), fnp.argmax(x), x * 3.0, fnp.ones(2)))
    assert_same(fgrad.grad(lambda x: f(x)[0].sum())(X), np.cos(X))
    assert_same(fgrad.grad(lambda x: f(x)[2] @ f(x)[0])(X), 3 * np.sin(X) + 3 * X * np.cos(X))
    (_, n, y, ones), push = fgrad.linearize(f, X)
    assert n == 2
    t = push(np.ones(3))
    assert_same((t[0], t[2], t[3]), (np.cos(X), np.full(3, 3.0), np.zeros(2)))
