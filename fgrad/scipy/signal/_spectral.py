"""Fourier transforms of segments of signals, and spectra estimated from them."""

import functools
import operator

import numpy as np

import fgrad.numpy as fnp
from fgrad.core.extras import scipy
from fgrad.core.source import located
from fgrad.numpy._face import axis_of
from fgrad.scipy._arguments import inexact
from fgrad.scipy.signal._trend import detrend as less_trend

_BOUNDARIES = {"even": "reflect", "constant": "edge", "zeros": "constant"}


def _window(function, window, nperseg, length, dtype):
    """The window, and its length."""
    if isinstance(window, str | tuple):
        n = length if nperseg is None else operator.index(nperseg)
        if length is not None:
            n = min(n, length)
        if n < 1:
            raise ValueError(located(f"{function}: nperseg must be positive; got {nperseg}"))
        if window == "hann":
            values = np.sin(np.pi * np.arange(n) / n) ** 2 if n > 1 else np.ones(1)
        else:
            values = scipy("signal", f"{function} with window={window!r}").get_window(window, n)
        return fnp.asarray(values, np.empty(0, dtype).real.dtype), n
    window = fnp.asarray(window)
    kind = dtype if window.dtype.kind == "c" else np.empty(0, dtype).real.dtype
    window = window.astype(kind)
    n = window.shape[0] if nperseg is None else operator.index(nperseg)
    if window.shape != (n,) or (length is not None and n > length):
        raise ValueError(
            located(
                f"{function}: window must have {n} numbers, and no more than the signal; got shape "
                f"{window.shape}"
            )
        )
    return window, n


def _step(function, n, noverlap, nfft):
    """From one segment to the next, and the length of the transform."""
    overlap = n // 2 if noverlap is None else operator.index(noverlap)
    nfft = n if nfft is None else operator.index(nfft)
    if not 0 <= overlap < n:
        raise ValueError(located(f"{function}: noverlap must be from 0 to {n - 1}; got {overlap}"))
    if nfft < n:
        raise ValueError(located(f"{function}: nfft must be at least nperseg {n}; got {nfft}"))
    return n - overlap, nfft


def _extended(function, x, boundary, n):
    if boundary is None or n == 0:
        return x
    if boundary == "odd":
        if n >= x.shape[-1]:
            raise ValueError(located(f"{function}: the signal is too short to be continued"))
        left, right = x[..., n:0:-1], x[..., -2 : -n - 2 : -1]
        return fnp.concatenate([2 * x[..., :1] - left, x, 2 * x[..., -1:] - right], -1)
    if boundary not in _BOUNDARIES:
        wanted = [*_BOUNDARIES, "odd", None]
        raise ValueError(located(f"{function}: boundary must be one of {wanted}; got {boundary!r}"))
    widths = [(0, 0)] * (x.ndim - 1) + [(n, n)]
    return fnp.pad(x, widths, mode=_BOUNDARIES[boundary])


def _segments(x, window, step, nfft, trend, onesided):
    """The transforms of windows of a signal, of shape (..., segments, frequencies)."""
    n = window.shape[0]
    starts = np.arange(0, x.shape[-1] - n + 1, step)
    pieces = trend(x[..., starts[:, None] + np.arange(n)]) * window
    return fnp.fft.rfft(pieces, nfft) if onesided else fnp.fft.fft(pieces, nfft)


def _trend(function, detrend):
    if isinstance(detrend, str):
        return functools.partial(less_trend, axis=-1, type=detrend)
    if callable(detrend):
        return detrend
    if detrend:
        raise ValueError(
            located(f"{function}: detrend must be a type, a function or False; got {detrend!r}")
        )
    return lambda x: x


