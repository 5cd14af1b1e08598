"""Moved axes, flips, rolls and repetition."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

ROWS = [
    Row("moveaxis", lambda xp, x: xp.moveaxis(x, 0, -1), [(2, 3, 4)]),
    Row("moveaxis-several", lambda xp, x: xp.moveaxis(x, (0, 1), (2, 0)), [(2, 3, 4)]),
    Row("rollaxis", lambda xp, x: xp.rollaxis(x, 2, 1), [(2, 3, 4)]),
    Row("permute_dims", lambda xp, x: xp.permute_dims(x, (1, 0)), [(2, 3)]),
    Row("matrix_transpose", lambda xp, x: xp.matrix_transpose(x), [(2, 3, 4)], [(3,)]),
    Row("flip", lambda xp, x: xp.flip(x), [(2, 3)], [()], [(0, 2)]),
    Row("flip-axis", lambda xp, x: xp.flip(x, (0, -1)), [(2, 3, 2)]),
    Row("fliplr", lambda xp, x: xp.fliplr(x), [(2, 3)], [(3,)]),
    Row("flipud", lambda xp, x: xp.flipud(x), [(2, 3)], [()]),
    Row("rot90", lambda xp, x: [xp.rot90(x, k) for k in range(-1, 4)], [(2, 3)], [(2, 3, 2)]),
    Row("rot90-axes", lambda xp, x: xp.rot90(x, 1, (2, 0)), [(2, 3, 2)]),
    Row("roll", lambda xp, x: xp.roll(x, 2), [(2, 3)], [()], [(0,)]),
    Row("roll-axis", lambda xp, x: xp.roll(x, (1, -5), (0, 1)), [(2, 3)]),
    Row("roll-one-shift", lambda xp, x: xp.roll(x, 1, (0, 1)), [(2, 3)]),
    Row("tile", lambda xp, x: xp.tile(x, 2), [(3,)], [(2, 3)], [()]),
    Row("tile-many", lambda xp, x: xp.tile(x, (2, 1, 3)), [(2, 3)], [(3,)]),
    Row("repeat", lambda xp, x: xp.repeat(x, 2), [(2, 3)], [()]),
    Row("repeat-axis", lambda xp, x: xp.repeat(x, 2, axis=1), [(2, 3)], [(2, 0)]),
    Row("repeat-array", lambda xp, x: xp.repeat(x, np.array([1, 0, 2]), axis=1), [(2, 3)]),
    Row("resize", lambda xp, x: xp.resize(x, (3, 3)), [(2, 2)], [(4, 4)]),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


def test_roll_by_a_traced_shift():
    """The shift of a roll may be computed."""
    x = np.arange(5.0)
    for shift in (-7, 0, 3):
        np.testing.assert_array_equal(fgrad.jit(fnp.roll)(x, shift), np.roll(x, shift))
    for shift in (np.uint64(3), np.int8(-7), np.True_):
        np.testing.assert_array_equal(fgrad.jit(fnp.roll)(x, shift), np.roll(x, shift))
    x, shifts = np.arange(6.0).reshape(2, 3), np.array([1, -2])
    for f in (fnp.roll, fgrad.jit(fnp.roll, static_argnums=2)):
        np.testing.assert_array_equal(f(x, shifts, (0, 1)), np.roll(x, shifts, (0, 1)))


def test_repeat_to_a_known_length():
    """total_repeat_length cuts off, or fills with the last element."""
    x = np.arange(3.0)
    np.testing.assert_array_equal(fnp.repeat(x, [1, 2, 0], total_repeat_length=5), [0, 1, 1, 2, 2])
    np.testing.assert_array_equal(fnp.repeat(x, 2, total_repeat_length=3), [0, 0, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fnp.moveaxis(np.ones((2, 3)), (0, 1), 0), "same number of axes"),
        (lambda: fnp.rot90(np.ones((2, 3)), axes=(1, 1)), "two axes must differ"),
        (lambda: fnp.roll(np.ones((2, 3)), (1, 2, 3), (0, 1)), "3 shifts do not fit 2 axes"),
        (lambda: fgrad.jit(fnp.roll)(np.ones(3), 1.5), r"roll: shift must be an integer; got f64"),
        (lambda: fnp.repeat(np.ones(3), -1), "non-negative integers"),
        (lambda: fnp.repeat(np.ones(3), [1, 2]), "do not fit an axis of 3"),
    ],
)
def test_errors_say_what_was_wanted(call, message):
    """A wrong call names the argument and ends with the user's line."""
    with pytest.raises((TypeError, ValueError), match=message) as e:
        call()
    assert "\n  --> " in str(e.value)
