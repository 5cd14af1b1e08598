"""Losses made from a maximum."""

import fgrad.numpy as fnp

__all__ = ["make_fenchel_young_loss"]


def make_fenchel_young_loss(max_fun):
    r"""The Fenchel-Young loss of a convex function, such as a smoothed maximum.

    .. math:: L(s, y) = \Omega(s) - \langle y, s \rangle

    Parameters
    ----------
    max_fun : callable
        :math:`\Omega`, from a vector to a number.

    Returns
    -------
    callable
        Takes scores :math:`s` and targets :math:`y` of shape (..., n), and further arguments of
        `max_fun`; returns losses of shape (...).

    References
    ----------
    Blondel, Martins, Niculae, "Learning with Fenchel-Young Losses",
    https://arxiv.org/abs/1901.02324, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn, optim
    >>> cross_entropy = optim.losses.make_fenchel_young_loss(nn.logsumexp)
    >>> round(float(cross_entropy(np.array([1.0, 2.0]), np.array([0.0, 1.0]))), 4)
    0.3133
    """

    def fenchel_young_loss(scores, targets, *args, **kwargs):
        maximum = fnp.vectorize(lambda s: max_fun(s, *args, **kwargs), signature="(n)->()")
        return maximum(scores) - fnp.sum(fnp.multiply(fnp.conj(targets), scores), axis=-1)

    return fenchel_young_loss
