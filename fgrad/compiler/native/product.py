"""Matrix products: one function for each dtype, which serves all sizes.

A block of the result stands in registers while its products are summed: some rows times some
vectors of columns. The rows and columns of the right operand that a block needs, a *panel*, may be
packed before. See K. Goto, R. van de Geijn, Anatomy of high-performance matrix multiplication, ACM
TOMS 34 (2008). Of a product with a vector each number is a sum along a row instead.
"""

import functools
from typing import NamedTuple

import numpy as np

from fgrad.compiler.native.engine import Module, vector_bytes
from fgrad.compiler.native.entry import ATTRIBUTES, function_text, write_flushed
from fgrad.compiler.native.packing import Matrix, rest, write_pack
from fgrad.compiler.native.place import across, first_lanes
from fgrad.compiler.native.pool import write_shares
from fgrad.compiler.native.values import I64, Builder
from fgrad.core.avals import shaped_array
from fgrad.core.parallel import shares

# Bytes from one row to the next from which on packing pays, if so many rows use the panel.
_FAR, _OFTEN = 1 << 10, 24
# Rows of a block.
_HEIGHTS = (6, 2, 1)
# Rows of a panel: so many stay in the nearest cache.
_DEPTH = 128


class Sizes(NamedTuple):
    """The sizes of a product, as the code takes them.

    Strides are in items; the columns of the result stand side by side.
    """

    m: int
    k: int
    n: int
    x_row: int
    x_column: int
    y_row: int
    y_column: int
    out_row: int
    packs: int
    by_panels: int
    sign: int = 0  # 1 if it is added to what is there, -1 if it is subtracted


def vectors_of(dtype) -> int:
    """How many numbers a panel is wide."""
    return (4 if vector_bytes() == 64 else 2) * vector_bytes() // dtype.itemsize


