"""jvp and jacfwd: forward mode."""

import jax
import jax.numpy as jnp
import numpy as np

import fgrad
import fgrad.numpy as fnp
from fgrad.core.avals import float0
from tests.harness import assert_same


def test_value_and_tangent():
    value, tangent = fgrad.jvp(fnp.sin, (np.float64(0.5),), (2.0,))
    assert (value, tangent) == (np.sin(0.5), 2 * np.cos(0.5))
    assert type(tangent) is np.float64


def test_pytrees():
    primals = ({"a": 2.0, "b": (3.0, None)}, [np.ones(2)])
    tangents = ({"a": 1.0, "b": (0.0, None)}, [np.array([1.0, 0.0])])
    f = lambda np_: lambda d, v: {"out": (d["a"] * d["b"][0], v[0] * d["a"])}
    assert_same(fgrad.jvp(f(fnp), primals, tangents), jax.jvp(f(jnp), primals, tangents))


def test_integers_have_float0_tangents():
    t = np.zeros((), float0)
    value, tangent = fgrad.jvp(lambda n, x: (n * 2, n * x), (3, 2.0), (t, 1.0))
    assert value == (6, 6.0)
    assert tangent[0].dtype == float0
    assert tangent[1] == 3.0


def test_aux():
    value, tangent, aux = fgrad.jvp(lambda x: (x**2, [x, "y" == 1]), (3.0,), (1.0,), has_aux=True)
    assert (value, tangent, aux[0]) == (9.0, 6.0, 3.0)


def test_constant_outputs_have_zero_tangents():
    value, tangent = fgrad.jvp(lambda x: (x, 1.0, np.arange(2.0)), (3.0,), (1.0,))
    assert_same(tangent, (np.float64(1.0), np.float64(0.0), np.zeros(2)))


def test_python_float_tangents_take_the_dtype_of_the_primal():
    value, tangent = fgrad.jvp(lambda x: x * 2, (np.float32(1.0),), (1.0,))
    assert tangent.dtype == np.float32


def test_a_list_of_primals():
    assert fgrad.jvp(lambda x, y: x * y, [2.0, 3.0], [1.0, 0.0]) == (6.0, 3.0)


def test_forward_over_reverse_is_the_hessian_product():
    f = lambda np_: lambda x: np_.sum(np_.sin(x) * x[::-1] ** 2)
    x, t = np.array([0.1, 0.2, 0.3]), np.array([1.0, -1.0, 2.0])
    got = fgrad.jvp(fgrad.grad(f(fnp)), (x,), (t,))[1]
    assert_same(got, jax.jvp(jax.grad(f(jnp)), (x,), (t,))[1])
    np.testing.assert_allclose(got, fgrad.hessian(f(fnp))(x) @ t)
