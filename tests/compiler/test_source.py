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


def test_lines_of_forgotten_programs_are_forgotten():
    def count():
        gc.collect()
        return sum(name.startswith("<fgrad") for name in linecache.cache)

    before = count()
    for n in range(1, 20):
        fgrad.jit(lambda x: x * 2 + 1)(np.ones(n))
    assert count() <= before + 1


def test_a_checkpointed_program_is_compiled_apart():
    f = fgrad.checkpoint(lambda x: fnp.sin(fnp.sin(x)).sum())
    x = np.linspace(0, 1, 5)
    g = fgrad.jit(fgrad.grad(f))
    assert "checkpoint(" in g.lower(x).source
    np.testing.assert_allclose(g(x), np.cos(np.sin(x)) * np.cos(x), rtol=1e-12)
