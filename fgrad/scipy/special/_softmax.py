"""`fgrad.nn`'s functions over all axes unless told."""

from fgrad import nn


def softmax(x, /, *, axis=None):
    """``exp(x) / sum(exp(x))`` over axes, all of them unless given.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.softmax([[0.0, 0.0]])
    Array([[0.5, 0.5]])
    """
    return nn.softmax(x, axis)


def log_softmax(x, /, *, axis=None):
    """The logarithm of `softmax`.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.log_softmax([0.0, -1000.0])
    Array([    0., -1000.])
    """
    return nn.log_softmax(x, axis)
