"""Losses between probabilities and classes."""

import math
from typing import Any

import fgrad.numpy as fnp
from fgrad import custom_jvp, nn

from ._checks import array, floating, masked_sum

__all__ = [
    "poly_loss_cross_entropy",
    "safe_softmax_cross_entropy",
    "sigmoid_binary_cross_entropy",
    "sigmoid_focal_loss",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels",
]


def sigmoid_binary_cross_entropy(logits, labels):
    r"""The cross-entropy of independent events that happen or not.

    .. math:: -y \log \sigma(x) - (1 - y) \log \sigma(-x)

    Parameters
    ----------
    logits : array of floating dtype
        :math:`x`, the log-odds.
    labels : array
        :math:`y`, 0 or 1 or a probability between.

    Returns
    -------
    array
        Of the broadcast shape.

    References
    ----------
    Goodfellow, Bengio, Courville, "Deep Learning", http://www.deeplearningbook.org, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> np.round(optim.sigmoid_binary_cross_entropy(np.array([0.0, 20.0]), np.array([1, 1])), 4)
    array([0.6931, 0.    ])
    """
    logits = floating(logits, "logits", "sigmoid_binary_cross_entropy")
    labels = array(labels).astype(logits.dtype)
    log_p: Any = nn.log_sigmoid(logits)
    log_q: Any = nn.log_sigmoid(-logits)
    return -labels * log_p - (1.0 - labels) * log_q


def sigmoid_focal_loss(logits, labels, *, alpha=None, gamma=2.0):
    r"""Binary cross-entropy with less weight on what is predicted well already.

    .. math:: -\alpha_t\, (1 - p_t)^\gamma \log p_t, \qquad
        p_t = y\,\sigma(x) + (1 - y)\,\sigma(-x)

    Parameters
    ----------
    logits : array of floating dtype
        :math:`x`, the log-odds.
    labels : array
        :math:`y`, 0 or 1.
    alpha : scalar, optional
        The weight of positive examples; negative ones have ``1 - alpha``. By default both have 1.
    gamma : scalar
        :math:`\gamma`.

    Returns
    -------
    array

    References
    ----------
    Lin et al., "Focal Loss for Dense Object Detection", https://arxiv.org/abs/1708.02002, 2017.
    """
    logits = floating(logits, "logits", "sigmoid_focal_loss")
    labels = array(labels).astype(logits.dtype)
    log_p, log_q = nn.log_sigmoid(logits), nn.log_sigmoid(-logits)
    log_miss: Any = nn.logsumexp(
        fnp.stack([log_p, log_q], axis=-1), axis=-1, b=fnp.stack([1 - labels, labels], axis=-1)
    )
    loss = sigmoid_binary_cross_entropy(logits, labels) * fnp.exp(gamma * log_miss)
    return loss if alpha is None else (alpha * labels + (1 - alpha) * (1 - labels)) * loss


def _expanded(where, logits, axis):
    """A mask of whole examples, with the axes of the classes."""
    if where is None:
        return None
    where = array(where)
    return where if where.ndim == logits.ndim else fnp.expand_dims(where, axis)


def softmax_cross_entropy(logits, labels, axis=-1, where=None):
    r"""The cross-entropy of one event among several.

    .. math:: -\textstyle\sum_i y_i \log \frac{\exp x_i}{\sum_j \exp x_j}

    Parameters
    ----------
    logits : array of floating dtype
        :math:`x`.
    labels : array
        :math:`y`, probabilities.
    axis : int, tuple of int or None
        Of the events.
    where : array of bool, optional
        Which events, or which examples, count.

    Returns
    -------
    array
        Without the axis of the events.

    References
    ----------
    Goodfellow, Bengio, Courville, "Deep Learning", http://www.deeplearningbook.org, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> logits = np.array([[1.0, 2.0, 0.5], [3.0, 0.0, 0.0]])
    >>> labels = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    >>> np.round(optim.softmax_cross_entropy(logits, labels), 4)
    array([0.4644, 0.0949])
    """
    logits = floating(logits, "logits", "softmax_cross_entropy")
    where = _expanded(where, logits, axis)
    log_probs = nn.log_softmax(logits, axis, where)
    if where is not None:
        log_probs = fnp.where(where, log_probs, 0)
    return -masked_sum(labels * log_probs, axis, where)


@custom_jvp
def _weighted_log_softmax(x, weights):
    log_p = nn.log_softmax(x, axis=-1)
    counts = weights != 0
    return fnp.where(counts, weights * fnp.where(counts, log_p, 0), 0)


