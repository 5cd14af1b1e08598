"""The gamma function and its relatives beside the table: far out, at the ends, without SciPy."""

import sys

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

import fgrad
import fgrad.test_util
from fgrad.primitives.gamma import igamma_grad_a, random_gamma_grad
from tests.harness import central_difference

lax = fgrad.lax

# a, x, dP/da and -(dP/da) / (dP/dx), with 60 digits from the series and from the integrals that
# stand in fgrad/primitives/gamma_derivative.py
PLACES = np.array([
    (1e-08, 0.5, -0.55977360064375655, 46145532.161385236),
    (1e-08, 3.0, -0.013048381589111772, 78625123.741162194),
    (0.01, 1e-30, -34.535639314126297, 6.85166673319527e-27),
    (0.3, 0.2, -1.0233803072203944, 1.2120372612897223),
    (0.3, 9.0, -4.7945305066289731e-5, 5.4108463609075541),
    (1.0, 0.5, -0.48945757610237842, 0.80697911682531802),
    (2.5, 2.5, -0.26084496236866945, 1.0686730199876306),
    (9.99, 10.4, -0.12371991168115853, 1.0374294512956705),
    (10.0, 10.2, -0.12571120668283386, 1.0269261134609971),
    (10.0, 0.001, -2.5493557782424277e-36, 0.00092603579774275661),
    (40.0, 300.0, -2.386716193268108e-80, 2.3334660865078055),
    (10000.0, 9850.0, -0.0012902346407382985, 0.99247875726830261),
    (10000.0, 10250.0, -0.00018221081923073218, 1.0124139893183678),
    (100000000.0, 100003000.0, -3.8138243831184158e-5, 1.0000150015166939),
    (1000000000000.0, 999998000000.0, -5.3990876528152379e-8, 0.9999989999995),
])  # fmt: skip


def test_derivatives_by_the_parameter_are_right_everywhere():
    """To the last digits where a is tiny, where it is huge, and in the tails."""
    a, x, by_parameter, of_draw = PLACES.T
    # exponents of some hundreds leave some hundred units in the last place
    np.testing.assert_allclose(igamma_grad_a(a, x), by_parameter, rtol=1e-13)
    np.testing.assert_allclose(random_gamma_grad(a, x), of_draw, rtol=2e-14)


@given(
    a=st.floats(1e-6, 1e7),
    x=st.one_of(st.floats(1e-20, 1e8), st.floats(-8, 8).map(lambda z: ("spreads", z))),
)
def test_derivatives_by_the_parameter_recur(a, x):
    """``P(a + 1, x) = P(a, x) - x**a exp(-x) / gamma(a + 1)``, differentiated by a."""
    if isinstance(x, tuple):  # near a, where it matters
        x = max(a + x[1] * np.sqrt(a), 1e-3 * a)
    size = special.gammaln(a + 1) + x - special.xlogy(a, x)
    change = np.exp(-size) * (np.log(x) - special.psi(a + 1))
    before, after = igamma_grad_a(a, x), igamma_grad_a(a + 1, x)
    # the exponent, of up to 2e8, is rounded here
    rounding = 1e-15 * (10 + a * abs(np.log(x)) + x)
    scale = max(abs(before), abs(change))
    assert abs(before - change - after) <= scale * rounding + 1e-300


@given(a=st.floats(0.05, 1e6), z=st.floats(-4, 4))
def test_draws_move_with_their_parameter(a, z):
    """The derivative of a draw at the same probability, by SciPy's inverse."""
    p = special.ndtr(z)
    x, step = special.gammaincinv(a, p), 1e-4 * a
    move = lambda h: special.gammaincinv(a + h, p)
    want = (8 * (move(step) - move(-step)) - (move(2 * step) - move(-2 * step))) / (12 * step)
    # the logarithm of the smallest draws moves by 0.02 a step, whose fourth power is left out
    np.testing.assert_allclose(random_gamma_grad(a, x), want, rtol=1e-7)


def test_derivatives_by_the_parameter_at_the_ends():
    """Zero at zero, NaN outside of the domain, the limits at infinity."""
    a = np.array([2.0, 2.0, 0.0, -1.0, 2.0, np.nan, np.inf])
    x = np.array([0.0, np.inf, 1.0, 1.0, -1.0, 1.0, 1.0])
    nan = np.nan
    np.testing.assert_array_equal(igamma_grad_a(a, x), [0, 0, nan, nan, nan, nan, nan])
    np.testing.assert_array_equal(random_gamma_grad(a, x), [0, np.inf, nan, nan, nan, nan, nan])


@pytest.mark.parametrize("function", [igamma_grad_a, random_gamma_grad])
def test_derivatives_by_x_of_derivatives_by_the_parameter(function):
    """Which JAX does not have: against differences, forward and reverse."""
    a, x = np.array([0.4, 2.0, 30.0]), np.array([0.3, 3.0, 25.0])
    want = central_difference(lambda v: function(a, v), (x,), (np.ones(3),))
    got = fgrad.jvp(lambda v: function(a, v), (x,), (np.ones(3),))[1]
    np.testing.assert_allclose(got, want, rtol=1e-7)
    pulled = fgrad.vjp(lambda v: function(a, v), x)[1](np.ones(3))[0]
    np.testing.assert_allclose(pulled, got, rtol=1e-13)


def test_derivative_of_zeta():
    """By its second argument, which JAX does not have either."""
    fgrad.test_util.check_grads(lambda q: lax.zeta(2.5, q), (np.array([0.7, 2.0]),), order=2)


@pytest.mark.parametrize("name", ["igamma", "igammac"])
def test_gradients_of_the_incomplete_gamma_function(name):
    """By both arguments at once, as JAX."""
    args = np.array([0.5, 3.0, 20.0]), np.array([0.7, 1.0, 22.0])
    ours, theirs = (
        lib.grad(lambda a, x, lib=lib: getattr(lib.lax, name)(a, x).sum(), (0, 1))(*args)
        for lib in (fgrad, jax)
    )
    for got, want in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9)  # of JAX's derivatives by a


@np.errstate(divide="ignore")
def test_densities_at_the_ends():
    """Where a factor is zero to the power of zero, which makes JAX's derivative NaN."""
    assert fgrad.grad(lambda x: lax.igamma(1.0, x))(0.0) == 1
    assert fgrad.grad(lambda x: lax.igamma(2.0, x))(0.0) == 0
    assert fgrad.grad(lambda x: lax.betainc(1.0, 1.0, x))(0.0) == 1
    assert fgrad.grad(lambda x: lax.betainc(1.0, 1.0, x))(1.0) == 1
    assert fgrad.grad(lambda x: lax.betainc(2.0, 3.0, x))(1.0) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v: lax.polygamma(v, 1.0), "polygamma: the derivative by its argument m"),
        (lambda v: lax.zeta(v, 1.0), "zeta: the derivative by its argument x"),
        (lambda v: lax.betainc(v, 1.0, 0.5), "betainc: the derivative by its argument a"),
        (lambda v: lax.betainc(1.0, v, 0.5), "betainc: the derivative by its argument b"),
        (lambda v: lax.igamma_grad_a(v, 1.0), "igamma_grad_a: the derivative by its argument a"),
        (lambda v: lax.random_gamma_grad(v, 1.0), "random_gamma_grad: the derivative by its"),
    ],
)
def test_derivatives_that_are_not_known(call, message):
    """They are refused, not zero, and the user's line is named."""
    for transformed in (fgrad.grad(call), fgrad.jit(fgrad.grad(call))):
        with pytest.raises(NotImplementedError, match=message) as e:
            transformed(2.0)
        assert "test_gamma.py" in str(e.value)


def test_without_scipy(monkeypatch):
    """The error says what to install; what needs no SciPy runs."""
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(ImportError, match=r"digamma needs scipy.*pip install fgrad\[scipy\]"):
        lax.digamma(1.0)
    assert lax.random_gamma_grad(1.0, 0.5) == pytest.approx(0.80697911682531802)


def test_complex_numbers_are_refused():
    """SciPy would take them in some of the functions only."""
    with pytest.raises(TypeError, match="lgamma is not defined for complex numbers"):
        lax.lgamma(1j)
