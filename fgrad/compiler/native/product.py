"""Matrix products: one function for each dtype, which serves all sizes.

A block of the result stands in registers while its products are summed: some rows times some
vectors of columns. Before, the columns of the right operand that a block needs, a *panel*, may be
packed: put side by side, so that they come from few pages of memory; of a matrix whose rows stand
side by side the panel is turned on the way. See K. Goto, R. van de Geijn, Anatomy of
high-performance matrix multiplication, ACM TOMS 34 (2008).
"""

import functools
from typing import NamedTuple

import numpy as np

from fgrad.compiler.native.engine import Module, vector_bytes
from fgrad.compiler.native.entry import WIDE_VECTORS, function_text
from fgrad.compiler.native.place import first_lanes
from fgrad.compiler.native.values import I64, Builder
from fgrad.core.avals import shaped_array

# Bytes from one row to the next from which on packing pays, if so many rows use the panel.
_FAR, _OFTEN = 1 << 10, 24
# Rows of a block.
_HEIGHTS = (6, 3, 1)


class Sizes(NamedTuple):
    """The sizes of ``out = x @ y``, as the code takes them: strides are in items.

    The columns of `out` stand side by side.
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
    return sizes.k * vectors_of(dtype) * dtype.itemsize if sizes.packs else 0


@functools.cache
def _module(dtype) -> Module:
    return Module.of(_Writer(dtype).text())


def write_product(b, dtype, x, y, out, panel, sizes: Sizes):
    """Write a call that makes a whole product.

    Parameters
    ----------
    b : Builder
    dtype : np.dtype
    x, y, out, panel : str
        Addresses; the last of `panel_bytes`, or "null".
    sizes : Sizes
    """
    table = f"@sizes{len(b.declarations)}"
    items = ", ".join(f"i64 {int(s)}" for s in sizes)
    b.declarations[table] = f"{table} = private constant [{len(sizes)} x i64] [{items}]"
    function = f"inttoptr (i64 {_module(dtype).address('product')} to ptr)"
    b.do(
        f"call void {function}(ptr {x}, ptr {y}, ptr {out}, ptr {panel}, ptr {table}, "
        f"i64 0, i64 {pieces(sizes, dtype)})"
    )


def product_function(dtype):
    """A Python function of x, y, out, an array of `Sizes`, one for a panel, and a range."""
    return _entries(dtype).function("product_entry")


@functools.cache
def _entries(dtype):
    numbers, sizes = shaped_array((1,), dtype), shaped_array((len(Sizes._fields),), I64)

    def write(b, arguments, start, stop):
        x, y, out, table, panel = arguments
        function = f"inttoptr (i64 {_module(dtype).address('product')} to ptr)"
        b.do(
            f"call void {function}(ptr {x}, ptr {y}, ptr {out}, ptr {panel}, ptr {table}, "
            f"i64 {start.name}, i64 {stop.name})"
        )

    avals = [numbers, numbers, numbers, sizes, shaped_array((1,), np.dtype(np.uint8))]
    return Module.of(function_text("product_entry", avals, [True] * 5, [0], True, write))


class _Matrix(NamedTuple):
    pointer: str
    row: object
    column: object


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
        self._product()
        b.do("ret void")
        lines = "\n".join((*b.head, *b.lines))
        arguments = "ptr %x, ptr %y, ptr %out, ptr %panel, ptr %sizes, i64 %start, i64 %stop"
        return (
            "\n".join(b.declarations.values())
            + f"\n\ndefine void @product({arguments}) {WIDE_VECTORS} {{\n{lines}\n}}\n"
        )

    def _product(self):
        b = self.b
        by_panels = self.by_panels.differs(0)
        zero = b.constant(0, I64)
        panels = self.n, by_panels.where(self._start, zero), by_panels.where(self._stop, self.n)
        blocks = self.m, by_panels.where(zero, self._start), by_panels.where(self.m, self._stop)
        for j in b.count(panels[1] * self.wide, _least(panels[2] * self.wide, self.n), self.wide):
            columns = _least(self.n - j, b.constant(self.wide, I64))
            y = self._panel(j, columns)
            for _ in b.when(columns.equals(self.wide)):
                self._columns(j, y, self.wide, None, blocks)
            for _ in b.when(columns < self.wide):
                for c in b.count(0, columns, self.lanes):
                    at = _Matrix(b.pointer(y.pointer, c, self.dtype), y.row, y.column)
                    lanes = _least(columns - c, b.constant(self.lanes, I64))
                    mask = first_lanes(b, self.lanes, lanes)
                    self._columns(j + c, at, self.lanes, mask, blocks)

    def _panel(self, j, columns):
        """The columns of the right operand that blocks from there on need; packed, if so wanted."""
        b = self.b
        y = _Matrix(b.pointer("%y", j * self.y_column, self.dtype), self.y_row, self.y_column)
        packs = self.packs.differs(0)
        for _ in b.when(packs):
            self._pack(y, columns)
        pointer = b.fresh()
        b.lines.append(f"  {pointer} = select i1 {packs.name}, ptr %panel, ptr {y.pointer}")
        return _Matrix(pointer, packs.where(self.wide, y.row), b.constant(1, I64))

    def _columns(self, j, y, width, mask, blocks):
        b = self.b
        m, start, stop = blocks
        end = _least(stop * _HEIGHTS[0], m)
        i = b.variable(I64)
        b.put(i, start * _HEIGHTS[0])
        for height in _HEIGHTS:
            here = b.get(i, I64)
            whole = here + (end - here - _rest(end - here, height))
            for at in b.count(here, whole, height):
                self._block(at, j, y, height, width, mask)
            b.put(i, whole)

    def _load(self, matrix, i, j, lanes=1, mask=None):
        b = self.b
        at = i * matrix.row + j * matrix.column
        return b.load(b.pointer(matrix.pointer, at, self.dtype), self.dtype, lanes, mask)

    def _block(self, i, j, y, height, width, mask):
        b, lanes, dtype = self.b, self.lanes, self.dtype
        x = _Matrix(b.pointer("%x", i * self.x_row, dtype), self.x_row, self.x_column)
        columns = range(0, width, lanes)
        totals = [[b.variable(dtype, lanes) for _ in columns] for _ in range(height)]
        zero = b.constant(0, dtype, lanes)
        for row in totals:
            for total in row:
                b.put(total, zero)
        rows = [b.pointer(x.pointer, x.row * r, dtype) for r in range(height)]
        for l in b.count(0, self.k):
            at = b.pointer(y.pointer, l * y.row, dtype)  # columns stand side by side
            values = [b.load(b.pointer(at, c, dtype), dtype, lanes, mask) for c in columns]
            offset = l * x.column
            for base, row in zip(rows, totals, strict=True):
                a = b.load(b.pointer(base, offset, dtype), dtype)
                for total, value in zip(row, values, strict=True):
                    b.put(total, b.fma(a, value, b.get(total, dtype, lanes)))
        out = b.pointer("%out", i * self.out_row + j, dtype)
        for r, row in enumerate(totals):
            at = b.pointer(out, self.out_row * r, dtype)
            for total, c in zip(row, columns, strict=True):
                b.store(b.get(total, dtype, lanes), b.pointer(at, c, dtype), mask)

    # -- packing ---------------------------------------------------------------------------------

    def _pack(self, y, columns):
        b, dtype, lanes = self.b, self.dtype, self.lanes
        place = lambda l, c: b.pointer("%panel", l * self.wide + c, dtype)
        across = columns - _rest(columns, lanes)
        straight, turned = y.column.equals(1), y.row.equals(1)
        for _ in b.when(straight):
            for l in b.count(0, self.k):
                for c in b.count(0, across, lanes):
                    b.store(self._load(y, l, c, lanes), place(l, c))
        whole = turned.where(self.k - _rest(self.k, lanes), 0)
        whole = straight.where(self.k, whole)
        for _ in b.when(~straight):
            for l in b.count(0, whole, lanes):
                for c in b.count(0, across, lanes):
                    rows = [self._load(y, l, c + i, lanes) for i in range(lanes)]
                    for i, row in enumerate(_turned(rows)):
                        b.store(row, place(l + i, c))
        self._pack_singly(y, 0, whole, across, columns, place)
        self._pack_singly(y, whole, self.k, 0, columns, place)

    def _pack_singly(self, y, low, high, left, right, place):
        for l in self.b.count(low, high):
            for c in self.b.count(left, right):
                self.b.store(self._load(y, l, c), place(l, c))


def _rest(x, n):
    """The remainder of a number that is not negative."""
    if n & (n - 1) == 0:
        return x & (n - 1)
    return x.b.emit(f"urem i64 {x.name}, {n}", I64)


def _least(x, y):
    return (x < y).where(x, y)


def _turned(rows):
    """The transpose of a square block of vectors, by exchanging ever smaller halves."""
    n = len(rows)
    step = n // 2
    while step:
        new = list(rows)
        for i in range(n):
            if not i & step:
                new[i], new[i + step] = _exchanged(rows[i], rows[i + step], step)
        rows, step = new, step // 2
    return rows


def _exchanged(x, y, step):
    """Two vectors whose pieces of `step` numbers, every second, have changed places."""
    b, n = x.b, x.lanes
    found = []
    for first in (0, step):
        picks = [first + i if not i & step else n + first + i - step for i in range(n)]
        picks = ", ".join(f"i32 {p}" for p in picks)
        text = f"shufflevector {x.type} {x.name}, {y.type} {y.name}, <{n} x i32> <{picks}>"
        found.append(b.emit(text, x.dtype, n))
    return found
