"""Discrete cosine transforms of the second kind, and their inverses.

References
----------
J. Makhoul, A fast cosine transform in one and two dimensions, IEEE Trans. ASSP 28, 1980: the
transform of n numbers is read off the Fourier transform of the same numbers in another order.
"""

import numpy as np

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.scipy._arguments import inexact


def dct(x, type=2, n=None, axis=-1, norm=None):
    """The discrete cosine transform: ``2 sum_j x[j] cos(pi k (2 j + 1) / (2 n))``.

    Parameters
    ----------
    x : array
    type : {2}
    n : int, optional
        The length: `x` is cut, or zeros are added, behind.
    axis : int
    norm : {None, "backward", "ortho"}
        "ortho" makes it a rotation.

    Returns
    -------
    array

    Raises
    ------
    NotImplementedError
        If `type` is another one.
    ValueError
        If `norm` is another one.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.scipy.fft import dct
    >>> dct(fnp.ones(3)).round(6)
    array([6., 0., 0.])
    """
    x = _sized("dct", inexact("dct", x=x), type, n, axis, norm)
    if x.dtype.kind == "c":
        return dct(x.real, axis=axis, norm=norm) + 1j * dct(x.imag, axis=axis, norm=norm)
    x = fnp.moveaxis(x, axis, -1)
    x = fnp.concatenate([x[..., ::2], x[..., 1::2][..., ::-1]], axis=-1)
    n = x.shape[-1]
    out = 2 * (fnp.fft.fft(x) * _turn(n, -1, x.dtype)).real
    return fnp.moveaxis(out * _weights(n, norm, x.dtype), -1, axis).astype(x.dtype)


def idct(x, type=2, n=None, axis=-1, norm=None):
    """The inverse of `dct`, with the same parameters.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.scipy.fft import dct, idct
    >>> idct(dct(fnp.arange(3.0))).round(6)
    array([0., 1., 2.])
    """
    x = _sized("idct", inexact("idct", x=x), type, n, axis, norm)
    if x.dtype.kind == "c":
        return idct(x.real, axis=axis, norm=norm) + 1j * idct(x.imag, axis=axis, norm=norm)
    x = fnp.moveaxis(x, axis, -1)
    n = x.shape[-1]
    x = x / _weights(n, norm, x.dtype)
    mirrored = fnp.concatenate([fnp.zeros_like(x[..., :1]), x[..., :0:-1]], axis=-1)
    out = fnp.fft.ifft((x - 1j * mirrored) * _turn(n, 1, x.dtype)).real / 2
    order = np.array([n - 1 - j // 2 if j % 2 else j // 2 for j in range(n)], int)
    return fnp.moveaxis(out[..., order], -1, axis).astype(x.dtype)


def dctn(x, type=2, s=None, axes=None, norm=None):
    """The discrete cosine transform along several axes.

    Parameters
    ----------
    x : array
    type : {2}
    s : sequence of int, optional
        The length along each of the axes.
    axes : sequence of int, optional
        By default all; with `s`, the last ones.
    norm : {None, "backward", "ortho"}

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.scipy.fft import dctn
    >>> dctn(fnp.ones((2, 2))).round(6)
    array([[16.,  0.],
           [ 0.,  0.]])
    """
    return _along("dctn", dct, x, type, s, axes, norm)


def idctn(x, type=2, s=None, axes=None, norm=None):
    """The inverse of `dctn`, with the same parameters.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.scipy.fft import dctn, idctn
    >>> idctn(dctn(fnp.ones((1, 2)))).round(6)
    array([[1., 1.]])
    """
    return _along("idctn", idct, x, type, s, axes, norm)


def _along(name, transform, x, type, s, axes, norm):
    x = inexact(name, x=x)
    if axes is None:
        axes = range(x.ndim) if s is None else range(-len(s), 0)
    lengths = [None] * len(axes) if s is None else s
    if len(lengths) != len(axes):
        raise ValueError(located(f"{name}: s and axes must be of one length; got {s} and {axes}"))
    for axis, n in zip(axes, lengths, strict=True):
        x = transform(x, type, n, axis, norm)
    return x


def _sized(name, x, type, n, axis, norm):
    """The array cut or extended along the axis."""
    if type != 2:
        raise NotImplementedError(located(f"{name}: type must be 2; got {type}"))
    if norm not in (None, "backward", "ortho"):
        raise ValueError(located(f"{name}: norm must be None, 'backward' or 'ortho'; got {norm!r}"))
    if n is None:
        return x
    x = fnp.moveaxis(x, axis, -1)[..., :n]
    missing = [(0, 0)] * (x.ndim - 1) + [(0, n - x.shape[-1])]
    return fnp.moveaxis(fnp.pad(x, missing), -1, axis)


def _turn(n, sign, dtype):
    """Rotations by quarter steps of the Fourier transform."""
    return fnp.exp(sign * 0.5j * fnp.pi * fnp.arange(n, dtype=dtype) / n)


def _weights(n, norm, dtype):
    """What makes the transform a rotation."""
    if norm != "ortho":
        return fnp.ones(n, dtype)
    return fnp.where(fnp.arange(n) == 0, (4 * n) ** -0.5, (2 * n) ** -0.5).astype(dtype)
