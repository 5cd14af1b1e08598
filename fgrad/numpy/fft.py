"""Fourier transforms: `numpy.fft`'s functions, transformable."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, public, refuse, value
from fgrad.numpy._rearrange import roll
from fgrad.primitives import elementwise as ew
from fgrad.primitives.fft import fft as fft_p
from fgrad.primitives.fft import irfft as irfft_p
from fgrad.primitives.fft import rfft as rfft_p
from fgrad.primitives.parts import conj
from fgrad.primitives.shape import astype, pad, slice_axis


def _sampled(name, a):
    """A value as floats or complex numbers of a precision that is transformed."""
    x = value(a, name)
    dtype = get_aval(x).dtype
    if dtype.kind in "biu":
        return astype(x, np.dtype(np.float64))
    if dtype == np.float16:
        return astype(x, np.dtype(np.float32))
    if dtype.char not in "fdFD":
        raise TypeError(located(f"{name}: dtype {dtype} is not supported; got {get_aval(x)}"))
    return astype(x, dtype)


def _sizes(name, x, s, axes, last=lambda n: n):
    """The axes as non-negative numbers, and the length of the data along each.

    `last` gives the length along the last one from the axis' own, where `s` does not say.
    """
    shape = get_aval(x).shape
    if axes is None:
        axes = range(len(shape)) if s is None else range(len(shape) - len(s), len(shape))
    axes = [axis_of(a, len(shape)) for a in axes]
    if not axes:
        raise ValueError(located(f"{name}: give at least one axis"))
    if s is None:
        s = [shape[a] for a in axes[:-1]] + [last(shape[axes[-1]])]
    elif len(s) != len(axes):
        raise ValueError(located(f"{name}: s has {len(s)} sizes for {len(axes)} axes"))
    sizes = [
        (shape[a] if a != axes[-1] else last(shape[a])) if n in (None, -1) else n.__index__()
        for n, a in zip(s, axes, strict=True)
    ]
    if len(s) > len(shape):
        raise ValueError(located(f"{name}: s has {len(s)} sizes for {len(shape)} axes"))
    for n in sizes:
        if n < 1:
            raise ValueError(located(f"{name}: a number of data points must be positive; got {n}"))
    return axes, sizes


def _resized(x, axes, sizes):
    """Cut, or continued by zeros, to the lengths."""
    for axis, n in zip(axes, sizes, strict=True):
        shape = get_aval(x).shape
        if n < shape[axis]:
            x = slice_axis(x, 0, n, axis)
        elif n > shape[axis]:
            index = tuple([(0, m, 1) for m in shape])
            x = pad(x, shape=(*shape[:axis], n, *shape[axis + 1 :]), index=index)
    return x


def _scaled(name, x, count, norm, inverse):
    """A sum of that many points in the normalization asked for."""
    match norm:
        case None | "backward":
            factor = 1 / count if inverse else 1
        case "forward":
            factor = 1 if inverse else 1 / count
        case "ortho":
            factor = 1 / math.sqrt(count)
        case _:
            raise ValueError(
                located(f"{name}: norm must be 'backward', 'ortho' or 'forward'; got {norm!r}")
            )
    return x if factor == 1 else ew.mul(x, factor)


def _full(name, a, s, axes, norm, inverse):
    x = _sampled(name, a)
    axes, sizes = _sizes(name, x, s, axes)
    x = _resized(x, axes, sizes)
    while axes:  # NumPy allows an axis to stand there twice, and transforms it twice
        once = tuple(dict.fromkeys(axes))
        x = fft_p(x, axes=once, inverse=inverse)
        rest = list(axes)
        for axis in once:
            rest.remove(axis)
        axes = rest
    return _scaled(name, x, math.prod(sizes), norm, inverse)


def _half(name, a, s, axes, norm):
    x = _sampled(name, a)
    if get_aval(x).dtype.kind == "c":
        raise TypeError(located(f"{name}: wanted real numbers; got {get_aval(x)}"))
    axes, sizes = _sizes(name, x, s, axes)
    x = rfft_p(_resized(x, axes, sizes), axes=tuple(axes))
    return _scaled(name, x, math.prod(sizes), norm, False)


def _from_half(name, a, s, axes, norm):
    small = get_aval(value(a, name)).dtype == np.float16
    x = _sampled(name, a)
    x = astype(x, np.result_type(get_aval(x).dtype, np.complex64))
    axes, sizes = _sizes(name, x, s, axes, lambda n: 2 * (n - 1))
    n = sizes[-1]
    x = irfft_p(_resized(x, axes, [*sizes[:-1], n // 2 + 1]), axes=tuple(axes), n=n)
    out = _scaled(name, x, math.prod(sizes), norm, True)
    return astype(out, np.dtype(np.float16)) if small else out


def _one(n, name):
    """The number of points along one axis, which is no -1 for the axis' own."""
    if n is not None and n < 1:
        raise ValueError(located(f"{name}: a number of data points must be positive; got {n}"))
    return None if n is None else (n,)


