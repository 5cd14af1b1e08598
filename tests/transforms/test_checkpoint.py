"""checkpoint: the same derivatives from fewer kept values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.core.avals import float0
from fgrad.core.check import check_jaxpr
from tests.harness import assert_same

X = np.array([0.1, 0.5, -0.3])


def block(np_):
    return lambda x: np_.sin(np_.sin(np_.exp(x)) * x)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_derivatives(order):
    f = lambda x: fnp.sum(fgrad.checkpoint(block(fnp))(x))
    g = lambda x: jnp.sum(block(jnp)(x))
    for _ in range(order):
        f = lambda x, f=f: fnp.sum(fgrad.grad(f)(x) * X)
        g = lambda x, g=g: jnp.sum(jax.grad(g)(x) * X)
    assert_same(f(X), jax.jit(g)(X), scale=100)
    assert_same(fgrad.jit(f)(X), f(X), scale=10)


def test_the_function_is_computed_again_in_the_backward_pass():
    def sines(f):
        closed = fgrad.make_jaxpr(fgrad.grad(lambda x: fnp.sum(f(x))))(X)
        check_jaxpr(closed)
        return str(closed).count("= sin")

    plain = sines(block(fnp))
    assert plain == 2
    assert sines(fgrad.checkpoint(block(fnp))) > plain
    assert sines(fgrad.remat(block(fnp))) > plain


def test_only_the_inputs_are_kept():
    """A chain of checkpointed blocks keeps one array a block, not one an operation."""

    def deep(x):
        for _ in range(50):
            x = fnp.sin(x)
        return x

    def held(f):
        _, pull = fgrad.vjp(f, np.ones(1000))
        trace = pull.__closure__[0].cell_contents.trace
        return len(trace.tape)

    assert held(deep) == 50
    assert held(fgrad.checkpoint(deep)) == 1


def test_nested_with_jit_inside_and_outside():
    inner = fgrad.checkpoint(fgrad.jit(block(fnp)))
    outer = fgrad.jit(fgrad.checkpoint(lambda x: inner(inner(x)) + fgrad.checkpoint(inner)(x)))
    want = jax.grad(lambda x: jnp.sum(block(jnp)(block(jnp)(x)) + block(jnp)(x)))(X)
    assert_same(fgrad.grad(lambda x: fnp.sum(outer(x)))(X), want, scale=10)


def test_closed_over_values_are_differentiated():
    f = lambda w: fnp.sum(fgrad.checkpoint(lambda x: fnp.tanh(w * x))(X))
    assert fgrad.grad(f)(2.0) == pytest.approx(np.sum(X / np.cosh(2 * X) ** 2))


def test_static_arguments_trees_and_keywords():
    @fgrad.checkpoint
    def f(t, *, k):
        return {"y": t["x"] ** 2 * k}

    @fgrad.checkpoint(static_argnums=(1,))
    def g(x, n):
        return x if n == 0 else x * n

    assert fgrad.grad(lambda x: f({"x": x}, k=3.0)["y"])(2.0) == 12.0
    assert fgrad.grad(g)(2.0, 5) == 5.0
    with pytest.raises(NotImplementedError, match="policy"):
        fgrad.checkpoint(g, policy=lambda *a: True)


def test_integer_operands_and_outputs():
    @fgrad.checkpoint
    def f(x, i):
        return x[i] * 2, i + 1

    y, j = f(X, 2)
    assert (y, j) == (-0.6, 3)
    assert_same(fgrad.grad(lambda x: f(x, 1)[0])(X), np.array([0.0, 2.0, 0.0]))
    assert_same(fgrad.vmap(f, (None, 0))(X, np.array([0, 1]))[0], 2 * X[:2])


def test_results_without_a_derivative_stand_beside_others():
    f = fgrad.checkpoint(lambda x: (fnp.argmax(x), fnp.sin(x), x > 0))
    (place, sines, positive), (none, t, nothing) = fgrad.jvp(f, (X,), (np.ones(3),))
    assert place == 1
    assert_same((sines, t), (np.sin(X), np.cos(X)))
    assert_same(positive, X > 0)
    assert none.dtype == nothing.dtype == float0
    assert_same(fgrad.grad(lambda x: f(x)[1].sum())(X), np.cos(X))


def test_a_program_inside_a_program_has_no_part_in_tangents():
    """What an inner call gives of the input alone is no tangent, however deep the call is."""
    inner = fgrad.jit(lambda x: fgrad.jit(fnp.cos)(x))
    f = fgrad.checkpoint(lambda x: fnp.sin(inner(x)))
    assert_same(fgrad.grad(f)(0.3), -np.cos(np.cos(0.3)) * np.sin(0.3))
