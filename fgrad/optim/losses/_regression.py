"""Losses between real numbers, and between directions."""

import math
from typing import Any

import fgrad.numpy as fnp

from ._checks import array, floating, masked_sum, same_shape

__all__ = [
    "cosine_distance",
    "cosine_similarity",
    "huber_loss",
    "l2_loss",
    "log_cosh",
    "squared_error",
]


def _errors(predictions, targets, loss) -> Any:
    predictions = floating(predictions, "predictions", loss)
    return predictions if targets is None else predictions - array(targets)


def squared_error(predictions, targets=None):
    r"""The squared difference of each prediction from its target.

    .. math:: (p - t)^2

    Parameters
    ----------
    predictions : array of floating dtype
    targets : array, optional
        Of the same shape; by default zero.

    Returns
    -------
    array
        Of the shape of `predictions`.

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    Bishop, "Pattern Recognition and Machine Learning", 2006, chapter 1.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.squared_error(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    Array([0., 9.])
    """
    if targets is not None:
        same_shape(predictions, targets, "predictions", "targets", "squared_error")
    errors = _errors(predictions, targets, "squared_error")
    return errors * errors


def l2_loss(predictions, targets=None):
    r"""Half the squared difference of each prediction from its target.

    .. math:: \tfrac12 (p - t)^2

    Parameters
    ----------
    predictions, targets
        As in `squared_error`.

    Returns
    -------
    array
        Of the shape of `predictions`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.l2_loss(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    Array([0. , 4.5])
    """
    return 0.5 * squared_error(predictions, targets)


def huber_loss(predictions, targets=None, *, delta=1.0):
    r"""Quadratic near the target, linear far from it.

    .. math:: \begin{cases} \tfrac12 (p - t)^2 & |p - t| \le \delta \\
        \delta\, (|p - t| - \tfrac12 \delta) & \text{else}\end{cases}

    Parameters
    ----------
    predictions : array of floating dtype
    targets : array, optional
        By default zero.
    delta : scalar
        :math:`\delta`.

    Returns
    -------
    array

    References
    ----------
    Huber, "Robust Estimation of a Location Parameter", https://projecteuclid.org/euclid.aoms/1177703732,
    1964.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.huber_loss(np.array([0.5, 3.0]))
    Array([0.125, 2.5  ])
    """
    size: Any = fnp.abs(_errors(predictions, targets, "huber_loss"))
    near = fnp.minimum(size, delta)
    return 0.5 * near * near + delta * (size - near)


def log_cosh(predictions, targets=None):
    r"""The logarithm of the hyperbolic cosine of the error.

    .. math:: \log \cosh(p - t)

    Parameters
    ----------
    predictions : array of floating dtype
    targets : array, optional
        By default zero.

    Returns
    -------
    array

    References
    ----------
    Chen et al., "Log Hyperbolic Cosine Loss Improves Variational Auto-Encoder",
    https://openreview.net/forum?id=rkglvsC9Ym, 2019.
    """
    errors = _errors(predictions, targets, "log_cosh")
    return fnp.logaddexp(errors, -errors) - math.log(2.0)


def cosine_similarity(predictions, targets, *, epsilon=0.0, axis=-1, where=None):
    r"""The cosine of the angle between vectors.

    .. math:: \frac{\langle p, t \rangle}{\|p\|\, \|t\|}

    Parameters
    ----------
    predictions, targets : array of floating dtype
    epsilon : scalar
        The smallest squared norm to divide by.
    axis : int, tuple of int or None
        Along which the vectors lie.
    where : array of bool, optional
        What counts.

    Returns
    -------
    array
        Without these axes.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> float(optim.cosine_similarity(np.array([1.0, 0.0]), np.array([3.0, 4.0])))
    0.6
    """
    a = floating(predictions, "predictions", "cosine_similarity")
    b = floating(targets, "targets", "cosine_similarity")

    def unit(x):
        square = fnp.sum(
            x * x if where is None else fnp.where(where, x * x, 0), axis, keepdims=True
        )
        return x / fnp.sqrt(fnp.maximum(square, epsilon))

    return masked_sum(unit(a) * unit(b), axis, where)


def cosine_distance(predictions, targets, *, epsilon=0.0, axis=-1, where=None):
    r"""One minus the cosine of the angle between vectors.

    .. math:: 1 - \frac{\langle p, t \rangle}{\|p\|\, \|t\|}

    Parameters
    ----------
    predictions, targets, epsilon, axis, where
        As in `cosine_similarity`.

    Returns
    -------
    array
    """
    return 1.0 - cosine_similarity(predictions, targets, epsilon=epsilon, axis=axis, where=where)
