"""Draws have the derivatives by their parameters that JAX gives them."""

import functools
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same

SHAPE = (2, 3)
EACH = np.ones(SHAPE)
WEIGHTS = np.linspace(-1.0, 2.0, 6).reshape(SHAPE)


class Row(NamedTuple):
    """A draw, by a key and parameters; and how many times more roundings than usual there are."""

    name: str
    draw: Any
    parameters: tuple
    scale: float = 10.0


ONE, TWO = np.array(1.3), np.array([0.7, 1.8, 3.1])
# JAX's derivative of gamma numbers is a series and a table, good to eight digits.
GAMMA = 1e4
ROWS = [
    Row("uniform", lambda r, k, a, b: r.uniform(k, SHAPE, minval=-a, maxval=b), (ONE, TWO)),
    Row("normal", lambda r, k, a, b: a + b * r.normal(k, SHAPE), (ONE, TWO)),
    Row("lognormal", lambda r, k, a: r.lognormal(k, a, SHAPE), (ONE,)),
    Row("truncated_normal", lambda r, k, a, b: r.truncated_normal(k, -a, b, SHAPE), (ONE, TWO)),
    Row("wald", lambda r, k, a: r.wald(k, a, SHAPE), (TWO,)),
    Row("rayleigh", lambda r, k, a: r.rayleigh(k, a, SHAPE), (TWO,)),
    Row("weibull_min", lambda r, k, a, b: r.weibull_min(k, a, b, SHAPE), (ONE, TWO)),
    Row("pareto", lambda r, k, a: r.pareto(k, a, SHAPE), (TWO,)),
    Row("triangular", lambda r, k, a, b: r.triangular(k, -a, a / 2, 2 * b, SHAPE), (ONE, TWO)),
    Row(
        "double_sided_maxwell",
        lambda r, k, a, b: r.double_sided_maxwell(k, a, b, (2,)),
        (ONE, TWO),
    ),
    Row(
        "multivariate_normal",
        lambda r, k, a, b: r.multivariate_normal(k, a, b, (2,)),
        (TWO, np.eye(3) + 0.3),
    ),
    Row("gamma", lambda r, k, a: r.gamma(k, a, SHAPE), (TWO,), GAMMA),
    Row("loggamma", lambda r, k, a: r.loggamma(k, a, SHAPE), (TWO,), GAMMA),
    Row("beta", lambda r, k, a, b: r.beta(k, a, b, SHAPE), (ONE, TWO), GAMMA),
    Row("dirichlet", lambda r, k, a: r.dirichlet(k, a, (2,)), (TWO,), GAMMA),
    Row("t", lambda r, k, a: r.t(k, a, SHAPE), (TWO,), GAMMA),
    Row("f", lambda r, k, a, b: r.f(k, a * EACH, b * EACH, SHAPE), (ONE, TWO), GAMMA),
    Row("generalized_normal", lambda r, k, a: r.generalized_normal(k, a, SHAPE), (ONE,), GAMMA),
    # integers do not move with their parameters
    Row("bernoulli", lambda r, k, a: a * r.bernoulli(k, a / 4, SHAPE), (TWO,)),
    Row("categorical", lambda r, k, a: a[r.categorical(k, a, shape=SHAPE)], (TWO,)),
]


def _total(lib, row, key):
    return lambda *parameters: (WEIGHTS * row.draw(lib.random, key, *parameters)).sum()


def _gradient(lib, row, key):
    return lib.grad(_total(lib, row, key), argnums=tuple(range(len(row.parameters))))


@functools.cache
def answers():
    """JAX's gradients, in one program."""

    def everything(key):
        return [_gradient(jax, row, key)(*row.parameters) for row in ROWS]

    options = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    return jax.jit(everything, compiler_options=options)(jax.random.key(5))


@pytest.mark.parametrize("i", range(len(ROWS)), ids=[row.name for row in ROWS])
def test_gradients_are_those_of_jax(i):
    row, key = ROWS[i], fgrad.random.key(5)
    gradient = _gradient(fgrad, row, key)
    want = answers()[i]
    got = gradient(*row.parameters)
    assert_same(got, want, row.scale)
    assert_same(fgrad.jit(gradient)(*row.parameters), got)
    total, ones = _total(fgrad, row, key), tuple(np.ones_like(p) for p in row.parameters)
    slope = fgrad.jvp(total, row.parameters, ones)[1]
    assert_same(slope, sum(np.sum(g) for g in got), 10)
    keys = fgrad.random.split(key, 2)
    mapped = fgrad.vmap(lambda k: _gradient(fgrad, row, k)(*row.parameters))(keys)
    one = _gradient(fgrad, row, keys[1])(*row.parameters)
    assert_same(tuple(m[1] for m in mapped), one, 10)


def test_the_derivative_of_a_gamma_number_is_that_of_its_quantile():
    """Implicitly, ``-dP(a, x)/da / (dP(a, x)/dx)``, here by the difference of quantiles."""
    special = pytest.importorskip("scipy.special")
    a = np.array([0.05, 0.7, 3.0, 40.0, 1e3])
    x, slope = fgrad.jvp(lambda a: fgrad.random.gamma(fgrad.random.key(2), a), (a,), (a * 0 + 1,))
    p, h = special.gammainc(a, x), 1e-4 * a
    want = (special.gammaincinv(a + h, p) - special.gammaincinv(a - h, p)) / (2 * h)
    np.testing.assert_allclose(slope, want, rtol=1e-5)  # of a central difference of such a step
