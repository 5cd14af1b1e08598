"""custom_jvp: forward rules, in every transformation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same, assert_traced_well

X = np.array([0.1, 0.5, -0.3])


def marked(lib, np_):
    """A product whose rule is wrong on purpose, so that its use shows."""

    @lib.custom_jvp
    def f(x, y):
        return np_.sin(x) * y

    @f.defjvp
    def rule(primals, tangents):
        (x, y), (tx, ty) = primals, tangents
        return f(x, y), 10.0 * np_.cos(x) * y * tx + 100.0 * np_.sin(x) * ty

    return f


F = marked(fgrad, fnp)
G = marked(jax, jnp)
_USES = {
    "jvp": lambda lib, np_, f: lambda x: lib.jvp(f, (x, 2 * x), (x, x * x)),
    "jvp one": lambda lib, np_, f: lambda x: lib.jvp(lambda a: f(a, 2.0), (x,), (x,)),
    "grad": lambda lib, np_, f: lib.grad(lambda x: np_.sum(f(x, x))),
    "grad one": lambda lib, np_, f: lib.grad(lambda x: np_.sum(f(np_.asarray(X), x))),
    "vmap": lambda lib, np_, f: lib.vmap(f, (0, None)),
    "vmap of grad": lambda lib, np_, f: lib.vmap(lib.grad(f)),
    "grad of vmap": lambda lib, np_, f: lib.grad(
        lambda x: np_.sum(lib.vmap(f, (0, None))(x, 2.0) * x)
    ),
    "second": lambda lib, np_, f: lib.grad(
        lambda x: np_.sum(lib.grad(lambda y: np_.sum(f(y, y)))(x))
    ),
    "jit": lambda lib, np_, f: lib.jit(lib.grad(lambda x: np_.sum(lib.jit(f)(x, x)))),
    "grad of jit of vmap": lambda lib, np_, f: lib.grad(
        lambda x: np_.sum(lib.jit(lib.vmap(f, (0, None)))(x, x[0]))
    ),
    "checkpoint": lambda lib, np_, f: lib.grad(lambda x: np_.sum(lib.checkpoint(f)(x, x))),
    "hessian": lambda lib, np_, f: lib.hessian(lambda x: np_.sum(f(x, x**2))),
    "linearize": lambda lib, np_, f: lambda x: lib.linearize(f, x, x)[1](x, x),
}  # fmt: skip


@pytest.fixture(scope="module")
def expected():
    extra = {"vmap": (X, 2.0), "vmap of grad": (X, X)}
    calls = {k: extra.get(k, (X,)) for k in _USES}
    run = jax.jit(lambda calls: {k: _USES[k](jax, jnp, G)(*calls[k]) for k in _USES})
    return calls, run(calls)


@pytest.mark.parametrize("use", _USES)
def test_the_rule_is_used_as_in_jax(use, expected):
    calls, want = expected
    f = _USES[use](fgrad, fnp, F)
    assert_same(f(*calls[use]), want[use], scale=10)
    assert_same(fgrad.jit(f)(*calls[use]), want[use], scale=10)
    assert_traced_well(f, *calls[use])


def test_pytrees_and_several_outputs():
    @fgrad.custom_jvp
    def f(t):
        return {"s": t["a"] * t["b"][0], "k": t["b"][0]}

    @f.defjvp
    def rule(primals, tangents):
        (p,), (t,) = primals, tangents
        return f(p), {"s": 5.0 * t["a"], "k": 7.0 * t["b"][0]}

    tree = {"a": 2.0, "b": [3.0, None]}
    g = fgrad.grad(lambda t: f(t)["s"] + f(t)["k"])(tree)
    assert g == {"a": 5.0, "b": [7.0, None]}
    assert fgrad.jit(fgrad.grad(lambda t: f(t)["s"]))(tree)["a"] == 5.0


def test_nondiff_argnums():
    from functools import partial

    @partial(fgrad.custom_jvp, nondiff_argnums=(0, 2))
    def apply(f, x, n):
        return f(x) * n

    @apply.defjvp
    def rule(f, n, primals, tangents):
        (x,), (t,) = primals, tangents
        return apply(f, x, n), 1000.0 * n * t

    assert apply(np.sin, 0.0, 3) == 0.0
    assert fgrad.grad(apply, 1)(fnp.sin, 0.5, 3) == 3000.0
    assert fgrad.jit(fgrad.grad(lambda x: apply(fnp.sin, x, 3)))(0.5) == 3000.0
    assert_same(fgrad.vmap(lambda x: apply(fnp.sin, x, 3))(X), 3 * np.sin(X))


def test_defjvps():
    @fgrad.custom_jvp
    def f(x, y, z):
        return x * y * z

    f.defjvps(lambda t, ans, x, y, z: 10 * t, None, lambda t, ans, x, y, z: ans * t)
    assert fgrad.grad(f, (0, 1, 2))(2.0, 3.0, 4.0) == (10.0, 0.0, 24.0)
    assert fgrad.jvp(f, (2.0, 3.0, 4.0), (1.0, 1.0, 1.0)) == (24.0, 34.0)


def test_keywords_defaults_and_methods():
    @fgrad.custom_jvp
    def f(x, scale=2.0):
        return x * scale

    f.defjvp(lambda p, t: (f(*p), 9.0 * t[0]))
    assert fgrad.grad(f)(1.0) == 9.0
    assert fgrad.grad(lambda x: f(x=x))(1.0) == 9.0
    assert fgrad.grad(lambda x: f(x, scale=3.0))(1.0) == 9.0


def test_values_are_concrete_in_eager_code_and_rules():
    @fgrad.custom_jvp
    def f(x):
        return x if float(x) > 0 else -x

    f.defjvp(lambda p, t: (f(*p), t[0] if float(p[0]) > 0 else 5.0 * t[0]))
    assert f(-2.0) == 2.0
    assert fgrad.grad(f)(-2.0) == 5.0


def test_integer_operands():
    @fgrad.custom_jvp
    def power(x, n):
        return x**n

    @power.defjvp
    def rule(primals, tangents):
        (x, n), (t, _) = primals, tangents
        return power(x, n), n * x ** (n - 1) * t

    assert fgrad.grad(power)(2.0, 3) == 12.0
    assert fgrad.jit(fgrad.grad(power))(2.0, 3) == 12.0
    assert_same(fgrad.vmap(fgrad.grad(power), (0, None))(X, 2), 2 * X)


def test_a_rule_that_selects_and_adds_zeros():
    @fgrad.custom_jvp
    def f(x):
        return fnp.maximum(x, 0.0)

    @f.defjvp
    def rule(primals, tangents):
        (x,), (t,) = primals, tangents
        return f(x), fnp.where(x > 0, t, fnp.zeros(3)) + np.zeros(3)

    assert_same(fgrad.grad(lambda x: fnp.sum(f(x)))(X), np.array([1.0, 1.0, 0.0]))


def test_a_rule_that_calls_jit_and_other_custom_rules():
    @fgrad.custom_jvp
    def f(x):
        return x**2

    f.defjvp(lambda p, t: (f(*p), fgrad.jit(lambda x, t: F(x, 1.0) * t)(p[0], t[0])))
    assert fgrad.grad(f)(0.5) == pytest.approx(np.sin(0.5))
    assert fgrad.grad(fgrad.grad(f))(0.5) == pytest.approx(10 * np.cos(0.5))


@pytest.mark.parametrize("wrap", [fgrad.jit, fgrad.checkpoint], ids=["jit", "checkpoint"])
def test_a_staged_function_may_close_over_a_traced_value(wrap):
    @wrap
    def f(a, x):
        g = fgrad.custom_jvp(lambda x: a * x)
        g.defjvp(lambda primals, tangents: (2.0 * primals[0], 10.0 * tangents[0]))
        return g(x)

    assert fgrad.value_and_grad(f, 1)(2.0, 3.0) == (6.0, 10.0)
    assert fgrad.jvp(lambda x: f(2.0, x), (3.0,), (1.0,)) == (6.0, 10.0)
    np.testing.assert_array_equal(
        fgrad.vmap(fgrad.grad(f, 1), in_axes=(None, 0))(2.0, np.arange(3.0)), np.full(3, 10.0)
    )
