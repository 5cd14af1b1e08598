"""jit on arrays large enough that the compiler works on them in blocks and on several threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same

ROWS, COLUMNS = 613, 501  # no multiples of any block


def data(dtype):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, COLUMNS))
    row, column = rng.normal(size=COLUMNS), rng.uniform(0.5, 2.0, (ROWS, 1))
    return tuple(v.astype(dtype) for v in (x, row, column))


PROGRAMS = {
    "chain": lambda x, r, c: fnp.tanh(fnp.sin(x) * 2 + 1) * fnp.exp(-(x**2)),
    "broadcast": lambda x, r, c: (x + r) * c - fnp.sqrt(c) * r[None],
    "two results": lambda x, r, c: (fnp.sin(x) * r, fnp.cos(x) / c),
    "sum": lambda x, r, c: fnp.sum(fnp.exp(x * r) * c),
    "sum of rows": lambda x, r, c: fnp.sum(x * x + r, axis=1) * 2,
    "sum of columns": lambda x, r, c: fnp.sum(fnp.tanh(x) * c, axis=0) + r,
    "softmax": lambda x, r, c: (lambda e: e / fnp.sum(e, axis=1, keepdims=True))(
        fnp.exp(x - fnp.max(x, axis=1, keepdims=True))
    ),
    "variance": lambda x, r, c: fnp.var(x, axis=0) + fnp.mean(x * r),
    "transposed": lambda x, r, c: fnp.sin(x.T) + r[:, None] * x.T,
    "strided": lambda x, r, c: fnp.exp(x[::2, ::-1]) * r + x[1::2][:1],
    "select": lambda x, r, c: fnp.where((x > 0) & (x < c), x * 2, fnp.maximum(x, r)),
    "casts": lambda x, r, c: fnp.floor(x * 10).astype(int) // 3 + (x > r).astype(np.float32),
    "complex": lambda x, r, c: fnp.abs(fnp.exp(1j * x) * r) + fnp.real(x * 1j * c),
    "product": lambda x, r, c: fnp.tanh(x @ x.T + c) @ fnp.sin(x),
    "used twice": lambda x, r, c: (lambda y: (y, y * 2, fnp.sum(y)))(fnp.sin(x) + c),
    "update": lambda x, r, c: (x * 2).at[3:100].set(r).at[:, 7].add(c[:, 0]),
    "joined": lambda x, r, c: fnp.concatenate([fnp.sin(x), fnp.cos(x) * r], axis=1),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", PROGRAMS)
def test_jit_gives_the_same(name, dtype):
    f, args = PROGRAMS[name], data(dtype)
    before = [a.copy() for a in args]
    want = f(*(fnp.asarray(a) for a in args))
    g = fgrad.jit(f)
    for _ in range(2):
        got = g(*args)
        # sums of many terms in another order
        assert_same(got, want, scale=100)
    assert_same(args, tuple(before))


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_under_jit_are_the_same(name):
    args = data(np.float64)

    def loss(*args):
        outs = PROGRAMS[name](*args)
        outs = outs if isinstance(outs, tuple) else (outs,)
        return sum(fnp.mean(o * o) for o in outs)

    g = fgrad.grad(loss, (0, 1, 2))
    assert_same(fgrad.jit(g)(*args), g(*args), scale=1000)


def test_not_contiguous_inputs():
    x, row, column = data(np.float64)
    f = lambda x, r: fnp.tanh(x * 2 + r) * fnp.exp(-x)
    g = fgrad.jit(f)
    for v in (x, x.T.copy().T, x[::-1], np.asfortranarray(x), np.broadcast_to(row, x.shape)):
        assert_same(g(v, row), f(v, row), scale=10)
    wide = np.repeat(x, 2, axis=1)[:, ::2]
    assert_same(g(wide, row), f(wide, row), scale=10)


def test_one_program_in_several_threads():
    """Scratch buffers belong to one running call."""
    x, row, column = data(np.float64)
    f = fgrad.jit(lambda x, k: fnp.sum(fnp.tanh(x * k) * row, axis=0) + fnp.sin(x[0] * k))
    want = [np.sum(np.tanh(x * k) * row, axis=0) + np.sin(x[0] * k) for k in range(4)]
    failures = []

    def work(k):
        try:
            for _ in range(15):
                np.testing.assert_allclose(f(x, float(k)), want[k], rtol=1e-10, atol=1e-10)
        except BaseException as e:
            failures.append(e)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert not failures, failures[0]


def test_donated_buffers_of_large_programs():
    f = fgrad.jit(lambda w, g: (w - 0.1 * g, g * 0.9), donate_argnums=(0, 1))
    w, g = np.ones((ROWS, COLUMNS)), np.full((ROWS, COLUMNS), 2.0)
    for _ in range(3):
        w, g = f(w, g)
    np.testing.assert_allclose(w, 1 - 0.2 * (1 + 0.9 + 0.81))
    np.testing.assert_allclose(g, 2 * 0.9**3)
    assert not np.shares_memory(w, g)
