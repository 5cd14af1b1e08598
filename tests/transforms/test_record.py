"""The functions that vjp and linearize give are pytrees: they leave and enter transformations."""

import jax
import numpy as np
import pytest

import fgrad
from fgrad.core.check import check_jaxpr
from tests.harness import assert_same

X = np.array([0.1, 0.5, -0.3])


def smooth(lib):
    return lambda x: lib.numpy.sum(lib.numpy.sin(x) ** 2 * 3.0 - x / 2)


def with_programs(lib):
    """A loop, a custom rule, a product, a constant output, an integer."""
    clip = lib.custom_vjp(lambda x: x)
    clip.defvjp(lambda x: (x, x), lambda x, ct: (ct * lib.numpy.cos(x),))
    step = lambda c, r: (lib.numpy.tanh(c * r + lib.numpy.outer(r, c) @ r), c.sum())

    def f(x):
        c, sums = lib.lax.scan(step, clip(x), lib.numpy.stack([x, 2 * x]))
        return {"c": c, "sums": sums, "one": 1.0}

    return f


PROGRAMS = [smooth, with_programs]
every_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)


def ones(lib, tree):
    return lib.tree.map(lib.numpy.ones_like, tree)


@every_program
def test_out_of_jit_and_into_it(program):
    def run(lib):
        value, pull = lib.jit(lambda x: lib.vjp(program(lib), x))(X)
        inside = lib.jit(lambda pull, ct: pull(ct))
        return value, pull(ones(lib, value)), inside(pull, ones(lib, value))

    got = run(fgrad)
    assert_same(got, run(jax), scale=10)
    assert_same(got[1], fgrad.vjp(program(fgrad), X)[1](ones(fgrad, got[0])), scale=10)


def test_linear_functions_too():
    def run(lib):
        value, push = lib.jit(lambda x: lib.linearize(smooth(lib), x))(X)
        return value, push(X), lib.jit(lambda push, t: push(t))(push, X)

    assert_same(run(fgrad), run(jax))


@every_program
def test_mapped(program):
    """The numbers are of all examples, as those of any other result."""
    xs = np.stack([X, 2 * X, X**2])

    def run(lib):
        values, pulls = lib.vmap(lambda x: lib.vjp(program(lib), x))(xs)
        return lib.vmap(lambda pull, ct: pull(ct))(pulls, ones(lib, values))

    assert_same(run(fgrad), run(jax), scale=10)


def test_carried_through_a_loop():
    """And differentiated: the numbers are arguments like others."""

    def run(lib):
        def f(x):
            _, pull = lib.vjp(lambda y: lib.numpy.sin(y) * y, x)
            body = lambda c, pull: (c + pull(c)[0], None)
            pulls = lib.tree.map(lambda v: lib.numpy.stack([v, 2 * v]), pull)
            return lib.numpy.sum(lib.lax.scan(body, x, pulls)[0])

        return lib.grad(f)(X)

    assert_same(run(fgrad), run(jax))


def test_a_program_is_made_once_for_functions_alike():
    calls = []

    @fgrad.jit
    def apply(pull, ct):
        calls.append(1)
        return pull(ct)

    for x in (X, 2 * X):
        _, pull = fgrad.vjp(lambda x: np.sin(x) * x, x)
        apply(pull, X)
    assert len(calls) == 1
    assert isinstance(pull, fgrad.tree_util.Partial)
    check_jaxpr(fgrad.make_jaxpr(apply)(pull, X))
    copy = fgrad.tree.map(lambda v: v, pull)
    assert_same(copy(X), pull(X))
