"""Bounding updates."""

import fgrad.numpy as fnp
import fgrad.tree as tree

from ._base import GradientTransformation, Scalar, init_empty_state
from ._trees import global_norm, scaled

__all__ = ["clip", "clip_by_global_norm"]


def clip(max_delta: Scalar) -> GradientTransformation:
    r"""Clip every number in the updates to an interval.

    .. math:: u \leftarrow \min(\max(u, -\delta), \delta)

    Parameters
    ----------
    max_delta : scalar
        The largest absolute value, :math:`\delta`.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> updates, _ = optim.clip(1.0).update({"w": -3.0}, optim.EmptyState())
    >>> float(updates["w"])
    -1.0
    """

    def update(updates, state, params=None):
        del params
        return tree.map(lambda u: fnp.clip(u, -max_delta, max_delta), updates), state

    return GradientTransformation(init_empty_state, update)


def clip_by_global_norm(max_norm: Scalar) -> GradientTransformation:
    r"""Shrink updates whose global norm is larger than `max_norm` to that norm.

    .. math:: u \leftarrow u \cdot \frac{m}{\max(\|u\|, m)}

    Parameters
    ----------
    max_norm : scalar
        The largest norm, :math:`m`, of all updates taken as one vector.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks",
    https://arxiv.org/abs/1211.5063, 2012.

    Examples
    --------
    >>> from fgrad import optim
    >>> updates, _ = optim.clip_by_global_norm(1.0).update({"w": 3.0, "b": 4.0}, optim.EmptyState())
    >>> round(float(updates["w"]), 6), round(float(updates["b"]), 6)
    (0.6, 0.8)
    """

    def update(updates, state, params=None):
        del params
        factor = max_norm / fnp.maximum(global_norm(updates), max_norm)
        return tree.map(lambda u: scaled(factor, u), updates), state

    return GradientTransformation(init_empty_state, update)
