"""Losses of rankings."""

import numpy as np

import fgrad.numpy as fnp
from fgrad import nn

from ._checks import array, floating, masked_sum

__all__ = ["ranking_softmax_loss"]


def ranking_softmax_loss(logits, labels, *, where=None, weights=None, reduce_fn=fnp.mean):
    r"""The softmax cross-entropy of the relevance of items in lists.

    .. math:: -\textstyle\sum_i w_i\, y_i \log \frac{\exp s_i}{\sum_j \exp s_j}

    Parameters
    ----------
    logits : array of floating dtype, of shape (..., items)
        The scores :math:`s`.
    labels : array of the same shape
        The relevances :math:`y`, not negative.
    where : array of bool, optional
        Which items are there.
    weights : array, optional
        The weights :math:`w`.
    reduce_fn : callable, optional
        What to make of the losses of all lists; it takes ``where=``. None returns them all.

    Returns
    -------
    array

    References
    ----------
    Bruch et al., "An Analysis of the Softmax Cross Entropy Loss for Learning-to-Rank with Binary
    Relevance", https://research.google/pubs/an-analysis-of-the-softmax-cross-entropy-loss/, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> loss = optim.losses.ranking_softmax_loss(np.array([3.0, 1.0, 2.0]), np.array([1, 0, 0]))
    >>> round(float(loss), 4)
    0.4076
    """
    logits = floating(logits, "logits", "ranking_softmax_loss")
    labels = array(labels).astype(logits.dtype)
    if weights is not None:
        labels = labels * weights
    if where is None:
        losses = -fnp.sum(labels * array(nn.log_softmax(logits, axis=-1)), axis=-1)
        return losses if reduce_fn is None else reduce_fn(losses)
    where = array(where)
    # In an empty list all items count, for there is no softmax of none; their weight is zero.
    counted = where | ~fnp.any(where, axis=-1, keepdims=True)
    log_p = nn.log_softmax(logits, axis=-1, where=counted)
    losses = -masked_sum(labels * array(fnp.where(where, log_p, 0)), -1, where)
    some = fnp.any(where, axis=-1)
    if reduce_fn is None:
        return fnp.where(some, losses, 0.0)
    if reduce_fn in (fnp.mean, np.mean):
        # The mean over no lists is 0, not NaN.
        return fnp.sum(fnp.where(some, losses, 0.0)) / fnp.maximum(fnp.sum(some), 1)
    return reduce_fn(losses, where=some)
