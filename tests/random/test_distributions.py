"""What is drawn has the distribution that its name says: moments, bounds, laws."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import fgrad
from fgrad import random

COUNT = 20_000
KEY = random.key(11)
EULER = float(np.euler_gamma)
# name, draw, mean, variance
MOMENTS = [
    ("uniform", lambda k, s: random.uniform(k, s, minval=-1, maxval=3), 1, 16 / 12),
    ("randint", lambda k, s: random.randint(k, s, -2, 5), 1, 48 / 12),
    ("bernoulli", lambda k, s: random.bernoulli(k, 0.3, s), 0.3, 0.21),
    ("bernoulli high", lambda k, s: random.bernoulli(k, 0.3, s, mode="high"), 0.3, 0.21),
    ("rademacher", lambda k, s: random.rademacher(k, s), 0, 1),
    ("normal", random.normal, 0, 1),
    ("lognormal", lambda k, s: random.lognormal(k, 0.5, s), math.exp(1 / 8),
     (math.exp(1 / 4) - 1) * math.exp(1 / 4)),
    ("truncated_normal", lambda k, s: random.truncated_normal(k, -2, 2, s), 0, 0.7737413),
    ("maxwell", random.maxwell, 2 * math.sqrt(2 / math.pi), 3 - 8 / math.pi),
    ("double_sided_maxwell", lambda k, s: random.double_sided_maxwell(k, 1.0, 2.0, s), 1, 12),
    ("wald", lambda k, s: random.wald(k, 0.5, s), 0.5, 0.125),
    ("exponential", random.exponential, 1, 1),
    ("laplace", random.laplace, 0, 2),
    ("logistic", random.logistic, 0, math.pi**2 / 3),
    ("gumbel", random.gumbel, EULER, math.pi**2 / 6),
    ("gumbel high", lambda k, s: random.gumbel(k, s, mode="high"), EULER, math.pi**2 / 6),
    ("gumbel highest", lambda k, s: random.gumbel(k, s, "float32", mode="highest"), EULER,
     math.pi**2 / 6),
    ("pareto", lambda k, s: random.pareto(k, 6.0, s), 6 / 5, 6 / (25 * 4)),
    ("rayleigh", lambda k, s: random.rayleigh(k, 2.0, s), math.sqrt(2 * math.pi),
     (4 - math.pi) * 2),
    ("weibull_min", lambda k, s: random.weibull_min(k, 2.0, 1.5, s), 2 * math.gamma(5 / 3),
     4 * (math.gamma(7 / 3) - math.gamma(5 / 3) ** 2)),
    ("triangular", lambda k, s: random.triangular(k, 0.0, 1.0, 3.0, s), 4 / 3, 7 / 18),
    ("geometric", lambda k, s: random.geometric(k, 0.3, s), 1 / 0.3, 0.7 / 0.09),
    ("gamma", lambda k, s: random.gamma(k, 2.5, s), 2.5, 2.5),
    ("gamma below one", lambda k, s: random.gamma(k, 0.3, s), 0.3, 0.3),
    ("loggamma", lambda k, s: fgrad.numpy.exp(random.loggamma(k, 0.3, s)), 0.3, 0.3),
    ("beta", lambda k, s: random.beta(k, 2.0, 3.0, s), 0.4, 0.04),
    ("dirichlet", lambda k, s: random.dirichlet(k, np.array([1.0, 2, 3]), s)[:, 2], 0.5, 1 / 28),
    ("chisquare", lambda k, s: random.chisquare(k, 3.0, s), 3, 6),
    ("f", lambda k, s: random.f(k, 5.0, 12.0, s), 1.2, 2 * 144 * 15 / (5 * 100 * 8)),
    ("t", lambda k, s: random.t(k, 8.0, s), 0, 8 / 6),
    ("generalized_normal", lambda k, s: random.generalized_normal(k, 2.0, s), 0, 0.5),
    ("ball", lambda k, s: random.ball(k, 3, shape=s)[:, 0], 0, 0.2),
    ("poisson", lambda k, s: random.poisson(k, 3.0, s), 3, 3),
    ("poisson above ten", lambda k, s: random.poisson(k, 30.0, s), 30, 30),
    ("binomial", lambda k, s: random.binomial(k, 10, 0.3, s), 3, 2.1),
    ("binomial by rejection", lambda k, s: random.binomial(k, 100, 0.7, s), 70, 21),
    ("multinomial", lambda k, s: random.multinomial(k, 10.0, np.array([0.2, 0.3, 0.5]),
                                                    shape=(*s, 3))[:, 1], 3, 2.1),
    ("orthogonal", lambda k, s: random.orthogonal(k, 2, s)[:, 0, 1], 0, 0.5),
    ("multivariate_normal",
     lambda k, s: random.multivariate_normal(k, np.ones(2), np.diag([1.0, 4.0]), s)[:, 1], 1, 4),
    ("categorical", lambda k, s: random.categorical(k, np.log([0.3, 0.7]), shape=s), 0.7, 0.21),
    ("choice", lambda k, s: random.choice(k, np.array([0, 1.0]), s, p=np.array([0.3, 0.7])), 0.7,
     0.21),
]  # fmt: skip


@pytest.mark.parametrize(("name", "draw", "mean", "variance"), MOMENTS, ids=[m[0] for m in MOMENTS])
def test_mean_and_variance(name, draw, mean, variance):
    """Within five standard errors; that of the variance by the fourth moment of the draws."""
    x = np.asarray(draw(KEY, (COUNT,)), float)
    assert abs(x.mean() - mean) < 5 * math.sqrt(variance / COUNT)
    fourth = np.mean((x - x.mean()) ** 4)
    assert abs(x.var() - variance) <= 5 * math.sqrt(max(fourth - variance**2, 1e-12) / COUNT)


def test_cauchy_numbers_have_their_quartiles():
    x = random.cauchy(KEY, (COUNT,))
    np.testing.assert_allclose(np.quantile(x, [0.25, 0.5, 0.75]), [-1, 0, 1], atol=0.06)


def test_bits_are_even():
    bits = np.unpackbits(random.bits(KEY, (COUNT,), "uint64").view(np.uint8))
    ones = bits.reshape(COUNT, 64).mean(axis=0)
    assert abs(ones - 0.5).max() < 5 * 0.5 / math.sqrt(COUNT)


def test_covariance():
    cov = np.array([[2.0, 0.6, 0], [0.6, 1, -0.3], [0, -0.3, 0.5]])
    for method in ("cholesky", "eigh", "svd"):
        x = random.multivariate_normal(KEY, np.zeros(3), cov, (COUNT,), method=method)
        np.testing.assert_allclose(np.cov(x.T), cov, atol=0.1)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize(("n", "m"), [(3, 3), (2, 4), (4, 2), (1, 1)])
def test_orthogonal_matrices_are(n, m, dtype):
    q = random.orthogonal(KEY, n, (5,), dtype, m)
    assert q.shape == (5, n, m)
    assert q.dtype == dtype
    product = q @ q.conj().mT if n <= m else q.conj().mT @ q
    np.testing.assert_allclose(
        product, np.broadcast_to(np.eye(min(n, m)), product.shape), atol=1e-14
    )


def test_balls_and_their_surfaces():
    for p in (1, 2, 5.0):
        x = random.ball(KEY, 4, p, (1000,))
        length = (np.abs(x) ** p).sum(axis=-1)
        assert length.max() <= 1
        # the p-th power of the norm is a beta number
        np.testing.assert_allclose(length.mean(), (4 / p) / (4 / p + 1), atol=0.05)


# -- drawn arguments -----------------------------------------------------------------------------

seeds = st.integers(0, 2**63 - 1)
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


@given(seed=seeds, dtype=st.sampled_from(INTEGERS), data=st.data())
def test_integers_are_within_their_bounds(seed, dtype, data):
    info = np.iinfo(dtype)
    bound = st.integers(max(int(info.min), -(2**63)), min(int(info.max), 2**63 - 1))
    low, high = data.draw(bound), data.draw(bound)
    x = random.randint(random.key(seed), (50,), low, high, dtype)
    assert x.dtype == dtype
    if low < high:
        assert x.min() >= low
        assert x.max() < high
    else:
        assert (x == low).all()


@given(
    seed=seeds, dtype=st.sampled_from(["float16", "float32", "float64"]),
    low=st.integers(-50, 50), width=st.integers(1, 100),
)  # fmt: skip
def test_uniform_numbers_are_within_their_bounds(seed, dtype, low, width):
    x = random.uniform(random.key(seed), (50,), dtype, low, low + width)
    assert x.min() >= low
    assert x.max() <= low + width  # which rounding may give
    unit = random.uniform(random.key(seed), (50,), dtype)
    assert unit.min() >= 0
    assert unit.max() < 1


shapes = st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple)


@given(seed=seeds, shape=shapes, independent=st.booleans(), data=st.data())
def test_permutations_keep_what_they_permute(seed, shape, independent, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = np.arange(math.prod(shape)).reshape(shape)
    got = random.permutation(random.key(seed), x, axis, independent)
    assert got.shape == shape
    np.testing.assert_array_equal(np.sort(got, axis=axis), x)
    if not independent:  # whole rows move
        rows = np.moveaxis(got, axis, 0).reshape(shape[axis], -1)
        assert sorted(rows.tolist()) == np.moveaxis(x, axis, 0).reshape(shape[axis], -1).tolist()


@given(seed=seeds, shape=shapes, replace=st.booleans(), weighted=st.booleans(), data=st.data())
def test_choices_are_of_what_there_is(seed, shape, replace, weighted, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    n = shape[axis]
    count = data.draw(st.integers(1, 4 if replace else n))
    x = np.arange(math.prod(shape)).reshape(shape)
    p = np.arange(1.0, n + 1) if weighted else None
    got = random.choice(random.key(seed), x, (count,), replace, p, axis)
    place = axis % len(shape)
    assert got.shape == (*shape[:place], count, *shape[place + 1 :])
    rows = np.moveaxis(x, place, 0).reshape(n, -1).tolist()
    chosen = [rows.index(r) for r in np.moveaxis(got, place, 0).reshape(count, -1).tolist()]
    if not replace:
        assert len(set(chosen)) == count


@given(seed=seeds, p=st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=2, max_size=6))
def test_what_has_no_probability_is_not_chosen(seed, p):
    p = np.array(p)
    if not p.any():
        return
    key, possible = random.key(seed), np.flatnonzero(p)
    assert np.isin(random.choice(key, len(p), (20,), p=p / p.sum()), possible).all()
    once = random.choice(key, len(p), (len(possible),), False, p / p.sum())
    assert sorted(once) == possible.tolist()
    logits = np.log(np.maximum(p, 1e-300))
    assert np.isin(random.categorical(key, logits, shape=(20,)), possible).all()


@given(seed=seeds, n=st.integers(0, 60), p=st.floats(0, 1))
def test_counts_are_possible(seed, n, p):
    key = random.key(seed)
    x = random.binomial(key, n, p, (20,))
    assert ((x >= 0) & (x <= n) & (x == np.floor(x))).all()
    split = random.multinomial(key, n, np.array([p, 1 - p, 0.5]), shape=(4, 3))
    np.testing.assert_array_equal(split.sum(axis=-1), n)
    assert (random.poisson(key, n * p, (20,)) >= 0).all()