@public
def fft(a, n=None, axis=-1, norm=None, out=None):
    """The discrete Fourier transform along an axis.

    Parameters
    ----------
    a : array
    n : int, optional
        The number of points: `a` is cut, or continued by zeros.
    axis : int
    norm : {None, 'backward', 'ortho', 'forward'}
        Which direction carries the factor ``1 / n``; ``'ortho'``: both its square root.
    out : None

    Returns
    -------
    array
        Complex, of the precision of `a`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fft.fft(fnp.array([1.0, 0.0, 0.0, 0.0]))
    Array([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    refuse("fft", out=out)
    return _full("fft", a, _one(n, "fft"), (axis,), norm, False)


@public
def ifft(a, n=None, axis=-1, norm=None, out=None):
    """The inverse of `fft`; parameters are those of `fft`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fft.ifft(fnp.array([4.0, 0.0, 0.0, 0.0]))
    Array([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    refuse("ifft", out=out)
    return _full("ifft", a, _one(n, "ifft"), (axis,), norm, True)


@public
def rfft(a, n=None, axis=-1, norm=None, out=None):
    """The first ``n // 2 + 1`` elements of `fft` of real numbers; parameters are those of `fft`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fft.rfft(fnp.array([1.0, 0.0, 0.0, 0.0]))
    Array([1.+0.j, 1.+0.j, 1.+0.j])
    """
    refuse("rfft", out=out)
    return _half("rfft", a, _one(n, "rfft"), (axis,), norm)


@public
def irfft(a, n=None, axis=-1, norm=None, out=None):
    """The inverse of `rfft`, real; `n` is the number of points of the result.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fft.irfft(fnp.array([4.0, 0.0, 0.0]))
    Array([1., 1., 1., 1.])
    """
    refuse("irfft", out=out)
    return _from_half("irfft", a, _one(n, "irfft"), (axis,), norm)


_SWAPPED = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


@public
def hfft(a, n=None, axis=-1, norm=None, out=None):
    """`fft` of a signal whose first half is given and that is its conjugate's mirror image: real.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fft.hfft(fnp.array([1.0, 0.0, 0.0]))
    Array([1., 1., 1., 1.])
    """
    refuse("hfft", out=out)
    x = value(a, "hfft")
    x = conj(x) if get_aval(x).dtype.kind == "c" else x
    return _from_half("hfft", x, _one(n, "hfft"), (axis,), _swapped("hfft", norm))


@public
def ihfft(a, n=None, axis=-1, norm=None, out=None):
    """The inverse of `hfft`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fft.ihfft(fnp.array([4.0, 0.0, 0.0, 0.0]))
    Array([1.-0.j, 1.-0.j, 1.-0.j])
    """
    refuse("ihfft", out=out)
    return conj(_half("ihfft", a, _one(n, "ihfft"), (axis,), _swapped("ihfft", norm)))


def _swapped(name, norm):
    if norm not in _SWAPPED:
        raise ValueError(
            located(f"{name}: norm must be 'backward', 'ortho' or 'forward'; got {norm!r}")
        )
    return _SWAPPED[norm]


@public
def fftn(a, s=None, axes=None, norm=None, out=None):
    """The Fourier transform over several axes.

    Parameters
    ----------
    a : array
    s : sequence of int, optional
        The number of points along each axis.
    axes : sequence of int, optional
        All axes by default; with `s`, the last ``len(s)``.
    norm : {None, 'backward', 'ortho', 'forward'}
        As for `fft`.
    out : None

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fft.fftn(fnp.ones((2, 2)))
    Array([[4.+0.j, 0.+0.j],
           [0.+0.j, 0.+0.j]])
    """
    refuse("fftn", out=out)
    return _full("fftn", a, s, axes, norm, False)


@public
def ifftn(a, s=None, axes=None, norm=None, out=None):
    """The inverse of `fftn`."""
    refuse("ifftn", out=out)
    return _full("ifftn", a, s, axes, norm, True)


@public
def rfftn(a, s=None, axes=None, norm=None, out=None):
    """`rfft` along the last of the axes, then `fft` along the others."""
    refuse("rfftn", out=out)
    return _half("rfftn", a, s, axes, norm)


@public
def irfftn(a, s=None, axes=None, norm=None, out=None):
    """The inverse of `rfftn`; the last of `s` is the number of points of the result."""
    refuse("irfftn", out=out)
    return _from_half("irfftn", a, s, axes, norm)


@public
def fft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """`fftn` over two axes."""
    refuse("fft2", out=out)
    return _full("fft2", a, s, axes, norm, False)


@public
def ifft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """The inverse of `fft2`."""
    refuse("ifft2", out=out)
    return _full("ifft2", a, s, axes, norm, True)


@public
def rfft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """`rfftn` over two axes."""
    refuse("rfft2", out=out)
    return _half("rfft2", a, s, axes, norm)


@public
def irfft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """The inverse of `rfft2`."""
    refuse("irfft2", out=out)
    return _from_half("irfft2", a, s, axes, norm)


@public
def fftfreq(n, d=1.0, *, dtype=None, device=None):
    """The frequencies that belong to the elements of `fft`, in cycles per unit of `d`.

    Parameters
    ----------
    n : int
        The number of points.
    d : float
        The distance of two samples.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fft.fftfreq(4, 0.5)
    Array([ 0. ,  0.5, -1. , -0.5])
    """
    return _frequencies(np.fft.fftfreq(n), d, dtype)


@public
def rfftfreq(n, d=1.0, *, dtype=None, device=None):
    """The frequencies that belong to the elements of `rfft`; parameters are those of `fftfreq`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fft.rfftfreq(4, 0.5)
    Array([0. , 0.5, 1. ])
    """
    return _frequencies(np.fft.rfftfreq(n), d, dtype)


def _frequencies(cycles, d, dtype):
    found = ew.div(cycles, value(d, "fftfreq: d"))
    return found if dtype is None else astype(found, np.dtype(dtype))


@public
def fftshift(x, axes=None):
    """The zero frequency moved to the middle.

    Parameters
    ----------
    x : array
    axes : int or sequence of int, optional
        All by default.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fft.fftshift(fnp.array([0, 1, 2, -2, -1]))
    Array([-2, -1,  0,  1,  2])
    """
    return _shifted(x, axes, lambda n: n // 2)


@public
def ifftshift(x, axes=None):
    """The inverse of `fftshift`."""
    return _shifted(x, axes, lambda n: -(n // 2))


def _shifted(x, axes, distance):
    v = value(x, "fftshift")
    shape = get_aval(v).shape
    if axes is None:
        axes = range(len(shape))
    axes = [axis_of(a, len(shape)) for a in (axes if hasattr(axes, "__iter__") else (axes,))]
    return value(roll(v, [distance(shape[a]) for a in axes], axes))


__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip
