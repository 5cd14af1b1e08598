"""Triangular systems and factorizations in machine code: functions that serve all sizes.

Each goes through a matrix in blocks, so that nearly all of the work is products; see G. Golub,
C. Van Loan, Matrix Computations, 4th ed. (2013), chapters 3 and 4. Systems are solved for a panel
of right-hand sides at a time. The processor's floating-point state is as before afterwards: what
is singular is seen by its result.
"""

import functools
from typing import NamedTuple

from fgrad.compiler.native.engine import Module, vector_bytes
from fgrad.compiler.native.entry import ATTRIBUTES, write_flushed
from fgrad.compiler.native.packing import Matrix, write_pack, write_rows, write_unpack
from fgrad.compiler.native.place import first_lanes
from fgrad.compiler.native.product import vectors_of, write_subtraction
from fgrad.compiler.native.values import BOOL, I32, I64, Builder, Value

# Rows of a triangle that are solved one after the other, before a product takes them to the rest.
_BLOCK = 12


class Triangle(NamedTuple):
    """How a triangular matrix stands in memory, as the code takes it: strides are in items."""

    row: object
    column: object
    forward: object  # whether it is lower triangular, as it is used
    unit: object  # whether there are ones on its diagonal


class Systems(NamedTuple):
    """The sizes of ``second^-1 first^-1 b``, as the code takes them: strides are in items.

    The columns of `b` or its rows stand side by side, and so do those of the result. If there is an
    order, it is the columns, and the rows of `b` are taken in it, or those of the result put in it.
    """

    n: object
    columns: object
    b_row: object
    b_column: object
    out_row: object
    out_column: object
    count: object  # how many triangles there are
    ordered_after: object
    first: Triangle
    second: Triangle

    def flat(self):
        """All of it in a row."""
        parts = [p if isinstance(p, tuple) else (p,) for p in self]
        return [x for part in parts for x in part]


SYSTEMS_FIELDS = len(Systems(*[0] * 8, Triangle(0, 0, 0, 0), Triangle(0, 0, 0, 0)).flat())


def panel_bytes(dtype, n) -> int:
    """The memory that the functions need besides their results."""
    return max(n, vectors_of(dtype)) * vectors_of(dtype) * dtype.itemsize


def write_solve(b, dtype, triangle, x, out, panel, order, systems, start, stop):
    """Write a call that solves triangular systems, for some panels of right-hand sides.

    Parameters
    ----------
    b : Builder
    dtype : np.dtype
    triangle, x, out, panel, order : str
        Addresses: of both triangles, which stand in one matrix, of right-hand sides, results,
        memory of `panel_bytes`, and int32 numbers of rows or "null".
    systems : Systems or str
        Of ints or Values; or the address of its numbers.
    start, stop : int or Value
        The first panel, and that after the last.
    """
    table = systems if type(systems) is str else _table(b, systems.flat())
    b.do(
        f"call void {_address('solve', dtype)}(ptr {triangle}, ptr {x}, ptr {out}, ptr {panel}, "
        f"ptr {order}, ptr {table}, i64 {_name(start)}, i64 {_name(stop)})"
    )


def write_cholesky(b, dtype, a, out, panel, n) -> Value:
    """Write a call that puts the lower Cholesky factor of a matrix of contiguous rows into `out`.

    It is read from its lower triangle. Gives whether it is positive definite.
    """
    text = f"ptr {a}, ptr {out}, ptr {panel}, i64 {_name(n)}"
    return b.emit(f"call i1 {_address('cholesky', dtype)}({text})", BOOL)


def write_lu(b, dtype, a, pivots, permutation, panel, m, n):
    """Write a call that factors a matrix of contiguous rows in place, with partial pivoting."""
    b.do(
        f"call void {_address('lu', dtype)}(ptr {a}, ptr {pivots}, ptr {permutation}, ptr {panel}, "
        f"i64 {_name(m)}, i64 {_name(n)})"
    )


def _name(x):
    return x if type(x) is int else x.name


def _table(b, numbers):
    """The address of integers, some of which may be known only when the code runs."""
    if all(type(x) is not Value for x in numbers):
        return b.table(numbers)
    table = b.fresh()
    b.head.append(f"  {table} = alloca [{len(numbers)} x i64]")
    for i, x in enumerate(numbers):
        b.store(x if type(x) is Value else b.constant(x, I64), b.pointer(table, i, I64))
    return table


def _address(name, dtype):
    return f"inttoptr (i64 {_module(name, dtype).address(name)} to ptr)"


