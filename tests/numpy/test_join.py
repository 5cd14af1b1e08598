"""Arrays put together, and the axes that this takes."""

import pytest

import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

ROWS = [
    Row("atleast_1d", lambda xp, x: xp.atleast_1d(x), [()], [(2, 3)]),
    Row("atleast_2d", lambda xp, x, y: xp.atleast_2d(x, y), [(), (3,)]),
    Row("atleast_3d", lambda xp, x: xp.atleast_3d(x), [()], [(3,)], [(2, 3)], [(2, 3, 1, 1)]),
    Row("concatenate", lambda xp, x, y: xp.concatenate([x, y]), [(2, 3), (1, 3)], [(0,), (2,)]),
    Row("concatenate-axis", lambda xp, x, y: xp.concatenate([x, y], -1), [(2, 3), (2, 2)]),
    Row("concatenate-none", lambda xp, x, y: xp.concatenate((x, y), axis=None), [(2, 3), ()]),
    Row("concatenate-misfit", lambda xp, x, y: xp.concatenate([x, y]), [(2, 3), (2, 2)], [(), ()]),
    Row("stack", lambda xp, x, y: xp.stack([x, y], axis=-1), [(2, 3), (2, 3)], [(), ()]),
    Row("stack-misfit", lambda xp, x, y: xp.stack([x, y]), [(2, 3), (3, 2)]),
    Row("hstack", lambda xp, x, y: xp.hstack([x, y]), [(2,), (3,)], [(2, 1), (2, 3)], [(), ()]),
    Row("vstack", lambda xp, x, y: xp.vstack([x, y]), [(2,), (2,)], [(2, 3), (1, 3)], [(), ()]),
    Row("dstack", lambda xp, x, y: xp.dstack([x, y]), [(2,), (2,)], [(2, 3), (2, 3)], [(), ()]),
    Row("column_stack", lambda xp, x, y: xp.column_stack([x, y]), [(2,), (2, 3)]),
    Row("append", lambda xp, x, y: xp.append(x, y), [(2, 3), (2,)], [(), ()]),
    Row("append-axis", lambda xp, x, y: xp.append(x, y, axis=0), [(2, 3), (1, 3)]),
    Row("block", lambda xp, x, y: xp.block([[x, y], [y, x]]), [(2, 2), (2, 2)], [(), ()]),
    Row("block-flat", lambda xp, x, y: xp.block([x, y]), [(2,), (3,)]),
    Row("broadcast_arrays", lambda xp, x, y: xp.broadcast_arrays(x, y), [(2, 1), (3,)]),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


def test_nothing_to_join():
    """Joining no array is an error."""
    for join in (fnp.concatenate, fnp.stack, fnp.hstack, fnp.vstack, fnp.dstack):
        with pytest.raises(ValueError, match="need at least one array"):
            join([])
