"""Losses of overlapping regions."""

import fgrad.numpy as fnp
from fgrad import nn

from ._checks import array, same_shape

__all__ = ["binary_dice_loss", "dice_loss", "multiclass_generalized_dice_loss"]

_REDUCTIONS = {
    "mean": lambda x: fnp.mean(x, axis=-1),
    "sum": lambda x: fnp.sum(x, axis=-1),
    "none": lambda x: x,
}


def dice_loss(
    predictions,
    targets,
    *,
    class_weights=None,
    smooth=1.0,
    alpha=0.5,
    beta=0.5,
    apply_softmax=True,
    reduction="mean",
    ignore_background=False,
    axis=None,
):
    r"""One minus Dice's, or Tversky's, coefficient of regions that should overlap.

    .. math:: 1 - \frac{\sum p\,t + s}{\sum p\,t + \alpha \sum p\,(1 - t) + \beta \sum (1 - p)\,t
        + s}

    Parameters
    ----------
    predictions : array of shape (batch, ..., classes)
        Logits, or probabilities :math:`p` if `apply_softmax` is False.
    targets : array
        :math:`t`, of the same shape; either may lack the axis of a single class.
    class_weights : array of shape (classes,), optional
    smooth : scalar
        :math:`s`, against division by zero.
    alpha, beta : scalar
        The weights of false positives and of false negatives.
    apply_softmax : bool
        Whether to take the softmax of the logits, or the sigmoid of a single class's.
    reduction : {"mean", "sum", "none"}
        Over the classes.
    ignore_background : bool
        Whether to leave out the first class.
    axis : int or tuple of int, optional
        What to sum over; by default all axes but the first and the last.

    Returns
    -------
    array of shape (batch,), or (batch, classes) without reduction

    Raises
    ------
    ValueError
        If the shapes differ, or the reduction is another one.

    References
    ----------
    Milletari, Navab, Ahmadi, "V-Net", https://arxiv.org/abs/1606.04797, 2016.

    Salehi et al., "Tversky loss function for image segmentation using 3D fully convolutional deep
    networks", https://arxiv.org/abs/1706.05721, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> targets = np.array([[[1.0], [0.0], [1.0], [0.0]]])
    >>> optim.losses.dice_loss(targets, targets, apply_softmax=False)
    Array([0.])
    """
    if reduction not in _REDUCTIONS:
        raise ValueError(
            f"dice_loss: `reduction` must be one of {sorted(_REDUCTIONS)}, got {reduction!r}"
        )
    predictions, targets = array(predictions), array(targets)
    if predictions.ndim == targets.ndim - 1:
        predictions = predictions[..., None]
    if targets.ndim == predictions.ndim - 1:
        targets = targets[..., None]
    same_shape(predictions, targets, "predictions", "targets", "dice_loss")
    p = predictions
    if apply_softmax:
        p = nn.sigmoid(p) if p.shape[-1] == 1 else nn.softmax(p, axis=-1)
    axes = tuple(range(1, p.ndim - 1)) if axis is None else axis
    both = fnp.sum(p * targets, axis=axes)
    wrong = alpha * (fnp.sum(p, axis=axes) - both) + beta * (fnp.sum(targets, axis=axes) - both)
    loss = 1.0 - (both + smooth) / (both + wrong + smooth)
    if class_weights is not None:
        if fnp.ndim(class_weights) != 1:
            raise ValueError(
                "dice_loss: `class_weights` must have one axis, "
                f"got shape {fnp.shape(class_weights)}"
            )
        loss = loss * class_weights
    if ignore_background and p.shape[-1] > 1:
        loss = loss[..., 1:]
    return _REDUCTIONS[reduction](loss)


def multiclass_generalized_dice_loss(
    predictions, targets, *, smooth=1.0, apply_softmax=True, ignore_background=False
):
    """The mean of `dice_loss` with classes weighted by one over their squared frequency.

    Parameters
    ----------
    predictions, targets : array of shape (batch, ..., classes)
    smooth, apply_softmax, ignore_background
        As in `dice_loss`.

    Returns
    -------
    scalar

    References
    ----------
    Sudre et al., "Generalised Dice overlap as a deep learning loss function for highly unbalanced
    segmentations", https://arxiv.org/abs/1707.03237, 2017.
    """
    same_shape(predictions, targets, "predictions", "targets", "multiclass_generalized_dice_loss")
    frequencies = fnp.sum(targets, axis=tuple(range(fnp.ndim(targets) - 1)))
    weights = 1.0 / (frequencies**2 + 1e-7)
    losses = dice_loss(
        predictions,
        targets,
        class_weights=weights / fnp.mean(weights),
        smooth=smooth,
        apply_softmax=apply_softmax,
        reduction="none",
        ignore_background=ignore_background,
    )
    return fnp.mean(losses)


def binary_dice_loss(predictions, targets, *, smooth=1.0, apply_sigmoid=True):
    """`dice_loss` of one region.

    Parameters
    ----------
    predictions : array of shape (batch, ...) or (batch, ..., 1)
        Logits, or probabilities if `apply_sigmoid` is False.
    targets : array of the same shape
    smooth : scalar
        As in `dice_loss`.
    apply_sigmoid : bool
        Whether to take the sigmoid of the logits.

    Returns
    -------
    array of shape (batch,)
    """
    if fnp.ndim(predictions) == fnp.ndim(targets) and fnp.shape(predictions)[-1] != 1:
        predictions, targets = array(predictions)[..., None], array(targets)[..., None]
    return dice_loss(predictions, targets, smooth=smooth, apply_softmax=apply_sigmoid)
