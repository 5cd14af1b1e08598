"""Losses of scores: hinge, perceptron and sparsemax."""

from typing import Any

import fgrad.numpy as fnp
from fgrad import nn, vmap

from ..projections import projection_simplex
from ._checks import array, same_shape

__all__ = [
    "hinge_loss",
    "multiclass_hinge_loss",
    "multiclass_perceptron_loss",
    "multiclass_sparsemax_loss",
    "perceptron_loss",
    "sparsemax_loss",
]


def hinge_loss(predictor_outputs, targets):
    r"""The hinge loss of a binary classifier.

    .. math:: \max(0,\ 1 - s\, y)

    Parameters
    ----------
    predictor_outputs : array
        The scores :math:`s`.
    targets : array
        :math:`y`, -1 or 1.

    Returns
    -------
    array
    """
    return fnp.maximum(0, 1 - fnp.multiply(predictor_outputs, targets))


def perceptron_loss(predictor_outputs, targets):
    r"""The perceptron's loss of a binary classifier.

    .. math:: \max(0,\ -s\, y)

    Parameters
    ----------
    predictor_outputs : array
        The scores :math:`s`.
    targets : array
        :math:`y`, -1 or 1, in the same shape.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    Rosenblatt, "The Perceptron: a Probabilistic Model for Information Storage and Organization in
    the Brain", 1958.
    """
    same_shape(predictor_outputs, targets, "predictor_outputs", "targets", "perceptron_loss")
    return fnp.maximum(0, -array(predictor_outputs) * targets)


def sparsemax_loss(logits, labels):
    r"""The sparsemax loss of a binary classifier.

    .. math:: \mathrm{sparseplus}(-s\, y), \qquad \mathrm{sparseplus}(x) = \begin{cases}
        0 & x \le -1 \\ \tfrac14 (x + 1)^2 & |x| < 1 \\ x & x \ge 1\end{cases}

    Parameters
    ----------
    logits : array of floating dtype
        The scores :math:`s`.
    labels : array
        0 for :math:`y = -1`, and 1 for :math:`y = 1`.

    Returns
    -------
    array

    References
    ----------
    Blondel, Martins, Niculae, "Learning with Fenchel-Young Losses",
    https://arxiv.org/abs/1901.02324, 2020, example 3.
    """
    logits = array(logits)
    return nn.sparse_plus(fnp.where(array(labels) != 0, -logits, logits))


def _score_of(scores, labels) -> Any:
    return fnp.take_along_axis(scores, array(labels)[..., None], axis=-1)[..., 0]


def multiclass_hinge_loss(scores, labels):
    r"""The hinge loss of a classifier of several classes.

    .. math:: \max_i (s_i + [i \ne y]) - s_y

    Parameters
    ----------
    scores : array of shape (..., classes)
        :math:`s`.
    labels : array of integers of shape (...)
        :math:`y`.

    Returns
    -------
    array of shape (...)

    References
    ----------
    Crammer, Singer, "On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines",
    https://jmlr.org/papers/v2/crammer01a.html, 2001.
    """
    scores = array(scores)
    others = array(labels)[..., None] != fnp.arange(scores.shape[-1])
    return fnp.max(scores + others, axis=-1) - _score_of(scores, labels)


def multiclass_perceptron_loss(scores, labels):
    r"""The perceptron's loss of a classifier of several classes.

    .. math:: \max_i s_i - s_y

    Parameters
    ----------
    scores : array of shape (..., classes)
        :math:`s`.
    labels : array of integers of shape (...)
        :math:`y`.

    Returns
    -------
    array of shape (...)

    References
    ----------
    Collins, "Discriminative training methods for hidden Markov models", 2002.
    """
    scores = array(scores)
    return fnp.max(scores, axis=-1) - _score_of(scores, labels)


def multiclass_sparsemax_loss(scores, labels):
    r"""The sparsemax loss of a classifier of several classes.

    .. math:: \tfrac12 \left(\|s - e_y\|^2 - \|s - p\|^2\right)

    with :math:`p` the projection of the scores onto the simplex.

    Parameters
    ----------
    scores : array of shape (examples, classes)
        :math:`s`.
    labels : array of integers of shape (examples,)
        :math:`y`.

    Returns
    -------
    array of shape (examples,)

    References
    ----------
    Martins, Astudillo, "From Softmax to Sparsemax", https://arxiv.org/abs/1602.02068, 2016.
    """
    scores = array(scores)
    p = vmap(projection_simplex)(scores)
    # Relative to the score of the label, so that large scores cancel before they are squared.
    gap = scores - _score_of(scores, labels)[..., None]
    return fnp.sum(p * gap, axis=-1) + 0.5 * (1.0 - fnp.sum(p * p, axis=-1))
