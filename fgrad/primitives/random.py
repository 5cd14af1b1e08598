"""Random keys and what is drawn from them: bits, and floats between zero and one.

Keys are arrays of `key_dtype`. The results of an operation on an array of keys have its axes first,
so that batching a key adds an axis, and nothing else.
"""

import functools
import math

import numpy as np

from fgrad.core import memory
from fgrad.core.avals import key_dtype, shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Tracer, get_aval, thread
from fgrad.primitives import key_reuse, threefry
from fgrad.primitives.define import align, broadcast_shapes
from fgrad.primitives.normal_quantile import normal_from_uniform
from fgrad.primitives.shape import broadcast_to, moveaxis

_WORD = np.dtype(np.uint32)


def _check_keys(name, keys):
    if keys.dtype != key_dtype:
        raise TypeError(located(f"{name}: wanted random keys; got {keys}"))


def words_of(keys):
    """The two words of keys, each as an array of one axis."""
    keys = np.ravel(keys)
    return keys["key0"].copy(), keys["key1"].copy()


def keys_of(words0, words1):
    """Keys that have these words."""
    keys = np.empty(np.shape(words0), key_dtype)
    keys["key0"], keys["key1"] = words0, words1
    return keys[()]


def draw(keys, shape, dtype, finish):
    """An array whose items are made of random words by `finish`, as `threefry.draw` takes it."""
    dims = np.shape(keys)
    size = math.prod(shape)
    word0, word1 = words_of(keys)
    if word0.size == 1:
        word0, word1 = word0[0], word1[0]
    out = memory.empty((*dims, *shape), dtype)
    threefry.draw(word0, word1, size, finish, out.reshape(-1))
    return out[()]


class ByKeys(Primitive):
    """An operation on keys, and perhaps numbers that have the axes of the keys first.

    It has no derivative unless it is given one.

    Parameters
    ----------
    name : str
    impl, abstract_eval : callable
        See `Primitive`.
    uses : bool
        Whether it uses its first operand, which is keys; see `key_reuse`.
    makes : bool
        Whether it makes new keys.
    """

    def __init__(self, name, impl, abstract_eval, *, uses=False, makes=False):
        super().__init__(name)
        self.uses = uses
        self.abstract_eval = abstract_eval
        self.jvp = self._jvp
        self.batch = self._batch

        @functools.wraps(impl)
        def noted(*args, **params):
            if uses:
                key_reuse.consume(args[0])
            out = impl(*args, **params)
            if makes:
                key_reuse.produce(out)
            return out

        self.impl = noted if uses or makes else impl

    def bind(self, *args, **params):
        if self.uses and isinstance(args[0], Tracer):
            key_reuse.consume(args[0])
        return thread.trace.process(self, args, params)

    __call__ = bind

    def _jvp(self, primals, tangents, **params):
        return self(*primals, **params), None

    def _batch(self, args, dims, size, **params):
        args = [
            broadcast_to(a, (size, *get_aval(a).shape)) if d is None else moveaxis(a, d, 0)
            for a, d in zip(args, dims, strict=True)
        ]
        return self(*args, **params), 0


# -- keys ----------------------------------------------------------------------------------------


def _seed_aval(seeds):
    if seeds.dtype.kind not in "iu":
        raise TypeError(located(f"a seed must be an integer; got {seeds}"))
    return shaped_array(seeds.shape, key_dtype)


def _seed(seeds):
    seeds = np.asarray(seeds)
    high = seeds.astype(np.uint64) >> np.uint64(32) if seeds.dtype.itemsize == 8 else 0
    return keys_of(np.broadcast_to(high, seeds.shape), seeds.astype(_WORD))


random_seed = ByKeys("random_seed", _seed, _seed_aval, makes=True)


def _wrap_aval(words):
    if words.dtype != _WORD or words.shape[-1:] != (2,):
        raise TypeError(
            located(f"the words of random keys are uint32 of a shape (..., 2); got {words}")
        )
    return shaped_array(words.shape[:-1], key_dtype)


random_wrap = ByKeys(
    "random_wrap",
    lambda words: keys_of(words[..., 0], words[..., 1]),
    _wrap_aval,
    makes=True,
)


def _unwrap_aval(keys):
    _check_keys("key_data", keys)
    return shaped_array((*keys.shape, 2), _WORD)


random_unwrap = ByKeys(
    "random_unwrap",
    lambda keys: np.stack([keys["key0"], keys["key1"]], axis=-1),
    _unwrap_aval,
)


def _split_aval(keys, *, shape):
    _check_keys("split", keys)
    return shaped_array((*keys.shape, *shape), key_dtype)


def _take_keys(words0, words1, out):
    out["key0"], out["key1"] = words0, words1


random_split = ByKeys(
    "random_split",
    lambda keys, *, shape: draw(keys, shape, key_dtype, _take_keys),
    _split_aval,
    uses=True,
    makes=True,
)


def _fold_in_aval(keys, data):
    _check_keys("fold_in", keys)
    if data.dtype != _WORD:
        raise TypeError(located(f"fold_in: wanted data of dtype uint32; got {data}"))
    return shaped_array(broadcast_shapes("fold_in", [keys.shape, data.shape]), key_dtype)


def _fold_in(keys, data):
    shape = np.broadcast_shapes(np.shape(keys), np.shape(data))
    words = words_of(np.broadcast_to(keys, shape))
    new = keys_of(*threefry.encrypt(*words, np.broadcast_to(data, shape).ravel()))
    return new.reshape(shape)[()]


random_fold_in = ByKeys("random_fold_in", _fold_in, _fold_in_aval, makes=True)
random_fold_in.batch = lambda args, dims, size: (random_fold_in(*align(args, dims)), 0)


