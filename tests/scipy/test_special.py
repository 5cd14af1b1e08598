"""Special functions against JAX and SciPy, their derivatives, and their errors."""

import numpy as np
import pytest
import scipy.special as scipys

import fgrad
import fgrad.scipy.special as special
from fgrad import tree
from fgrad.test_util import check_grads
from tests.harness import assert_same
from tests.jax_suite import Row, suite


def _row(name, *shapes, program=None, label="", **options):
    """A function of that name; `program` puts arguments where there are no derivatives."""

    def run(lib, *xs):
        function = getattr(lib.scipy.special, name)
        return program(function, *xs) if program else function(*xs)

    return Row(f"{name}{label}", run, *shapes, **{"dtypes": ("float64",), **options})


_UNARY = [
    ("entr", "positive"), ("logit", "fraction"), ("gamma", "nonzero"), ("loggamma", "positive"),
    ("factorial", "positive"), ("erfcx", "any"), ("dawsn", "any"), ("ndtr", "any"),
    ("ndtri", "fraction"), ("log_ndtr", "any"), ("i0", "any"), ("i1", "nonzero"),
    ("sici", "positive"), ("fresnel", "any"),
]  # fmt: skip
_BINARY = [
    ("xlogy", "positive"), ("xlog1py", "positive"), ("rel_entr", "positive"),
    ("kl_div", "positive"), ("boxcox", "positive"), ("boxcox1p", "positive"),
    ("owens_t", "any"),
]  # fmt: skip
_ORDERS, _DEGREES = np.array([0, -1, 2, 3, -3]), np.array([0, 1, 2, 4, 3])

ROWS = [
    *(_row(name, (3,), domain=domain) for name, domain in _UNARY),
    *(_row(name, (2, 1), (3,), domain=domain) for name, domain in _BINARY),
    _row("entr", (3,), domain="nonzero", label=" negative", smooth=False),
    _row("gammasgn", (5,), smooth=False),
    _row("comb", (3,), (3,), domain="positive", program=lambda f, n, k: f(n + 3, k)),
    _row("polygamma", (3,), domain="positive", program=lambda f, x: f(2, x)),
    _row("multigammaln", (3,), domain="positive", program=lambda f, x: f(x + 1, 3)),
    # JAX's backward recurrence is good to eight digits at these arguments
    _row("bessel_jn", (3,), domain="positive", program=lambda f, x: f(x, v=3), scale=1e3),
    *(_row("expn", (3,), domain="positive", program=lambda f, x, n=n: f(n, x), label=f" {n}",
           smooth=False) for n in (0, 1, 2, 5)),
    _row("exp1", (3,), domain="positive", smooth=False),
    # JAX is slow to compile these derivatives; they are compared with differences
    *(_row(name, (2, 1), (3,), domain="above one", smooth=False)
      for name in ("betaln", "beta", "poch", "zeta")),
    _row("expi", (3,), domain="nonzero", smooth=False),
    _row("hyp1f1", (3,), domain="positive", program=lambda f, x: f(1.5, 0.7, x)),
    _row("hyp2f1", (3,), domain="unit", program=lambda f, x: f(1.5, 0.7, 2.2, x), scale=10,
         smooth=False),
    _row("wofz", (3,), dtypes=("complex128",), smooth=False),
    _row("loggamma", (5,), dtypes=("complex128",), label=" complex", smooth=False),
    _row("gamma", (5,), dtypes=("complex128",), label=" complex", smooth=False),
    _row("erfcx", (3,), dtypes=("complex128",), label=" complex", smooth=False),
    _row("spence", (3,), domain="positive", smooth=False),  # JAX: NaN
    _row("softmax", (2, 3)),
    _row("log_softmax", (2, 3)),
    _row("logsumexp", (2, 3)),
    _row("sph_harm_y", (5,), (5,), domain="positive", dtypes=("float64",),
         program=lambda f, *x: f(_DEGREES, _ORDERS, *x, n_max=4)),
]  # fmt: skip

