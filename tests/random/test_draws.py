"""Every draw is JAX's: bits, integers and uniform numbers to the last bit, the others within a few
units in the last place, where JAX's own logarithms and `erf_inv` allow.
"""

import functools
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest

import fgrad

SHAPE = (3, 8)
UINTS = ("uint8", "uint16", "uint32", "uint64")
INTS = ("int8", "int16", "int32", "int64", *UINTS)
FLOATS = ("float32", "float64")


class Row(NamedTuple):
    """A draw, and how far from JAX's it may be, in units in the last place of the largest number.

    XLA's log1p of float64 is off by 128 of them, and with it whatever is drawn by it.
    """

    name: str
    draw: Any
    ulps: float = 0


def _rows():
    yield Row("key_data", lambda r, k: r.key_data(k))
    yield Row("split", lambda r, k: r.key_data(r.split(k, (2, 3))))
    yield Row("split many", lambda r, k: r.key_data(r.split(k, 9)))
    yield Row("fold_in", lambda r, k: r.key_data(r.fold_in(k, 2**31 + 5)))
    yield Row("clone", lambda r, k: r.key_data(r.clone(k)))
    yield Row("raw", lambda r, k: r.normal(r.key_data(k), SHAPE, "float32"), 4)
    yield Row("raw split", lambda r, k: r.split(r.key_data(k)))
    for d in UINTS:
        yield Row(f"bits {d}", lambda r, k, d=d: r.bits(k, SHAPE, d))
    yield Row("randint", lambda r, k: r.randint(k, SHAPE, 3, 91))
    yield Row("rademacher", lambda r, k: r.rademacher(k, SHAPE))
    for d in INTS:
        info = np.iinfo(d)
        wide = np.arange(8) - 20, np.arange(8) ** 2
        yield Row(f"randint arrays {d}", lambda r, k, d=d, w=wide: r.randint(k, SHAPE, *w, d))
        ends = int(info.min), min(int(info.max) + 1, 2**63 - 1)
        yield Row(f"randint ends {d}", lambda r, k, d=d, e=ends: r.randint(k, SHAPE, *e, d))
    for d in ("float16", *FLOATS):
        bounds = np.linspace(-3, 2, 8), np.linspace(2.0, 4, 8)
        yield Row(f"uniform {d}", lambda r, k, d=d: r.uniform(k, SHAPE, d))
        # XLA takes a processor's own half precision where there is one, and rounds oftener then
        ulps = 2 if d == "float16" else 0
        yield Row(f"uniform range {d}", lambda r, k, d=d: r.uniform(k, SHAPE, d, -3.3, 7.1), ulps)
        yield Row(
            f"uniform ranges {d}", lambda r, k, d=d, b=bounds: r.uniform(k, SHAPE, d, *b), ulps
        )
        yield Row(f"scalar {d}", lambda r, k, d=d: r.uniform(k, (), d))
        yield Row(f"normal {d}", lambda r, k, d=d: r.normal(k, SHAPE, d), 32)
    for d in FLOATS:
        yield from _of_dtype(d, np.dtype(d).type)
    for d in ("complex64", "complex128"):
        yield Row(f"normal {d}", lambda r, k, d=d: r.normal(k, SHAPE, d), 32)
        yield Row(f"orthogonal {d}", lambda r, k, d=d: r.orthogonal(k, 4, (2,), d), 64)
    table = np.arange(60.0).reshape(4, 15)
    yield Row("permutation", lambda r, k: r.permutation(k, 2000))
    yield Row("permutation rows", lambda r, k: r.permutation(k, table, 1))
    yield Row("permutation each", lambda r, k: r.permutation(k, table, 1, independent=True))
    yield Row("choice", lambda r, k: r.choice(k, table, (2, 3), axis=1))
    yield Row("choice once", lambda r, k: r.choice(k, table, (2, 3), replace=False, axis=1))
    yield Row("choice of int", lambda r, k: r.choice(k, 9, (4,)))
    for mean in (0.5, 9.9, 10.0, 40.0):  # for much larger ones float32 decides otherwise at times
        yield Row(f"poisson {mean}", lambda r, k, m=mean: r.poisson(k, m, SHAPE))
    odd = np.array([0.0, np.nan, 5.0, -1.0, 20.0])
    yield Row("poisson int8", lambda r, k: r.poisson(k, odd, (4, 5), "int8"))
    n = np.array([-1, np.nan, 5, np.inf, 20.5, 20, 20, 20, 20, 20, 0])
    p = np.array([0.5, 0.5, 0.5, 0.5, 0.5, np.nan, -0.1, 1.1, 0, 1, 0.5])
    yield Row("binomial odd", lambda r, k: r.binomial(k, n, p))


# The others are made of these; JAX takes half a second to compile each.
IN_BOTH = {
    "truncated_normal", "lognormal", "rayleigh", "triangular", "wald", "bernoulli", "geometric",
    "categorical", "gamma", "t", "choice p once",
}  # fmt: skip


