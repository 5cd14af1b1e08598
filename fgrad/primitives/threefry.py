"""Threefry 2x32 with twenty rounds: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, Parallel
random numbers: as easy as 1, 2, 3, SC11 (2011).

It encrypts counters with a key; each pair of words it gives is as good as random.
"""

import numpy as np

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA
_MASK = 0xFFFFFFFF
# Counters whose words stay in the cache through all rounds. Two threads gain no more by the hundred
# short calls of NumPy than they lose by waiting for the interpreter's lock.
_BLOCK = 1 << 15
_FEW = 4  # up to here Python's integers are faster than a hundred calls of NumPy


def threefry2x32(key0, key1, x0, x1):
    """The encryption of counters.

    Parameters
    ----------
    key0, key1 : np.uint32, or array of uint32 of the shape of the counters
        The words of the key.
    x0, x1 : array of uint32
        The high and low words of the counters; they are overwritten with the results.
    """
    keys = (key0, key1, key0 ^ key1 ^ np.uint32(PARITY))
    spare = np.empty_like(x0)
    x0 += keys[0]
    x1 += keys[1]
    for i in range(5):
        for r in ROTATIONS[i % 2]:
            x0 += x1
            np.right_shift(x1, 32 - r, spare)
            x1 <<= r
            x1 |= spare
            x1 ^= x0
        x0 += keys[(i + 1) % 3]
        x1 += np.add(keys[(i + 2) % 3], np.uint32(i + 1))  # which may wrap, as + of scalars may not


def _encrypt_one(key0, key1, x0, x1):
    """`threefry2x32` of one counter, all of Python's integers."""
    keys = (key0, key1, key0 ^ key1 ^ PARITY)
    x0 = (x0 + keys[0]) & _MASK
    x1 = (x1 + keys[1]) & _MASK
    for i in range(5):
        for r in ROTATIONS[i % 2]:
            x0 = (x0 + x1) & _MASK
            x1 = ((x1 << r) & _MASK | x1 >> (32 - r)) ^ x0
        x0 = (x0 + keys[(i + 1) % 3]) & _MASK
        x1 = (x1 + keys[(i + 2) % 3] + i + 1) & _MASK
    return x0, x1


def draw(key0, key1, size, finish, out):
    """Random words, finished block by block while they are in the cache.

    Parameters
    ----------
    key0, key1 : np.uint32 or one-dimensional array of uint32
        The words of one or several keys.
    size : int
        How many pairs of words to make of each key: of the counters 0, 1, ...
    finish : callable
        ``finish(words0, words1, out)`` makes the results of a block out of its words, which it may
        overwrite.
    out : array
        Where the results go; one after the other along its first axis, those of a key together.
    """
    total = len(out)
    if total <= _FEW:
        pairs = [
            _encrypt_one(int(k0), int(k1), i >> 32, i & _MASK)
            for k0, k1 in zip(np.ravel(key0), np.ravel(key1), strict=True)
            for i in range(size)
        ]
        words = np.array(pairs, np.uint32).reshape(total, 2)
        finish(words[:, 0].copy(), words[:, 1].copy(), out)
        return
    several = np.ndim(key0) > 0
    integer = np.uint32 if total <= 1 << 32 else np.uint64
    for start in range(0, total, _BLOCK):
        stop = min(start + _BLOCK, total)
        counters = np.arange(start, stop, dtype=integer)
        keys = key0, key1
        if several:
            owner, counters = np.divmod(counters, integer(size))
            keys = key0[owner], key1[owner]
        high = (counters >> 32).astype(np.uint32, copy=False)
        low = counters.astype(np.uint32, copy=False)
        threefry2x32(*keys, high, low)
        finish(high, low, out[start:stop])


def encrypt(key0, key1, counters):
    """The encryption of one counter by each of many keys.

    Parameters
    ----------
    key0, key1 : one-dimensional array of uint32
    counters : int, or array of int
        Below 2**32; one, or one for each key.

    Returns
    -------
    tuple of two arrays of uint32
    """
    size = len(key0)
    low = np.empty(size, np.uint32)
    low[:] = counters
    if size <= _FEW:
        pairs = [
            _encrypt_one(int(k0), int(k1), 0, int(x))
            for k0, k1, x in zip(key0, key1, low, strict=True)
        ]
        words = np.array(pairs, np.uint32).reshape(size, 2)
        return words[:, 0].copy(), words[:, 1].copy()
    high = np.zeros(size, np.uint32)
    for start in range(0, size, _BLOCK):
        here = slice(start, start + _BLOCK)
        threefry2x32(key0[here], key1[here], high[here], low[here])
    return high, low


def split(key0, key1, num):
    """The words of `num` new keys for each of many keys: pairs of arrays."""
    return [encrypt(key0, key1, i) for i in range(num)]
