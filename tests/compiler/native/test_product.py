"""Products written out: all small sizes, strides, the bits beyond the result."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad import lax
from fgrad.compiler.native import matmul
from fgrad.compiler.native.product import (
    Batch,
    panel_bytes,
    pieces,
    plan_product,
    product_entry,
)
from tests.compiler.native import helpers


def product(x, y, out, apart=False):
    """``x @ y`` into `out`; piece by piece, if so wanted, the last one first."""
    strides = [tuple(s // a.itemsize for s in a.strides) for a in (x, y, out)]
    (m, k), n = x.shape, y.shape[1]
    sizes = plan_product(x.dtype, m, k, n, strides[0], strides[1], strides[2][0])
    panel = np.empty(panel_bytes(sizes, x.dtype) + 1, np.uint8)
    function, count = product_entry(x.dtype).function("product"), pieces(sizes, x.dtype)
    integers = np.array([*sizes, *Batch(0, 0, 0, count, False)], np.int64)
    ranges = [(i, i + 1) for i in reversed(range(count))] if apart else [(0, count)]
    for low, high in ranges:
        # arrays that lie otherwise are told by their strides; their first item is where it is
        first = [a.reshape(-1) if a.flags.c_contiguous else a.base for a in (x, y, out)]
        assert function(*first, integers, panel, low, high) is not False


def check(m, k, n, dtype, turned=(False, False), gap=0, seed=0, apart=False):
    r = np.random.default_rng(seed)
    x, y = (
        np.ascontiguousarray(r.normal(size=shape[::-1])).astype(dtype).T
        if t else r.normal(size=shape).astype(dtype)
        for shape, t in zip(((m, k), (k, n)), turned, strict=True)
    )  # fmt: skip
    room = np.full((m + 1, n + gap), 7.0, dtype)
    product(x, y, room[:m, :n], apart)
    np.testing.assert_allclose(
        room[:m, :n], x @ y, *((1e-4, 1e-4) if dtype == "f" else (1e-12,) * 2)
    )
    assert np.all(room[m] == 7) and np.all(room[:, n:] == 7)


LENGTHS = st.integers(1, 40)


@given(LENGTHS, LENGTHS, LENGTHS, st.sampled_from("fd"), st.tuples(st.booleans(), st.booleans()),
       st.integers(0, 3), st.integers(0, 99), st.booleans())  # fmt: skip
def test_random_sizes(m, k, n, dtype, turned, gap, seed, apart):
    check(m, k, n, dtype, turned, gap, seed, apart)


@pytest.mark.parametrize("n", (1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 128, 130))
@pytest.mark.parametrize("m", (1, 4, 6, 7, 12, 13))
@pytest.mark.parametrize("dtype", "fd")
def test_sizes_about_those_of_blocks(m, n, dtype):
    check(m, 5, n, dtype)


@pytest.mark.parametrize("turned", (False, True))
@pytest.mark.parametrize("dtype", "fd")
def test_panels_are_packed(turned, dtype):
    check(30, 70, 300, dtype, (False, turned), apart=True)


@pytest.mark.parametrize("k", (127, 128, 129, 256, 300))
@pytest.mark.parametrize("n", (5, 70, 300))
@pytest.mark.parametrize("dtype", "fd")
def test_long_sums_are_done_in_parts(k, n, dtype):
    check(30, k, n, dtype, apart=True)


def test_nothing_is_read_beyond_the_end():
    y = np.full(5 * 17 + 64, np.nan)
    y[: 5 * 17] = 1.0
    x, out = np.ones((3, 5)), np.empty((3, 17))
    product(x, y[: 5 * 17].reshape(5, 17), out)
    np.testing.assert_array_equal(out, 5.0)


@pytest.mark.parametrize("k", (1, 7, 8, 16, 17, 100, 300))
@pytest.mark.parametrize("length", (1, 5, 6, 13, 40))
@pytest.mark.parametrize("dtype", "fd")
def test_products_with_a_vector(k, length, dtype):
    for turned in itertools.product((False, True), repeat=2):
        check(length, k, 1, dtype, turned, apart=True)
        check(1, k, length, dtype, turned)


@pytest.mark.parametrize("n", (1, 3, 16, 50))
def test_products_with_vectors_in_a_loop(n):
    r = np.random.default_rng(n)
    a, stack = r.normal(size=(n, n)) / n, r.normal(size=(2, n, n)) / n

    def fun(a, stack, x):
        def step(x, _):
            y = a @ x + x @ a + a.T @ x - x @ a.T
            each = fnp.einsum("bij,j->bi", stack, x) + fnp.einsum("bij,i->bj", stack, x)
            return y, (x @ y, each)

        return lax.scan(step, x, None, length=3)

    helpers.check(fun, a, stack, r.normal(size=n))
    helpers.check(fgrad.grad(lambda *args: (fun(*args)[1][0] ** 2).sum()), a, stack, np.ones(n))


@pytest.mark.parametrize("subscripts", ("ab,b->a", "ab,a->b", "b,ab->a", "cab,b->ca", "cab,cb->ca"))
def test_large_products_with_vectors(subscripts, monkeypatch):
    monkeypatch.setattr(matmul, "ODD", 0)
    r, sizes = np.random.default_rng(0), {"a": 40, "b": 50, "c": 3}
    lhs, rhs = subscripts.split("->")[0].split(",")
    x, y = (r.normal(size=[sizes[c] for c in letters]) for letters in (lhs, rhs))
    helpers.check(lambda x, y: fnp.einsum(subscripts, x, y), x, y)
