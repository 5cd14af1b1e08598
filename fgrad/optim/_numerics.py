"""Step counts, and norms that can be differentiated at zero."""

import fgrad.numpy as fnp
from fgrad import lax

from .tree._arithmetic import abs_sq
from .tree._dtypes import dtype_of

__all__ = ["safe_increment", "safe_norm", "safe_root_mean_squares"]


def zero_count():
    return fnp.zeros((), fnp.int32)


def safe_increment(count):
    """``count + 1``, or `count` where that would overflow its dtype.

    Parameters
    ----------
    count : integer or floating scalar

    Returns
    -------
    scalar
        Of the same dtype.

    Raises
    ------
    ValueError
        If `count` is of another dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> int(optim.safe_increment(np.int32(1))), int(optim.safe_increment(np.int32(2147483647)))
    (2, 2147483647)
    """
    dtype = dtype_of(count)
    if dtype.kind not in "iuf":
        raise ValueError(
            f"safe_increment: `count` must be an integer or floating number, got dtype {dtype}"
        )
    largest = fnp.finfo(dtype).max if dtype.kind == "f" else fnp.iinfo(dtype).max
    # Not `count + 1`, which warns where it overflows, also if it is then not selected.
    return count + (count < largest)


def safe_norm(x, min_norm, ord=None, axis=None, keepdims=False):
    r"""The norm, but at least `min_norm`, with a derivative of zero below it.

    .. math:: \max(\|x\|, \nu)

    Parameters
    ----------
    x : array-like
    min_norm : scalar
        :math:`\nu`.
    ord, axis, keepdims
        As in `fgrad.numpy.linalg.norm`.

    Returns
    -------
    array

    Examples
    --------
    >>> import fgrad
    >>> import numpy as np
    >>> from fgrad import optim
    >>> fgrad.grad(lambda x: optim.safe_norm(x, 1e-6))(np.zeros(2))
    Array([0., 0.])
    """
    # Where the norm is small its derivative may be infinite, so it must not be taken there.
    small = fnp.linalg.norm(lax.stop_gradient(x), ord, axis, keepdims=True) <= min_norm
    norm = fnp.linalg.norm(fnp.where(small, fnp.ones_like(x), x), ord, axis, keepdims)
    return fnp.where(small if keepdims else fnp.squeeze(small, axis), min_norm, norm)


def safe_root_mean_squares(x, min_rms):
    r"""The root of the mean square, but at least `min_rms`, with a derivative of zero below it.

    .. math:: \max\left(\sqrt{\tfrac1n \textstyle\sum_i |x_i|^2},\ \nu\right)

    Parameters
    ----------
    x : array-like
    min_rms : scalar
        :math:`\nu`.

    Returns
    -------
    scalar
    """
    small = fnp.sqrt(fnp.mean(abs_sq(lax.stop_gradient(x)))) <= min_rms
    root = fnp.sqrt(fnp.mean(abs_sq(fnp.where(small, fnp.ones_like(x), x))))
    return fnp.where(small, min_rms, root)
