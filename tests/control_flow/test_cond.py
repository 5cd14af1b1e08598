"""cond and switch against JAX."""

import jax
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.core.avals import float0
from fgrad.lax import cond, switch
from tests.harness import assert_same, assert_traced_well, assert_vmap_is_the_loop
from tests.jax_suite import Row, suite


def two(lib, x, y):
    return lib.lax.cond(
        x.sum() > 0, lambda x, y: (lib.numpy.sin(x) * y, x), lambda x, y: (x * x, 2 * y), x, y
    )


def other(lib, x, y):
    return two(lib, -x, y)


def closures(lib, x, y):
    z = lib.numpy.exp(x)
    return lib.lax.cond(x[0] > 0, lambda: z * y, lambda: lib.numpy.cos(y) * z * x)


def one_differentiable(lib, x, y):
    """In one branch the result does not depend on the operands."""
    return lib.lax.cond(
        x[0] * y[0] > 0, lambda x: (x * y, y), lambda x: (np.ones(3, x.dtype), x), x
    )


def one_of_each(lib, x, y):
    index = (x[0] > 0).astype(np.int32) + (y[0] > 0).astype(np.int32)
    branches = [lambda x: x * y, lambda x: lib.numpy.sin(x) + y, lambda x: lib.numpy.exp(x * x)]
    return lib.lax.switch(index, branches, x)


def out_of_range(lib, x):
    pick = lambda i: lib.lax.switch(i, [lambda x: x, lambda x: 2 * x, lambda x: x**3], x)
    return pick(-5), pick(7)


def nested(lib, x, y):
    inner = lambda x: lib.lax.cond(x[1] > 0, lambda x: x * y, lambda x: lib.numpy.sin(x), x)
    return lib.lax.cond(x[0] > 0, inner, lambda x: inner(-x) * x, x)


def rematerialized(lib, x, y):
    f = lib.checkpoint(
        lambda x, y: lib.lax.cond(x[0] > 0, lambda: x * y, lambda: lib.numpy.sin(x * y))
    )
    return f(x, y)


def loop_inside(lib, x, y):
    run = lambda x: lib.lax.scan(lambda c, r: (c * r + y[0], c), x[0], x)[1]
    return lib.lax.cond(x.sum() > 0, run, lambda x: x, x)


ROWS = [
    Row("two", two, (3,), (3,)),
    Row("other", other, (3,), (3,)),
    Row("closures", closures, (3,), (3,)),
    Row("one-differentiable", one_differentiable, (3,), (3,), dtypes=("float64",)),
    Row("switch", one_of_each, (3,), (3,)),
    Row("out-of-range", out_of_range, (3,)),
    Row("nested", nested, (3,), (3,)),
    Row("rematerialized", rematerialized, (3,), (3,)),
    Row("loop-inside", loop_inside, (3,), (3,)),
]

test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("seed", range(4))
def test_compiled(row, seed):
    args = row.arrays("float64", seed)

    def total(*xs):
        return sum((leaf * leaf).sum() for leaf in jax.tree.leaves(row.program(fgrad, *xs)))

    numbers = tuple(range(len(args)))
    both = fgrad.value_and_grad(total, numbers)
    assert_same(fgrad.jit(both)(*args), both(*args), scale=10)
    second = lambda *xs: fgrad.jvp(fgrad.grad(total, numbers), xs, xs)[1]
    assert_same(fgrad.jit(second)(*args), second(*args), scale=100)


def test_one_branch_runs():
    """The other may be undefined there, and its derivative too."""
    f = lambda x: cond(x > 0, fnp.sqrt, lambda x: -x, x)
    with np.errstate(all="raise"):
        for g in (f, fgrad.grad(f), fgrad.jit(fgrad.grad(f))):
            assert np.isfinite([g(4.0), g(-3.0), g(0.0)]).all()


def test_both_branches_are_traced_once():
    seen = []
    f = fgrad.jit(lambda x: cond(x > 0, lambda: seen.append(1) or x, lambda: seen.append(2) or -x))
    f(1.0), f(-1.0)
    assert seen == [1, 2]