@functools.cache
def _module(name, dtype) -> Module:
    """The machine code of one of the functions."""
    write, kind, arguments = {
        "solve": (_Solve, "void", "ptr %t, ptr %b, ptr %out, ptr %panel, ptr %order, ptr %sizes, "
                  "i64 %start, i64 %stop"),
        "cholesky": (_Cholesky, "i1", "ptr %a, ptr %out, ptr %panel, i64 %n"),
        "lu": (_Lu, "void", "ptr %a, ptr %pivots, ptr %permutation, ptr %panel, i64 %m, i64 %n"),
    }[name]  # fmt: skip
    b = Builder()
    result = None
    for _ in write_flushed(b, quiet=True):
        result = write(b, dtype).write()
    b.do("ret void" if result is None else f"ret i1 {result.name}")
    body = "\n".join((*b.head, *b.lines))
    declarations = "\n".join(b.declarations.values())
    head = f"define {kind} @{name}({arguments}) {ATTRIBUTES}"
    return Module.of(f"{declarations}\n\n{head} {{\n{body}\n}}\n")


class _Writer:
    """What the functions have in common."""

    def __init__(self, b, dtype):
        self.b, self.dtype = b, dtype
        self.lanes = vector_bytes() // dtype.itemsize
        self.wide = vectors_of(dtype)

    def _argument(self, name):
        return self.b.emit(f"add i64 %{name}, 0", I64)

    def _constant(self, n):
        return self.b.constant(n, I64)

    def _rows(self, pointer, row):
        """A matrix whose columns stand side by side."""
        row = row if type(row) is Value else self._constant(row)
        return Matrix(pointer, row, self._constant(1))

    def _load(self, matrix, i, j):
        return self.b.load(matrix.at(self.b, i, j, self.dtype).pointer, self.dtype)

    def _width(self, columns):
        """How wide the panel of so many right-hand sides is."""
        return (columns > self.lanes).where(self.wide, self._constant(self.lanes))


class _Solve(_Writer):
    """Writes the function that solves triangular systems."""

    def write(self):
        b = self.b
        self.n, self.columns, *strides, count, after = (self._size(i) for i in range(8))
        x, out = Matrix("%b", *strides[:2]), Matrix("%out", *strides[2:])
        ordered = b.emit("icmp ne ptr %order, null", BOOL)
        after = after.differs(0)
        start, stop = self._argument("start"), self._argument("stop")
        for s in b.count(start, stop):
            first = s * self.wide
            columns = least(self.columns - first, self._constant(self.wide))
            width = self._width(columns)
            panel = self._rows("%panel", width)
            for _ in b.when(columns.differs(width)):  # lanes without a right-hand side hold zeros
                b.clear("%panel", self.n * width * self.dtype.itemsize)
            here, there = x.at(b, 0, first, self.dtype), out.at(b, 0, first, self.dtype)
            self._move(write_pack, here, panel, columns, ordered & ~after)
            for which in b.count(0, count):
                for lanes in (self.wide, self.lanes):
                    for _ in b.when(width.equals(lanes)):
                        self._through(panel, lanes, which)
            self._move(write_unpack, panel, there, columns, ordered & after)

    def _size(self, i):
        return self.b.load(self.b.pointer("%sizes", i, I64), I64)

    def _move(self, move, source, target, columns, ordered):
        """Into the panel or out of it; if it is ordered, row by row."""
        b, dtype = self.b, self.dtype
        for _ in b.when(~ordered):
            move(b, dtype, source, target, self.n, columns)
        for _ in b.when(ordered):
            for i in b.count(0, self.n):
                place = b.load(b.pointer("%order", i, I32), I32).astype(I64)
                given, put = (i, place) if move is write_unpack else (place, i)
                here, there = source.at(b, given, 0, dtype), target.at(b, put, 0, dtype)
                write_rows(b, dtype, here, there, self._constant(1), columns)

    def _through(self, panel, width, which):
        """Solve with one of the triangles in the panel."""
        b = self.b
        row, column, forward, unit = (self._size(which * 4 + (8 + i)) for i in range(4))
        forward, divides = forward.differs(0), unit.equals(0)
        t = Matrix("%t", row, column)
        for q in b.count(0, self.n, _BLOCK):
            size = least(self.n - q, self._constant(_BLOCK))
            low = forward.where(q, self.n - q - size)
            known = forward.where(0, low + size)  # the rows from there on, so many as before
            for _ in b.when(q > 0):
                write_subtraction(
                    b, self.dtype, t.at(b, low, known, self.dtype),
                    panel.at(b, known, 0, self.dtype), panel.at(b, low, 0, self.dtype),
                    size, q, self._constant(width),
                )  # fmt: skip
            for r in b.count(0, size):
                place = lambda k, low=low, size=size: forward.where(low + k, low + size - 1 - k)
                self._row(panel, t, width, r, place, divides)

    def _row(self, panel, t, width, r, place, divides):
        """One row of the unknowns, from those of its block before it."""
        b, dtype, lanes = self.b, self.dtype, self.lanes
        i = place(r)
        pieces = range(0, width, lanes)
        at = panel.at(b, i, 0, dtype).pointer
        totals = [b.variable(dtype, lanes) for _ in pieces]
        for total, c in zip(totals, pieces, strict=True):
            b.put(total, b.load(b.pointer(at, c, dtype), dtype, lanes))
        for s in b.count(0, r):
            j = place(s)
            factor = -self._load(t, i, j)
            known = panel.at(b, j, 0, dtype).pointer
            for total, c in zip(totals, pieces, strict=True):
                x = b.load(b.pointer(known, c, dtype), dtype, lanes)
                b.put(total, b.fma(factor, x, b.get(total, dtype, lanes)))
        for _ in b.when(divides):
            by = self._load(t, i, i)
            for total in totals:
                b.put(total, b.get(total, dtype, lanes) / by)
        for total, c in zip(totals, pieces, strict=True):
            b.store(b.get(total, dtype, lanes), b.pointer(at, c, dtype))


