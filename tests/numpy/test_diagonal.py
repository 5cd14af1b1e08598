"""Diagonals and triangles."""

from tests.numpy.suite import Row, suite

ROWS = [
    Row("diagonal", lambda xp, x: xp.diagonal(x), [(3, 4)], [(3, 4, 2)], [(0, 2)], [(3,)]),
    Row("diagonal-offset", lambda xp, x: xp.diagonal(x, -1, 2, 0), [(3, 2, 4)]),
    Row("diagonal-outside", lambda xp, x: xp.diagonal(x, 7), [(3, 4)]),
    Row("trace", lambda xp, x: xp.trace(x), [(3, 4)], [(3, 4, 2)], [(3,)]),
    Row("trace-offset", lambda xp, x: xp.trace(x, offset=1, axis1=1, axis2=0), [(3, 4)]),
    Row("diag", lambda xp, x: xp.diag(x), [(3,)], [(3, 4)], [(0,)]),
    Row("diag-above", lambda xp, x: xp.diag(x, 2), [(3,)], [(3, 4)]),
    Row("diag-below", lambda xp, x: xp.diag(x, -2), [(3,)], [(3, 4)]),
    Row("diagflat", lambda xp, x: xp.diagflat(x, 1), [(2, 2)], [()]),
    Row("tril", lambda xp, x: xp.tril(x), [(3, 4)], [(2, 3, 3)]),
    Row("tril-below", lambda xp, x: xp.tril(x, -1), [(3, 4)]),
    Row("triu", lambda xp, x: xp.triu(x, 1), [(3, 4)], [(2, 3, 3)]),
    Row("tri", lambda xp, x: xp.tri(3, 4, 1) + x, [()]),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)