def test_vmap_of_the_predicate():
    f = lambda p, x: cond(p, lambda x: fnp.sin(x), lambda x: x * 2, x)
    draws = [(np.bool_(True), np.arange(3.0)), (np.bool_(False), np.ones(3))]
    for axes in ((0, 0), (0, None), (None, 0)):
        assert_vmap_is_the_loop(f, draws, axes)
    g = fgrad.vmap(fgrad.grad(lambda x: f(x > 0.5, x)))
    np.testing.assert_allclose(g(np.array([0.0, 1.0])), [2.0, np.cos(1.0)])
    h = lambda i, x: switch(i, [lambda x: x, lambda x: x**2, lambda x: x**3], x)
    np.testing.assert_allclose(fgrad.vmap(h)(np.array([-1, 1, 9]), np.full(3, 2.0)), [2, 4, 8])


def test_weak_results_join():
    assert cond(True, lambda: 1, lambda: 2.5) == 1.0
    assert cond(False, lambda: np.float32(1), lambda: 2.5).dtype == np.float32


def test_results_own_their_memory():
    x = np.ones(3)
    a, b = cond(True, lambda x: (x, x), lambda x: (x, x), x)
    assert not np.shares_memory(a, x) and not np.shares_memory(a, b)
    a, b = fgrad.jit(lambda x: cond(x[0] > 0, lambda x: (x, x), lambda x: (x, x), x))(x)
    assert not np.shares_memory(a, x) and not np.shares_memory(a, b)


def test_numbers_are_predicates():
    assert cond(2, lambda: 1.0, lambda: 0.0) == 1.0
    assert cond(0.0, lambda: 1.0, lambda: 0.0) == 0.0


def test_without_jit():
    with fgrad.disable_jit():
        assert cond(True, lambda x: x + float(x), lambda x: 1 / 0, 2.0) == 4.0
        assert switch(5, [lambda: 1, lambda: 2]) == 2


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: cond(True, lambda: 1.0, lambda: (1.0,)), TypeError, "same structure"),
        (
            lambda: cond(True, lambda x: x, lambda x: x.astype(np.float32), np.ones(3)),
            TypeError,
            r"same types: <lambda> gives f64\[3\], <lambda> gives f32\[3\]",
        ),
        (
            lambda: cond(True, lambda x: {"a": x}, lambda x: {"a": x[:2]}, np.ones(3)),
            TypeError,
            r"\['a'\][^\0]*f64\[2\]",
        ),
        (lambda: cond(np.ones(3) > 0, lambda: 1, lambda: 2), TypeError, r"got bool\[3\]"),
        (lambda: cond(True, 1.0, lambda: 2), TypeError, "expected a function"),
        (lambda: switch(0.5, [lambda: 1, lambda: 2]), TypeError, "index must be an integer"),
        (lambda: switch(0, []), ValueError, "at least one branch"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=rf"{text}[^\0]*test_cond.py"):
        call()


@pytest.mark.parametrize("wrap", [lambda f: f, fgrad.jit], ids=["eager", "jit"])
def test_branches_without_a_derivative(wrap):
    f = wrap(lambda x: cond(x[0] > 0, lambda x: x[0] > 1, lambda x: x[1] > 1, x))
    value, push = fgrad.linearize(f, np.array([2.0, 0.0]))
    assert value and push(np.ones(2)).dtype == float0
    g = wrap(lambda x: cond(x[0] > 0, lambda x: fnp.ones(2), lambda x: fnp.zeros(2), x))
    value, push = fgrad.linearize(g, np.array([2.0, 0.0]))
    assert_same((value, push(np.ones(2))), (np.ones(2), np.zeros(2)))


@pytest.mark.parametrize("pred", [True, False])
def test_branches_that_give_python_numbers_meet_in_the_wider_kind(pred):
    for a, b in ((1, 2.5), (2.5, 1), (1, 2j), (1.5, 2j)):
        got = cond(np.bool_(pred), lambda x, a=a: a, lambda x, b=b: b, 0.0)
        assert np.result_type(got) == np.result_type(type(a + b))
        assert got == (a if pred else b)


@pytest.mark.parametrize("x", [2.0, -2.0])
def test_branches_keep_python_numbers_for_their_derivatives(x):
    f = lambda x: cond(x > 0, lambda x: fnp.sin(x) * x, lambda x: x * x * x, x)
    want = np.sin(x) + x * np.cos(x) if x > 0 else 3 * x * x
    for g in (fgrad.grad(f), fgrad.jit(fgrad.grad(f))):
        assert g(x) == pytest.approx(want)
    assert_traced_well(fgrad.grad(f), x)
