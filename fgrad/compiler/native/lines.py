"""Where index arrays lead: the tuples of their numbers, and the items of an array that they mean.

What a gather gives, and what a scatter takes, are *moved* items. They stand as their axes do: those
of the array that come before the index arrays' (outer), the index arrays', and the rest (inner).
The loops go in this order, so that moved items are passed from front to back. A *line* is a stretch
of tuples along which every operand goes on in one stride.

A number that stands for no item is noted as unsound, and 0 taken in its place: NumPy does the work
again then, and raises its error.
"""

import math

import numpy as np

from fgrad.compiler.native.engine import vector_bytes
from fgrad.compiler.native.group import row_major
from fgrad.compiler.native.place import first_lanes, numbers
from fgrad.compiler.native.values import BOOL, I64


class Lines:
    """The tuples of numbers of index arrays, repeated for each place of the outer axes.

    Parameters
    ----------
    x : ShapedArray
        What is indexed.
    indices : list of ShapedArray
    axes : tuple of int
    out_axis : int

    Attributes
    ----------
    count : int
        The number of tuples.
    width : int
        The number of items that move by one tuple.
    """

    def __init__(self, x, indices, axes, out_axis):
        shape = np.broadcast_shapes(*(i.shape for i in indices))
        strides = row_major(x.shape)
        rest = [a for a in range(x.ndim) if a not in axes]
        outer, inner = rest[:out_axis], rest[out_axis:]
        self.count = math.prod(x.shape[a] for a in outer) * math.prod(shape)
        self.width = math.prod(x.shape[a] for a in inner)
        self._dtype = x.dtype
        self._indexed = [
            (i.dtype, x.shape[a], strides[a]) for i, a in zip(indices, axes, strict=True)
        ]
        still = (0,) * len(indices)
        steps = zip(*(_broadcast_strides(i.shape, len(shape)) for i in indices), strict=True)
        self._axes = _merged(
            [*((x.shape[a], strides[a], *still) for a in outer),
             *((n, 0, *s) for n, s in zip(shape, steps, strict=True))]
        ) or [(1, 0, *still)]  # fmt: skip
        moved = row_major([x.shape[a] for a in inner])
        self._inner = _merged(
            [(x.shape[a], strides[a], s) for a, s in zip(inner, moved, strict=True)]
        ) or [(1, 1, 1)]
        # A row of items side by side is passed in vectors: so many lanes, so many of them.
        self._lanes = 1
        length, step, _ = self._inner[-1]
        while step == 1 and self._lanes < min(length, vector_bytes() // x.dtype.itemsize):
            self._lanes *= 2

    def each(self, b, indices, start, stop, lanes=1):
        """Write loops over a range of tuples, as vectors of so many.

        Parameters
        ----------
        b : Builder
        indices : list of str
            The addresses of the index arrays.
        start, stop : Value
        lanes : int

        Yields
        ------
        i : Value
            The number of the tuple, or of the first.
        place : Value
            Where in the array the items begin, or a vector of that.
        mask : Value or None
            Which lanes there are, of several.
        """
        *before, (n, *steps) = self._axes
        for line in b.count(_quotient(b, start, n), _quotient(b, stop + (n - 1), n)):
            offsets = self._offsets(b, line, before)
            arrays = [
                b.pointer(p, o, dtype)
                for p, o, (dtype, _, _) in zip(indices, offsets[1:], self._indexed, strict=True)
            ]
            first = line * n
            low, high = start - first, stop - first
            low, high = (low > 0).where(low, 0), (high < n).where(high, n)
            for j in b.count(low, high, lanes):
                mask = first_lanes(b, lanes, high - j) if lanes > 1 else None
                place = offsets[0] + (j if lanes == 1 else numbers(b, lanes) + j) * steps[0]
                for p, s, (dtype, size, stride) in zip(
                    arrays, steps[1:], self._indexed, strict=True
                ):
                    at = _vector(b, b.pointer(p, j * s, dtype), s, dtype, lanes, mask)
                    place = place + self._within(b, at, size, mask) * stride
                yield first + j, place, mask

    def _offsets(self, b, line, axes):
        """Where a line begins in each operand."""
        offsets = [b.constant(0, I64) for _ in (0, *self._indexed)]
        for size, *steps in reversed(axes):
            line, whole = _quotient(b, line, size), line
            at = whole - line * size
            offsets = [o + at * s if s else o for o, s in zip(offsets, steps, strict=True)]
        return offsets

    def _within(self, b, at, size, mask):
        """Numbers counted from the front; it is noted if they are out of bounds."""
        signed, at = at.dtype.kind == "i", at.astype(I64)
        if signed:
            at = (at < 0).where(at + size, at)
        sound = (at >= 0) & (at < size)
        b.note("unsound", _any(b, ~sound if mask is None else mask & ~sound))
        return sound.where(at, 0)

    def items(self, b, x, moved):
        """Write loops over the items that move by one tuple, as vectors.

        Parameters
        ----------
        b : Builder
        x, moved : str
            The addresses of the first ones.

        Yields
        ------
        here, there : str
            The addresses of a vector in the array, and among what is moved.
        lanes : int
        mask : Value or None
        """
        *before, (n, step, _) = self._inner
        lanes = self._lanes
        for here, there in self._rows(b, x, moved, before):
            if n <= lanes:
                yield here, there, lanes, first_lanes(b, lanes, n) if n < lanes else None
                continue
            for i in b.count(0, n, lanes):
                mask = first_lanes(b, lanes, n - i) if n % lanes else None
                at = b.pointer(here, i * step, self._dtype), b.pointer(there, i, self._dtype)
                yield *at, lanes, mask

    def _rows(self, b, x, moved, axes):
        """The addresses where rows of items begin."""
        if not axes:
            yield x, moved
            return
        (n, s, t), *rest = axes
        for i in b.count(0, n):
            at = b.pointer(x, i * s, self._dtype), b.pointer(moved, i * t, self._dtype)
            yield from self._rows(b, *at, rest)


def _merged(axes):
    """Axes: their lengths and the operands' strides. Those that all pass in one stride are one."""
    merged = []
    for n, *steps in axes:
        if n == 1:
            continue
        if merged and all(s == n * t for s, t in zip(merged[-1][1:], steps, strict=True)):
            n *= merged.pop()[0]
        merged.append((n, *steps))
    return merged


def _broadcast_strides(shape, ndim):
    """The strides of an array that is broadcast to so many axes."""
    own = [s if n > 1 else 0 for n, s in zip(shape, row_major(shape), strict=True)]
    return [0] * (ndim - len(shape)) + own


def _quotient(b, x, n):
    return b.emit(f"sdiv i64 {x.name}, {n}", I64) if n > 1 else x


def _vector(b, pointer, stride, dtype, lanes, mask):
    """Numbers in one stride."""
    if lanes == 1 or stride == 0:
        return b.spread(b.load(pointer, dtype), lanes)
    if stride == 1:
        return b.load(pointer, dtype, lanes, mask)
    return b.gather(pointer, stride, dtype, lanes, mask)


def _any(b, x):
    """Whether a lane is true."""
    if x.lanes == 1:
        return x
    name = f"@llvm.vector.reduce.or.v{x.lanes}i1"
    b.declarations[name] = f"declare i1 {name}({x.type})"
    return b.emit(f"call i1 {name}({x.type} {x.name})", BOOL)
