"""Losses of embeddings that should be near or far."""

import fgrad.numpy as fnp
from fgrad import lax

from ._checks import array, floating
from ._regression import cosine_similarity

__all__ = ["ntxent", "triplet_margin_loss"]


def ntxent(embeddings, labels, temperature=0.07):
    r"""The normalised, temperature-scaled cross-entropy of pairs of the same label.

    .. math:: -\mathop{\mathrm{mean}}_{i \ne j,\, y_i = y_j} \log
        \frac{\exp(c_{ij} / \tau)}{\exp(c_{ij} / \tau) + \sum_{y_k \ne y_i} \exp(c_{ik} / \tau)}

    with :math:`c` the cosine similarities.

    Parameters
    ----------
    embeddings : array of floating dtype, of shape (examples, features)
    labels : array of integers of shape (examples,)
        :math:`y`.
    temperature : scalar
        :math:`\tau`.

    Returns
    -------
    scalar

    Raises
    ------
    ValueError
        If there are not as many labels as embeddings.

    References
    ----------
    Chen, Kornblith, Norouzi, Hinton, "A Simple Framework for Contrastive Learning of Visual
    Representations", https://arxiv.org/abs/2002.05709, 2020.
    """
    embeddings = floating(embeddings, "embeddings", "ntxent")
    labels = array(labels)
    if labels.shape[0] != embeddings.shape[0]:
        raise ValueError(
            "ntxent: `embeddings` and `labels` must be as long, "
            f"got {embeddings.shape[0]} and {labels.shape[0]}"
        )
    eps = float(fnp.finfo(embeddings.dtype).eps)
    similarity = cosine_similarity(embeddings[None], embeddings[:, None], epsilon=eps) / temperature
    same = labels[:, None] == labels[None]
    matches = same & ~fnp.eye(labels.shape[0], dtype=bool)
    others = fnp.where(same & ~matches, -fnp.inf, lax.stop_gradient(similarity))
    shifted = similarity - fnp.max(others, axis=1, keepdims=True)
    exp = fnp.exp(shifted)
    total = exp + fnp.sum(fnp.where(same, 0, exp), axis=1, keepdims=True)
    log_p = shifted - fnp.log(total)
    return -fnp.sum(fnp.where(matches, log_p, 0)) / fnp.sum(matches)


def triplet_margin_loss(
    anchors, positives, negatives, axis=-1, norm_degree=2, margin=1.0, eps=1e-6
):
    r"""By how much positives are not nearer to their anchors than negatives are, by a margin.

    .. math:: \max(d(a, p) - d(a, n) + m,\ 0), \qquad
        d(x, y) = \left(\textstyle\sum_i (x_i - y_i)^k + \varepsilon\right)^{1/k}

    Parameters
    ----------
    anchors, positives, negatives : array of floating dtype
    axis : int
        Of the features.
    norm_degree : int
        :math:`k`.
    margin : scalar
        :math:`m`.
    eps : scalar
        :math:`\varepsilon`.

    Returns
    -------
    array
        Without the axis of the features.

    References
    ----------
    Balntas et al., "Learning local feature descriptors with triplets and shallow convolutional
    neural networks", https://bmva-archive.org.uk/bmvc/2016/papers/paper119/index.html, 2016.
    """
    anchors = floating(anchors, "anchors", "triplet_margin_loss")

    def distance(others, name):
        difference = anchors - floating(others, name, "triplet_margin_loss")
        total = fnp.sum(difference**norm_degree, axis=axis) + eps
        return total ** (1 / norm_degree)

    near, far = distance(positives, "positives"), distance(negatives, "negatives")
    return fnp.maximum(near - far + margin, 0)
