"""Distributions against SciPy's, their derivatives against differences and JAX; statistics."""

import functools

import jax
import numpy as np
import pytest
import scipy.stats as scipys

import fgrad
import fgrad.scipy.stats as stats
from fgrad.test_util import check_grads
from tests.harness import assert_same, assert_traced_well

# Where to evaluate, inside of the support, and the parameters. Each has the derivatives by those
# arguments that `moving` names.
X = np.array([0.3, 0.8])
CONTINUOUS = {
    "norm": (X - 0.5, (0.2, 1.3)),
    "beta": (X, (1.5, 0.7, -0.2, 1.4)),
    "cauchy": (X - 0.5, (0.2, 1.3)),
    "chi2": (X, (2.7, -0.1, 0.8)),
    "expon": (X, (-0.1, 0.8)),
    "gamma": (X, (2.7, -0.1, 0.8)),
    "gennorm": (X - 0.5, (1.7,)),
    "gumbel_l": (X, (0.2, 1.3)),
    "gumbel_r": (X, (0.2, 1.3)),
    "laplace": (X - 0.5, (0.2, 1.3)),
    "logistic": (X - 0.5, (0.2, 1.3)),
    "pareto": (X + 1.2, (2.7, -0.1, 0.8)),
    "t": (X - 0.5, (2.7, 0.2, 1.3)),
    "truncnorm": (X - 0.5, (-0.9, 1.2, 0.2, 1.3)),
    "uniform": (X, (-0.2, 1.4)),
    "vonmises": (X, (1.7,)),
    "wrapcauchy": (X, (0.4,)),
}
DISCRETE = {
    "bernoulli": (np.array([0.0, 1.0]), (0.3,)),
    "betabinom": (np.array([0.0, 2.0]), (4.0, 1.5, 0.7)),
    "binom": (np.array([0.0, 2.0]), (4.0, 0.3)),
    "geom": (np.array([1.0, 3.0]), (0.3,)),
    "nbinom": (np.array([0.0, 2.0]), (3.5, 0.3)),
    "poisson": (np.array([0.0, 3.0]), (1.7,)),
}
POINTS = CONTINUOUS | DISCRETE
# second derivatives by these parameters are not known: of the incomplete gamma and beta functions
FIXED = {"beta": (1, 2), "chi2": (1,), "gamma": (1,), "gennorm": (1,), "poisson": (1,)}
INVERSE = ("ppf", "isf")


def _functions():
    for name in POINTS:
        for function in ("logpdf", "pdf", "logpmf", "pmf", "cdf", "logcdf", "sf", "logsf", "ppf",
                         "isf"):  # fmt: skip
            if hasattr(getattr(stats, name), function):
                yield name, function


every_function = pytest.mark.parametrize(("name", "function"), list(_functions()))


def _at(name, function):
    x, parameters = POINTS[name]
    return (np.array([0.2, 0.7]) if function in INVERSE else x), parameters


@every_function
def test_values(name, function):
    """Inside, outside and at the ends of the support; under jit; in float32; weak arguments."""
    x, parameters = _at(name, function)
    ours = getattr(getattr(stats, name), function)
    scipys_own = getattr(getattr(scipys, name), function)
    outside = np.array([-4.0, 7.0, np.nan])
    if name == "wrapcauchy":  # SciPy's density goes on beyond the circle
        outside = outside[2:]
    with np.errstate(all="ignore"):
        for points in (x, outside):
            if name in DISCRETE and function in INVERSE:
                points = points[:2] if points is x else points
            want = scipys_own(points, *parameters)
            if name == "vonmises" and points is outside:
                continue  # it is periodic here
            assert_same(ours(points, *parameters), want, 100)
            assert_same(fgrad.jit(ours)(points, *parameters), want, 100)
        single = ours(x.astype("float32"), *map(np.float32, parameters))
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, scipys_own(x, *parameters), rtol=1e-5, atol=1e-6)
        assert_traced_well(ours, x, *parameters)
        assert_same(ours(float(x[0]), *parameters), scipys_own(x[0], *parameters), 100)


@every_function
def test_derivatives(name, function):
    """Of both orders, by the place (where it is continuous) and the parameters."""
    x, parameters = _at(name, function)
    args = (x, *parameters)
    incomplete = function in ("cdf", "logcdf", "sf", "logsf")
    fixed = FIXED.get(name, ()) if incomplete else ()
    if name in DISCRETE:
        fixed = (*fixed, 0)
        if incomplete or function in INVERSE:
            fixed = (0, 1)
        if name in ("binom", "betabinom", "nbinom"):
            fixed = (*fixed, 1)
    moving = [i for i in range(len(args)) if i not in fixed]
    if not moving:
        pytest.skip("nothing to differentiate by")

    def fun(*moved):
        full = list(args)
        for i, v in zip(moving, moved, strict=True):
            full[i] = v
        return getattr(getattr(stats, name), function)(*full)

    # of the second order what the others are made of
    order = 2 if function.startswith("log") and name != "truncnorm" else 1
    check_grads(fun, tuple(np.asarray(args[i], float) for i in moving), order=order)