# -- bits ----------------------------------------------------------------------------------------


def _numbers_aval(keys, *, shape, dtype):
    _check_keys("random numbers", keys)
    return shaped_array((*keys.shape, *shape), dtype)


def _take_bits(words0, words1, out):
    if out.dtype.itemsize == 8:  # the first is the high one
        out[:] = words0
        out <<= np.uint64(32)
        out |= words1
    elif out.dtype.itemsize == 4:
        np.bitwise_xor(words0, words1, out)
    else:
        words0 ^= words1
        out[:] = words0  # the low bits, for which there is room


random_bits = ByKeys(
    "random_bits",
    lambda keys, *, shape, dtype: draw(keys, shape, dtype, _take_bits),
    _numbers_aval,
    uses=True,
)


# -- floats in [0, 1): random mantissas under the exponent of one, less one ------------------------


def _take_floats(dtype, width=1):
    """Floats in [0, width), for a width that is a power of two."""
    bits = np.dtype(f"u{dtype.itemsize}").type
    unused = bits(8 * dtype.itemsize - np.finfo(dtype).nmant)
    least = np.full((), width, dtype)
    exponent = least.view(bits)[()]

    def finish(words0, words1, out):
        mantissas = out.view(bits)
        _take_bits(words0, words1, mantissas)
        mantissas >>= unused
        mantissas |= exponent
        out -= least

    return finish


_FLOATS = {t: _take_floats(t) for t in map(np.dtype, (np.float16, np.float32, np.float64))}


random_unit = ByKeys(
    "random_unit",
    lambda keys, *, shape, dtype: draw(keys, shape, dtype, _FLOATS[dtype]),
    _numbers_aval,
    uses=True,
)


def uniform_rows(keys, size, dtype):
    """Floats in [0, 1): a row of `size` for each key, whose words are given."""
    out = np.empty(len(keys[0]) * size, dtype)
    threefry.draw(*keys, size, _FLOATS[dtype], out)
    return out.reshape(-1, size)


def floats_of(words, dtype):
    """Floats in [0, 1) of pairs of words: of one array of each."""
    out = np.empty(len(words[0]), dtype)
    _FLOATS[dtype](*words, out)
    return out


# -- standard normal numbers ---------------------------------------------------------------------


def _take_normals(dtype):
    floats = _take_floats(dtype, 2)
    lowest = np.nextafter(dtype.type(-1), dtype.type(0))

    def finish(words0, words1, out):
        floats(words0, words1, out)
        out += lowest
        normal_from_uniform(out)

    return finish


def normals_of(words, dtype):
    """Standard normal numbers of pairs of words: of one array of each."""
    out = np.empty(len(words[0]), dtype)
    _NORMALS[dtype](*words, out)
    return out


_NORMALS = {dtype: _take_normals(dtype) for dtype in _FLOATS}
random_normal = ByKeys(
    "random_normal",
    lambda keys, *, shape, dtype: draw(keys, shape, dtype, _NORMALS[dtype]),
    _numbers_aval,
    uses=True,
)


# -- integers in [low, high): remainders of twice as many bits as they have, so that all but no
# bias is left ------------------------------------------------------------------------------------


def _integers_aval(keys, low, high, *, shape, dtype):
    _check_keys("randint", keys)
    for bound in (low, high):
        if bound.dtype.kind not in "iu":
            raise TypeError(located(f"randint: a bound must be an integer; got {bound}"))
    return shaped_array((*keys.shape, *shape), dtype)


def _clipped(x, dtype):
    """Integers in another dtype, those out of its range moved to its ends."""
    x = np.asarray(x)
    source, to = np.iinfo(x.dtype), np.iinfo(dtype)
    return x.clip(max(to.min, source.min), min(to.max, source.max)).astype(dtype)


def _rem(x, y):
    """The remainder, which is `x` itself for a divisor of zero."""
    return np.where(y == 0, x, np.remainder(x, np.where(y == 0, y.dtype.type(1), y)))


def _integers(keys, low, high, *, shape, dtype):
    if dtype.itemsize < 4:
        info, wide = np.iinfo(dtype), np.dtype(np.int32)
        low = np.clip(low.astype(wide), info.min, info.max)
        high = np.clip(high.astype(wide), info.min, info.max + 1)
        return _integers(keys, low, high, shape=shape, dtype=wide).astype(dtype)
    past_the_end = high > min(np.iinfo(dtype).max, np.iinfo(high.dtype).max)
    low, high = _clipped(low, dtype), _clipped(high, dtype)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    with np.errstate(all="ignore"):
        span = np.where(high <= low, unsigned.type(1), (high - low).astype(unsigned))
        # 0 stands for the number of all integers of the dtype
        span = span + (past_the_end & (high > low)).astype(unsigned)
        weight = _rem(unsigned.type(2 ** (4 * dtype.itemsize)), span)
        weight = _rem(weight * weight, span)
        halves = draw(keys, (2,), key_dtype, _take_keys)
        upper, lower = (
            _rem(draw(halves[..., i], shape, unsigned, _take_bits), span) for i in range(2)
        )
        out = low + _rem(upper * weight + lower, span).astype(dtype)
    return np.broadcast_to(out, (*np.shape(keys), *shape))[()]


random_integers = ByKeys("random_integers", _integers, _integers_aval, uses=True)


# -- clone: the same keys, taken for new ones ------------------------------------------------------


def _clone_aval(keys):
    _check_keys("clone", keys)
    return keys


random_clone = ByKeys("random_clone", np.copy, _clone_aval, makes=True)
