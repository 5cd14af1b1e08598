"""Every order of two transformations, and a sample of three, against JAX's same composition."""

import itertools
import random

import jax
import pytest

import fgrad
from tests.harness import assert_same, assert_traced_well
from tests.transforms import programs
from tests.transforms.programs import POINT, PROGRAMS, TRANSFORMATIONS, compose

PAIRS = list(itertools.product(TRANSFORMATIONS, repeat=2))
TRIPLES = list(itertools.product(TRANSFORMATIONS, repeat=3))


def _plain(transformations):
    """The same without what changes no number, which JAX need not compile again."""
    same = {programs.linearize: programs.jvp}
    return tuple(
        same.get(t, t) for t in transformations if t not in (programs.jit, programs.checkpoint)
    )


def orders(program):
    """All single transformations and pairs, and twelve triples that are others for each program."""
    sample = random.Random(program.__name__).sample(TRIPLES, 12)
    return [*((t,) for t in TRANSFORMATIONS), *PAIRS, *sample]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_all_orders_agree_with_jax(program):
    chosen = orders(program)
    names = sorted({_plain(t) for t in chosen}, key=repr)
    theirs = jax.jit(lambda x: [compose("jax", t, program)(x) for t in names])(POINT)
    want = dict(zip(names, theirs, strict=True))
    failures = []
    for transformations in chosen:
        w = want[_plain(transformations)]
        f = compose("fgrad", transformations, program)
        try:
            assert_same(f(POINT), w, scale=100)
            assert_same(fgrad.jit(f)(POINT), w, scale=100)
            assert_traced_well(f, POINT)
        except Exception as e:
            names = " of ".join(t.__name__ for t in transformations)
            failures.append(f"{names}: {type(e).__name__}: {e}")
    assert not failures, "\n\n".join(failures)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_laws(program):
    """jit(f) = f; checkpoint(f) = f; jvp is linear; <ct, J t> = <J' ct, t>; vmap(f) = the loop."""
    f = compose("fgrad", (), program)
    x, t, ct = fgrad.numpy.asarray(POINT), POINT[::-1] * 0.3, POINT**2
    y, tangent = fgrad.jvp(f, (x,), (t,))
    assert_same(fgrad.jit(f)(x), f(x))
    assert_same(fgrad.checkpoint(f)(x), f(x))
    assert_same(y, f(x))
    assert_same(fgrad.jvp(f, (x,), (2 * t + ct,))[1], 2 * tangent + fgrad.jvp(f, (x,), (ct,))[1])
    (pulled,) = fgrad.vjp(f, x)[1](ct)
    assert_same(pulled @ t, ct @ tangent, scale=10)
    assert_same(fgrad.linearize(f, x)[1](t), tangent)
    rows = [x, -x, 2 * x]
    stacked = fgrad.vmap(f)(fgrad.numpy.stack(rows))
    for got, row in zip(stacked, rows, strict=True):
        assert_same(got, f(row), scale=10)
    assert_same(fgrad.jacfwd(f)(x), fgrad.jacrev(f)(x), scale=10)
