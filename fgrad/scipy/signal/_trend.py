"""Signals less their trend."""

import numpy as np

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.numpy._face import axis_of
from fgrad.scipy._arguments import inexact


def detrend(data, axis=-1, type="linear", bp=0, overwrite_data=None):
    """A signal less its mean, or less the lines that fit it best.

    Parameters
    ----------
    data : array-like
    axis : int
    type : {"linear", "constant"}
    bp : int or sequence of int
        Where one line ends and another begins.
    overwrite_data : None
        Not supported.

    Examples
    --------
    >>> from fgrad.scipy import signal
    >>> signal.detrend([1.0, 3.0], type="constant")
    Array([-1.,  1.])
    """
    if overwrite_data is not None:
        raise NotImplementedError(located("detrend: overwrite_data is not supported"))
    if type not in ("linear", "constant"):
        raise ValueError(located(f"detrend: type must be 'linear' or 'constant'; got {type!r}"))
    x = fnp.asarray(inexact("detrend", data=data))
    axis = axis_of(axis, x.ndim, "detrend: axis")
    if type == "constant":
        return x - x.mean(axis, keepdims=True)
    n = x.shape[axis]
    ends = np.unique(np.r_[0, bp, n])
    if ends[0] < 0 or ends[-1] > n:
        raise ValueError(located(f"detrend: bp must be from 0 to {n}; got {bp}"))
    x = fnp.moveaxis(x, axis, -1)
    pieces = []
    for start, stop in zip(ends[:-1], ends[1:], strict=True):
        piece = x[..., start:stop]
        lines = np.stack([np.ones(stop - start), np.arange(stop - start)], 1)
        basis = np.linalg.qr(lines)[0].astype(x.real.dtype)
        pieces.append(piece - (piece @ basis) @ basis.T)
    return fnp.moveaxis(fnp.concatenate(pieces, -1), -1, axis)