@pytest.mark.parametrize("name", [n for n in POINTS if n not in ("vonmises", "truncnorm")])
def test_gradients_outside_are_numbers(name):
    """Where the density is zero its gradient is not NaN."""
    x, parameters = POINTS[name]
    function = stats.__dict__[name].pmf if name in DISCRETE else stats.__dict__[name].pdf
    with np.errstate(all="ignore"):
        for place in (-30.0, 30.0):
            assert np.isfinite(fgrad.grad(function)(place, *parameters))


@functools.cache
def _jaxs_gradients():
    """Of the logarithms of all densities and probabilities, by all arguments, in one program."""

    def gradients(library, where):
        out = {}
        for name, (x, parameters) in where.items():
            if "gumbel" in name:
                continue
            module = getattr(library.scipy.stats, name)
            log = module.logpmf if name in DISCRETE else module.logpdf
            argnums = tuple(range(len(parameters) + 1))
            out[name] = library.grad(lambda *a, log=log: log(*a).sum(), argnums)(x, *parameters)
        return out

    return gradients(fgrad, POINTS), jax.jit(functools.partial(gradients, jax))(POINTS)


# JAX: a TypeError
@pytest.mark.parametrize("name", [n for n in POINTS if "gumbel" not in n])
def test_gradients_are_jaxs(name):
    got, want = (g[name] for g in _jaxs_gradients())
    assert_same(got, want, 100, dtype=False)


def test_dirichlet():
    x, alpha = np.array([[0.2, 0.5], [0.3, 0.4], [0.5, 0.1]]), np.array([1.5, 0.7, 2.2])
    want = scipys.dirichlet.logpdf(x, alpha)
    assert_same(stats.dirichlet.logpdf(x, alpha), want, 10)
    assert_same(stats.dirichlet.logpdf(x[:-1], alpha), want, 10)
    assert_same(stats.dirichlet.pdf(x[:, 0], alpha), scipys.dirichlet.pdf(x[:, 0], alpha), 10)
    assert stats.dirichlet.logpdf(np.array([0.5, 0.4, 0.2]), alpha) == -np.inf
    check_grads(lambda x, a: stats.dirichlet.logpdf(x, a), (x[:-1], alpha), order=2)


def test_multinomial():
    x, p = np.array([[1, 2, 0], [3, 0, 1]]), np.array([0.2, 0.5, 0.3])
    n = np.array([3, 4])
    assert_same(stats.multinomial.logpmf(x, n, p), scipys.multinomial.logpmf(x, n, p), 10)
    assert_same(stats.multinomial.pmf(x, 3, p), scipys.multinomial.pmf(x, 3, p), 10)
    check_grads(lambda p: stats.multinomial.logpmf(x, n, p), (p,), order=2)


def test_multivariate_normal():
    rng = np.random.default_rng(0)
    x, mean, root = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(3, 3))
    cov = root @ root.T + np.eye(3)
    ours, theirs = stats.multivariate_normal.logpdf, scipys.multivariate_normal.logpdf
    assert_same(ours(x, mean, cov), theirs(x, mean, cov), 10)
    assert_same(ours(x, mean, 1.7), theirs(x, mean, 1.7 * np.eye(3)), 10)
    assert_same(ours(x, 0.3, 1.7), scipys.norm.logpdf(x, 0.3, np.sqrt(1.7)), 10)
    stacked = ours(x, mean, np.stack([cov] * 4))
    assert_same(stacked, theirs(x, mean, cov), 10)
    check_grads(lambda x, mean, r: ours(x, mean, r @ r.T + np.eye(3)), (x, mean, root), order=2)


def test_entropy_of_poisson():
    """As a sum, and as a series for large means."""
    mu = np.array([0.0, 0.3, 8.0, 150.0, 999.0, 1001.0, 1e5])
    k = np.arange(110_000)[:, None]
    with np.errstate(all="ignore"):
        logs = scipys.poisson.logpmf(k, mu)
        want = -np.where(np.isfinite(logs), np.exp(logs) * logs, 0).sum(0)
    # the terms of the sum have exponents of up to 1e6, rounded
    np.testing.assert_allclose(stats.poisson.entropy(mu), want, rtol=1e-10, atol=1e-12)
    check_grads(stats.poisson.entropy, (mu[1:3],), order=1)


def test_truncated_normal_far_out():
    """Where the differences of distribution functions lose all digits, or overflow."""
    for a, b, x in ((20.0, 21.0, 20.1), (-21.0, -20.0, -20.1), (-np.inf, np.inf, 0.3)):
        for function in ("logpdf", "logcdf", "logsf"):
            got = getattr(stats.truncnorm, function)(x, a, b)
            np.testing.assert_allclose(got, getattr(scipys.truncnorm, function)(x, a, b), rtol=1e-8)


# -- estimated densities ---------------------------------------------------------------------------


