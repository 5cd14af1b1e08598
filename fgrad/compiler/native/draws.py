"""Random numbers in vector code: counters are encrypted, and made numbers of, in registers.

See `primitives.threefry` and `primitives.random`, whose numbers these are; normal ones but for
rounding.
"""

import math

import numpy as np

from fgrad.compiler.native import elementary
from fgrad.compiler.native.engine import Module, vector_bytes
from fgrad.compiler.native.entry import function_text
from fgrad.compiler.native.shared import Shared
from fgrad.compiler.native.values import F32, I64, Value
from fgrad.core import memory
from fgrad.core.avals import key_dtype, shaped_array
from fgrad.primitives import key_reuse, threefry
from fgrad.primitives import random as rnd
from fgrad.primitives.normal_quantile import DOUBLE, SINGLE

# Numbers from which on they are drawn in vector code, and from which on by several threads.
FEW, MANY = 1 << 10, 1 << 16
U32, U64 = np.dtype(np.uint32), np.dtype(np.uint64)


def _encrypted(b, keys, x0, x1):
    """Threefry 2x32 of counters, in twenty rounds."""
    key0, key1 = keys
    keys = key0, key1, key0 ^ key1 ^ threefry.PARITY
    x0, x1 = x0 + keys[0], x1 + keys[1]
    for i in range(5):
        for r in threefry.ROTATIONS[i % 2]:
            x0 = x0 + x1
            x1 = b.call("fshl", x1, x1, r) ^ x0
        x0 = x0 + keys[(i + 1) % 3]
        x1 = x1 + (keys[(i + 2) % 3] + (i + 1))
    return x0, x1


def _bits(words, dtype):
    if dtype.itemsize == 8:  # the first is the high one
        high, low = (w.astype(U64) for w in words)
        return (high << 32) | low
    return (words[0] ^ words[1]).astype(dtype)


def _unit(words, dtype, width=1):
    """Floats in [0, width), for a width that is a power of two."""
    bits = np.dtype(f"u{dtype.itemsize}")
    unused = 8 * dtype.itemsize - np.finfo(dtype).nmant
    exponent = np.full((), width, dtype).view(bits).item()
    return ((_bits(words, bits) >> unused) | exponent).bitcast(dtype) - float(width)


def _normal(words, dtype):
    lowest = float(np.nextafter(dtype.type(-1), dtype.type(0)))
    x = _unit(words, dtype, 2) + lowest
    w = -elementary.log(1.0 - x * x)
    (end, shift, middle), *tails = SINGLE if dtype == F32 else DOUBLE
    b = x.b
    result = b.variable(dtype, x.lanes)
    b.put(result, elementary.horner(w - shift, middle))
    far = ~(w < end)
    for _ in b.when(elementary.any_lane(far)):
        root = b.call("sqrt", w)
        value = None
        for end, shift, coefficients in reversed(tails):
            here = elementary.horner(root - shift, coefficients)
            value = here if value is None else (w < end).where(here, value)
        b.put(result, far.where(value, b.get(result, dtype, x.lanes)))
    return x * b.get(result, dtype, x.lanes) * math.sqrt(2)


_WRITERS = {rnd.random_bits: _bits, rnd.random_unit: _unit, rnd.random_normal: _normal}


def is_drawn(eqn) -> bool:
    """Whether an equation draws so many numbers that vector code pays."""
    if eqn.primitive not in _WRITERS:
        return False
    params = eqn.params
    kind, size = params["dtype"], math.prod(params["shape"])
    return size >= FEW and eqn.outvars[0].aval.size < 1 << 32 and kind.itemsize in (4, 8)


class Draw:
    """What an equation draws, as a function of the keys.

    Parameters
    ----------
    eqn : JaxprEqn
    """

    def __init__(self, eqn):
        out = eqn.outvars[0].aval
        self._shape, self._dtype = out.shape, out.dtype
        self._size = math.prod(eqn.params["shape"])
        self._write_numbers = _WRITERS[eqn.primitive]
        keys = out.size // self._size
        words, numbers = shaped_array((keys, 2), U32), shaped_array((out.size,), self._dtype)
        self._length = keys if keys > 1 else self._size
        text = function_text(
            "draw", [words, numbers], [True, True], [self._length], True, self._write
        )
        self.code = text
        self._run = Shared(Module.of(text), "draw", self._length, out.size >= MANY)

    def _write(self, b, arguments, start, stop):
        keys, out = arguments
        lanes = vector_bytes() // 4
        if self._length != self._size:
            for k in b.count(start, stop):
                at = b.pointer(out, k * self._size, self._dtype)
                key = b.pointer(keys, k * 2, U32)
                self._row(b, key, at, b.constant(0, I64), b.constant(self._size, I64), lanes)
        else:
            self._row(b, keys, out, start, stop, lanes)

    def _row(self, b, key, out, start, stop, lanes):
        words = b.load(key, U32), b.load(b.pointer(key, 1, U32), U32)
        words = [b.spread(w, lanes) for w in words]
        numbers = ", ".join(f"i32 {i}" for i in range(lanes))
        steps = Value(b, f"<{numbers}>", U32, lanes)
        whole = stop - ((stop - start) & (lanes - 1))

        def numbers_at(i):
            low = b.spread(i.astype(U32), lanes) + steps
            drawn = _encrypted(b, words, b.constant(0, U32, lanes), low)
            return self._write_numbers(drawn, self._dtype)

        for i in b.count(start, whole, lanes):
            b.store(numbers_at(i), b.pointer(out, i, self._dtype))
        for _ in b.when(whole < stop):
            rest = b.spread((stop - whole).astype(U32), lanes)
            b.store(numbers_at(whole), b.pointer(out, whole, self._dtype), steps < rest)

    def __call__(self, keys):
        key_reuse.consume(keys)
        words = np.ascontiguousarray(np.ravel(keys), key_dtype).view(U32)
        out = memory.empty(self._shape, self._dtype)
        self._run(words, out)
        return out
