"""Kullback and Leibler's divergence."""

import fgrad.numpy as fnp

from ._checks import floating, masked_sum

__all__ = ["generalized_kl_divergence", "kl_divergence", "kl_divergence_with_log_targets"]


def kl_divergence(log_predictions, targets, axis=-1, where=None):
    r"""The divergence of predicted probabilities from true ones.

    .. math:: \textstyle\sum_i q_i\, (\log q_i - \log p_i), \qquad 0 \log 0 = 0

    Parameters
    ----------
    log_predictions : array of floating dtype
        :math:`\log p`.
    targets : array of floating dtype
        :math:`q`.
    axis : int, tuple of int or None
        Of the events.
    where : array of bool, optional
        Which events count.

    Returns
    -------
    array
        Without the axis of the events.

    References
    ----------
    Kullback, Leibler, "On Information and Sufficiency",
    https://www.jstor.org/stable/2236703, 1951.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> p, q = np.array([0.5, 0.5]), np.array([1.0, 0.0])
    >>> round(float(optim.kl_divergence(np.log(p), q)), 4)
    0.6931
    """
    log_predictions = floating(log_predictions, "log_predictions", "kl_divergence")
    targets = floating(targets, "targets", "kl_divergence")
    log_targets = fnp.log(fnp.where(targets == 0, 1, targets))
    return masked_sum(targets * (log_targets - log_predictions), axis, where)


def kl_divergence_with_log_targets(log_predictions, log_targets, axis=-1, where=None):
    r"""`kl_divergence` from the logarithms of the true probabilities.

    .. math:: \textstyle\sum_i \exp(\log q_i)\, (\log q_i - \log p_i)

    Parameters
    ----------
    log_predictions, log_targets : array of floating dtype
        :math:`\log p` and :math:`\log q`.
    axis, where
        As in `kl_divergence`.

    Returns
    -------
    array
    """
    log_p = floating(log_predictions, "log_predictions", "kl_divergence_with_log_targets")
    log_q = floating(log_targets, "log_targets", "kl_divergence_with_log_targets")
    return masked_sum(fnp.exp(log_q) * (log_q - log_p), axis, where)


def generalized_kl_divergence(log_predictions, targets, axis=-1, where=None):
    r"""`kl_divergence` for numbers that do not sum to 1; jointly convex in both.

    .. math:: \textstyle\sum_i q_i\, (\log q_i - \log p_i) + p_i - q_i

    Parameters
    ----------
    log_predictions, targets, axis, where
        As in `kl_divergence`.

    Returns
    -------
    array

    References
    ----------
    Boyd, Vandenberghe, "Convex Optimization", https://web.stanford.edu/~boyd/cvxbook, 2004,
    example 3.19.
    """
    divergence = kl_divergence(log_predictions, targets, axis, where)
    return divergence + masked_sum(fnp.exp(log_predictions) - targets, axis, where)