def _spectra(
    function, signals, fs, window, nperseg, noverlap, nfft, detrend, onesided, scaling, axis,
    boundary=None, padded=False,
):  # fmt: skip
    """Frequencies, times, transforms of the segments, scale, whether one-sided and even."""
    signals = [fnp.asarray(inexact(function, x=x)) for x in signals]
    dtype = np.result_type(*(x.dtype for x in signals))
    axis = axis_of(axis, signals[0].ndim, f"{function}: axis")
    signals = [fnp.moveaxis(x.astype(dtype), axis, -1) for x in signals]
    length = max(x.shape[-1] for x in signals)
    signals = [fnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, length - x.shape[-1])]) for x in signals]
    window, n = _window(function, window, nperseg, length, dtype)
    step, nfft = _step(function, n, noverlap, nfft)
    signals = [_extended(function, x, boundary, n // 2) for x in signals]
    if padded:
        more = -(signals[0].shape[-1] - n) % step % n
        signals = [fnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, more)]) for x in signals]
    if scaling == "density":
        scale = 1.0 / (fs * (window * window).sum())
    elif scaling == "spectrum":
        scale = 1.0 / window.sum() ** 2
    else:
        raise ValueError(
            located(f"{function}: scaling must be 'density' or 'spectrum'; got {scaling!r}")
        )
    onesided = onesided and dtype.kind != "c"
    trend = _trend(function, detrend)
    transforms = [_segments(x, window, step, nfft, trend, onesided) for x in signals]
    frequencies = (fnp.fft.rfftfreq if onesided else fnp.fft.fftfreq)(nfft) * fs
    times = (n / 2 + step * np.arange(transforms[0].shape[-2])) / fs
    if boundary is not None:
        times = times - n / 2 / fs
    real = transforms[0].real.dtype
    sides = onesided, nfft % 2 == 0 and nfft > 1
    return frequencies.astype(real), times.astype(real), transforms, scale, sides


def stft(
    x,
    fs=1.0,
    window="hann",
    nperseg=256,
    noverlap=None,
    nfft=None,
    detrend=False,
    return_onesided=True,
    boundary="zeros",
    padded=True,
    axis=-1,
):
    """The Fourier transforms of overlapping segments of a signal.

    Parameters
    ----------
    x : array-like
    fs : number
        How many samples there are in a unit of time.
    window : str, tuple or array
        What segments are multiplied with; names other than "hann" need SciPy.
    nperseg : int
        The length of a segment; at most that of the signal.
    noverlap : int, optional
        By how much segments overlap; half of them unless given.
    nfft : int, optional
        To how many samples segments are filled up with zeros.
    detrend : {False, "constant", "linear"} or callable
        What is taken off segments, of shape (..., segments, nperseg).
    return_onesided : bool
        Whether to leave out negative frequencies; complex signals have them.
    boundary : {"zeros", "even", "odd", "constant", None}
        How the signal goes on beyond its ends.
    padded : bool
        Whether to fill up the last segment with zeros.
    axis : int

    Returns
    -------
    frequencies, times : array
    Zxx : complex array
        With the frequencies along `axis`, and the segments along the last one.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.scipy import signal
    >>> signal.stft(np.ones(8), nperseg=4)[2].shape
    (3, 5)
    """
    frequencies, times, (z,), scale, _ = _spectra(
        "stft", (x,), fs, window, nperseg, noverlap, nfft, detrend, return_onesided, "spectrum",
        axis, boundary, padded,
    )  # fmt: skip
    axis = axis_of(axis, z.ndim - 1, "stft: axis")
    return frequencies, times, fnp.moveaxis(z * fnp.sqrt(scale), -1, axis)


def csd(
    x,
    y,
    fs=1.0,
    window="hann",
    nperseg=None,
    noverlap=None,
    nfft=None,
    detrend="constant",
    return_onesided=True,
    scaling="density",
    axis=-1,
    average="mean",
):
    """The cross spectrum of two signals, by Welch's method.

    Parameters
    ----------
    x, y : array-like
        The shorter one is filled up with zeros; None for `y` means `x`.
    fs, window, noverlap, nfft, return_onesided, axis
        As for `stft`.
    nperseg : int, optional
        The length of a segment; that of the signal unless given.
    detrend : {False, "constant", "linear"} or callable
        As for `stft`.
    scaling : {"density", "spectrum"}
        Whether to give power by frequency, or power.
    average : {"mean", "median"}
        Of what is found in all segments.

    Returns
    -------
    frequencies : array
    Pxy : array
        Complex, but real of a signal and itself.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.scipy import signal
    >>> signal.csd(np.ones(8), np.ones(8), nperseg=4)[1].shape
    (3,)
    """
    return _cross("csd", (x,) if y is None else (x, y), fs, window, nperseg, noverlap, nfft,
                  detrend, return_onesided, scaling, axis, average)  # fmt: skip


def welch(
    x,
    fs=1.0,
    window="hann",
    nperseg=None,
    noverlap=None,
    nfft=None,
    detrend="constant",
    return_onesided=True,
    scaling="density",
    axis=-1,
    average="mean",
):
    """The power spectrum of a signal, by Welch's method.

    Parameters
    ----------
    x, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis, average
        As for `csd`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.scipy import signal
    >>> signal.welch(np.ones(8), nperseg=4)[1].shape
    (3,)
    """
    return _cross("welch", (x,), fs, window, nperseg, noverlap, nfft, detrend, return_onesided,
                  scaling, axis, average)  # fmt: skip


