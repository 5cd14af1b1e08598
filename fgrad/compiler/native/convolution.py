"""Convolutions as matrix products of windows as they lie.

Along the last axis windows overlap, one a few items behind the other: that is a matrix whose rows
are few items apart. So nothing is laid out before; for each line of the result, or of the kernel if
that is the larger, there is a product for each line of the other, all summed.
"""

import math

import numpy as np

from fgrad.compiler.native.engine import Module
from fgrad.compiler.native.entry import function_text, job_of
from fgrad.compiler.native.group import row_major
from fgrad.compiler.native.pool import share
from fgrad.compiler.native.product import Sizes, write_product
from fgrad.compiler.native.shared import Shared
from fgrad.core import memory
from fgrad.core.avals import shaped_array
from fgrad.core.parallel import THREADS, shares
from fgrad.primitives.convolution import MANY, conv, padded
from fgrad.primitives.shape import dilated

# Multiplications from which on machine code pays, and several threads do.
WORTH, SHARED = 1 << 16, 1 << 21


def _work(eqn):
    w = eqn.invars[1].aval
    return eqn.outvars[0].aval.size * math.prod(w.shape[2:])


def is_convolution(eqn) -> bool:
    """Whether an equation is a convolution that is done here."""
    if eqn.primitive is not conv:
        return False
    out = eqn.outvars[0].aval
    dense = out.ndim > 3 and out.shape[0] < MANY and out.dtype.char in "fd"
    return dense and out.size > 0 and _work(eqn) >= WORTH


def convolution(eqn):
    """The function of an array and a kernel."""
    places, kernel = (v.aval.shape[3:] for v in (eqn.outvars[0], eqn.invars[1]))
    return (_ByKernel if math.prod(places) < math.prod(kernel) else _ByArray)(eqn)


class _Convolution:
    """What both ways have in common.

    Parameters
    ----------
    eqn : JaxprEqn
    inner : int
        Which axis of the array stands side by side.
    """

    def __init__(self, eqn, inner):
        (x, w), (out,) = ((v.aval for v in vs) for vs in (eqn.invars, eqn.outvars))
        self._params, self._dtype, self._inner = eqn.params, out.dtype, inner
        self._places, self._kernel = out.shape[3:], w.shape[3:]
        self.g, self.o, self.c = w.shape[:3]
        self.n = x.shape[1]
        around = zip(x.shape[3:], eqn.params["padding"], eqn.params["lhs_dilation"], strict=True)
        lines = [dilated(n, d) + before + after for n, (before, after), d in around]
        outer = (self.g, self.n if inner == 2 else self.c)
        self._steps = row_major((*outer, *lines, self.c if inner == 2 else self.n))
        self._strides, self._dilation = eqn.params["strides"], eqn.params["rhs_dilation"]
        numbers = [shaped_array((1,), out.dtype)] * 3
        text = function_text("conv", numbers, [True] * 3, [self._length()], True, self._write)
        self._module = Module.of(text)

    def _array(self, x):
        """The array with its zeros, as it stands in memory."""
        x = padded(np.asarray(x, self._dtype), self._params, self._inner)
        order = [i for i in range(x.ndim) if i != self._inner] + [self._inner]
        return x.transpose(order)

    def _product(self, b, x, w, out, sizes):
        write_product(b, self._dtype, x, w, out, ["null"], sizes)


