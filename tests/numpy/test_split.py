"""Arrays taken apart."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

ROWS = [
    Row("split", lambda xp, x: xp.split(x, 2), [(4,)], [(4, 3)], [(0,)]),
    Row("split-uneven", lambda xp, x: xp.split(x, 3), [(4,)]),
    Row("split-at", lambda xp, x: xp.split(x, np.array([1, 1, 3]), axis=1), [(2, 4)]),
    Row("split-outside", lambda xp, x: xp.split(x, np.array([3, 9])), [(5,)], smooth=False),
    Row("array_split", lambda xp, x: xp.array_split(x, 3), [(4,)], [(8, 2)], [(1,)]),
    Row("hsplit", lambda xp, x: xp.hsplit(x, 2), [(4,)], [(3, 4)]),
    Row("vsplit", lambda xp, x: xp.vsplit(x, 2), [(4, 3)], [(4,)]),
    Row("dsplit", lambda xp, x: xp.dsplit(x, 2), [(2, 2, 4)], [(4, 4)]),
    Row("unstack", lambda xp, x: xp.unstack(x, axis=1), [(2, 3)], [(2, 0)]),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


def test_uneven_split_is_refused():
    """split says what does not divide."""
    with pytest.raises(ValueError, match="an axis of 3 does not divide into 2 equal sections"):
        fnp.split(np.ones(3), 2)