@pytest.fixture(params=[(1, None, None), (2, "silverman", None), (2, 0.7, True)])
def densities(request):
    d, method, weighted = request.param
    rng = np.random.default_rng(0)
    sample, points = rng.normal(size=(d, 7)), rng.normal(size=(d, 3))
    weights = rng.uniform(size=7) if weighted else None
    arguments = (sample, method, weights)
    return stats.gaussian_kde(*arguments), scipys.gaussian_kde(*arguments), points


def test_estimated_densities(densities):
    ours, theirs, points = densities
    assert_same(ours(points), theirs(points), 10)
    assert_same(ours.logpdf(points), theirs.logpdf(points), 10)
    assert_same(ours.integrate_kde(ours), theirs.integrate_kde(theirs), 10)
    mean, cov = points[:, 0], np.eye(ours.d) * 0.7
    assert_same(ours.integrate_gaussian(mean, cov), theirs.integrate_gaussian(mean, cov), 10)
    if ours.d == 1:
        assert_same(ours.integrate_box_1d(-1, 0.5), theirs.integrate_box_1d(-1, 0.5), 10)
    draws = ours.resample(fgrad.random.key(0), (1000,))
    assert draws.shape == (ours.d, 1000)
    # within five standard errors of the mean of the sample
    center = ours.dataset @ ours.weights
    assert (abs(draws.mean(1) - center) < 5 * draws.std(1) / np.sqrt(1000)).all()


def test_estimated_densities_are_pytrees(densities):
    ours, _, points = densities
    assert_same(fgrad.jit(lambda kde, x: kde(x))(ours, points), ours(points), 10)
    check_grads(lambda x, s: stats.gaussian_kde(s)(x), (points, ours.dataset), order=1)


# -- statistics ------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1, -1, None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_mode(axis, keepdims):
    a = np.random.default_rng(0).integers(0, 4, (5, 6))
    got = stats.mode(a, axis, keepdims=keepdims)
    want = scipys.mode(a, axis, keepdims=keepdims)
    assert_same(tuple(got), (want.mode, want.count))
    jitted = fgrad.jit(lambda a: stats.mode(a, axis, keepdims=keepdims))(a)
    assert_same(tuple(jitted), tuple(got))


@pytest.mark.parametrize("method", ["average", "min", "max", "dense", "ordinal"])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_ranks(method, axis):
    a = np.random.default_rng(0).integers(0, 4, (5, 6))
    want = scipys.rankdata(a, method, axis=axis).astype(float)
    if axis is None:
        want = want.ravel()
    assert_same(stats.rankdata(a, method, axis=axis), want)
    assert_same(fgrad.jit(lambda a: stats.rankdata(a, method, axis=axis))(a), want)
    assert np.isnan(stats.rankdata([1.0, np.nan], method)).all()


def test_standard_error():
    a = np.random.default_rng(0).normal(size=(4, 3))
    for axis in (0, 1, None):
        assert_same(stats.sem(a, axis), scipys.sem(a, axis), 10)
    a[0, 0] = np.nan
    want = np.asarray(scipys.sem(a, nan_policy="omit"))
    assert_same(stats.sem(a, nan_policy="omit"), want, 10)


def test_empty():
    assert np.isnan(stats.mode(np.zeros(0)).mode)
    assert stats.rankdata(np.zeros(0)).shape == (0,)


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: stats.norm.pdf("a"), TypeError, "norm.logpdf: x"),
        (lambda: stats.norm.cdf(1j), TypeError, "norm.cdf: x must be real"),
        (lambda: stats.dirichlet.pdf([0.5], 1.0), ValueError, "alpha must have one axis"),
        (lambda: stats.dirichlet.pdf([0.5], np.ones(3)), ValueError, "x must have 3 or 2 numbers"),
        (
            lambda: stats.multinomial.pmf(np.ones(2), 2, np.ones(2)),
            ValueError,
            "x must be made of integers; got float64",
        ),
        (
            lambda: stats.multivariate_normal.pdf(np.ones(2), np.ones(2), np.eye(3)),
            ValueError,
            r"x of shape \(2,\), mean of \(2,\) and cov of \(3, 3\) do not fit",
        ),
        (lambda: stats.mode([1], nan_policy="omit"), NotImplementedError, "mode: only nan_policy"),
        (lambda: stats.rankdata([1], "first"), ValueError, "rankdata: method must be one of"),
        (lambda: stats.sem([1], nan_policy="x"), ValueError, "sem: nan_policy must be"),
        (lambda: stats.gaussian_kde([1.0]), ValueError, "dataset must have several numbers"),
        (lambda: stats.gaussian_kde([1.0, 2.0], "x"), ValueError, "bw_method must be 'scott'"),
        (
            lambda: stats.gaussian_kde([1.0, 2.0])(np.ones((2, 3))),
            ValueError,
            r"points must be of 1 dimensions; got shape \(2, 3\)",
        ),
    ],
)
def test_errors(call, error, match):
    with pytest.raises(error, match=match) as e:
        call()
    assert "test_stats.py" in str(e.value)
