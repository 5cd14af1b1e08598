"""Matrix products of a size at which a library's call costs more than its care gains.

A block of the result stands in registers while its products are summed: rows times vectors of
columns. See K. Goto, R. van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS
34 (2008); nothing is packed, for the matrices fit the cache.
"""

from fgrad.compiler.native.engine import vector_bytes
from fgrad.compiler.native.values import I64


def _blocks(dtype):
    """How many rows and vectors of columns a block has; how many numbers a vector."""
    lanes = vector_bytes() // dtype.itemsize
    return (6, 4, lanes) if vector_bytes() == 64 else (4, 2, lanes)


def write_product(b, x, y, out, m, k, n):
    """Write loops for ``out = x @ y``.

    Parameters
    ----------
    b : Builder
    x, y, out : tuple of (str, int, int, dtype)
        The address of a matrix, its strides in items, its dtype. The columns of `y` and `out` stand
        side by side.
    m, k, n : int
        Rows of `x`, columns of `x`, columns of `y`.
    """
    rows, vectors, lanes = _blocks(out[2])
    wide = vectors * lanes
    for columns, start in _tiles(b, n, wide):
        for height, first in _tiles(b, m, rows):
            _block(b, x, y, out, k, first, height, start, columns, lanes)


def _tiles(b, n, size):
    """Pieces of a range: their length, and where they begin."""
    whole = n - n % size
    if whole == size:
        yield size, b.constant(0, I64)
    elif whole:
        for i in b.count(0, whole, size):
            yield size, i
    if whole < n:
        yield n - whole, b.constant(whole, I64)


def _block(b, x, y, out, k, first, height, start, columns, lanes):
    from fgrad.compiler.native.nest import first_lanes

    dtype = out[2]
    pieces = [(c, None) for c in range(0, columns - columns % lanes, lanes)]
    if columns % lanes:
        rest = columns % lanes
        pieces.append((columns - rest, first_lanes(b, lanes, rest)))
    totals = [[b.variable(dtype, lanes) for _ in pieces] for _ in range(height)]
    zero = b.constant(0, dtype, lanes)
    for row in totals:
        for total in row:
            b.put(total, zero)
    for l in b.count(0, k):
        at = l * y[1] + start
        values = [b.load(b.pointer(y[0], at + c, dtype), dtype, lanes, mask) for c, mask in pieces]
        for r, row in enumerate(totals):
            a = b.load(b.pointer(x[0], (first + r) * x[1] + l * x[2], dtype), dtype)
            for total, value in zip(row, values, strict=True):
                b.put(total, b.fma(a, value, b.get(total, dtype, lanes)))
    for r, row in enumerate(totals):
        at = (first + r) * out[1] + start
        for total, (c, mask) in zip(row, pieces, strict=True):
            b.store(b.get(total, dtype, lanes), b.pointer(out[0], at + c, dtype), mask)
