"""Loops and choices inside one another, and inside other programs."""

import numpy as np

import fgrad
import fgrad.numpy as fnp
from fgrad.lax import cond, fori_loop, scan
from tests.harness import assert_same

X = np.array([0.74])


def test_a_loop_over_constants_inside_a_loop():
    """It is taken out of the outer loop, and runs while that one is compiled."""
    inside = lambda c: scan(lambda c, _: (fnp.sin(c), c), c, length=1)[1]
    run = lambda x: scan(lambda c, x: (fnp.sin(c), inside(X)), x, x)
    last, rows = run(X)
    assert_same(last, np.sin(X))
    assert_same(rows, X[None, None])
    assert_same(fgrad.jit(run)(X), (last, rows))


def test_values_of_an_inner_loop_are_no_tangents():
    """A nonlinear operation may read them where the outer loop is transposed."""

    @fgrad.checkpoint
    def f(x):
        steps = lambda c, _: (fnp.sin(c), fori_loop(0, 2, lambda i, c: fnp.sin(c), c))
        rows = scan(steps, x, length=2)[1]
        return scan(lambda c, r: (c * fnp.cos(r), None), x, rows)[0]

    x, h = np.float64(0.7), 1e-6
    assert_same(fgrad.grad(f)(x), (f(x + h) - f(x - h)) / (2 * h), scale=100)


def test_a_choice_that_depends_on_the_step():
    """What its branches give is no constant of the loop, even if neither reads its operands."""
    f = lambda x: scan(
        lambda c, i: (c * cond(i > 0, lambda x: x * x, lambda x: 2 * x, x), None), x, np.arange(3)
    )[0]
    assert_same(f(0.5), 0.5 * 1.0 * 0.25 * 0.25)
    assert_same(fgrad.grad(f)(0.5), 2 * 6 * 0.5**5)
