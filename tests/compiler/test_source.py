"""What the generated source promises."""

import gc
import linecache

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp


def test_run_time_errors_name_the_users_line():
    f = fgrad.jit(lambda x, i: fnp.sin(x)[i] * 2)
    with pytest.raises(IndexError, match=r"out of bounds[^\0]*test_source.py"):
        f(np.arange(3.0), 7)
    assert f(np.arange(3.0), 1) == np.sin(1.0) * 2


def test_each_line_of_the_source_has_its_own_line_of_the_user():
    def f(x, i, j):
        a = fnp.sin(x)[i]
        b = fnp.cos(x)
        c = b[j]
        return a * c

    x, first = np.arange(3.0), f.__code__.co_firstlineno
    compiled = fgrad.jit(f)
    for args, line in (((x, 7, 0), 1), ((x, 0, 7), 3)):
        with pytest.raises(IndexError, match=rf"test_source.py:{first + line} "):
            compiled(*args)
    large = np.ones(100_000)  # here a function for the loop stands before the program
    g = fgrad.jit(lambda x, i: fnp.sin(fnp.cos(x))[i])
    with pytest.raises(
        IndexError, match=rf"test_source.py:{g.__wrapped__.__code__.co_firstlineno} "
    ):
        g(large, 100_000)


def test_floating_point_errors_name_the_users_line():
    f = fgrad.jit(lambda x, y: x / y)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="test_source.py"):
        f(np.ones(3), np.zeros(3))


def test_only_what_would_be_shared_is_copied():
    def copies(f, *args):
        return fgrad.jit(f).lower(*args).source.count("copy(")

    x = np.arange(4.0)
    assert copies(lambda x: fnp.sin(x), x) == 0
    assert copies(lambda x: (fnp.sin(x), x), x) == 1
    assert copies(lambda x: (lambda y: (y, y))(fnp.sin(x)), x) == 1
    assert copies(lambda x: (x, x), 2.0) == 0  # numbers cannot be changed


def test_reductions_are_calls_of_the_ufunc_itself():
    x = np.arange(12).reshape(3, 4)
    lax = fgrad.lax
    reductions = {
        "add": fnp.sum, "multiply": fnp.prod, "maximum": fnp.max, "minimum": fnp.min,
        "bitwise_and": lambda x: lax.reduce_and(x, (0, 1)),
        "bitwise_or": lambda x: lax.reduce_or(x, (0, 1)),
        "bitwise_xor": lambda x: lax.reduce_xor(x, (0, 1)),
    }  # fmt: skip
    for name, reduction in reductions.items():
        f = fgrad.jit(reduction)
        assert f"{name}_reduce(a0, None" in f.lower(x).source
        assert f(x) == getattr(np, name).reduce(x, None)


def test_expressions_are_the_shortest_that_python_has():
    x, y = np.arange(6.0).reshape(2, 3), np.float64(2.0)
    assert "matmul(a0.T, a0)" in fgrad.jit(lambda x: x.T @ x).lower(x).source
    assert "= a0 // 2.0" in fgrad.jit(lambda y: y // 2.0).lower(y).source
    # on Python numbers alone the operator would raise where NumPy does not
    assert "floor_divide(" in fgrad.jit(lambda y: y // 2.0).lower(2.0).source


def test_lines_of_forgotten_programs_are_forgotten():
    def count():
        gc.collect()
        fgrad.jit(lambda x: x + 1)(1.0)  # at a compilation, for linecache may be at work before
        return sum(name.startswith("<fgrad") for name in linecache.cache)

    before = count()
    for n in range(1, 20):
        fgrad.jit(lambda x: x * 2 + 1)(np.ones(n))
    assert count() <= before + 1


def test_a_program_that_dies_leaves_linecache_alone():
    """It may die while `linecache.checkcache` goes through the entries."""
    f = fgrad.jit(lambda x: x * 3)
    f(np.ones(2))
    gc.collect()
    before = set(linecache.cache)
    del f
    gc.collect()
    assert set(linecache.cache) == before


def test_a_checkpointed_program_is_compiled_apart():
    f = fgrad.checkpoint(lambda x: fnp.sin(fnp.sin(x)).sum())
    x = np.linspace(0, 1, 5)
    g = fgrad.jit(fgrad.grad(f))
    assert "checkpoint(" in g.lower(x).source
    np.testing.assert_allclose(g(x), np.cos(np.sin(x)) * np.cos(x), rtol=1e-12)