@_weighted_log_softmax.defjvp
def _weighted_log_softmax_jvp(primals, tangents):
    (x, weights), (dx, dweights) = primals, tangents
    mean = fnp.sum(dx * nn.softmax(x, axis=-1), axis=-1, keepdims=True)
    derivative = weights * (dx - mean) + dweights * nn.log_softmax(x, axis=-1)
    return _weighted_log_softmax(x, weights), derivative


def safe_softmax_cross_entropy(logits, labels):
    r"""`softmax_cross_entropy` for logits that may be minus infinity.

    Where a label is 0 the loss is 0, also if the probability is: :math:`0 \log 0 = 0`.

    Parameters
    ----------
    logits : array of floating dtype
    labels : array
        Probabilities along the last axis.

    Returns
    -------
    array
        Without the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> logits, labels = np.array([0.0, 0.0, -np.inf]), np.array([0.5, 0.5, 0.0])
    >>> round(float(optim.losses.safe_softmax_cross_entropy(logits, labels)), 4)
    0.6931
    """
    logits = floating(logits, "logits", "safe_softmax_cross_entropy")
    labels = array(labels).astype(logits.dtype)
    return -fnp.sum(_weighted_log_softmax(logits, labels), axis=-1)


def softmax_cross_entropy_with_integer_labels(logits, labels, axis=-1, where=None):
    r"""The cross-entropy of one event among several, of which one happened.

    .. math:: -\log \frac{\exp x_y}{\sum_j \exp x_j}

    Parameters
    ----------
    logits : array of floating dtype
        :math:`x`.
    labels : array of integers
        :math:`y`, in the shape of `logits` without the axis of the events. With several axes it
        counts through all of them, the last one fastest.
    axis : int or tuple of int
        Of the events.
    where : array of bool, optional
        Which events, or which examples, count. The loss of an example without events is 0.

    Returns
    -------
    array
        Of the shape of `labels`.

    Raises
    ------
    TypeError
        If `logits` is not floating or `labels` not integer.

    References
    ----------
    Goodfellow, Bengio, Courville, "Deep Learning", http://www.deeplearningbook.org, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> logits = np.array([[1.0, 2.0, 0.5], [3.0, 0.0, 0.0]])
    >>> np.round(optim.softmax_cross_entropy_with_integer_labels(logits, np.array([1, 0])), 4)
    array([0.4644, 0.0949])
    """
    logits = floating(logits, "logits", "softmax_cross_entropy_with_integer_labels")
    labels = array(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(
            "softmax_cross_entropy_with_integer_labels: `labels` must be integers, "
            f"got dtype {labels.dtype}"
        )
    where = _expanded(where, logits, axis)
    axes = tuple(a % logits.ndim for a in ((axis,) if isinstance(axis, int) else axis))
    batch = tuple(a for a in range(logits.ndim) if a not in axes)

    def events_last(x: Any) -> Any:
        x = fnp.transpose(x, batch + axes)
        return fnp.reshape(x, (*x.shape[: len(batch)], math.prod(x.shape[len(batch) :])))

    chosen = events_last(logits)
    chosen = fnp.take_along_axis(chosen, labels[..., None], axis=-1)[..., 0]
    if where is None:
        return nn.logsumexp(logits, axis=axes) - chosen
    where = fnp.broadcast_to(where, logits.shape)
    some = fnp.any(where, axis=axes)
    # Over no events at all the logarithm would be that of zero, so then over all.
    where = where | ~fnp.any(where, axis=axes, keepdims=True)
    return fnp.where(some, nn.logsumexp(logits, axis=axes, where=where) - chosen, 0.0)


def poly_loss_cross_entropy(logits, labels, *, epsilon=2.0, axis=-1, where=None):
    r"""Cross-entropy with another first coefficient in its expansion.

    .. math:: -\textstyle\sum_i y_i \log p_i + \epsilon \sum_i y_i\, (1 - p_i)

    Parameters
    ----------
    logits, labels : array of floating dtype
        As in `softmax_cross_entropy`; :math:`p` is the softmax of the logits.
    epsilon : scalar
        :math:`\epsilon`.
    axis, where
        As in `softmax_cross_entropy`.

    Returns
    -------
    array

    References
    ----------
    Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions",
    https://arxiv.org/abs/2204.12511, 2022.
    """
    logits = floating(logits, "logits", "poly_loss_cross_entropy")
    labels = floating(labels, "labels", "poly_loss_cross_entropy")
    p = nn.softmax(logits, axis=axis, where=where)
    missed = masked_sum(labels * (1 - p), axis, where)
    return softmax_cross_entropy(logits, labels, axis, where) + epsilon * missed
