"""custom_vjp: reverse rules, in every transformation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same

X = np.array([0.1, 0.5, -0.3])


def marked(lib, np_):
    """A product whose rule is wrong on purpose, so that its use shows."""

    @lib.custom_vjp
    def f(x, y):
        return np_.sin(x) * y

    def forward(x, y):
        return f(x, y), (np_.cos(x), x, y)

    def backward(res, ct):
        c, x, y = res
        return 10.0 * c * y * ct, 100.0 * np_.sin(x) * ct

    f.defvjp(forward, backward)
    return f


F = marked(fgrad, fnp)
G = marked(jax, jnp)
_USES = {
    "value": lambda lib, np_, f: lambda x: f(x, x),
    "grad": lambda lib, np_, f: lib.grad(lambda x: np_.sum(f(x, x))),
    "grad one": lambda lib, np_, f: lib.grad(lambda x: np_.sum(f(np_.asarray(X), x))),
    "vjp": lambda lib, np_, f: lambda x: lib.vjp(f, x, 2 * x)[1](x),
    "vmap": lambda lib, np_, f: lambda x: lib.vmap(f, (0, None))(x, 2.0),
    "vmap of grad": lambda lib, np_, f: lambda x: lib.vmap(lib.grad(f, (0, 1)), (0, None))(x, 2.0),
    "grad of vmap": lambda lib, np_, f: lib.grad(
        lambda x: np_.sum(lib.vmap(f, (0, None))(x, x[0]))
    ),
    "grad of vmap of vmap": lambda lib, np_, f: lib.grad(
        lambda x: np_.sum(lib.vmap(lib.vmap(f, (None, 0)), (0, None))(x, x))
    ),
    "second": lambda lib, np_, f: lib.grad(
        lambda x: np_.sum(lib.grad(lambda y: np_.sum(f(y, y)))(x))
    ),
    "jit": lambda lib, np_, f: lib.jit(lib.grad(lambda x: np_.sum(lib.jit(f)(x, x)))),
    "grad of jit": lambda lib, np_, f: lib.grad(lambda x: np_.sum(lib.jit(lambda y: f(y, y))(x))),
    "grad of jit of vmap": lambda lib, np_, f: lib.grad(
        lambda x: np_.sum(lib.jit(lib.vmap(f, (0, None)))(x, x[0]))
    ),
    "vmap of grad of jit": lambda lib, np_, f: lib.vmap(lib.grad(lib.jit(lambda x: f(x, x)))),
    "grad of checkpoint": lambda lib, np_, f: lib.grad(
        lambda x: np_.sum(lib.checkpoint(f)(x, x))
    ),
    "jacrev": lambda lib, np_, f: lib.jacrev(lambda x: f(x, x**2)),
}  # fmt: skip


@pytest.fixture(scope="module")
def expected():
    return jax.jit(lambda x: {k: use(jax, jnp, G)(x) for k, use in _USES.items()})(X)


@pytest.mark.parametrize("use", _USES)
def test_the_rule_is_used_as_in_jax(use, expected):
    f = _USES[use](fgrad, fnp, F)
    assert_same(f(X), expected[use], scale=10)
    assert_same(fgrad.jit(f)(X), expected[use], scale=10)


def test_pytrees_and_none_cotangents():
    @fgrad.custom_vjp
    def f(t, k):
        return {"s": t["a"] * t["b"][0] * k}

    f.defvjp(
        lambda t, k: (f(t, k), {"k": k, "none": None}),
        lambda res, ct: ({"a": ct["s"] * res["k"], "b": [7.0 * ct["s"], None]}, None),
    )
    tree = {"a": 2.0, "b": [3.0, None]}
    loss = lambda t, k: f(t, k)["s"]
    for g in (fgrad.grad(loss, (0, 1)), fgrad.jit(fgrad.grad(loss, (0, 1)))):
        by_tree, by_k = g(tree, 5.0)
        assert by_tree == {"a": 5.0, "b": [7.0, None]}
        assert by_k == 0.0
    rows = fgrad.vmap(fgrad.grad(loss, 1), (None, 0))(tree, X)
    assert_same(rows, np.zeros(3))


def test_nondiff_argnums():
    from functools import partial

    @partial(fgrad.custom_vjp, nondiff_argnums=(0,))
    def apply(f, x, y):
        return f(x) * y

    apply.defvjp(
        lambda f, x, y: (apply(f, x, y), (x, y)),
        lambda f, res, ct: (ct * f(res[0]), 1000.0 * ct),
    )
    assert fgrad.grad(apply, (1, 2))(fnp.sin, 0.5, 2.0) == (np.sin(0.5), 1000.0)
    jitted = fgrad.jit(fgrad.grad(lambda x, y: apply(fnp.cos, x, y), (0, 1)))
    assert jitted(0.5, 2.0) == (np.cos(0.5), 1000.0)


def test_integer_arguments():
    @fgrad.custom_vjp
    def take(x, i):
        return x[i]

    take.defvjp(
        lambda x, i: (x[i], (i, x.shape)),
        lambda res, ct: (fnp.zeros(3).at[res[0]].set(5.0 * ct), None),
    )
    want = np.array([0.0, 5.0, 0.0])
    assert_same(fgrad.grad(take)(X, 1), want)
    assert_same(fgrad.jit(fgrad.grad(lambda x: take(x, 1)))(X), want)
    rows = fgrad.vmap(fgrad.grad(lambda x, i: take(x, i)), (None, 0))(X, np.array([1, 1]))
    assert_same(rows, np.stack([want, want]))


def test_closing_over_a_traced_value():
    """What the function closes over gets no derivative through the rule, but must not break it."""

    def f(w, x):
        @fgrad.custom_vjp
        def g(x):
            return x * 3.0

        g.defvjp(lambda x: (g(x), None), lambda res, ct: (2.0 * ct,))
        return g(x) * w

    assert fgrad.grad(f, (0, 1))(2.0, 5.0) == (15.0, 4.0)
    assert fgrad.jit(fgrad.grad(f, (0, 1)))(2.0, 5.0) == (15.0, 4.0)
    assert_same(fgrad.vmap(fgrad.grad(f), (0, None))(X, 5.0), np.full(3, 15.0))


def test_gradient_clipping():
    """The use most people have for it: the identity with another backward pass."""

    @fgrad.custom_vjp
    def clip_gradient(x):
        return x

    clip_gradient.defvjp(lambda x: (x, None), lambda _, ct: (fnp.clip(ct, -1.0, 1.0),))
    f = lambda x: fnp.sum(clip_gradient(x) ** 2 * 10)
    assert_same(fgrad.grad(f)(X), np.array([1.0, 1.0, -1.0]))
    assert_same(fgrad.jit(fgrad.grad(f))(X), np.array([1.0, 1.0, -1.0]))


def test_the_rule_runs_once_for_a_jitted_program():
    runs = []

    @fgrad.custom_vjp
    def f(x):
        return x * 2

    f.defvjp(lambda x: (x * 2, x), lambda x, ct: (runs.append(1) or ct * 2,))
    g = fgrad.jit(fgrad.grad(lambda x: fnp.sum(f(x))))
    for _ in range(3):
        g(X)
    assert len(runs) == 1


def test_residual_structures_may_differ_between_calls():
    @fgrad.custom_vjp
    def f(x, n):
        return x * n

    f.defvjp(lambda x, n: (x * n, [n] * 2), lambda res, ct: (ct * res[0], 0.0))
    pulls = [fgrad.vjp(f, X, float(n))[1] for n in (1, 2)]
    assert_same([p(X)[0] for p in pulls], [X, 2 * X])
