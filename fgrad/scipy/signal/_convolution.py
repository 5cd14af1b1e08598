"""Convolutions and correlations of arrays of any number of axes."""

import numpy as np

import fgrad.numpy as fnp
from fgrad import lax
from fgrad.core.source import located
from fgrad.numpy._face import axes_of
from fgrad.scipy._arguments import inexact


def _pair(function, in1, in2, mode):
    """Two arrays of one dtype and as many axes, the larger one first if only it can be."""
    a, b = (fnp.asarray(v) for v in inexact(function, in1=in1, in2=in2))
    if a.ndim != b.ndim:
        raise ValueError(
            located(f"{function}: in1 and in2 must have as many axes; got {a.shape} and {b.shape}")
        )
    if a.size == 0 or b.size == 0:
        raise ValueError(located(f"{function}: empty arrays; got {a.shape} and {b.shape}"))
    if mode not in ("full", "same", "valid"):
        raise ValueError(
            located(f"{function}: mode must be 'full', 'same' or 'valid'; got {mode!r}")
        )
    dtype = np.result_type(a.dtype, b.dtype)
    return a.astype(dtype), b.astype(dtype)


def _in_order(function, a, b, axes, mode):
    """For the mode "valid" the array first that is the larger along all axes."""
    if mode != "valid" or all(a.shape[d] >= b.shape[d] for d in axes):
        return a, b
    if all(a.shape[d] <= b.shape[d] for d in axes):
        return b, a
    raise ValueError(
        located(
            f"{function}: with mode='valid' one array must be the larger along every axis; got "
            f"{a.shape} and {b.shape}"
        )
    )


def _window(n, k, mode):
    """Which part of a full convolution of lengths `n` and `k` a mode leaves: start and size."""
    if mode == "full":
        return 0, n + k - 1
    return ((k - 1) // 2, n) if mode == "same" else (k - 1, n - k + 1)


def _direct(a, b, mode):
    pads = []
    for n, k in zip(a.shape, b.shape, strict=True):
        start, size = _window(n, k, mode)
        pads.append((k - 1 - start, start + size - n))
    kernel = fnp.flip(b)[None, None]
    return lax.conv_general_dilated(a[None, None], kernel, (1,) * a.ndim, pads)[0, 0]


def convolve(in1, in2, mode="full", method="auto", precision=None):
    """The convolution of two arrays.

    Parameters
    ----------
    in1, in2 : array of as many axes
    mode : {"full", "same", "valid"}
        Which part of it: all, as much as `in1` in the middle, or what does not reach beyond the
        larger array.
    method : {"auto", "direct", "fft"}
        "auto" is "direct"; see `fftconvolve`.
    precision : optional
        Accepted for compatibility.

    Examples
    --------
    >>> from fgrad.scipy import signal
    >>> signal.convolve([1.0, 2.0], [1.0, 1.0])
    Array([1., 3., 2.])
    """
    if method == "fft":
        return fftconvolve(in1, in2, mode)
    if method not in ("auto", "direct"):
        raise ValueError(
            located(f"convolve: method must be 'auto', 'direct' or 'fft'; got {method!r}")
        )
    a, b = _pair("convolve", in1, in2, mode)
    a, b = _in_order("convolve", a, b, range(a.ndim), mode)
    return _direct(a, b, mode)


def correlate(in1, in2, mode="full", method="auto", precision=None):
    """The correlation of two arrays: the convolution with the second one turned round, conjugate.

    Parameters
    ----------
    in1, in2, mode, method, precision
        As for `convolve`.

    Examples
    --------
    >>> from fgrad.scipy import signal
    >>> signal.correlate([1.0, 2.0], [0.0, 1.0])
    Array([1., 2., 0.])
    """
    return convolve(in1, fnp.flip(fnp.conj(in2)), mode, method)


def _only_planes(function, in1, in2, boundary, fillvalue):
    if boundary != "fill" or fillvalue != 0:
        raise NotImplementedError(
            located(f"{function}: only boundary='fill' and fillvalue=0 are supported")
        )
    a, b = fnp.asarray(in1), fnp.asarray(in2)
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(
            located(f"{function}: wanted arrays of two axes; got {a.shape} and {b.shape}")
        )
    return a, b


def convolve2d(in1, in2, mode="full", boundary="fill", fillvalue=0, precision=None):
    """`convolve` of arrays of two axes.

    Parameters
    ----------
    in1, in2, mode, precision
        As for `convolve`.
    boundary, fillvalue
        Only "fill" and 0.

    Examples
    --------
    >>> from fgrad.scipy import signal
    >>> signal.convolve2d([[1.0, 2.0]], [[1.0, 1.0]])
    Array([[1., 3., 2.]])
    """
    return convolve(*_only_planes("convolve2d", in1, in2, boundary, fillvalue), mode)


def correlate2d(in1, in2, mode="full", boundary="fill", fillvalue=0, precision=None):
    """`correlate` of arrays of two axes; of an even one "same" leaves the part that begins later.

    Parameters
    ----------
    in1, in2, mode, boundary, fillvalue, precision
        As for `convolve2d`.

    Examples
    --------
    >>> from fgrad.scipy import signal
    >>> signal.correlate2d([[1.0, 2.0]], [[0.0, 1.0]])
    Array([[1., 2., 0.]])
    """
    a, b = _only_planes("correlate2d", in1, in2, boundary, fillvalue)
    return fnp.flip(convolve(fnp.flip(a), b.conj(), mode))


def fftconvolve(in1, in2, mode="full", axes=None):
    """The convolution of two arrays by Fourier transforms.

    Parameters
    ----------
    in1, in2 : array of as many axes
    mode : {"full", "same", "valid"}
        As for `convolve`.
    axes : int or sequence of int, optional
        Along which to convolve, all unless given; the others must be of the same lengths.

    Examples
    --------
    >>> from fgrad.scipy import signal
    >>> signal.fftconvolve([1.0, 2.0], [1.0, 1.0]).round(6)
    array([1., 3., 2.])
    """
    a, b = _pair("fftconvolve", in1, in2, mode)
    axes = axes_of(axes, a.ndim, "fftconvolve: axes")
    others = [d for d in range(a.ndim) if d not in axes]
    if any(a.shape[d] != b.shape[d] for d in others):
        raise ValueError(
            located(
                f"fftconvolve: in1 of {a.shape} and in2 of {b.shape} must be of the same lengths "
                f"along the axes {others}, which are not convolved"
            )
        )
    a, b = _in_order("fftconvolve", a, b, axes, mode)
    lengths = [a.shape[d] + b.shape[d] - 1 for d in axes]
    if a.dtype.kind == "c":
        forth, back = fnp.fft.fftn, fnp.fft.ifftn
    else:
        forth, back = fnp.fft.rfftn, fnp.fft.irfftn
    product = forth(a, lengths, axes) * forth(b, lengths, axes)
    full = back(product, lengths, axes).astype(a.dtype)
    index = [slice(None)] * a.ndim
    for d in axes:
        start, size = _window(a.shape[d], b.shape[d], mode)
        index[d] = slice(start, start + size)
    return full[tuple(index)]
