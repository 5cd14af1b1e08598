"""Derivatives where a formula would divide by zero or a choice is a tie: JAX's conventions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same
from tests.primitives.rows import ROWS

_OURS = {r.primitive.name: r.primitive for r in ROWS}
_JAX = {r.primitive.name: r.jax for r in ROWS}
INF, NAN = np.inf, np.nan

# primitive, parameters, points: one entry for each operand
POINTS = [
    ("abs", {}, [[0.0, -0.0, 2.0, -INF]]),
    ("abs", {}, [[3 + 4j, -2j]]),
    ("sign", {}, [[0.0, -1.0, INF]]),
    ("sqrt", {}, [[0.0, 4.0, INF]]),
    ("rsqrt", {}, [[1.0, 4.0]]),
    ("cbrt", {}, [[0.0, 8.0, -8.0]]),
    ("log", {}, [[0.0, 1.0, INF]]),
    ("log1p", {}, [[0.0, -1.0, 1e-20]]),
    ("expm1", {}, [[0.0, 1e-20, -800.0]]),
    ("exp", {}, [[-INF, 0.0, 710.0]]),
    ("tanh", {}, [[0.0, 400.0, -400.0]]),
    ("sinh", {}, [[0.0, 1e-300]]),
    ("asin", {}, [[0.0, 1.0, -1.0]]),
    ("atanh", {}, [[0.0]]),
    ("acosh", {}, [[1.0, 2.0]]),
    ("max", {}, [[1.0, 2.0, 0.0, -0.0], [1.0, 1.0, -0.0, 0.0]]),
    ("min", {}, [[1.0, 2.0, 0.0, -0.0], [1.0, 1.0, -0.0, 0.0]]),
    ("max", {}, [[NAN, 1.0], [1.0, NAN]]),
    ("pow", {}, [[0.0, 0.0, 2.0], [2.0, 3.0, 0.0]]),
    ("pow", {}, [[-2.0, -2.0, 1.0], [2.0, 3.0, 0.0]]),
    ("integer_pow", {"y": 0}, [[0.0, 2.0]]),
    ("integer_pow", {"y": 1}, [[0.0, 2.0]]),
    ("integer_pow", {"y": 2}, [[0.0, -2.0]]),
    ("integer_pow", {"y": 3}, [[0.0, -2.0]]),
    ("integer_pow", {"y": -1}, [[1.0, -2.0]]),
    ("mul", {}, [[0.0, INF], [1.0, 2.0]]),
    ("div", {}, [[0.0, 1.0], [1.0, -1.0]]),
    ("logaddexp", {}, [[-INF, -INF, 1.0, 0.0], [1.0, -INF, 1.0, -800.0]]),
    ("logaddexp", {}, [[INF], [INF]]),
    ("atan2", {}, [[0.0, 1.0, 0.0, -1.0], [1.0, 0.0, -1.0, 0.0]]),
    ("hypot", {}, [[3.0, 0.0, 1.0], [4.0, 1.0, 0.0]]),
    ("remainder", {}, [[5.0, -5.0, 5.5, 0.0], [3.0, 3.0, -2.0, 1.0]]),
    ("rem", {}, [[5.0, -5.0, 5.5, 0.0], [3.0, 3.0, -2.0, 1.0]]),
    ("copysign", {}, [[1.0, -2.0, 3.0], [-1.0, -0.0, 0.0]]),
    ("copysign", {}, [[0.0, 0.0, -0.0, -0.0], [2.0, -0.0, 0.0, -3.0]]),
    ("logistic", {}, [[0.0, 800.0, -800.0]]),
    ("erf", {}, [[0.0, 30.0, -30.0, 1.0, -1.0]]),
    ("erfc", {}, [[0.0, 25.0, -30.0, 1.0, 8.0]]),
    ("relu", {}, [[0.0, -0.0, 1.0, -1.0, NAN]]),
    ("relu6", {}, [[0.0, 6.0, 3.0, 7.0]]),
    ("clamp", {}, [[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.5, -1.0], [1.0, 1.0, 1.0, 1.0]]),
    ("erf_inv", {}, [[0.0, 1.0, -1.0, 0.85]]),
    ("cumlogsumexp", {"axis": 0, "reverse": False}, [[0.0, -INF, 2.0]]),
    ("floor", {}, [[0.0, 1.0, -1.0]]),
    ("round", {}, [[0.5, 1.5, -0.5]]),
    ("reduce_max", {"axes": (0,)}, [[1.0, 3.0, 3.0, 2.0, 3.0]]),
    ("reduce_min", {"axes": (0,)}, [[1.0, 1.0]]),
    ("reduce_max", {"axes": (1,)}, [[[1.0, 1.0], [2.0, 0.0]]]),
    ("reduce_prod", {"axes": (0,)}, [[0.0, 2.0, 3.0]]),
    ("reduce_prod", {"axes": (0,)}, [[0.0, 2.0, 0.0, 4.0]]),
    ("reduce_prod", {"axes": (0,)}, [[0.0, 0.0, 0.0]]),
    ("reduce_prod", {"axes": (1,)}, [[[0.0, 2.0, 5.0], [1.0, 2.0, 3.0]]]),
    ("reduce_prod", {"axes": (0,)}, [np.zeros(0)]),
    ("reduce_sum", {"axes": (0,)}, [np.zeros((0, 2))]),
    ("cumprod", {"axis": 0, "reverse": False}, [[2.0, 0.0, 3.0, 0.0, 5.0]]),
    ("cumprod", {"axis": 0, "reverse": True}, [[2.0, 0.0, 3.0, 4.0]]),
    ("cummax", {"axis": 0, "reverse": False}, [[1.0, 3.0, 2.0, 4.0]]),
    ("cummin", {"axis": 0, "reverse": True}, [[1.0, 3.0, 2.0, 4.0]]),
    ("sort", {"dimension": 0}, [[2.0, 1.0, 2.0, 1.0]]),
    ("select", {}, [[True, False], [1.0, INF], [NAN, 2.0]]),
]  # fmt: skip


@pytest.mark.parametrize("name, params, points", POINTS, ids=lambda v: v if type(v) is str else "")
def test_derivatives_at_a_point_are_those_of_jax(name, params, points):
    arrays = [np.asarray(p) for p in points]
    moving = [i for i, a in enumerate(arrays) if a.dtype.kind in "fc"]
    args = tuple(arrays[i] for i in moving)

    def restricted(f):
        def fun(*xs):
            full = list(arrays)
            for i, x in zip(moving, xs, strict=True):
                full[i] = x
            return f(*full, **params)

        return fun

    ours, theirs = restricted(_OURS[name]), restricted(_JAX[name])
    with np.errstate(all="ignore"):
        want = jax.jit(lambda *xs: _derivatives(jax, jnp, theirs, xs))(*args)
        assert_same(_derivatives(fgrad, fgrad.numpy, ours, args), want, scale=10)
        jitted = fgrad.jit(lambda *xs: _derivatives(fgrad, fgrad.numpy, ours, xs))
        assert_same(jitted(*args), want, scale=10)


def _derivatives(lib, lnp, fun, xs):
    """Value, reverse and forward derivatives, and the derivative of the reverse one."""
    ones = tuple(lnp.ones(x.shape, x.dtype) for x in xs)
    value, tangent = lib.jvp(fun, xs, ones)
    ct = lnp.ones(value.shape, value.dtype)

    def pullback(*xs):
        return lib.vjp(fun, *xs)[1](ct)

    return value, tangent, pullback(*xs), lib.jvp(pullback, xs, ones)[1]


def test_a_power_of_zero_is_constant_whatever_the_base():
    """JAX says so for integer exponents; for floating ones its rule gives 0 * inf."""
    for y in (0, 0.0, np.array(0.0)):
        assert fgrad.grad(lambda x, y=y: x**y)(0.0) == 0.0
    assert fgrad.grad(fgrad.grad(lambda x, y: x**y))(0.0, 1.0) == 0.0
    by_both = fgrad.grad(fgrad.grad(lambda x, y: x**y), argnums=1)
    assert by_both(1.0, 0.0) == 1.0
    assert jax.grad(jax.grad(lambda x, y: x**y), argnums=1)(1.0, 0.0) == 1.0


@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2"])
def test_a_number_beside_infinity_has_no_slope(name):
    """JAX's rule takes the infinity for zero on one side alone, and gives exp(x) as the slope."""
    slopes = fgrad.grad(_OURS[name], argnums=(0, 1))
    assert slopes(INF, 1.0) == (1.0, 0.0)
    assert slopes(1.0, INF) == (0.0, 1.0)
    assert slopes(INF, INF) == (1.0, 1.0)
    assert fgrad.grad(lambda x: fgrad.grad(_OURS[name], argnums=1)(INF, x))(1.0) == 0.0


