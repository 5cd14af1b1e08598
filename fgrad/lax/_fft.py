"""Discrete Fourier transforms over the last axes."""

import enum
import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, shape_of, unweak, value
from fgrad.primitives import fft as transforms
from fgrad.primitives.elementwise import mul
from fgrad.primitives.shape import astype


class FftType(enum.IntEnum):
    """The direction of a transform, and whether its real side is half of the symmetric one."""

    FFT = 0
    IFFT = 1
    RFFT = 2
    IRFFT = 3


@public
def fft(x, fft_type, fft_lengths):
    """The discrete Fourier transform over the last axes, or its inverse, scaled as NumPy's.

    Parameters
    ----------
    x : array-like
    fft_type : FftType or str
        A string is the name of one, in capitals or not.
    fft_lengths : sequence of int
        The lengths of the last axes: of `x`, or for ``IRFFT`` those of the result.

    Raises
    ------
    ValueError
        If the lengths are not those of the array.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.fft([1.0, 2.0], "fft", (2,))
    Array([ 3.+0.j, -1.+0.j])
    """
    x = unweak(value(x, "fft"))
    lengths = shape_of(fft_lengths, "fft_lengths")
    try:
        kind = FftType[fft_type.upper()] if isinstance(fft_type, str) else FftType(fft_type)
    except (KeyError, ValueError):
        raise ValueError(
            located(f"fft: fft_type {fft_type!r} is none of {list(FftType)}")
        ) from None
    dtype = get_aval(x).dtype
    if kind is FftType.RFFT:
        if dtype.kind == "c":
            raise ValueError(located(f"fft: RFFT is of real numbers; got {get_aval(x)}"))
        x = astype(x, np.result_type(dtype, 0.0))
    else:
        x = astype(x, np.result_type(dtype, 0j))
    if not lengths:
        return x
    shape = get_aval(x).shape
    want = (*lengths[:-1], lengths[-1] // 2 + 1) if kind is FftType.IRFFT else lengths
    if shape[-len(want) :] != want:
        raise ValueError(
            located(f"fft: {kind.name} with fft_lengths {lengths} is of shape {want}; got {shape}")
        )
    axes = tuple(range(len(shape) - len(lengths), len(shape)))
    if kind is FftType.FFT:
        return transforms.fft(x, axes=axes, inverse=False)
    if kind is FftType.RFFT:
        return transforms.rfft(x, axes=axes)
    if kind is FftType.IFFT:
        out = transforms.fft(x, axes=axes, inverse=True)
    else:
        out = transforms.irfft(x, axes=axes, n=lengths[-1])
    return mul(out, 1 / math.prod(lengths))
