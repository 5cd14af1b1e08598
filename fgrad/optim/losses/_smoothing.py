"""Labels that are not quite certain."""

import math

import fgrad.numpy as fnp

from ._checks import floating

__all__ = ["smooth_labels"]


def smooth_labels(labels, alpha, *, axis=-1, where=None):
    r"""Mix labels with the uniform distribution.

    .. math:: (1 - \alpha)\, y + \alpha / n

    Parameters
    ----------
    labels : array of floating dtype
        Probabilities :math:`y`.
    alpha : scalar
        :math:`\alpha`.
    axis : int, tuple of int or None
        Of the :math:`n` classes.
    where : array of bool, optional
        Which classes there are.

    Returns
    -------
    array
        Of the shape of `labels`.

    References
    ----------
    Müller, Kornblith, Hinton, "When does label smoothing help?", https://arxiv.org/abs/1906.02629,
    2019.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.smooth_labels(np.array([0.0, 1.0]), 0.1)
    Array([0.05, 0.95])
    """
    labels = floating(labels, "labels", "smooth_labels")
    if where is not None:
        count = fnp.sum(where, axis=axis, keepdims=True)
    else:
        axes = range(labels.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
        count = math.prod(labels.shape[a] for a in axes)
    return (1.0 - alpha) * labels + alpha / count
