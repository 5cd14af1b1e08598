"""grad and value_and_grad: forms of arguments, options, results."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same


def area(x, y, z=1.0):
    return x * y**2 * z


def test_argnums():
    assert fgrad.grad(area)(2.0, 3.0) == 9.0
    assert fgrad.grad(area, 1)(2.0, 3.0) == 12.0
    assert fgrad.grad(area, argnums=-1)(2.0, 3.0) == 12.0
    assert fgrad.grad(area, (0, 1))(2.0, 3.0) == (9.0, 12.0)
    assert fgrad.grad(area, [1])(2.0, 3.0) == (12.0,)
    assert fgrad.grad(area, (1, 0))(2.0, 3.0) == (12.0, 9.0)
    assert fgrad.grad(area, 2)(2.0, 3.0, 1.0) == 18.0
    assert fgrad.grad(area, 0)(2.0, 3.0, z=5.0) == 45.0
    assert fgrad.grad(area, (0, -1))(2.0, 3.0) == (9.0, 12.0)


def test_pytrees():
    tree = {"a": (1.0, np.arange(3.0)), "b": [None, {"c": np.float32(2.0)}]}

    def f(t):
        return t["a"][0] * fnp.sum(t["a"][1] ** 2) * t["b"][1]["c"]

    g = fgrad.grad(f)(tree)
    assert g["b"][0] is None
    assert_same(g["a"], (np.float64(10.0), np.array([0.0, 4.0, 8.0])))
    assert type(g["b"][1]["c"]) is np.float32
    assert g["b"][1]["c"] == 5.0
    value, again = fgrad.value_and_grad(f)(tree)
    assert value == 10.0
    assert_same(again["a"], g["a"])


def test_aux():
    def f(x):
        return x**2, {"twice": 2 * x, "label": 3}

    g, aux = fgrad.grad(f, has_aux=True)(3.0)
    assert (g, aux["twice"], aux["label"]) == (6.0, 6.0, 3)
    (value, aux), g = fgrad.value_and_grad(f, has_aux=True)(3.0)
    assert (value, g, aux["twice"]) == (9.0, 6.0, 6.0)
    # the auxiliary output is differentiated by outer transformations
    assert fgrad.grad(lambda x: fgrad.grad(f, has_aux=True)(x)[1]["twice"])(3.0) == 2.0
    assert fgrad.jit(fgrad.grad(f, has_aux=True))(3.0)[1]["twice"] == 6.0


def test_holomorphic():
    z = np.array([0.3 + 0.4j, -1.0 + 2.0j])
    f = lambda np_: lambda z: np_.sum(np_.sin(z) * np_.exp(z))
    got = fgrad.grad(f(fnp), holomorphic=True)(z)
    assert_same(got, jax.grad(f(jnp), holomorphic=True)(z))
    np.testing.assert_allclose(got, (np.cos(z) + np.sin(z)) * np.exp(z))


def test_complex_inputs_follow_jax():
    z = np.array([0.3 + 0.4j, -1.0 + 2.0j])
    f = lambda np_: lambda z: np_.sum(np_.abs(z) ** 2 * np_.real(z) + np_.imag(z**3))
    assert_same(fgrad.grad(f(fnp))(z), jax.grad(f(jnp))(z))
    assert_same(fgrad.jit(fgrad.grad(f(fnp)))(z), jax.grad(f(jnp))(z))


def test_allow_int():
    g = fgrad.grad(lambda n, x: n * x, (0, 1), allow_int=True)(3, 2.0)
    assert g[0].dtype == fgrad.core.avals.float0
    assert g[1] == 3.0
    g = fgrad.grad(lambda n: fnp.sum(n * 1.0), allow_int=True)(np.arange(3))
    assert g.shape == (3,)
    assert g.dtype == jax.dtypes.float0


def test_unused_and_constant_outputs():
    assert_same(fgrad.grad(lambda x: 1.0)(np.ones((2, 0))), np.zeros((2, 0)))
    assert_same(fgrad.grad(lambda x, y: y, 0)(np.ones(3, np.float32), 2.0), np.zeros(3, np.float32))
    value, g = fgrad.value_and_grad(lambda x: np.float64(2.0))(1.0)
    assert (value, g) == (2.0, 0.0)


def test_the_same_argument_twice():
    x = np.arange(3.0)
    a, b = fgrad.grad(lambda a, b: fnp.sum(a * b), (0, 1))(x, x)
    assert_same(a, x)
    assert not np.shares_memory(a, b)


def test_names_and_documentation_are_kept():
    for t in (fgrad.grad, fgrad.value_and_grad, fgrad.jacfwd, fgrad.jacrev, fgrad.hessian):
        assert t(area).__name__ == "area"
    assert fgrad.vmap(area).__name__ == "area"
    assert fgrad.jit(area).__name__ == "area"
    assert fgrad.checkpoint(area).__name__ == "area"


def test_methods_and_partials():
    import functools

    class Model:
        scale = 3.0

        def loss(self, w):
            return self.scale * w**2

        compiled = fgrad.jit(lambda self_scale, w: self_scale * w)

    assert fgrad.grad(Model().loss)(2.0) == 12.0
    assert fgrad.grad(functools.partial(area, y=3.0))(2.0) == 9.0
    assert fgrad.grad(functools.partial(area, 2.0))(3.0) == 12.0


@pytest.mark.parametrize("order", range(5))
def test_higher_orders(order):
    f, want = (
        (lambda x: fnp.sin(2 * x)),
        [np.sin, np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x)],
    )
    for _ in range(order):
        f = fgrad.grad(f)
    assert f(0.7) == pytest.approx(2**order * want[order % 4](1.4))


def test_perturbations_are_not_confused():
    f = lambda x: x * fgrad.grad(lambda y: x + y)(1.0)
    assert fgrad.grad(f)(1.0) == 1.0
    g = lambda x: fgrad.jvp(lambda y: x * y, (x,), (1.0,))[1]
    assert fgrad.grad(g)(3.0) == 1.0
    assert fgrad.jvp(lambda x: x * fgrad.grad(lambda y: y * x)(2.0), (3.0,), (1.0,))[1] == 6.0


def test_plain_numpy():
    """A function written for NumPy alone."""

    def loss(w, x):
        h = np.tanh(np.dot(x, w))
        return np.mean(np.square(h)) + np.sqrt(np.sum(w**2)) + np.max(np.abs(h))

    w, x = np.linspace(-1, 1, 6).reshape(3, 2), np.linspace(0, 1, 12).reshape(4, 3)
    want = jax.grad(lambda w: jnp.mean(jnp.tanh(x @ w) ** 2) + jnp.sqrt(jnp.sum(w**2))
                    + jnp.max(jnp.abs(jnp.tanh(x @ w))))(w)  # fmt: skip
    assert_same(fgrad.grad(loss)(w, x), want)
    assert_same(fgrad.jit(fgrad.grad(loss))(w, x), want)
