"""jacfwd, jacrev and hessian over pytrees."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same

TREE = {"a": np.arange(1.0, 4.0), "b": (np.float64(2.0), np.ones((2, 2)))}


def outputs(np_):
    return lambda t, s: {
        "m": np_.outer(t["a"], t["a"]) * s if np_ is jnp else t["a"][:, None] * t["a"] * s,
        "n": (np_.sum(t["b"][1] ** 2) * t["b"][0], t["b"][1] @ t["a"][:2]),
    }


@pytest.mark.parametrize("name", ["jacfwd", "jacrev"])
@pytest.mark.parametrize("argnums", [0, 1, (0, 1)])
def test_jacobians_of_pytrees(name, argnums):
    got = getattr(fgrad, name)(outputs(fnp), argnums)(TREE, 0.5)
    want = jax.jit(getattr(jax, name)(outputs(jnp), argnums))(TREE, 0.5)
    assert_same(got, want, scale=10)
    assert_same(fgrad.jit(getattr(fgrad, name)(outputs(fnp), argnums))(TREE, 0.5), want, scale=10)


def test_hessian_of_a_pytree():
    f = lambda np_: lambda t: np_.sum(t["a"] ** 3) * t["b"][0] + np_.sum(np_.sin(t["b"][1]))
    want = jax.jit(jax.hessian(f(jnp)))(TREE)
    assert_same(fgrad.hessian(f(fnp))(TREE), want, scale=10)
    assert_same(fgrad.jit(fgrad.hessian(f(fnp)))(TREE), want, scale=10)


def test_hessian_by_two_arguments():
    f = lambda x, y: x**2 * y**3
    assert_same(fgrad.hessian(f, (0, 1))(1.0, 2.0), jax.hessian(f, (0, 1))(1.0, 2.0))


def test_aux_and_holomorphic():
    f = lambda x: (x**2, {"k": x})
    for t in (fgrad.jacfwd, fgrad.jacrev):
        j, aux = t(f, has_aux=True)(np.arange(2.0))
        assert_same(j, np.diag([0.0, 2.0]))
        assert_same(aux["k"], np.arange(2.0))
    z = np.array([1 + 2j, 3 - 1j])
    for name in ("jacfwd", "jacrev"):
        got = getattr(fgrad, name)(lambda z: z**2, holomorphic=True)(z)
        assert_same(got, np.diag(2 * z))


def test_empty_and_scalar():
    assert fgrad.jacfwd(lambda x: x**2)(3.0) == 6.0
    assert fgrad.jacrev(lambda x: x**2)(3.0) == 6.0
    for t in (fgrad.jacfwd, fgrad.jacrev):
        assert t(lambda x: x * 2)(np.zeros(0)).shape == (0, 0)
        assert t(lambda x: x[:, None] * np.ones((1, 4)))(np.ones(3, np.float32)).shape == (3, 4, 3)
    assert fgrad.jacobian is fgrad.jacrev


def test_dtypes():
    x = np.ones(2, np.float32)
    assert fgrad.jacfwd(lambda x: x * 2.0)(x).dtype == np.float32
    assert fgrad.jacrev(lambda x: x * 2.0)(x).dtype == np.float32
    assert fgrad.hessian(lambda x: fnp.sum(x**3))(x).dtype == np.float32


@pytest.mark.parametrize("transformation", [fgrad.jacfwd, fgrad.jacrev, fgrad.hessian])
def test_integers_and_complex_numbers_must_be_asked_for(transformation):
    with pytest.raises(TypeError, match=r"differentiates by real .* is i64"):
        transformation(lambda x: x * 2.0)(np.arange(3))
    with pytest.raises(TypeError, match="c128"):
        transformation(lambda z: (z * z).real)(np.ones(2, complex))