class _Cholesky(_Writer):
    """Writes the Cholesky factorization, a panel of rows after the other.

    The rows below the diagonal block are the solution of a system with the rows before; what they
    leave of the diagonal block is factored by itself, transposed, in memory of its own.
    """

    def write(self):
        b, dtype = self.b, self.dtype
        self.n = self._argument("n")
        a, out = self._rows("%a", self.n), self._rows("%out", self.n)
        memory = b.fresh()
        b.head.append(f"  {memory} = alloca [{self.wide**2 * dtype.itemsize} x i8], align 64")
        block = self._rows(memory, self.wide)
        fine = b.variable(BOOL)
        b.put(fine, b.constant(True, BOOL))
        for low in b.count(0, self.n, self.wide):
            size = least(self.n - low, self._constant(self.wide))
            rows, own = a.at(b, low, 0, dtype), out.at(b, low, 0, dtype)
            for _ in b.when(low > 0):
                write_solve(
                    b, dtype, out.pointer, rows.pointer, own.pointer, "%panel", "null",
                    Systems(
                        low, size, 1, self.n, 1, self.n, 1, 0,
                        Triangle(self.n, 1, 1, 0), Triangle(0, 0, 0, 0),
                    ), 0, 1,
                )  # fmt: skip
            corner, result = rows.at(b, 0, low, dtype), own.at(b, 0, low, dtype)
            turned = Matrix(corner.pointer, corner.column, corner.row)
            write_pack(b, dtype, turned, block, size, size)
            for _ in b.when(low > 0):
                width = self._width(size)
                write_subtraction(
                    b, dtype, own, self._rows("%panel", width), block, size, low, size
                )
            b.put(fine, b.get(fine, BOOL) & self._factor(block, size))
            self._put(block, result, size, self.n - low)
        return b.get(fine, BOOL)

    def _factor(self, block, size):
        """``u^T u`` of a block, from its upper triangle; below it there are no numbers then."""
        b, dtype, lanes = self.b, self.dtype, self.lanes
        fine = b.variable(BOOL)
        b.put(fine, b.constant(True, BOOL))
        pieces = range(0, self.wide, lanes)
        for k in b.count(0, size):
            corner = self._load(block, k, k)
            b.put(fine, b.get(fine, BOOL) & (corner > 0))
            by = b.call("sqrt", corner)
            at = block.at(b, k, 0, dtype).pointer
            row = [b.load(b.pointer(at, c, dtype), dtype, lanes) / by for c in pieces]
            for x, c in zip(row, pieces, strict=True):
                b.store(x, b.pointer(at, c, dtype))
            for i in b.count(k + 1, size):
                factor = -self._load(block, k, i)
                at = block.at(b, i, 0, dtype).pointer
                for x, c in zip(row, pieces, strict=True):
                    place = b.pointer(at, c, dtype)
                    b.store(b.fma(factor, x, b.load(place, dtype, lanes)), place)
        return b.get(fine, BOOL)

    def _put(self, block, result, size, columns):
        """Transpose a factored block into the result, and leave zeros right of it."""
        b, dtype = self.b, self.dtype
        for i in b.count(0, size):
            for j in b.count(0, i + 1):
                b.store(self._load(block, j, i), result.at(b, i, j, dtype).pointer)
            for j in b.count(i + 1, columns):
                b.store(b.constant(0, dtype), result.at(b, i, j, dtype).pointer)