def _of_dtype(d, number):
    """The rows of a dtype; `number` makes numbers of it."""
    for name, ulps in (
        ("exponential", 128), ("cauchy", 4), ("laplace", 128), ("logistic", 128), ("gumbel", 8),
        ("maxwell", 32),
    ):  # fmt: skip
        yield Row(f"{name} {d}", lambda r, k, n=name: getattr(r, n)(k, SHAPE, d), ulps)
    for mode in ("high", "highest"):
        yield Row(f"gumbel {mode} {d}", lambda r, k, m=mode: r.gumbel(k, SHAPE, d, mode=m), 128)
    one, two, third = number(1), number(2), number(0.3)
    logits = np.linspace(-1, 1, 20).reshape(4, 5).astype(d)
    weights = (np.arange(20.0) / 190).astype(d)
    mean, cov = np.arange(3.0).astype(d), (np.eye(3) + 0.5).astype(d)
    alpha = np.array([0.5, 1, 2], d)
    around = np.linspace(0.05, 5, 8).astype(d)
    trials = (10.0 ** np.arange(8)).astype(d)
    everything = {
        "truncated_normal": (lambda r, k: r.truncated_normal(k, -1.5, 2.0, SHAPE, d), 32),
        "lognormal": (lambda r, k: r.lognormal(k, 0.5, SHAPE, d), 32),
        "pareto": (lambda r, k: r.pareto(k, two, SHAPE, d), 128),
        "rayleigh": (lambda r, k: r.rayleigh(k, two, SHAPE, d), 4),
        "weibull_min": (lambda r, k: r.weibull_min(k, two, 1.5, SHAPE, d), 128),
        "triangular": (lambda r, k: r.triangular(k, -1.0, 0.5, 2.0, SHAPE, d), 2),
        "wald": (lambda r, k: r.wald(k, two, SHAPE, d), 256),
        "double_sided_maxwell": (lambda r, k: r.double_sided_maxwell(k, 0.5, 2.0, SHAPE, d), 32),
        "orthogonal": (lambda r, k: r.orthogonal(k, 5, (3,), d, 7), 64),
        "multivariate_normal": (lambda r, k: r.multivariate_normal(k, mean, cov, (9,), d), 32),
        "bernoulli": (lambda r, k: r.bernoulli(k, third, SHAPE), 0),
        "bernoulli high": (lambda r, k: r.bernoulli(k, third, SHAPE, mode="high"), 0),
        "geometric": (lambda r, k: r.geometric(k, third, SHAPE), 0),
        "categorical": (lambda r, k: r.categorical(k, logits, 0, (6, 5)), 0),
        "categorical once": (
            lambda r, k: r.categorical(k, logits, 1, (3, 4), replace=False), 0
        ),
        "choice p": (lambda r, k: r.choice(k, np.arange(20), (30,), True, weights), 0),
        "choice p once": (lambda r, k: r.choice(k, np.arange(20), (9,), False, weights), 0),
        "gamma": (lambda r, k: r.gamma(k, around, SHAPE, d), 64),
        "loggamma": (lambda r, k: r.loggamma(k, around / 50, SHAPE, d), 64),
        "beta": (lambda r, k: r.beta(k, third, two, SHAPE, d), 256),
        "dirichlet": (lambda r, k: r.dirichlet(k, alpha, (5,), d), 256),
        "chisquare": (lambda r, k: r.chisquare(k, two, SHAPE, d), 64),
        "f": (lambda r, k: r.f(k, two, one, SHAPE, d), 256),
        "t": (lambda r, k: r.t(k, two, SHAPE, d), 64),
        "generalized_normal": (lambda r, k: r.generalized_normal(k, 3.0, SHAPE, d), 64),
        "ball": (lambda r, k: r.ball(k, 3, 2.0, SHAPE, d), 64),
        "binomial": (lambda r, k: r.binomial(k, trials, third, SHAPE, d), 0),
        "multinomial": (
            lambda r, k: r.multinomial(k, number(1000), np.array([0.2, 0.3, 0.5], d)), 0
        ),
    }  # fmt: skip
    for name, (draw, ulps) in everything.items():
        if d == "float64" or name in IN_BOTH:
            yield Row(f"{name} {d}", draw, ulps)


ROWS = list(_rows())
SEEDS = (0, 2**40 + 7)


@functools.cache
def answers():
    """What JAX draws by the key of each seed, in one program, compiled quickly."""

    def everything(key):
        return [row.draw(jax.random, key) for row in ROWS]

    options = {"xla_backend_optimization_level": 1, "xla_llvm_disable_expensive_passes": True}
    compiled = jax.jit(everything, compiler_options=options)
    return list(zip(*(compiled(jax.random.key(seed)) for seed in SEEDS), strict=True))


def assert_within(got, want, ulps):
    """Equal dtype and shape, and numbers within units in the last place of the largest."""
    got = np.asarray(got)
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    if ulps == 0:
        np.testing.assert_array_equal(got, want)
        return
    part = np.zeros(0, want.dtype).real.dtype
    finite = np.abs(want[np.isfinite(want)])
    size = np.spacing(finite.max(initial=1).astype(part))
    np.testing.assert_allclose(got, want, rtol=ulps * np.finfo(part).eps, atol=ulps * size)


every = pytest.mark.parametrize("i", range(len(ROWS)), ids=[row.name for row in ROWS])


@every
def test_the_draws_are_those_of_jax(i):
    for seed, want in zip(SEEDS, answers()[i], strict=True):
        got = ROWS[i].draw(fgrad.random, fgrad.random.key(seed))
        assert_within(got, np.asarray(want), ROWS[i].ulps)


@every
def test_vmap_of_keys_is_the_loop_and_jit_is_eager(i):
    keys = fgrad.vmap(fgrad.random.key)(np.array(SEEDS))
    draw = functools.partial(ROWS[i].draw, fgrad.random)
    want = np.stack([draw(k) for k in keys])
    got = fgrad.vmap(draw)(keys)
    assert_within(got, want, 8 * (want.dtype.kind in "fc"))
    assert_within(fgrad.jit(draw)(keys[0]), want[0], 8 * (want.dtype.kind in "fc"))
    assert_within(fgrad.jit(fgrad.vmap(draw))(keys), want, 8 * (want.dtype.kind in "fc"))
