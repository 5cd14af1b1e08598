"""Shapes changed without moving elements about."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

ROWS = [
    Row("reshape", lambda xp, x: xp.reshape(x, (3, -1)), [(2, 3)], [(0, 3)], [(4,)]),
    Row("reshape-F", lambda xp, x: xp.reshape(x, (3, 2), order="F"), [(2, 3)]),
    Row("reshape-0d", lambda xp, x: xp.reshape(x, ()), [(1, 1)], [()]),
    Row("transpose", lambda xp, x: xp.transpose(x), [(2, 3)], [()]),
    Row("transpose-axes", lambda xp, x: xp.transpose(x, (1, -1, 0)), [(2, 3, 4)], [(2, 3)]),
    Row("ravel", lambda xp, x: xp.ravel(x), [(2, 3)], [()]),
    Row("ravel-F", lambda xp, x: xp.ravel(x, order="F"), [(2, 3)]),
    Row("squeeze", lambda xp, x: xp.squeeze(x), [(1, 3, 1)], [()]),
    Row("squeeze-axis", lambda xp, x: xp.squeeze(x, axis=(0, -1)), [(1, 3, 1)], [(2, 1)]),
    Row("expand_dims", lambda xp, x: xp.expand_dims(x, (0, -1)), [(2, 3)], [()]),
    Row("swapaxes", lambda xp, x: xp.swapaxes(x, 0, -1), [(2, 3, 4)], [(2,)]),
    Row("broadcast_to", lambda xp, x: xp.broadcast_to(x, (2, 3)), [(3,)], [(2, 1)], [(2,)]),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: fnp.reshape(x, (4,)), "reshape: cannot make shape"),
        (lambda x: fnp.reshape(x, (-1, -1)), "only one size can be -1"),
        (lambda x: fnp.transpose(x, (0, 0)), "do not fit 2 axes"),
        (lambda x: fnp.squeeze(x, 0), "longer than one"),
        (lambda x: fnp.broadcast_to(x, (4, 3)), "cannot broadcast shape"),
    ],
)
def test_errors(call, message):
    """Shapes that do not fit are refused."""
    with pytest.raises(ValueError, match=message):
        call(np.ones((2, 3)))