class _Lu(_Writer):
    """Writes the LU factorization, a panel of columns after the other."""

    def write(self):
        b = self.b
        self.m, self.n = self._argument("m"), self._argument("n")
        self.a = self._rows("%a", self.n)
        for i in b.count(0, self.m):
            b.store(i.astype(I32), b.pointer("%permutation", i, I32))
        steps = least(self.m, self.n)
        for low in b.count(0, steps, self.wide):
            end = least(low + self.wide, steps)
            for k in b.count(low, end):
                self._pivot(k)
                self._eliminate(k, low, end)
            self._follow(low, end)

    def _follow(self, low, end):
        """Do to the columns from `end` on what was done to those from `low` to there."""
        b, dtype, a = self.b, self.dtype, self.a
        for left in b.count(end, self.n, self.wide):
            columns = least(self.n - left, self._constant(self.wide))
            above = a.at(b, low, left, dtype).pointer
            write_solve(
                b, dtype, a.at(b, low, low, dtype).pointer, above, above, "%panel", "null",
                Systems(
                    end - low, columns, self.n, 1, self.n, 1, 1, 0,
                    Triangle(self.n, 1, 1, 1), Triangle(0, 0, 0, 0),
                ), 0, 1,
            )  # fmt: skip
            for _ in b.when(end < self.m):
                panel = self._rows("%panel", self._width(columns))
                write_subtraction(
                    b, dtype, a.at(b, end, low, dtype), panel, a.at(b, end, left, dtype),
                    self.m - end, end - low, columns,
                )  # fmt: skip

    def _pivot(self, k):
        """Exchange row `k` for the one with the largest number in that column."""
        b, dtype = self.b, self.dtype
        best, most = b.variable(I64), b.variable(dtype)
        b.put(best, k)
        b.put(most, b.call("fabs", self._load(self.a, k, k)))
        for i in b.count(k + 1, self.m):
            x = b.call("fabs", self._load(self.a, i, k))
            larger = x > b.get(most, dtype)
            b.put(best, larger.where(i, b.get(best, I64)))
            b.put(most, larger.where(x, b.get(most, dtype)))
        p = b.get(best, I64)
        b.store(p.astype(I32), b.pointer("%pivots", k, I32))
        for _ in b.when(p.differs(k)):
            rows = [self.a.at(b, i, 0, dtype).pointer for i in (k, p)]
            for j in b.count(0, self.n):
                self._exchange([b.pointer(row, j, dtype) for row in rows], dtype)
            self._exchange([b.pointer("%permutation", i, I32) for i in (k, p)], I32)

    def _exchange(self, places, dtype):
        x, y = (self.b.load(p, dtype) for p in places)
        for value, place in ((y, places[0]), (x, places[1])):
            self.b.store(value, place)

    def _eliminate(self, k, low, end):
        """Take row `k` from those below it, within the panel's columns."""
        b, dtype, lanes = self.b, self.dtype, self.lanes
        pivot = self._load(self.a, k, k)
        at, pieces = self.a.at(b, k, low, dtype).pointer, []
        for c in range(0, self.wide, lanes):
            mask = first_lanes(b, lanes, end - low - c) & ~first_lanes(b, lanes, k + 1 - low - c)
            pieces.append((c, mask, b.load(b.pointer(at, c, dtype), dtype, lanes, mask)))
        for _ in b.when(pivot.differs(0)):
            for i in b.count(k + 1, self.m):
                place = self.a.at(b, i, k, dtype).pointer
                factor = b.load(place, dtype) / pivot
                b.store(factor, place)
                at = self.a.at(b, i, low, dtype).pointer
                for c, mask, x in pieces:
                    place = b.pointer(at, c, dtype)
                    old = b.load(place, dtype, lanes, mask)
                    b.store(b.fma(-factor, x, old), place, mask)


def least(x, y):
    """The smaller of two integers."""
    return (x < y).where(x, y)