class _ByArray(_Convolution):
    """A product for each line of the result: the windows along it, by the kernel."""

    def __init__(self, eqn):
        super().__init__(eqn, inner=2)
        several = _work(eqn) >= SHARED
        self._run = Shared(self._module, "conv", self._length(), several)

    def _length(self):
        return self.g * self.n * math.prod(self._places[:-1])

    def _write(self, b, arguments, start, stop):
        x, w, y = arguments
        dtype, c, o = self._dtype, self.c, self.o
        *before, last = self._places
        # along the last axis a window is of one piece, if it has no gaps
        whole = self._dilation[-1] == 1
        kernel = self._kernel[:-1] if whole else self._kernel
        depth = self._kernel[-1] * c if whole else c
        row = self._strides[-1] * c
        sizes = Sizes(last, depth, o, row, 1, o, 1, o, 0, 0)
        for line in b.count(start, stop):
            *place, group = _digits(b, line, (*before[::-1], self.n, self.g))
            place = place[::-1]  # the number of the image, and where in it
            at = group * self._steps[0] + place[0] * self._steps[1]
            for p, s, step in zip(place[1:], self._strides, self._steps[2:], strict=False):
                at = at + p * (s * step)
            out = b.pointer(y, line * (last * o), dtype)
            own = b.pointer(w, group * (math.prod(self._kernel) * c * o), dtype)
            for i, k in enumerate(np.ndindex(*kernel)):
                moved = sum(
                    a * r * s for a, r, s in zip(k, self._dilation, self._steps[2:], strict=False)
                )
                here = b.pointer(x, at + moved, dtype)
                part = b.pointer(own, i * depth * o, dtype)
                self._product(b, here, part, out, sizes._replace(sign=int(i > 0)))

    def __call__(self, x, w):
        d = len(self._places)
        w = np.asarray(w, self._dtype).transpose(0, *range(3, 3 + d), 2, 1)
        y = memory.empty((self.g, self.n, *self._places, self.o), self._dtype)
        self._run(self._array(x), np.ascontiguousarray(w), y)
        return y.transpose(0, 1, 2 + d, *range(2, 2 + d))


class _ByKernel(_Convolution):
    """A product for each line of the kernel: turned windows along it, by the line; all summed.

    So are gradients by kernels, whose channels are images, and whose kernel is the cotangent.
    """

    def __init__(self, eqn):
        super().__init__(eqn, inner=1)
        self._parts = [(0, self.c)]
        if _work(eqn) >= SHARED and self.c >= THREADS > 1:
            self._parts, self._share = shares(self.c), share()
        self._function = self._module.function("conv")
        self._job = self._module.address(job_of("conv"))

    def _length(self):
        return self.c

    def _write(self, b, arguments, start, stop):
        x, w, y = arguments
        dtype, n, o = self._dtype, self.n, self.o
        *before, last = self._kernel
        # along the last axis the windows are of one piece, if they follow each other
        whole = self._strides[-1] == 1
        places = self._places[:-1] if whole else self._places
        height = self._places[-1] * n if whole else n
        sizes = Sizes(height, last, o, 1, self._dilation[-1] * n, o, 1, o, 0, 0, 1)
        lines = math.prod(before)
        for group in b.count(0, self.g):
            for channel in b.count(start, stop):
                for line in b.count(0, lines):
                    at = group * self._steps[0] + channel * self._steps[1]
                    digits = _digits(b, line, before[::-1])[::-1]
                    for k, r, step in zip(digits, self._dilation, self._steps[2:], strict=False):
                        at = at + k * (r * step)
                    number = (group * self.c + channel) * lines + line
                    factor = b.pointer(w, number * (last * o), dtype)
                    for i, p in enumerate(np.ndindex(*places)):
                        moved = sum(
                            a * s * t
                            for a, s, t in zip(p, self._strides, self._steps[2:], strict=False)
                        )
                        here = b.pointer(x, at + moved, dtype)
                        total = group * (math.prod(self._places) * n * o) + i * height * o
                        self._product(b, here, factor, b.pointer(y, total, dtype), sizes)

    def __call__(self, x, w):
        d = len(self._places)
        x = self._array(x)
        w = np.asarray(w, self._dtype).transpose(0, 2, *range(3, 3 + d), 1)
        w = np.ascontiguousarray(w)
        shape = (self.g, *self._places, self.n, self.o)
        sums = [np.zeros(shape, self._dtype) for _ in self._parts]
        calls = [(x, w, y, *part) for y, part in zip(sums, self._parts, strict=True)]
        if len(calls) > 1:
            self._share(self._job, *calls)
        else:
            self._function(*calls[0])
        y = sum(sums[1:], sums[0])
        return y.transpose(0, 1 + d, 2 + d, *range(1, 1 + d))


def _digits(b, number, bases):
    """A number as digits, that of the first base first; the last takes what is left."""
    found = []
    for base in bases[:-1]:
        rest = b.emit(f"sdiv i64 {number.name}, {base}", number.dtype)
        found.append(number - rest * base)
        number = rest
    return [*found, number] if bases else []
