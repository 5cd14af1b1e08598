"""Rows of tables taken, and added to, by number.

A number that stands for no row ends the work; NumPy does it again then, and raises its error.
"""

import math

import numpy as np

from fgrad.compiler.native.engine import Module, vector_bytes
from fgrad.compiler.native.entry import function_text
from fgrad.compiler.native.place import first_lanes
from fgrad.compiler.native.values import BOOL, DTYPES, I64
from fgrad.core import memory
from fgrad.core.avals import shaped_array
from fgrad.core.parallel import THREADS, run_all, shares
from fgrad.primitives.index import gather, scatter

# Numbers from which on vector code pays, and from which on several threads do.
FEW, MANY = 1 << 14, 1 << 17


def is_by_rows(eqn) -> bool:
    """Whether an equation takes or adds so many rows that vector code pays."""
    p, params = eqn.primitive, eqn.params
    if p is gather:
        table, *indices = eqn.invars
        moved = eqn.outvars[0].aval
    elif p is scatter and params["op"] == "add":
        updates, table, *indices = eqn.invars
        moved = updates.aval
    else:
        return False
    return (
        len(indices) == 1
        and params["axes"] == (0,)
        and params["out_axis"] == 0
        and moved.size >= FEW
        and table.aval.dtype == moved.dtype
        and table.aval.dtype in DTYPES - {BOOL}
        and indices[0].aval.ndim > 0
        and table.aval.size > 0
    )


class _ByRows:
    """What gathers and sums have in common.

    Parameters
    ----------
    eqn : JaxprEqn
    table, index : ShapedArray
    """

    def __init__(self, eqn, table, index):
        self._eqn = eqn
        self._table, self._dtype = table, table.dtype
        self._width, self._length = math.prod(table.shape[1:]), index.size
        rows = shaped_array((self._length, self._width), self._dtype)
        avals = [shaped_array((table.shape[0], self._width), self._dtype), index, rows]
        self._index = index.dtype
        self.code = function_text("rows", avals, [True] * 3, [self._length], True, self._write)
        self._function = Module.of(self.code).function("rows")
        self._shared = THREADS > 1 and self._length * self._width >= MANY

    def _write(self, b, arguments, start, stop):
        table, index, rows = arguments
        n = self._table.shape[0]
        sound = b.variable(BOOL)
        b.put(sound, b.constant(True, BOOL))
        for i in b.count(start, stop):
            row = b.load(b.pointer(index, i, self._index), self._index).astype(I64)
            row = (row < 0).where(row + n, row)
            within = (row >= 0) & (row < n)
            b.put(sound, b.get(sound, BOOL) & within)
            row = within.where(row, 0)
            self._move(
                b,
                b.pointer(table, row * self._width, self._dtype),
                b.pointer(rows, i * self._width, self._dtype),
            )
        return b.get(sound, BOOL)

    def _pieces(self, b, at, other):
        """Vectors along a row: pairs of addresses, lanes, and a mask."""
        width, most = self._width, vector_bytes() // self._dtype.itemsize
        lanes = 1
        while lanes < most and lanes < width:
            lanes *= 2
        whole = width - width % lanes
        place = lambda p, i: b.pointer(p, i, self._dtype)
        if whole == lanes:
            yield at, other, lanes, None
        else:
            for i in b.count(0, whole, lanes):
                yield place(at, i), place(other, i), lanes, None
        if whole < width:
            mask = first_lanes(b, lanes, width - whole)
            yield place(at, whole), place(other, whole), lanes, mask

    def _again(self, *args):
        return self._eqn.primitive.impl(*args, **self._eqn.params)


class Gather(_ByRows):
    """``table[rows]``."""

    def __init__(self, eqn):
        super().__init__(eqn, *(v.aval for v in eqn.invars))

    def _move(self, b, table, row):
        for here, there, lanes, mask in self._pieces(b, table, row):
            b.store(b.load(here, self._dtype, lanes, mask), there, mask)

    def __call__(self, table, index):
        table, index = np.ascontiguousarray(table), np.ascontiguousarray(index)
        out = memory.empty(self._eqn.outvars[0].aval.shape, self._dtype)
        if self._shared:
            calls = [(table, index, out, lo, hi) for lo, hi in shares(self._length)]
            sound = all(done is True for done in run_all(self._function, calls))
        else:
            sound = self._function(table, index, out) is True
        return out if sound else self._again(table, index)


class AddRows(_ByRows):
    """``np.add.at(table, rows, updates)`` of a copy of the table."""

    def __init__(self, eqn):
        _, table, index = (v.aval for v in eqn.invars)
        super().__init__(eqn, table, index)
        # each thread sums into a table of its own
        self._shared &= 4 * table.size <= self._length * self._width

    def _move(self, b, table, row):
        for here, there, lanes, mask in self._pieces(b, table, row):
            total = b.load(here, self._dtype, lanes, mask)
            b.store(total + b.load(there, self._dtype, lanes, mask), here, mask)

    def __call__(self, updates, table, index):
        updates, index = np.ascontiguousarray(updates), np.ascontiguousarray(index)
        out = memory.copy(table)
        if self._shared:
            tables = [out, *(np.zeros(out.shape, out.dtype) for _ in range(THREADS - 1))]
            calls = [
                (t, index, updates, lo, hi)
                for t, (lo, hi) in zip(tables, shares(self._length), strict=True)
            ]
            done = run_all(self._function, calls)
            for part in tables[1:]:
                out += part
        else:
            done = [self._function(out, index, updates)]
        if False in done:
            return self._again(updates, table, index)
        return out