def test_quotients_beside_whole_numbers():
    """1.0 / 0.1 is rounded up to 10, but 0.1 goes only 9 times into 1: a bit more than 1 / 10."""
    for name in ("remainder", "rem"):
        assert fgrad.grad(_OURS[name], argnums=1)(1.0, 0.1) == -9.0
    assert fgrad.grad(_OURS["remainder"], argnums=1)(1.0, -INF) == 1.0


def test_a_hypotenuse_of_nothing_has_no_slope():
    """As the modulus of a complex zero; JAX's is 1/2 by either side."""
    slopes = fgrad.grad(_OURS["hypot"], argnums=(0, 1))
    assert slopes(0.0, 0.0) == (0.0, 0.0)
    assert fgrad.jvp(slopes, (0.0, 0.0), (1.0, 1.0))[1] == (0.0, 0.0)


@pytest.mark.parametrize("name", ["asin", "acos"])
@pytest.mark.parametrize("x", [3 + 0j, -3 + 0j, complex(3, -0.0), complex(-3, -0.0)])
def test_slopes_on_branch_cuts(name, x):
    """On either side of the cut, the difference along it."""
    f, h = {"asin": np.arcsin, "acos": np.arccos}[name], 1e-6
    ahead, behind = (complex(x.real + s, x.imag) for s in (h, -h))
    want = (f(ahead) - f(behind)) / (2 * h)
    for run in (_OURS[name], fgrad.jit(_OURS[name])):
        got = fgrad.jvp(run, (np.asarray(x),), (np.asarray(1 + 0j),))[1]
        np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-15)


