"""Rows taken and added to, random numbers, contractions: functions of their own in machine code."""

import itertools

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.compiler.native import matmul
from fgrad.compiler.native.replace import implementation
from tests.compiler.native.helpers import check

R = np.random.default_rng(0)


@pytest.mark.parametrize("width", (1, 3, 16))
@pytest.mark.parametrize("dtype", ("float32", "int64"))
@pytest.mark.parametrize("index", ("int32", "uint8"))
def test_rows(width, dtype, index):
    shape = (width,) if width > 1 else ()
    table = (R.normal(size=(200, *shape)) * 9).astype(dtype)
    rows = R.integers(0, 200, 20_000).astype(index)
    rows = rows if index == "uint8" else rows - 100  # some from the end
    updates = (R.normal(size=(20_000, *shape)) * 9).astype(dtype)
    f = fgrad.jit(lambda t, u: (t[rows], t.at[rows].add(u)))
    assert "gather(" in f.lower(table, updates).source
    taken, added = f(table, updates)
    want = table.copy()
    np.add.at(want, rows, updates)
    np.testing.assert_array_equal(taken, table[rows])
    # a hundred sums in another order
    np.testing.assert_allclose(added, want, 1e-3 if dtype == "float32" else 0, 1e-2)


def test_rows_and_draws_are_machine_code():
    rows, numbers, few = np.arange(20_000) % 200, (20_000,), (20,)

    def f(table, updates, key):
        draws = [fgrad.random.uniform(key, shape, d) for shape in (numbers, few) for d in "efd"]
        return table[rows], table.at[rows].add(updates), draws

    key = fgrad.random.key(0)
    closed = fgrad.jit(f).lower(np.ones(200), np.ones(20_000), key).optimized
    found = [type(implementation(e)) for e in closed.jaxpr.eqns]
    found = sorted(t.__name__ for t in found if t is not type(None))
    assert found == ["Draw", "Draw", "Gather", "Scatter"]


def test_a_key_that_is_used_twice_is_noticed():
    key = fgrad.random.key(0)
    # what is compiled already; else nothing is, while it is looked at
    draw = fgrad.jit(lambda key: fgrad.random.uniform(key, (20_000,))).lower(key).compile()
    with fgrad.debug_key_reuse(True):
        draw(key)
        with pytest.raises(fgrad.errors.KeyReuseError):
            draw(key)


@pytest.mark.parametrize("bad", (200, -201))
def test_rows_that_are_not_there(bad):
    rows = np.zeros(150_000, np.int64)
    rows[-1] = bad
    table = np.ones(200)
    for f in (lambda t: t[rows], lambda t: t.at[rows].add(1.0)):
        with pytest.raises(IndexError, match=f"{bad} is out of bounds"):
            fgrad.jit(f)(table)


@pytest.mark.parametrize("dtype", ("float32", "float64"))
@pytest.mark.parametrize("shape", ((5000,), (300_001,), (3, 70_001)))
def test_draws_are_those_without_jit(dtype, shape):
    key = fgrad.random.key(3)
    for draw in (fgrad.random.normal, fgrad.random.uniform):
        f = lambda key: draw(key, shape, dtype)  # noqa: B023
        np.testing.assert_allclose(fgrad.jit(f)(key), f(key), 1e-5 if dtype == "float32" else 1e-13)
    bits = lambda key: fgrad.random.bits(key, shape, "uint64" if dtype == "float64" else "uint32")
    np.testing.assert_array_equal(fgrad.jit(bits)(key), bits(key))


def test_draws_of_many_keys():
    keys = fgrad.random.split(fgrad.random.key(1), 7)
    f = fgrad.vmap(lambda key: fgrad.random.normal(key, (2001,)))
    np.testing.assert_allclose(fgrad.jit(f)(keys), f(keys), 1e-13)


@pytest.mark.parametrize("seed", range(24))
def test_contractions(seed, monkeypatch):
    for name in ("LARGE", "SHARED", "ODD"):
        monkeypatch.setattr(matmul, name, 1)
    r = np.random.default_rng(seed)
    letters = iter("abcdefgh")
    batch, m, k, n = ("".join(itertools.islice(letters, r.integers(0, 3))) for _ in range(4))
    sizes = {c: int(r.integers(1, 9)) for c in batch + m + k + n}
    order = lambda s: "".join(r.permutation(list(s))) if s and r.random() < 0.4 else s
    x, y, out = order(batch + m + k), order(batch + k + n), order(batch + m + n)
    draw = lambda s: r.normal(size=[sizes[c] for c in s])
    check(lambda a, b: fnp.einsum(f"{x},{y}->{out}", a, b), draw(x), draw(y))
