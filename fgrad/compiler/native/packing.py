"""Panels: some columns of a matrix put side by side, so that they come from few pages of memory.

Of a matrix whose rows stand side by side instead, the panel is turned on the way.
"""

from typing import NamedTuple

from fgrad.compiler.native.engine import vector_bytes
from fgrad.compiler.native.place import first_lanes


class Matrix(NamedTuple):
    """Where the numbers of a matrix are: the address of the first, the strides in items."""

    pointer: str
    row: object
    column: object

    def at(self, b, i, j, dtype):
        """The matrix that begins at some place of it."""
        offset = i * self.row + j * self.column
        return Matrix(b.pointer(self.pointer, offset, dtype), self.row, self.column)


def write_pack(b, dtype, source, panel, rows, columns):
    """Write loops that put a matrix into a panel.

    Parameters
    ----------
    b : Builder
    dtype : np.dtype
    source, panel : Matrix
        Of Values; the columns of the panel stand side by side.
    rows, columns : Value
    """
    straight = source.column.equals(1)
    for _ in b.when(straight):
        write_rows(b, dtype, source, panel, rows, columns)
    for _ in b.when(~straight):
        _turn(b, dtype, source, panel, rows, columns)


def write_unpack(b, dtype, panel, target, rows, columns):
    """Write loops that put a panel, or its first columns, back into a matrix."""
    straight = target.column.equals(1)
    for _ in b.when(straight):
        write_rows(b, dtype, panel, target, rows, columns)
    for _ in b.when(~straight):
        flipped = lambda m: Matrix(m.pointer, m.column, m.row)
        _turn(b, dtype, flipped(panel), flipped(target), columns, rows)


def write_rows(b, dtype, source, target, rows, columns):
    """Write loops that copy a matrix; the columns of both stand side by side."""
    lanes = vector_bytes() // dtype.itemsize
    whole = columns - rest(columns, lanes)
    mask = first_lanes(b, lanes, columns - whole)
    for i in b.count(0, rows):
        here, there = (m.at(b, i, 0, dtype).pointer for m in (source, target))
        for j in b.count(0, whole, lanes):
            b.store(b.load(b.pointer(here, j, dtype), dtype, lanes), b.pointer(there, j, dtype))
        for _ in b.when(whole < columns):
            x = b.load(b.pointer(here, whole, dtype), dtype, lanes, mask)
            b.store(x, b.pointer(there, whole, dtype), mask)


def _turn(b, dtype, source, target, rows, columns):
    """A matrix whose columns stand side by side in the target: in squares, if its rows do here."""
    lanes = vector_bytes() // dtype.itemsize
    across = columns - rest(columns, lanes)
    whole = source.row.equals(1).where(rows - rest(rows, lanes), 0)
    for i in b.count(0, whole, lanes):
        for j in b.count(0, across, lanes):
            here = [source.at(b, i, j + k, dtype).pointer for k in range(lanes)]
            square = _turned([b.load(p, dtype, lanes) for p in here])
            for k, x in enumerate(square):
                b.store(x, target.at(b, i + k, j, dtype).pointer)
    for low, high, left in ((0, whole, across), (whole, rows, 0)):
        for i in b.count(low, high):
            for j in b.count(left, columns):
                x = b.load(source.at(b, i, j, dtype).pointer, dtype)
                b.store(x, target.at(b, i, j, dtype).pointer)


def rest(x, n):
    """The remainder of a number that is not negative."""
    if n & (n - 1) == 0:
        return x & (n - 1)
    return x.b.emit(f"urem i64 {x.name}, {n}", x.dtype)


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
