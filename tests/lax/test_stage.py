"""What a value is to the transformations in force."""

import jax
import numpy as np
import pytest

import fgrad
from fgrad.core.trace import Tracer
from tests.harness import assert_same


def test_stage_gives_a_tracer_inside_of_transformations():
    """And changes nothing."""
    seen = []

    def f(x):
        one = fgrad.lax.stage(np.ones(2))
        seen.append(isinstance(one, Tracer))
        return one * x

    for transformed in (fgrad.jit(f), fgrad.vmap(f, axis_size=1), lambda x: fgrad.vjp(f, x)[0]):
        assert_same(np.squeeze(transformed(np.full(1, 3.0))), np.full(2, 3.0))
    assert seen == [True] * 3
    assert type(fgrad.lax.stage(np.ones(2))) is fgrad.Array


def test_dce_sink_keeps_what_it_is_given():
    """Under every transformation, and gives nothing."""

    def f(x):
        assert fgrad.lax.dce_sink({"unused": np.exp(x)}) is None
        return 2 * x

    x = np.arange(3.0)
    assert "exp" in fgrad.jit(f).lower(x).source
    assert "exp" in fgrad.jit(fgrad.vmap(f)).lower(x).source
    assert_same(fgrad.jit(f)(x), 2 * x)
    assert_same(fgrad.vmap(f)(x), 2 * x)
    assert_same(fgrad.jit(fgrad.grad(lambda x: f(x).sum()))(x), np.full(3, 2.0))
    assert_same(fgrad.jvp(f, (x,), (x,)), (2 * x, 2 * x))


def test_optimization_barrier_changes_nothing():
    """Under any transformation, for any pytree."""
    f = lambda x: fgrad.lax.optimization_barrier({"a": x, "b": (2 * x, 1.0)})
    x = np.arange(3.0)
    want = {"a": x, "b": (2 * x, np.float64(1.0))}
    assert_same(f(x), want)
    assert_same(fgrad.jit(f)(x), want)
    assert_same(fgrad.vmap(lambda x: f(x)["a"])(x), x)
    assert_same(fgrad.grad(lambda x: f(x)["b"][0].sum())(x), np.full(3, 2.0))


def test_the_platform_is_the_cpu():
    def f(lib, **functions):
        return lib.jit(lambda x: lib.lax.platform_dependent(x, **functions))(3.0)

    up, down = lambda x: x + 1, lambda x: x - 1
    for functions in ({"cpu": up, "tpu": down}, {"cuda": down, "default": up}):
        assert_same(f(fgrad, **functions), f(jax, **functions))
    with pytest.raises(NotImplementedError, match="wanted a function for the cpu, or default"):
        f(fgrad, tpu=down)
