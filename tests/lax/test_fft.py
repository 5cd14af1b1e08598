"""Fourier transforms against jax.lax."""

import numpy as np
import pytest

import fgrad
from tests.jax_suite import Row, suite


def row(name, program, *shapes, dtypes=("float64", "complex128")):
    """A row for one transform."""
    return Row(name, lambda lib, x: program(lib.lax, x), *shapes, dtypes=dtypes)


ROWS = [
    row("fft", lambda l, x: l.fft(x, "fft", (4,)), (3, 4)),
    row("ifft", lambda l, x: l.fft(x, l.FftType.IFFT, (3, 4)), (2, 3, 4)),
    row("rfft", lambda l, x: l.fft(x, "RFFT", (3, 5)), (2, 3, 5), dtypes=("float32", "float64")),
    row("irfft", lambda l, x: l.fft(x, l.FftType.IRFFT, (3, 7)), (2, 3, 4)),
    row("irfft-even", lambda l, x: l.fft(x, "irfft", (6,)), (2, 4)),
    row("none", lambda l, x: l.fft(x, "fft", ()), (4,)),
]
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones(4), "fft", (3,)), r"FFT with fft_lengths \(3,\) is of shape \(3,\); got \(4,\)"),
        ((np.ones(4), "irfft", (5,)), r"IRFFT with fft_lengths \(5,\) is of shape \(3,\)"),
        ((np.ones(4) * 1j, "rfft", (4,)), "RFFT is of real numbers"),
        ((np.ones(4), "dct", (4,)), "fft_type 'dct' is none of"),
    ],
)
def test_errors(arguments, message):
    """What fits no transform is refused, and the user's line is named."""
    with pytest.raises(ValueError, match=message) as e:
        fgrad.lax.fft(*arguments)
    assert "test_fft.py" in str(e.value)