test_values, test_traced, test_mapped = suite(ROWS)


_REAL = [row for row in ROWS if row.dtypes == ("float64",)]


@pytest.mark.parametrize("row", _REAL, ids=[row.name for row in _REAL])
def test_single_precision(row):
    """What comes of float32 is float32, and near what comes of the same numbers in float64."""
    xs = row.arrays("float32")
    got = row.program(fgrad, *xs)
    want = row.program(fgrad, *(x.astype(float) for x in xs))
    for g, w in zip(tree.leaves(got), tree.leaves(want), strict=True):
        assert g.dtype == (np.complex64 if w.dtype.kind == "c" else np.float32)
        np.testing.assert_allclose(g, w, rtol=1e-4, atol=1e-5)  # some numbers are near a zero


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_bernoulli_numbers(n):
    assert_same(special.bernoulli(n), np.asarray(scipys.bernoulli(max(n, 2)))[: n + 1])


def test_complex_gamma_is_scipys():
    """In all quadrants, on both sides of the cut, and at poles."""
    re, im = np.meshgrid([-20.3, -3.5, -0.5, 0.2, 0.5, 4.0], [-7.0, -0.0, 0.0, 0.3, 9.0])
    z = re + 1j * np.abs(im)
    z = np.where(np.signbit(im), z.conj(), z)
    # where the size of a number is small beside the terms it is the sum of
    np.testing.assert_allclose(special.loggamma(z), scipys.loggamma(z), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(special.gamma(z), scipys.gamma(z), rtol=1e-12)
    assert np.isnan(special.loggamma(np.array([-2 + 0j]))).all()


@pytest.mark.parametrize("argnum", range(3))
def test_derivatives_of_hypergeometric_functions_by_parameters(argnum):
    """Against differences, on both sides of zero, where the series would cancel too."""
    args = [np.array([0.4, 2.5, -2.0]), np.array([1.3, 0.6, 3.4]), np.array([0.7, -20.0, 5.0])]
    check_grads(
        lambda v: special.hyp1f1(*(v if i == argnum else a for i, a in enumerate(args))),
        (args[argnum],),
        order=1,
    )
    args = [*args[:2], np.array([2.2, 1.5, 0.9]), np.array([0.7, -20.0, -0.4])]
    check_grads(
        lambda v: special.hyp2f1(*(v if i == argnum else a for i, a in enumerate(args))),
        (args[argnum],),
        order=1,
    )


@pytest.mark.parametrize("name", ["hyp1f1_by_a", "hyp1f1_by_b", "hyp2f1_by_a", "hyp2f1_by_c"])
def test_mixed_derivatives_of_hypergeometric_functions(name):
    from fgrad.primitives import hypergeometric

    parameters = (1.5, 0.7) if "1f1" in name else (1.5, 0.7, 2.2)
    x = np.array([0.4, -3.0])
    check_grads(lambda x: getattr(hypergeometric, name)(*parameters, x), (x,), order=1)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_derivatives_of_exponential_integrals(n):
    """JAX's rule for them cannot be differentiated again inside of jit."""
    x = np.array([0.3, 1.0, 4.0])
    check_grads(lambda x: special.expn(n, x), (x,), order=2)
    check_grads(special.exp1, (x,), order=2)
    check_grads(special.spence, (x + 0.1,), order=2)
    check_grads(special.expi, (-x,), order=2)


@pytest.mark.parametrize("name", ["betaln", "beta", "poch", "zeta", "comb"])
def test_derivatives_by_two_arguments(name):
    x, y = np.array([1.2, 3.5, 2.4]), np.array([0.7, 1.6, 0.4])
    check_grads(getattr(special, name), (x, y), order=2)


def test_derivatives_of_the_hypergeometric_function():
    x = np.array([-4.0, -0.3, 0.6])
    check_grads(lambda x: special.hyp2f1(1.5, 0.7, 2.2, x), (x,), order=2)


def test_combinations_with_repetition():
    n, k = np.array([3.0, 5.0, 2.0, 0.0]), np.array([2.0, 0.0, 4.0, 0.0])
    want = scipys.comb(n, k, repetition=True)
    np.testing.assert_allclose(special.comb(n, k, repetition=True), want)


def test_derivatives_of_the_complex_gamma_function():
    """JAX's has a loop without reverse mode."""
    z = np.array([-1.5 + 0.3j, 0.2 - 2j, 3.0 + 1j, -0.5 - 0.1j])
    got = fgrad.vjp(special.loggamma, z)[1](np.ones(4, complex))[0]
    np.testing.assert_allclose(got, scipys.digamma(z), rtol=1e-12)


@pytest.mark.parametrize("function", [special.wofz, special.erfcx])
def test_derivatives_of_complex_error_functions(function):
    z, h = np.array([0.3 + 0.4j, -1.0 + 2j, 2.0 - 0.3j]), 1e-4
    ahead, behind = (function(z + s * h) - function(z - s * h) for s in (1, 2))
    got = fgrad.vjp(function, z)[1](np.ones(3, complex))[0]
    np.testing.assert_allclose(got, (8 * ahead - behind) / (12 * h), rtol=1e-10)


def test_a_series_that_does_not_converge_is_not_a_number():
    assert np.isnan(fgrad.grad(special.hyp2f1)(1.5, 0.7, 1.2, 1 - 1e-9))


def test_at_the_ends():
    """Where terms are zero times infinite, or a quotient is zero by zero."""
    with np.errstate(all="ignore"):
        assert special.xlogy(0.0, 0.0) == special.xlog1py(0.0, -1.0) == special.entr(0.0) == 0
        assert np.isnan(special.xlogy(0.0, np.nan))
        assert fgrad.grad(special.xlogy)(0.0, 2.0) == np.log(2.0)
        assert special.rel_entr(-1.0, 1.0) == special.rel_entr(1.0, 0.0) == np.inf
        assert fgrad.grad(special.boxcox)(2.0, 0.0) == 0.5
        assert special.comb(2.0, 3.0) == special.factorial(-1.0) == 0
        ends = np.array([-np.inf, -1e200, 1e200, np.inf])
        np.testing.assert_array_equal(special.erf(ends), [-1, -1, 1, 1])
        np.testing.assert_array_equal(special.erfc(ends), [2, 2, 0, 0])
        np.testing.assert_array_equal(special.ndtr(ends), [0, 0, 1, 1])
        assert fgrad.grad(lambda x: special.sici(x)[0])(0.0) == 1.0
    f = special.spence
    for want in (-1.0, 0.5, -2 / 3):
        f = fgrad.grad(f)
        assert f(1.0) == pytest.approx(want)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: special.gamma("a"), TypeError, "gamma: x"),
        (lambda: special.ndtri(1j), TypeError, "ndtri: p must be real; got"),
        (lambda: special.polygamma(1.0, 2.0), ValueError, "polygamma: n must be made of integers"),
        (lambda: special.zeta(2.0), NotImplementedError, "zeta: q must be given"),
        (lambda: special.bernoulli(-1), ValueError, "bernoulli: n must not be negative; got -1"),
        (lambda: special.bessel_jn(1.0, v=-1), ValueError, "bessel_jn: v must not be negative"),
        (lambda: special.factorial(3, exact=True), NotImplementedError, "exact=True is not supp"),
        (
            lambda: fgrad.grad(special.expn)(1.0, 2.0),
            NotImplementedError,
            "expn: the derivative by its argument n",
        ),
        (
            lambda: special.sph_harm_y(np.ones(1), np.ones(1), np.ones(1), np.ones(1)),
            TypeError,
            "sph_harm_y: n must be made of integers",
        ),
    ],
)
def test_errors(call, error, match):
    with pytest.raises(error, match=match) as e:
        call()
    assert "test_special.py" in str(e.value)
