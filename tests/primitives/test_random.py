"""Threefry, and the primitives of random keys: random_bits, random_split, ..."""

import numpy as np
import pytest

import fgrad
from fgrad.core.avals import key_dtype
from fgrad.primitives import random as rp
from fgrad.primitives import threefry
from tests.harness import assert_traced_well

# counters, keys and results that the authors of Threefry publish with it (Random123, kat_vectors)
KNOWN = [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0x1CB996FC, 0xBB002BE7)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
]


def words(*numbers):
    return [np.full(5, n, np.uint32) for n in numbers]


@pytest.mark.parametrize(("counter", "key", "want"), KNOWN)
def test_threefry_of_its_authors(counter, key, want):
    x0, x1 = words(*counter)
    threefry.threefry2x32(*words(*key), x0, x1)
    assert (x0.tolist(), x1.tolist()) == ([want[0]] * 5, [want[1]] * 5)
    assert threefry._encrypt_one(*key, *counter) == want


def test_few_words_are_the_first_of_many():
    """Small draws go another way, and large ones go block by block."""
    keys = rp.random_split(rp.random_seed(3), shape=(2,))
    many = rp.random_bits(keys, shape=(100_000,), dtype=np.dtype(np.uint32))
    for n in (0, 1, 2, 3, 40_000):
        few = rp.random_bits(keys, shape=(n,), dtype=np.dtype(np.uint32))
        np.testing.assert_array_equal(few, many[:, :n])
        one = rp.random_bits(keys[1], shape=(n,), dtype=np.dtype(np.uint32))
        np.testing.assert_array_equal(one, many[1, :n])


def test_counters_have_64_bits():
    """The second word of a counter is its lower half."""
    taken = []
    block, threefry._BLOCK = threefry._BLOCK, 8
    try:
        out = np.zeros(16, np.uint32)
        threefry.draw(np.uint32(1), np.uint32(2), 16, lambda a, b, out: taken.append(len(a)), out)
    finally:
        threefry._BLOCK = block
    assert taken == [8, 8]
    a = threefry._encrypt_one(1, 2, 1, 5)
    x0, x1 = words(1, 5)
    threefry.threefry2x32(*words(1, 2), x0, x1)
    assert (x0[0], x1[0]) == a


KEYS = rp.random_split(rp.random_seed(np.int64(9)), shape=(3,))
UINT32, DOUBLE = np.dtype(np.uint32), np.dtype(float)
CALLS = {
    "random_seed": (lambda s: rp.random_seed(s), [np.arange(3)]),
    "random_wrap": (lambda w: rp.random_wrap(w), [np.arange(6, dtype=np.uint32).reshape(3, 2)]),
    "random_unwrap": (lambda k: rp.random_unwrap(k), [KEYS]),
    "random_split": (lambda k: rp.random_split(k, shape=(2, 2)), [KEYS]),
    "random_fold_in": (
        lambda k, x: rp.random_fold_in(k, x), [KEYS, np.arange(3, dtype=np.uint32)]
    ),
    "random_bits": (lambda k: rp.random_bits(k, shape=(4,), dtype=UINT32), [KEYS]),
    "random_unit": (lambda k: rp.random_unit(k, shape=(4,), dtype=DOUBLE), [KEYS]),
    "random_normal": (lambda k: rp.random_normal(k, shape=(4,), dtype=DOUBLE), [KEYS]),
    "random_integers": (
        lambda k, a, b: rp.random_integers(k, a, b, shape=(4,), dtype=np.dtype(int)),
        [KEYS, np.arange(3)[:, None], 10 + np.arange(12).reshape(3, 4)],
    ),
    "random_clone": (lambda k: rp.random_clone(k), [KEYS]),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_batch_of_keys_is_the_loop(name):
    fun, args = CALLS[name]
    whole = fun(*args)
    loop = np.stack([fun(*(a[i] for a in args)) for i in range(3)])
    assert whole.dtype == loop.dtype
    np.testing.assert_array_equal(whole, loop)
    np.testing.assert_array_equal(fgrad.vmap(fun)(*args), loop)
    for i in range(len(args)):  # mapped over one of the operands, or over its other axis
        if args[i].ndim > 1:
            continue
        axes = tuple(0 if i == j else None for j in range(len(args)))
        first = [a if i == j else a[0] for j, a in enumerate(args)]
        want = np.stack([fun(*(a[k] if i == j else a[0] for j, a in enumerate(args)))
                         for k in range(3)])  # fmt: skip
        np.testing.assert_array_equal(fgrad.vmap(fun, axes)(*first), want)
    if whole.dtype != key_dtype:
        assert_traced_well(fun, *args)
    np.testing.assert_array_equal(fgrad.jit(fun)(*args), whole)


@pytest.mark.parametrize("name", [n for n in CALLS if n not in ("random_seed", "random_wrap")])
def test_what_is_no_key_is_refused(name):
    fun, args = CALLS[name]
    with pytest.raises(TypeError, match="wanted random keys"):
        fgrad.jit(fun)(np.zeros(3), *args[1:])
