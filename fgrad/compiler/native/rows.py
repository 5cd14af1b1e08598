"""Rows of tables taken, and added to, by number.

A number that stands for no row ends the work; NumPy does it again then, and raises its error.
"""

import math

import numpy as np

from fgrad.compiler.native.engine import Module, vector_bytes
from fgrad.compiler.native.entry import function_text, job_of
from fgrad.compiler.native.place import first_lanes
from fgrad.compiler.native.pool import share
from fgrad.compiler.native.shared import Shared
from fgrad.compiler.native.values import BOOL, DTYPES, I64
from fgrad.core import memory
from fgrad.core.avals import shaped_array
from fgrad.core.parallel import THREADS, shares
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
        self._module = Module.of(self.code)
        self._many = self._length * self._width >= MANY

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
        self._run = Shared(self._module, "rows", self._length, self._many)

    def _move(self, b, table, row):
        for here, there, lanes, mask in self._pieces(b, table, row):
            b.store(b.load(here, self._dtype, lanes, mask), there, mask)

    def __call__(self, table, index):
        table, index = np.ascontiguousarray(table), np.ascontiguousarray(index)
        out = memory.empty(self._eqn.outvars[0].aval.shape, self._dtype)
        sound = self._run(table, index, out) is True
        return out if sound else self._again(table, index)


class AddRows(_ByRows):
    """``np.add.at(table, rows, updates)`` of a copy of the table."""

    def __init__(self, eqn):
        _, table, index = (v.aval for v in eqn.invars)
        super().__init__(eqn, table, index)
        # each thread sums into a table of its own
        several = self._many and 4 * table.size <= self._length * self._width
        self._share = share() if several and THREADS > 1 else None
        self._function, self._job = (
            self._module.function("rows"), self._module.address(job_of("rows"))
        )  # fmt: skip

    def _move(self, b, table, row):
        for here, there, lanes, mask in self._pieces(b, table, row):
            total = b.load(here, self._dtype, lanes, mask)
            b.store(total + b.load(there, self._dtype, lanes, mask), here, mask)

    def __call__(self, updates, table, index):
        updates, index = np.ascontiguousarray(updates), np.ascontiguousarray(index)
        out = memory.copy(table)
        if self._share is not None:
            tables = [out, *(np.zeros(out.shape, out.dtype) for _ in range(THREADS - 1))]
            calls = [
                (t, index, updates, lo, hi)
                for t, (lo, hi) in zip(tables, shares(self._length), strict=True)
            ]
            done = self._share(self._job, *calls)
            for part in tables[1:]:
                out += part
        else:
            done = self._function(out, index, updates)
        if done is False:
            return self._again(updates, table, index)
        return out