def test_the_modulus_of_a_complex_zero_has_no_slope():
    x, t = np.zeros(1, complex), np.ones(1, complex)
    assert_same(fgrad.jvp(_OURS["abs"], (x,), (t,)), jax.jvp(jnp.abs, (x,), (t,)))
    assert fgrad.vjp(_OURS["abs"], x)[1](np.ones(1))[0] == 0
    assert fgrad.jvp(_OURS["sign"], (x,), (t,))[0] == 0


def test_gradient_of_a_norm_at_zero_is_that_of_jax():
    x = np.zeros(3)
    with np.errstate(all="ignore"):
        got = fgrad.grad(lambda x: fgrad.numpy.sqrt(fgrad.numpy.sum(x * x)))(x)
    assert_same(got, jax.grad(lambda x: jnp.sqrt(jnp.sum(x * x)))(x))


def test_where_protects_a_derivative_from_what_is_not_chosen():
    def safe(np_, x):
        return np_.sum(np_.where(x > 0, np_.sqrt(np_.where(x > 0, x, 1.0)), 0.0))

    x = np.array([0.0, 4.0, -1.0])
    got = fgrad.grad(lambda x: safe(fgrad.numpy, x))(x)
    assert_same(got, jax.grad(lambda x: safe(jnp, x))(x))


@pytest.mark.parametrize("name", ["reduce_max", "reduce_min"])
def test_empty_reductions_without_identity_are_refused(name):
    with pytest.raises(ValueError, match=f"{name}.*empty"):
        _OURS[name](np.zeros((2, 0)), axes=(1,))
    with pytest.raises(ValueError, match=f"{name}.*empty"):
        fgrad.jit(lambda x: _OURS[name](x, axes=(1,)))(np.zeros((2, 0)))


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_empty_arg_reductions_are_refused(name):
    with pytest.raises(ValueError, match="empty"):
        _OURS[name](np.zeros((2, 0)), axis=1, index_dtype=np.dtype(int))