def plan_product(dtype, m, k, n, x, y, out_row) -> Sizes:
    """How a product is done.

    Parameters
    ----------
    dtype : np.dtype
        float32 or float64.
    m, k, n : int
        Rows of `x`, columns of `x`, columns of `y`.
    x, y : tuple of int
        Strides of rows and columns.
    out_row : int
        Stride of the rows of the result.
    """
    wide = vectors_of(dtype)
    far = y[0] * dtype.itemsize >= _FAR and m >= _OFTEN and n > wide
    packs = (y[1] != 1 and n > 1) or far
    panels, blocks = -(-n // wide), -(-m // _HEIGHTS[0])
    return Sizes(m, k, n, *x, *y, out_row, packs, packs or panels >= 4 or panels >= blocks)


def is_better_turned(m, n, x, y) -> bool:
    """Whether a product with a vector is better done as ``out^T = y^T x^T``.

    So that it sums along rows, or adds up rows: whatever stands side by side.

    Parameters
    ----------
    m, n : int
    x, y : tuple of int
        Strides of rows and columns.
    """
    if n == 1 < m:
        return x[1] != 1 and x[0] == 1
    return m == 1 < n and y[1] != 1 and y[0] == 1


def merged_axes(axes):
    """The length and the stride of axes taken as one; None if no stride passes them all.

    Parameters
    ----------
    axes : list of (int, int)
        The length and the stride of each.
    """
    count, stride = 1, 1
    for n, s in reversed(axes):
        if n == 1:
            continue
        if count == 1:
            count, stride = n, s
        elif s == count * stride:
            count *= n
        else:
            return None
    return count, stride


def pieces(sizes: Sizes, dtype) -> int:
    """Of how many parts a product consists that can be made alone."""
    length, size = (sizes.n, vectors_of(dtype)) if sizes.by_panels else (sizes.m, _HEIGHTS[0])
    return -(-length // size)


def panel_bytes(sizes: Sizes, dtype) -> int:
    """The memory that packing needs."""
    return min(sizes.k, _DEPTH) * vectors_of(dtype) * dtype.itemsize if sizes.packs else 0


@functools.cache
def _module(dtype) -> Module:
    return Module.of(_Writer(dtype).text())


def write_product(b, dtype, x, y, out, panels, sizes: Sizes):
    """Write calls that make a whole product, on as many threads as there are panels.

    Parameters
    ----------
    b : Builder
    dtype : np.dtype
    x, y, out : str
        Addresses.
    panels : list of str
        Addresses of memory of `panel_bytes`, or "null".
    sizes : Sizes
    """
    table, count = b.table(sizes), pieces(sizes, dtype)
    if len(panels) == 1:
        _write_call(b, dtype, x, y, out, *panels, table, 0, count)
        return
    parts = []
    for panel, (start, stop) in zip(panels, shares(count), strict=True):
        arguments = b.fresh()
        b.head.append(f"  {arguments} = alloca [{len(_JOB)} x i64]")
        for i, item in enumerate((x, y, out, panel, table, start, stop)):
            kind = "i64" if type(item) is int else "ptr"
            b.do(f"store {kind} {item}, ptr {b.pointer(arguments, i, I64)}")
        parts.append((arguments, b.constant(len(_JOB), I64)))
    write_shares(b, f"inttoptr (i64 {_module(dtype).address('job')} to ptr)", parts)


# The arguments of a product on another thread.
_JOB = ("ptr", "ptr", "ptr", "ptr", "ptr", "i64", "i64")


def write_subtraction(b, dtype, x: Matrix, y: Matrix, out: Matrix, m, k, n):
    """Write a call that subtracts a product whose sizes are known only when it runs.

    Parameters
    ----------
    b : Builder
    dtype : np.dtype
    x, y, out : Matrix
        Of Values; the columns of `y` and of `out` stand side by side, those of `y` few bytes apart.
    m, k, n : Value
        Rows of `x`, columns of `x`, columns of `y`: at most a panel.
    """
    sizes = Sizes(m, k, n, x.row, x.column, y.row, y.column, out.row, 0, 1, -1)
    table = b.fresh()
    b.head.append(f"  {table} = alloca [{len(sizes)} x i64]")
    for i, size in enumerate(sizes):
        b.store(b.as_value(size, m), b.pointer(table, i, I64))
    _write_call(b, dtype, x.pointer, y.pointer, out.pointer, "null", table, 0, 1)


def _write_call(b, dtype, x, y, out, panel, table, start, stop):
    function = f"inttoptr (i64 {_module(dtype).address('product')} to ptr)"
    b.do(
        f"call void {function}(ptr {x}, ptr {y}, ptr {out}, ptr {panel}, ptr {table}, "
        f"i64 {start}, i64 {stop})"
    )


class Batch(NamedTuple):
    """How products stand in memory one after the other: strides in items."""

    x: int
    y: int
    out: int
    pieces: int  # of each
    several: int  # whether there is more than one


@functools.cache
def product_entry(dtype) -> Module:
    """Products as a Python function, "product", of x, y, out, integers, a panel, and a range.

    The integers are `Sizes` and `Batch`; the range is of products, if there are several, else of
    pieces.
    """
    numbers, integers = shaped_array((1,), dtype), shaped_array((1,), I64)

    def write(b, arguments, start, stop):
        x, y, out, table, panel = arguments
        fields = range(len(Sizes._fields), len(Sizes._fields) + len(Batch._fields))
        *strides, count, several = (b.load(b.pointer(table, i, I64), I64) for i in fields)
        single = several.equals(0)
        for _ in b.when(single):
            _write_call(b, dtype, x, y, out, panel, table, start.name, stop.name)
        for i in b.count(single.where(stop, start), stop):
            own = [b.pointer(p, i * s, dtype) for p, s in zip((x, y, out), strides, strict=True)]
            _write_call(b, dtype, *own, panel, table, 0, count.name)

    avals = [numbers, numbers, numbers, integers, shaped_array((1,), np.dtype(np.uint8))]
    return Module.of(function_text("product", avals, [True] * 5, [0], True, write))


class _Writer:
    """Writes the function."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.lanes = vector_bytes() // dtype.itemsize
        self.wide = vectors_of(dtype)

    def text(self):
        """The module."""
        b = self.b = Builder()
        for field in Sizes._fields:
            at = b.pointer("%sizes", Sizes._fields.index(field), I64)
            setattr(self, field, b.load(at, I64))
        self._start, self._stop = (b.emit(f"add i64 {v}, 0", I64) for v in ("%start", "%stop"))
        for _ in write_flushed(b, quiet=False):
            self._product()
        b.do("ret void")
        lines = "\n".join((*b.head, *b.lines))
        arguments = "ptr %x, ptr %y, ptr %out, ptr %panel, ptr %sizes, i64 %start, i64 %stop"
        return (
            "\n".join(b.declarations.values())
            + f"\n\ndefine void @product({arguments}) {ATTRIBUTES} {{\n{lines}\n}}\n"
            + self._job()
        )

    def _job(self):
        """The same as a job, which takes the address of its arguments."""
        b = Builder()
        values = []
        for i, kind in enumerate(_JOB):
            values.append((kind, b.fresh()))
            at = b.pointer("%arguments", i, I64)
            b.lines.append(f"  {values[-1][1]} = load {kind}, ptr {at}")
        x, y, out, panel, table, start, stop = (f"{kind} {name}" for kind, name in values)
        b.do(f"call void @product({x}, {y}, {out}, {panel}, {table}, {start}, {stop})")
        b.do("ret i64 0")
        lines = "\n".join(b.lines)
        return f"\ndefine i64 @job(ptr %arguments, i64 %count) {{\n{lines}\n}}\n"

    def _product(self):
        b = self.b
        along_rows = self.n.equals(1) & self.x_column.equals(1) & self.y_row.equals(1)
        for _ in b.when(along_rows):
            self._dots()
        for _ in b.when(~along_rows):
            self._blocks()

    def _dots(self):
        """A product with a vector, as sums along rows."""
        b = self.b
        stop = _least(self._stop * _HEIGHTS[0], self.m)
        by_panels = self.by_panels.differs(0)  # of which there is one
        i = b.variable(I64)
        b.put(i, by_panels.where(0, self._start * _HEIGHTS[0]))
        end = by_panels.where(self.m, stop)
        for height in _HEIGHTS:
            here = b.get(i, I64)
            whole = here + (end - here - rest(end - here, height))
            for at in b.count(here, whole, height):
                self._dot(at, height)
            b.put(i, whole)

    def _dot(self, i, height):
        b, lanes, dtype = self.b, self.lanes, self.dtype
        rows = [b.pointer("%x", (i + r) * self.x_row, dtype) for r in range(height)]
        totals = [b.variable(dtype, lanes) for _ in rows]
        for total in totals:
            b.put(total, b.constant(0, dtype, lanes))

        def add(l, mask):
            y = b.load(b.pointer("%y", l, dtype), dtype, lanes, mask)
            for row, total in zip(rows, totals, strict=True):
                x = b.load(b.pointer(row, l, dtype), dtype, lanes, mask)
                x = x if mask is None else mask.where(x, 0)
                b.put(total, b.fma(x, y, b.get(total, dtype, lanes)))

        whole = self.k - rest(self.k, lanes)
        for l in b.count(0, whole, lanes):
            add(l, None)
        for _ in b.when(whole < self.k):
            add(whole, first_lanes(b, lanes, self.k - whole))
        for r, total in enumerate(totals):
            x = across(b.get(total, dtype, lanes), lambda x, y: x + y)
            place = b.pointer("%out", (i + r) * self.out_row, dtype)
            old = b.load(place, dtype)
            x = (self.sign < 0).where(old - x, (self.sign > 0).where(old + x, x))
            b.store(x, place)

    def _blocks(self):
        """A product as blocks of its result."""
        b = self.b
        by_panels = self.by_panels.differs(0)
        zero = b.constant(0, I64)
        panels = self.n, by_panels.where(self._start, zero), by_panels.where(self._stop, self.n)
        blocks = self.m, by_panels.where(zero, self._start), by_panels.where(self.m, self._stop)
        for j in b.count(panels[1] * self.wide, _least(panels[2] * self.wide, self.n), self.wide):
            columns = _least(self.n - j, b.constant(self.wide, I64))
            depth = b.constant(_DEPTH, I64)
            # a product of no terms is zero
            for first in b.count(0, (self.k > 0).where(self.k, 1), _DEPTH):
                self._rows(first, _least(self.k - first, depth), j, columns, blocks)

    def _rows(self, first, depth, j, columns, blocks):
        """What so many terms of the sums add to the blocks of a panel of the result."""
        b = self.b
        y = self._panel(first, depth, j, columns)
        terms = first, depth
        for _ in b.when(columns.equals(self.wide)):
            self._columns(j, y, self.wide, None, blocks, terms)
        for _ in b.when(columns < self.wide):
            for c in b.count(0, columns, self.lanes):
                at = Matrix(b.pointer(y.pointer, c, self.dtype), y.row, y.column)
                lanes = _least(columns - c, b.constant(self.lanes, I64))
                mask = first_lanes(b, self.lanes, lanes)
                self._columns(j + c, at, self.lanes, mask, blocks, terms)

    def _panel(self, first, depth, j, columns):
        """The part of the right operand that blocks from there on need; packed, if so wanted."""
        b = self.b
        y = Matrix("%y", self.y_row, self.y_column).at(b, first, j, self.dtype)
        packs = self.packs.differs(0)
        for _ in b.when(packs):
            panel = Matrix("%panel", b.constant(self.wide, I64), b.constant(1, I64))
            write_pack(b, self.dtype, y, panel, depth, columns)
        pointer = b.fresh()
        b.lines.append(f"  {pointer} = select i1 {packs.name}, ptr %panel, ptr {y.pointer}")
        return Matrix(pointer, packs.where(self.wide, y.row), b.constant(1, I64))

    def _columns(self, j, y, width, mask, blocks, terms):
        b = self.b
        m, start, stop = blocks
        end = _least(stop * _HEIGHTS[0], m)
        i = b.variable(I64)
        b.put(i, start * _HEIGHTS[0])
        for height in _HEIGHTS:
            here = b.get(i, I64)
            whole = here + (end - here - rest(end - here, height))
            for at in b.count(here, whole, height):
                self._block(at, j, y, height, width, mask, terms)
            b.put(i, whole)

    def _block(self, i, j, y, height, width, mask, terms):
        b, lanes, dtype = self.b, self.lanes, self.dtype
        first, depth = terms
        x = Matrix("%x", self.x_row, self.x_column).at(b, i, first, dtype)
        columns = range(0, width, lanes)
        out = b.pointer("%out", i * self.out_row + j, dtype)
        totals = [[b.variable(dtype, lanes) for _ in columns] for _ in range(height)]
        zero = b.constant(0, dtype, lanes)
        places = []
        for r, row in enumerate(totals):
            at = b.pointer(out, self.out_row * r, dtype)
            places += [
                (total, b.pointer(at, c, dtype)) for total, c in zip(row, columns, strict=True)
            ]
        for total, _ in places:
            b.put(total, zero)
        subtracts = self.sign < 0
        for _ in b.when(self.sign.differs(0) | (first > 0)):
            for total, place in places:
                old = b.load(place, dtype, lanes, mask)
                b.put(total, subtracts.where(-old, old))
        rows = [b.pointer(x.pointer, x.row * r, dtype) for r in range(height)]
        for l in b.count(0, depth):
            at = b.pointer(y.pointer, l * y.row, dtype)  # columns stand side by side
            values = [b.load(b.pointer(at, c, dtype), dtype, lanes, mask) for c in columns]
            offset = l * x.column
            for base, row in zip(rows, totals, strict=True):
                a = b.load(b.pointer(base, offset, dtype), dtype)
                for total, value in zip(row, values, strict=True):
                    b.put(total, b.fma(a, value, b.get(total, dtype, lanes)))
        for total, place in places:
            x = b.get(total, dtype, lanes)
            b.store(subtracts.where(-x, x), place, mask)


def _least(x, y):
    return (x < y).where(x, y)
