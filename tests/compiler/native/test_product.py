"""Products written out: all small sizes, strides, the bits beyond the result."""

import ctypes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fgrad.compiler.native.engine import Module
from fgrad.compiler.native.product import write_product
from fgrad.compiler.native.values import Builder


def product(x, y, out):
    """Write ``x @ y`` into `out` by a function of its own."""
    b = Builder()
    strides = [tuple(s // a.itemsize for s in a.strides) for a in (x, y, out)]
    (m, k), n = x.shape, y.shape[1]
    write_product(b, ("%x", *strides[0], x.dtype), ("%y", strides[1][0], x.dtype),
                  ("%out", strides[2][0], x.dtype), m, k, n)  # fmt: skip
    text = "\n".join([
        *b.declarations.values(),
        "define void @product(ptr %x, ptr %y, ptr %out) {", *b.head, *b.lines, "ret void", "}",
    ])  # fmt: skip
    module = Module(text)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(module.address("product"))
    call(*(a.ctypes.data for a in (x, y, out)))


def check(m, k, n, dtype, stride=1, turned=False, gap=0, seed=0):
    r = np.random.default_rng(seed)
    x = r.normal(size=(m, k * stride)).astype(dtype)[:, ::stride]
    x = np.asfortranarray(x) if turned else x
    y = r.normal(size=(k, n + gap)).astype(dtype)[:, :n]
    room = np.full((m + 1, n + gap), 7.0, dtype)
    product(x, y, room[:m, :n])
    np.testing.assert_allclose(
        room[:m, :n], x @ y, *((1e-4, 1e-5) if dtype == "f" else (1e-12,) * 2)
    )
    assert np.all(room[m] == 7) and np.all(room[:, n:] == 7)


LENGTHS = st.integers(1, 40)


@given(LENGTHS, LENGTHS, LENGTHS, st.sampled_from("fd"), st.integers(1, 3), st.booleans(),
       st.integers(0, 3), st.integers(0, 99))  # fmt: skip
def test_random_sizes(m, k, n, dtype, stride, turned, gap, seed):
    check(m, k, n, dtype, stride, turned, gap, seed)


@pytest.mark.parametrize("n", (1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 128, 130))
@pytest.mark.parametrize("m", (1, 4, 6, 7, 12, 13))
@pytest.mark.parametrize("dtype", "fd")
def test_sizes_about_those_of_blocks(m, n, dtype):
    check(m, 5, n, dtype)


def test_nothing_is_read_beyond_the_end():
    y = np.full(5 * 17 + 64, np.nan)
    y[: 5 * 17] = 1.0
    x, out = np.ones((3, 5)), np.empty((3, 17))
    product(x, y[: 5 * 17].reshape(5, 17), out)
    np.testing.assert_array_equal(out, 5.0)
