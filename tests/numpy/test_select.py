"""Choices between values."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from fgrad.primitives.parts import select
from tests.numpy.suite import DTYPES, Row, suite

REAL = tuple(d for d in DTYPES if d != "complex128")
ROWS = [
    Row("where", lambda xp, x, y: xp.where(x.real > 0, x, y), [(2, 1), (3,)], [(), ()]),
    Row("where-number", lambda xp, x: xp.where(x.real > 0, x, 2), [(2, 3)], [(0,)]),
    Row("where-numbers", lambda xp, x: xp.where(x.real > 0, 1, 2.5), [(3,)], smooth=False),
    Row("clip", lambda xp, x: xp.clip(x, -0.5, 0.5), [(5,)], [()], dtypes=REAL),
    Row("clip-one-side", lambda xp, x: xp.clip(x, None, 1), [(5,)], dtypes=REAL),
    Row("clip-arrays", lambda xp, x, y, z: xp.clip(x, y, z), [(3,), (2, 1), ()], dtypes=REAL),
    Row("clip-names", lambda xp, x: xp.clip(x, min=0, max=1), [(5,)], dtypes=REAL),
    Row(
        "select",
        lambda xp, x, y: xp.select([x.real > 0.5, y.real > 0], [x, y], 7),
        [(2, 3), (3,)],
    ),
    Row(
        "piecewise",
        lambda xp, x: xp.piecewise(x, [x < -0.5, x > 0.5], [lambda v: -v, lambda v: v * v, 2]),
        [(5,)],
        dtypes=("float32", "float64", "int32"),
        jax=lambda xp, x: xp.piecewise(
            x, [x < -0.5, x > 0.5], [lambda v: -v, lambda v: v * v, 2.0]
        ),
        traced=False,  # NumPy hands its functions the parts of x that they are for
    ),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


def test_wrong_calls():
    """Arguments that do not fit are refused."""
    with pytest.raises(ValueError, match="both x and y, or neither"):
        fnp.where(True, 1.0)
    with pytest.raises(TypeError, match="only one of a_min and min"):
        fnp.clip(np.ones(2), 0.0, min=0.0)
    with pytest.raises(ValueError, match="do not fit"):
        fnp.select([np.array([True])], [])
    with pytest.raises(TypeError, match="must be boolean"):
        fnp.select([np.array([1.0])], [1.0])


@pytest.mark.parametrize("pred", [True, False])
def test_a_choice_of_python_numbers_is_of_the_wider_kind(pred):
    for x, y, kind in ((1, 2.5, float), (1.5, 2, float), (1, 2j, complex), (2j, 1, complex)):
        got = select(np.bool_(pred), x, y)
        assert type(got) is kind
        assert got == (x if pred else y)