def _cross(function, signals, fs, window, nperseg, noverlap, nfft, detrend, return_onesided,
           scaling, axis, average):  # fmt: skip
    if average not in ("mean", "median"):
        raise ValueError(
            located(f"{function}: average must be 'mean' or 'median'; got {average!r}")
        )
    frequencies, _, transforms, scale, (onesided, even) = _spectra(
        function, signals, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling,
        axis,
    )  # fmt: skip
    first, last = transforms[0], transforms[-1]
    power = first.conj() * last if len(signals) > 1 else (first.conj() * first).real
    power = power * scale
    if onesided:  # what stands for the negative frequencies too
        counts = np.full(frequencies.shape[0], 2)
        counts[0] = 1
        counts[-1] -= even
        power = power * counts.astype(first.real.dtype)
    if average == "median":
        bias = _median_bias(power.shape[-2])
        parts = (power.real, power.imag) if power.dtype.kind == "c" else (power,)
        middle = [fnp.median(p, axis=-2) for p in parts]
        power = (middle[0] + 1j * middle[1] if len(middle) > 1 else middle[0]) / bias
    else:
        power = power.mean(-2)
    axis = axis_of(axis, power.ndim, f"{function}: axis")
    return frequencies, fnp.moveaxis(power, -1, axis)


def _median_bias(n):
    """The median beside the mean of `n` exponential numbers: B. Allen et al., FINDCHIRP (2005)."""
    even = np.arange(2.0, n, 2)
    return 1 + float((1.0 / (even + 1) - 1.0 / even).sum())


def istft(
    Zxx,
    fs=1.0,
    window="hann",
    nperseg=None,
    noverlap=None,
    nfft=None,
    input_onesided=True,
    boundary=True,
    time_axis=-1,
    freq_axis=-2,
):
    """The signal that `stft` made this of.

    Parameters
    ----------
    Zxx : complex array
    fs, window, nperseg, noverlap, nfft
        As for `stft`.
    input_onesided : bool
        Whether negative frequencies were left out.
    boundary : bool
        Whether the signal had been continued beyond its ends.
    time_axis, freq_axis : int

    Returns
    -------
    times, x : array

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.scipy import signal
    >>> z = signal.stft(np.arange(8.0), nperseg=4)[2]
    >>> signal.istft(z)[1].round(6)
    array([0., 1., 2., 3., 4., 5., 6., 7.])
    """
    z = fnp.asarray(Zxx)
    if z.ndim < 2:
        raise ValueError(located(f"istft: Zxx must have two axes or more; got {z.shape}"))
    time_axis = axis_of(time_axis, z.ndim, "istft: time_axis")
    freq_axis = axis_of(freq_axis, z.ndim, "istft: freq_axis")
    if time_axis == freq_axis:
        raise ValueError(located(f"istft: time_axis and freq_axis are both {time_axis}"))
    z = z.astype(np.result_type(z.dtype, np.complex64))
    z = fnp.moveaxis(z, (time_axis, freq_axis), (-2, -1))
    whole = 2 * (z.shape[-1] - 1) if input_onesided else z.shape[-1]
    n = whole if nperseg is None else operator.index(nperseg)
    if nfft is None:
        nfft = whole + (input_onesided and n == whole + 1)
    step, nfft = _step("istft", n, noverlap, nfft)
    pieces = (fnp.fft.irfft if input_onesided else fnp.fft.ifft)(z, nfft)[..., :n]
    window, _ = _window("istft", window, n, None, pieces.real.dtype)
    x = _overlapped(pieces * window * window.sum(), step)
    norm = _overlapped(fnp.broadcast_to(window * window, (z.shape[-2], n)), step)
    if boundary and n > 1:
        inside = slice(n // 2, x.shape[-1] - n // 2)
        x, norm = x[..., inside], norm[inside]
    x = x / fnp.where(norm > 1e-10, norm, 1)
    times = fnp.arange(x.shape[-1]).astype(x.real.dtype) / fs
    return times, fnp.moveaxis(x, -1, time_axis - (freq_axis < time_axis))


def _overlapped(pieces, step):
    """The sum of segments, each one a step behind the one before."""
    count, n = pieces.shape[-2:]
    index = step * np.arange(count)[:, None] + np.arange(n)
    zeros = fnp.zeros((*pieces.shape[:-2], step * (count - 1) + n), pieces.dtype)
    return zeros.at[..., index].add(pieces)
