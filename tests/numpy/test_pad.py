"""Padding, in all modes."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.numpy.suite import DTYPES, Row, suite

ORDERED = tuple(d for d in DTYPES if d not in ("complex128", "bool"))
WIDTHS = ((1, 2), (0, 3))


def mode(name, width=WIDTHS, label="", dtypes=DTYPES, smooth=True, **options):
    """A row for a mode of padding."""
    return Row(
        f"{name}{label}",
        lambda xp, x: xp.pad(x, width, name, **options),
        [(3, 4)],
        dtypes=dtypes,
        smooth=smooth,
    )


ROWS = [
    mode("constant"),
    mode("constant", label="-int", width=2),
    mode("constant", label="-values", constant_values=((1, 2), (3, 4)), dtypes=ORDERED),
    mode("edge"),
    mode("wrap", width=((3, 7), (0, 5))),
    mode("reflect", width=((3, 7), (0, 5))),
    mode("reflect", label="-odd", reflect_type="odd", width=((3, 7), (0, 5)), dtypes=ORDERED),
    mode("symmetric", width=((3, 7), (0, 5))),
    mode("symmetric", label="-odd", reflect_type="odd", width=((4, 2), (0, 9)), dtypes=ORDERED),
    mode("linear_ramp", end_values=((1, 2), (3, 4)), dtypes=ORDERED),
    mode("maximum", dtypes=ORDERED),
    mode("maximum", label="-length", stat_length=((1, 2), (3, 1)), dtypes=ORDERED),
    mode("minimum", dtypes=ORDERED),
    mode("mean", dtypes=ORDERED),
    mode("mean", label="-length", stat_length=2, dtypes=ORDERED),
    mode("median", dtypes=("float32", "float64")),
    Row("pad-0d", lambda xp, x: xp.pad(x, 0), [()]),
    Row("pad-empty", lambda xp, x: xp.pad(x, 1), [(0, 2)]),
    Row("pad-empty-edge", lambda xp, x: xp.pad(x, 1, "edge"), [(0,)]),
    Row("pad-traced-value", lambda xp, x, y: xp.pad(x, 1, constant_values=y), [(2, 2), ()]),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1,), "widths must be non-negative integers"),
        ((((1, 2, 3),),), "pad_width"),
        ((1, "nothing"), "mode must be one of"),
    ],
)
def test_errors(arguments, message):
    """A wrong width or mode is refused."""
    with pytest.raises(ValueError, match=message):
        fnp.pad(np.ones(3), *arguments)


def test_option_of_another_mode():
    """An option that the mode does not have is refused."""
    with pytest.raises(ValueError, match="does not take the options"):
        fnp.pad(np.ones(3), 1, "edge", constant_values=1)
