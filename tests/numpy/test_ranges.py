"""Evenly spaced numbers, and grids."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same
from tests.numpy.suite import Row, suite

REAL = {"dtypes": ("float32", "float64", "int32")}
NUMBERS = {"dtypes": ("float32", "float64", "complex128", "int32")}
ROWS = [
    Row("linspace", lambda xp, x, y: xp.linspace(x, y, 5), [(), ()], [(2, 1), (3,)], **NUMBERS),
    Row("linspace-open", lambda xp, x, y: xp.linspace(x, y, 4, endpoint=False), [(), ()], **REAL),
    Row("linspace-axis", lambda xp, x, y: xp.linspace(x, y, 3, axis=-1), [(2,), (2,)], **REAL),
    Row("linspace-step", lambda xp, x, y: xp.linspace(x, y, 3, retstep=True), [(), ()], **REAL),
    Row(
        "linspace-int",
        lambda xp, x, y: xp.linspace(9 * x, y, 5, dtype=int),
        [(), ()],
        smooth=False,
        **REAL,
    ),
    Row(
        "linspace-short", lambda xp, x, y: [xp.linspace(x, y, n) for n in (0, 1)], [(), ()], **REAL
    ),
    Row("logspace", lambda xp, x, y: xp.logspace(x, y, 4), [(), ()], **REAL),
    Row("logspace-base", lambda xp, x, y: xp.logspace(x, y, 4, base=2.0), [(2,), (2,)], **REAL),
    Row("geomspace", lambda xp, x, y: xp.geomspace(x, y, 4), [(), ()], domain="positive", **REAL),
    Row(
        "geomspace-open",
        lambda xp, x, y: xp.geomspace(-x, -y, 4, endpoint=False),
        [(2,), (2,)],
        domain="positive",
        **REAL,
    ),
    Row("meshgrid", lambda xp, x, y: xp.meshgrid(x, y), [(2,), (3,)]),
    Row("meshgrid-ij", lambda xp, x, y, z: xp.meshgrid(x, y, z, indexing="ij"), [(2,), (3,), ()]),
    Row("meshgrid-sparse", lambda xp, x, y: xp.meshgrid(x, y, sparse=True), [(2,), (3,)]),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


@pytest.mark.parametrize(
    "make",
    [
        lambda xp: xp.indices((2, 3)),
        lambda xp: xp.indices((2, 3), np.float32, sparse=True),
        lambda xp: xp.mgrid[0:3, 1:2:5j],
        lambda xp: xp.ogrid[0:3, 1:2:5j],
        lambda xp: xp.tril_indices(3, -1),
        lambda xp: xp.triu_indices(3, 1, 4),
        lambda xp: xp.diag_indices(3),
        lambda xp: xp.ix_([0, 1], [1, 2]),
        lambda xp: xp.hanning(5),
        lambda xp: xp.unravel_index([5, 1], (2, 3)),
        lambda xp: xp.unravel_index([5, 1], (2, 3), order="F"),
        lambda xp: xp.ravel_multi_index(([1, 0], [2, 1]), (2, 3)),
        lambda xp: xp.ravel_multi_index(([1, 5], [2, -1]), (2, 3), ("clip", "wrap")),
    ],
)
def test_known_grids(make):
    """What needs no tracer is NumPy's."""
    assert_same(make(fnp), make(np))


def test_traced_indices():
    """Indices may be traced, in both directions."""
    flat = np.array([5, 1, 0])
    for order in "CF":
        places = fgrad.jit(lambda i, o=order: fnp.unravel_index(i, (2, 3), o))(flat)
        assert_same(places, np.unravel_index(flat, (2, 3), order))
        back = fgrad.jit(lambda i, o=order: fnp.ravel_multi_index(i, (2, 3), order=o))(places)
        assert_same(back, flat)


def test_wrong_counts():
    """The number of samples must be a non-negative integer."""
    with pytest.raises(TypeError, match="num must be an integer"):
        fnp.linspace(0, 1, 2.5)
    with pytest.raises(ValueError, match="must not be negative"):
        fnp.linspace(0, 1, -1)
