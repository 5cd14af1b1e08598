"""Products of vectors and matrices."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

NUMBERS = ("float32", "float64", "complex128", "int32")


def row(name, program, *cases, **options):
    """A row over numbers."""
    return Row(name, program, *cases, **({"dtypes": NUMBERS} | options))


ROWS = [
    row("dot", lambda xp, x, y: xp.dot(x, y), [(3,), (3,)], [(2, 3), (3,)], [(2, 3), (4, 3, 2)]),
    row("dot-scalar", lambda xp, x, y: xp.dot(x, y), [(), (3,)], [(2, 3), ()], [(2,), (3,)]),
    row(
        "matmul",
        lambda xp, x, y: xp.matmul(x, y),
        [(2, 3), (3, 2)],
        [(4, 1, 2, 3), (5, 3, 2)],
        [(2, 3), (4, 3, 2)],
        [(4, 2, 3), (3, 2)],
    ),
    row(
        "matmul-vector", lambda xp, x, y: x @ y, [(3,), (3,)], [(4, 2, 3), (3,)], [(3,), (4, 3, 2)]
    ),
    row("matmul-misfit", lambda xp, x, y: xp.matmul(x, y), [(2, 3), (2, 3)], [(), (3,)]),
    row("tensordot", lambda xp, x, y: xp.tensordot(x, y), [(2, 3, 4), (3, 4, 2)]),
    row("tensordot-0", lambda xp, x, y: xp.tensordot(x, y, 0), [(2,), (3,)]),
    row(
        "tensordot-axes",
        lambda xp, x, y: xp.tensordot(x, y, ((0, 2), (-1, 1))),
        [(2, 3, 4), (3, 4, 2)],
    ),
    row("vdot", lambda xp, x, y: xp.vdot(x, y), [(2, 3), (2, 3)], [(), ()]),
    row("inner", lambda xp, x, y: xp.inner(x, y), [(3,), (3,)], [(2, 3), (4, 3)], [(), (2,)]),
    row("outer", lambda xp, x, y: xp.outer(x, y), [(2,), (3,)], [(2, 2), (3,)], [(), (3,)]),
    row("kron", lambda xp, x, y: xp.kron(x, y), [(2, 3), (3, 2)], [(2,), (2, 3)], [(), (2,)]),
    row("vecdot", lambda xp, x, y: xp.vecdot(x, y), [(2, 3), (3,)], [(4, 1, 3), (2, 3)]),
    row("vecdot-axis", lambda xp, x, y: xp.vecdot(x, y, axis=0), [(3, 2), (3, 2)]),
    row("matvec", lambda xp, x, y: xp.matvec(x, y), [(2, 3), (3,)], [(5, 2, 3), (5, 3)]),
    row("vecmat", lambda xp, x, y: xp.vecmat(x, y), [(2,), (2, 3)], [(5, 2), (5, 2, 3)]),
    row("cross", lambda xp, x, y: xp.cross(x, y), [(3,), (3,)], [(2, 3), (1, 3)]),
    row("cross-axis", lambda xp, x, y: xp.cross(x, y, axis=0), [(3, 2), (3, 2)]),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


@pytest.mark.parametrize("sizes", [(2, 3), (3, 2), (2, 2)])
def test_cross_of_vectors_in_the_plane(sizes):
    """A missing third component is zero."""
    x, y = (np.arange(1.0, n + 1) ** k for k, n in enumerate(sizes, 1))
    pad = [np.append(v, 0.0)[:3] for v in (x, y)]
    want = np.cross(*pad)
    got = fnp.cross(x, y)
    np.testing.assert_array_equal(got, want[2] if sizes == (2, 2) else want)


@pytest.mark.parametrize("name", ["vecdot", "matvec", "vecmat"])
def test_length_one_is_not_stretched(name):
    """A vector of one element does not fit a longer one."""
    shapes = {"vecdot": [(1,), (3,)], "matvec": [(2, 1), (3,)], "vecmat": [(1,), (3, 2)]}[name]
    with pytest.raises(ValueError, match="do not fit"):
        getattr(fnp, name)(*map(np.ones, shapes))
