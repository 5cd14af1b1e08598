"""Scratch memory: where it lies, that it is used again, and by how many values."""

import re

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.compiler import loops
from fgrad.compiler.buffers import Plan, Scratch
from fgrad.compiler.lower import can_write, in_place

SMALL = np.ones(1000)  # worth a buffer
LARGE = np.ones(100_000)  # worth a loop


def buffers(fun, *args):
    """The bytes of each buffer that the arrays of a compiled function live in."""
    j = fgrad.jit(fun).lower(*args).optimized.jaxpr
    plan = Plan(j, lambda eqn, out: bool(out.aval.shape) and can_write(eqn), in_place)
    return [slot.nbytes for slot in plan.slots]


def test_buffers_start_where_vector_instructions_like_it():
    views = [(i, (n,), np.dtype(float)) for i, n in enumerate((1, 5, 1000))]
    scratch = Scratch([8, 40, 8000], views)
    for _ in range(5):
        arrays = scratch.make()
        assert [a.shape for a in arrays] == [(1,), (5,), (1000,)]
        for a in arrays:
            assert a.ctypes.data % 64 == 0
            a[...] = 1.0  # it all belongs to the array
        assert not any(np.shares_memory(a, b) for a in arrays for b in arrays if a is not b)


@pytest.mark.parametrize("x", (SMALL, LARGE), ids=("small", "large"))
def test_what_is_taken_from_a_pool_is_given_back(x):
    source = fgrad.jit(lambda x: fnp.sin(x) @ fnp.sin(fnp.cos(x) * x)).lower(x).source
    assert source.count(".pop()") == source.count(".append(work)") > 0


def test_a_chain_needs_one_buffer():
    def chain(x):
        for _ in range(5):
            x = fnp.sin(x)
        return x.sum()

    assert buffers(chain, SMALL) == [8000]


def test_operations_that_cannot_work_in_place_take_turns_with_two_buffers():
    def chain(x):
        for _ in range(6):
            x = x @ x
        return x

    assert buffers(chain, np.eye(20)) == [3200, 3200]


def test_a_value_lives_as_long_as_a_view_of_it():
    def f(x):
        y = fnp.sin(x)
        view = y.reshape(20, 50)
        z = fnp.cos(x)
        z = fnp.tanh(fnp.exp(z) + z)
        return (view * z.reshape(20, 50)).sum()

    assert buffers(f, SMALL) == [8000] * 3
    np.testing.assert_allclose(fgrad.jit(f)(SMALL), f(SMALL), rtol=1e-12)


def test_a_buffer_is_not_used_for_what_is_much_smaller():
    def f(n):
        return lambda x: (fnp.sin(x).sum(), fnp.cos(x[:n]).sum())

    assert buffers(f(1000), SMALL) == buffers(f(500), SMALL) == [8000]
    assert buffers(f(400), SMALL) == [8000, 3200]


def test_blocks_fit_the_cache_together():
    for size in (40_000, 100_000, 10_000_000):
        for row in (8, 80, 800, 8000):
            for shared in (False, True):
                block = loops._block_size(size, row, shared)
                assert 0 < block <= 1 << 16
                assert block * row <= loops.CACHE or block <= 4096
                # blocks are equal, but for what does not divide
                blocks = -(-size // block)
                assert block * blocks - size < blocks


def test_the_buffers_of_a_block_count_too():
    def f(x):
        many = [fnp.sin(x * float(k)) for k in range(2, 18)]
        total = many[0]
        for y in many[1:]:
            total = fnp.maximum(y, total * y)
        return total

    low = fgrad.jit(f).lower(fgrad.ShapeDtypeStruct((1 << 22,), np.float64))
    (block,) = re.findall(r"range\(start, stop, (\d+)\)", low.source)
    arrays = set(re.findall(r"\b[xot]\d+_all", low.source))
    assert len(arrays) > 15
    assert loops.CACHE // 4 < int(block) * 8 * len(arrays) <= loops.CACHE


def test_only_long_loops_are_shared_among_threads(monkeypatch):
    def source(n):
        f = fgrad.jit(lambda x: fnp.sin(fnp.cos(x) * 2.0) + x)
        return f.lower(fgrad.ShapeDtypeStruct((n,), np.float64)).source

    monkeypatch.setattr(loops, "THREADS", 2)
    assert "run_loop(" not in source(1 << 16)
    assert "run_loop(" in source(1 << 23)
    monkeypatch.setattr(loops, "THREADS", 1)
    assert "run_loop(" not in source(1 << 23)
