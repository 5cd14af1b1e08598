"""Where numbers would stand in sorted arrays: binary searches without branches."""

import math

import numpy as np

from fgrad.compiler.native.engine import Module, vector_bytes
from fgrad.compiler.native.entry import function_text
from fgrad.compiler.native.place import first_lanes
from fgrad.compiler.native.shared import Shared
from fgrad.compiler.native.values import BOOL, DTYPES, I64
from fgrad.core import memory
from fgrad.core.avals import shaped_array
from fgrad.primitives.sort import searchsorted

# Numbers from which on machine code pays, and several threads do.
FEW, MANY = 1 << 10, 1 << 14


def is_search(eqn) -> bool:
    """Whether an equation looks for so many numbers that machine code pays."""
    if eqn.primitive is not searchsorted:
        return False
    x, query = (v.aval for v in eqn.invars)
    return (
        query.size >= FEW and x.size > 0 and x.dtype == query.dtype and x.dtype in DTYPES - {BOOL}
    )


class Search:
    """`numpy.searchsorted`, also of the rows of one array in those of another.

    Parameters
    ----------
    eqn : JaxprEqn
    """

    def __init__(self, eqn):
        x, query = (v.aval for v in eqn.invars)
        self._dtype, self._shape, self._right = x.dtype, query.shape, eqn.params["side"] == "right"
        self._rows, self._n = math.prod(x.shape[:-1]), x.shape[-1]
        avals = [shaped_array((1,), x.dtype)] * 2 + [shaped_array((1,), np.dtype(np.intp))]
        self.code = function_text("search", avals, [True] * 3, [query.size], True, self._write)
        self._run = Shared(Module.of(self.code), "search", query.size, query.size >= MANY)

    def _write(self, b, arguments, start, stop):
        table, query, out = arguments
        apart, dtype = math.prod(self._shape) // self._rows, self._dtype
        # several numbers at a time, where processors can load from several places at once
        several = dtype.itemsize >= 4 and vector_bytes() > 16 and self._rows == 1
        lanes = vector_bytes() // 8 if several else 1
        for i in b.count(start, stop, lanes):
            row, mask = table, first_lanes(b, lanes, stop - i) if several else None
            if self._rows > 1:
                which = b.emit(f"sdiv i64 {i.name}, {apart}", I64)
                row = b.pointer(table, which * self._n, dtype)
            x = b.load(b.pointer(query, i, dtype), dtype, lanes, mask)
            b.store(self._place(b, row, x), b.pointer(out, i, I64), mask)

    def _place(self, b, row, x):
        """How many items of a row come before a number: by ever shorter steps. NaN is last."""
        found = b.constant(0, I64, x.lanes)
        last = x.isnan() if x.dtype.kind == "f" else None
        step = 1 << (self._n.bit_length() - 1)
        while step:
            there = found + step
            fits = there <= self._n
            item = self._item(b, row, there, fits)
            before = item <= x if self._right else item < x
            if last is not None:
                before = before | (last if self._right else last & ~item.isnan())
            found = (fits & before).where(there, found)
            step //= 2
        return found

    def _item(self, b, row, count, fits):
        """The last of the first so many items, if there are as many."""
        if count.lanes > 1:
            return b.gather(row, count - 1, self._dtype, count.lanes, fits)
        return b.load(b.pointer(row, fits.where(count, 1) - 1, self._dtype), self._dtype)

    def __call__(self, x, query):
        out = memory.empty(self._shape, np.dtype(np.intp))
        self._run(np.ascontiguousarray(x), np.ascontiguousarray(query), out)
        return out
