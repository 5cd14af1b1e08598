"""Signals: `fgrad.scipy.signal`."""

from fgrad.scipy.signal._convolution import (
    convolve,
    convolve2d,
    correlate,
    correlate2d,
    fftconvolve,
)
from fgrad.scipy.signal._spectral import csd, istft, stft, welch
from fgrad.scipy.signal._trend import detrend
