"""The bits of numbers against jax.lax."""

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


@pytest.mark.parametrize("dtype", INTEGERS)
def test_mulhi(dtype):
    """The upper halves of products of all kinds of numbers, of Python's integers."""
    info = np.iinfo(dtype)
    numbers = [info.max, info.min, info.max // 3, info.min // 3, info.max // 2 + 7, 5, 1, 0]
    x, y = (a.ravel() for a in np.meshgrid(*(np.array(numbers, dtype),) * 2))
    want = [int(a) * int(b) >> info.bits for a, b in zip(x, y, strict=True)]
    with np.errstate(over="raise"):
        got = fgrad.lax.mulhi(x, y)
    assert_same(got, np.array(want, dtype))
    assert_same(fgrad.jit(fgrad.lax.mulhi)(x, y), got)


def test_mulhi_wants_integers_of_one_dtype():
    """Others are refused, and the user's line is named."""
    with pytest.raises(TypeError, match="mulhi: wanted integers of one dtype") as e:
        fgrad.lax.mulhi(np.int32(1), np.int64(1))
    assert "test_bits.py" in str(e.value)


@pytest.mark.parametrize(
    ("x", "dtype"),
    [
        (np.arange(3.0), "int64"),
        (np.arange(6.0).reshape(2, 3), "uint8"),
        (np.arange(12, dtype=np.int16).reshape(3, 4), "float64"),
        (np.float32(1.5), "int32"),
        (np.arange(3, dtype=np.float16), "uint16"),
        (np.zeros((0, 2), np.int32), "int64"),
    ],
)
def test_bitcast(x, dtype):
    """Equal, narrower and wider dtypes, as JAX; and nothing is shared with the operand."""
    want = np.asarray(jax.lax.bitcast_convert_type(x, dtype))
    got = fgrad.lax.bitcast_convert_type(x, dtype)
    assert_same(got, want)
    assert not np.shares_memory(got, x)
    mapped = fgrad.vmap(lambda v: fgrad.lax.bitcast_convert_type(v, dtype), in_axes=-1)
    assert_same(mapped(np.stack([x, x], -1)), np.stack([want, want]))


def test_bitcast_errors():
    """The wider number must be made of all along the last axis."""
    with pytest.raises(ValueError, match="the last axis must be that long"):
        fgrad.lax.bitcast_convert_type(np.zeros((2, 3), np.int16), "int32")


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_reduce_precision(dtype):
    """All patterns of bits of some: overflow, underflow, ties, subnormal numbers, NaN."""
    rng = np.random.default_rng(0)
    if dtype == "float16":
        x = np.arange(1 << 16, dtype=np.uint16).view(dtype)
    else:
        x = rng.integers(0, 256, (20000, np.dtype(dtype).itemsize), np.uint8).view(dtype)[:, 0]
        x[::2] = (rng.normal(size=10000) * 2.0 ** rng.integers(-20, 20, 10000)).round(3)
    formats = [(8, 7), (5, 10), (5, 2), (4, 3), (2, 1), (3, 1), (11, 52), (8, 23), (5, 30)]
    jitted = jax.jit(lambda v: [jax.lax.reduce_precision(v, *f) for f in formats])
    for f, want in zip(formats, jitted(x), strict=True):
        assert_same(fgrad.lax.reduce_precision(x, *f), np.asarray(want))


def test_derivative_of_reduce_precision():
    """Tangents and cotangents are rounded too, as in JAX."""
    x, t = np.array([1.1, -2.3]), np.array([0.123456789, 7.7777])
    ours, theirs = (
        [
            lib.jvp(lambda v, lib=lib: lib.lax.reduce_precision(v, 5, 4), (x,), (t,)),
            lib.vjp(lambda v, lib=lib: lib.lax.reduce_precision(v, 5, 4), x)[1](t),
        ]
        for lib in (fgrad, jax)
    )
    assert_same(ours, theirs)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: fgrad.lax.reduce_precision(1, 5, 4), TypeError),
        (lambda: fgrad.lax.reduce_precision(1.0, 0, 4), ValueError),
        (lambda: fgrad.lax.reduce_precision(1.0, 5, -1), ValueError),
    ],
)
def test_reduce_precision_errors(call, error):
    """Formats that are none, and numbers that are not floats."""
    with pytest.raises(error, match="reduce_precision: wanted"):
        call()
