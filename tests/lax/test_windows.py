"""The shapes of what sliding windows give, against jax.lax."""

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad

sizes = st.integers(1, 9)
AXES = st.lists(st.tuples(sizes, sizes, st.integers(1, 4)), min_size=1, max_size=3)
LETTERS = [
    ("NCHW", "OIHW", "NCHW"),
    ("NHWC", "HWIO", "NHWC"),
    ("CWNH", "HOWI", "WNHC"),
    ("NHWC", "OIHW", "NCHW"),
]


@given(axes=AXES, padding=st.sampled_from(["VALID", "SAME", "SAME_LOWER", "same"]))
def test_padtype_to_pads(axes, padding):
    """Every named padding."""
    n, window, stride = zip(*axes, strict=True)
    want = jax.lax.padtype_to_pads(n, window, stride, padding)
    assert fgrad.lax.padtype_to_pads(n, window, stride, padding) == [
        tuple(map(int, p)) for p in want
    ]


@given(axes=AXES, pads=st.tuples(st.integers(0, 3), st.integers(0, 3)), dilation=st.integers(1, 3))
def test_reduce_window_shape_tuple(axes, pads, dilation):
    """With every stride and dilation."""
    n, window, stride = zip(*axes, strict=True)
    arguments = n, window, stride, [pads] * len(n), [dilation] * len(n), [4 - dilation] * len(n)
    want = jax.lax.reduce_window_shape_tuple(*arguments)
    assert fgrad.lax.reduce_window_shape_tuple(*arguments) == tuple(map(int, want))


@pytest.mark.parametrize("numbers", LETTERS)
@pytest.mark.parametrize("padding", ["SAME", "VALID", [(1, 2), (0, 1)]])
def test_convolutions(numbers, padding):
    """Where the axes stand, and the shapes of convolutions and transposed ones."""
    sizes = {"N": 2, "C": 3, "H": 7, "W": 8, "O": 5, "I": 3}
    lhs = tuple(sizes[c] for c in numbers[0])
    rhs = tuple({**sizes, "H": 3, "W": 4}[c] for c in numbers[1])
    assert fgrad.lax.conv_general_permutations(numbers) == tuple(
        map(tuple, jax.lax.conv_general_permutations(numbers))
    )
    assert fgrad.lax.conv_dimension_numbers(lhs, rhs, numbers) == tuple(
        map(tuple, jax.lax.conv_dimension_numbers(lhs, rhs, numbers))
    )
    for name in ("conv_general_shape_tuple", "conv_transpose_shape_tuple"):
        got, want = (
            getattr(l, name)(lhs, rhs, (2, 1), padding, numbers) for l in (fgrad.lax, jax.lax)
        )
        assert got == tuple(map(int, want)), name


def test_convolutions_in_standard_order():
    """Groups of the batch, and numbers that are said already."""
    got = fgrad.lax.conv_shape_tuple((6, 3, 7), (4, 3, 3), (2,), "SAME", 3)
    assert got == tuple(map(int, jax.lax.conv_shape_tuple((6, 3, 7), (4, 3, 3), (2,), "SAME", 3)))
    numbers = fgrad.lax.conv_dimension_numbers((6, 3, 7), (4, 3, 3), None)
    assert numbers == ((0, 1, 2),) * 3
    assert fgrad.lax.conv_dimension_numbers((6, 3, 7), (4, 3, 3), numbers) is numbers


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda l: l.padtype_to_pads((3,), (2,), (1,), "FULL"), RuntimeError, "padding must be"),
        (lambda l: l.conv_shape_tuple((1, 1, 3), (1, 1, 2), (1,), []), TypeError, "1 pairs"),
        (
            lambda l: l.conv_shape_tuple((1, 1, 3), (1, 1, 2), (1,), [(-2, -2)]),
            ValueError,
            "more than there is",
        ),
        (lambda l: l.conv_shape_tuple((3, 1, 3), (1, 1, 2), (1,), "SAME", 2), ValueError, "groups"),
        (
            lambda l: l.conv_dimension_numbers((1, 1, 3), (1, 1), None),
            TypeError,
            "different lengths",
        ),
        (
            lambda l: l.conv_dimension_numbers((1, 1, 3), (1, 1, 2), ("NCH", "OIH", "NC")),
            TypeError,
            "three strings of 3 letters",
        ),
        (
            lambda l: l.conv_general_permutations(("NCH", "OIW", "NCH")),
            TypeError,
            "different axes",
        ),
        (lambda l: l.conv_general_permutations(("NNH", "OIH", "NCH")), TypeError, "must hold N"),
    ],
)
def test_errors(call, error, message):
    """What does not fit together is refused, and the user's line is named."""
    with pytest.raises(error, match=message) as e:
        call(fgrad.lax)
    assert "test_windows.py" in str(e.value)
