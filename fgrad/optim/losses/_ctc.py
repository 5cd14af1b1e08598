"""Connectionist temporal classification: labels without their positions."""

from typing import Any

import fgrad.numpy as fnp
from fgrad import lax, nn

from ._checks import array, floating, same_shape

__all__ = ["ctc_loss", "ctc_loss_with_forward_probs"]


def ctc_loss_with_forward_probs(
    logits, logit_paddings, labels, label_paddings, *, blank_id=0, log_epsilon=-1e5
):
    r"""`ctc_loss`, and the forward probabilities it is computed from.

    Parameters
    ----------
    logits, logit_paddings, labels, label_paddings, blank_id, log_epsilon
        As in `ctc_loss`.

    Returns
    -------
    loss : array of shape (B,)
    logalpha_phi : array of shape (T, B, N + 1)
        The log-probability that the first :math:`n` labels have been read by frame :math:`t`, and
        the last frame is blank.
    logalpha_emit : array of shape (T, B, N)
        That the last frame is the :math:`n`-th label.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    logits = floating(logits, "logits", "ctc_loss")
    labels, label_paddings = array(labels), array(label_paddings)
    logit_paddings = array(logit_paddings)
    if logits.ndim != 3 or labels.ndim != 2 or logits.shape[0] != labels.shape[0]:
        raise ValueError(
            "ctc_loss: `logits` must have shape (B, T, K) and `labels` shape (B, N), "
            f"got {logits.shape} and {labels.shape}"
        )
    same_shape(labels, label_paddings, "labels", "label_paddings", "ctc_loss")
    same_shape(logits[..., 0], logit_paddings, "logits[..., 0]", "logit_paddings", "ctc_loss")
    batch, length = labels.shape
    dtype = logits.dtype

    log_p: Any = nn.log_softmax(logits)
    log_blank = log_p[:, :, blank_id : blank_id + 1].transpose(1, 0, 2)
    # Padding may hold anything, also what is no class.
    inside = fnp.clip(labels, 0, logits.shape[2] - 1)
    spelled: Any = fnp.where(label_paddings == 1, inside, labels)
    log_emit = array(fnp.take_along_axis(log_p, spelled[:, None], axis=2)).transpose(1, 0, 2)
    pads = logit_paddings.T.astype(dtype)[:, :, None]
    # A label like the one before needs a blank between them.
    repeat = array(fnp.pad(labels[:, :-1] == labels[:, 1:], ((0, 0), (0, 1)))).astype(dtype)

    def advance(phi, added) -> Any:
        return fnp.concatenate([phi[:, :1], fnp.logaddexp(phi[:, 1:], added)], axis=-1)

    def frame(carry, inputs):
        phi, emit = carry
        emit_p, blank_p, pad = inputs
        reached = advance(phi, emit + log_epsilon * repeat)
        new_emit = fnp.logaddexp(reached[:, :-1] + emit_p, emit + emit_p)
        new_phi = advance(reached + blank_p, emit + blank_p + log_epsilon * (1.0 - repeat))
        kept = (pad * phi + (1.0 - pad) * new_phi, pad * emit + (1.0 - pad) * new_emit)
        return kept, kept

    nothing_read = fnp.arange(length + 1) == 0
    phi = array(fnp.where(nothing_read, 0.0, log_epsilon)).astype(dtype)
    start = (
        fnp.broadcast_to(phi, (batch, length + 1)),
        fnp.full((batch, length), log_epsilon, dtype),
    )
    _, (phis, emits) = lax.scan(frame, start, (log_emit, log_blank, pads))

    last = advance(phis[-1], emits[-1])
    phis = fnp.concatenate([phis[:-1], last[None]])
    lengths = length - array(fnp.sum(label_paddings, axis=1)).astype(fnp.int32)
    loss = -array(fnp.take_along_axis(last, lengths[:, None], axis=1))[:, 0]
    return loss, phis, emits


def ctc_loss(logits, logit_paddings, labels, label_paddings, *, blank_id=0, log_epsilon=-1e5):
    r"""The log-likelihood, negated, of labels that stand at unknown frames of a sequence.

    It sums over all ways to spread the labels over the frames, with blanks between them.

    Parameters
    ----------
    logits : array of shape (B, T, K)
        Of :math:`K` classes, the blank among them, at :math:`T` frames.
    logit_paddings : array of shape (B, T)
        1 where a frame is padding and 0 elsewhere; padding stands at the right.
    labels : array of integers of shape (B, N)
    label_paddings : array of shape (B, N)
        1 where a label is padding and 0 elsewhere; padding stands at the right.
    blank_id : int
        The class of blanks.
    log_epsilon : scalar
        The logarithm of a probability that counts as zero.

    Returns
    -------
    array of shape (B,)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    Graves, Fernandez, Gomez, Schmidhuber, "Connectionist Temporal Classification: Labelling
    Unsegmented Sequence Data with Recurrent Neural Networks",
    https://dl.acm.org/doi/abs/10.1145/1143844.1143891, 2006.

    Examples
    --------
    Two frames, and either of two classes is as likely: three of the four ways read "1".

    >>> import numpy as np
    >>> from fgrad import optim
    >>> loss = optim.ctc_loss(np.zeros((1, 2, 2)), np.zeros((1, 2)), [[1]], np.zeros((1, 1)))
    >>> np.round(np.exp(-loss), 4)
    array([0.75])
    """
    return ctc_loss_with_forward_probs(
        logits,
        logit_paddings,
        labels,
        label_paddings,
        blank_id=blank_id,
        log_epsilon=log_epsilon,
    )[0]
