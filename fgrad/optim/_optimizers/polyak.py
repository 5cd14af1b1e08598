"""Polyak's step size, from how far the loss is above its minimum."""

from typing import Any

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformationExtraArgs,
    Scalar,
    ScalarOrSchedule,
    init_empty_state,
)
from ..transforms import chain
from .sgd import sgd

__all__ = ["polyak_sgd", "scale_by_polyak"]


def scale_by_polyak(
    f_min: Scalar = 0.0,
    max_learning_rate: Scalar = 1.0,
    eps: Scalar = 0.0,
    variant: str = "sps",
) -> GradientTransformationExtraArgs:
    r"""Multiply updates by Polyak's step size.

    .. math:: u \leftarrow \min\left(\frac{f(\theta) - f_{min}}{\|u\|^2 + \varepsilon},\
        \alpha_{max}\right) u

    Parameters
    ----------
    f_min : scalar
        A lower bound of the loss, :math:`f_{min}`.
    max_learning_rate : scalar
        :math:`\alpha_{max}`.
    eps : scalar
        :math:`\varepsilon`.
    variant : {"sps", "sps+"}
        "sps+" makes no step where the loss is below `f_min`; "sps" goes back.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes the loss as the keyword argument ``value``.

    Raises
    ------
    ValueError
        If `variant` is another one.

    References
    ----------
    Loizou et al., "Stochastic Polyak Step-size for SGD: An Adaptive Learning Rate for Fast
    Convergence", https://arxiv.org/abs/2002.10542, 2021.
    """
    if variant not in ("sps", "sps+"):
        raise ValueError(f"scale_by_polyak: `variant` must be 'sps' or 'sps+', got {variant!r}")

    def update(updates, state, params=None, *, value, **extra_args: Any):
        del params, extra_args
        square = trees.norm(updates, squared=True) + eps
        gap = value - f_min
        if variant == "sps+":
            gap = fnp.maximum(gap, 0.0)
        still = square <= fnp.finfo(float).eps
        step = fnp.minimum(gap / fnp.where(still, 1.0, square), max_learning_rate)
        return trees.scale(fnp.where(still, 0.0, step), updates), state

    return GradientTransformationExtraArgs(init_empty_state, update)


def polyak_sgd(
    max_learning_rate: Scalar = 1.0,
    scaling: ScalarOrSchedule = 1.0,
    f_min: Scalar = 0.0,
    eps: Scalar = 0.0,
    variant: str = "sps",
) -> GradientTransformationExtraArgs:
    """Gradient descent with Polyak's step size: `sgd`, then `scale_by_polyak`.

    Parameters
    ----------
    max_learning_rate, f_min, eps, variant
        See `scale_by_polyak`.
    scaling : scalar or callable
        A factor of the step size, or a function from the count of steps to it.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes the loss as the keyword argument ``value``.

    References
    ----------
    Loizou et al., "Stochastic Polyak Step-size for SGD: An Adaptive Learning Rate for Fast
    Convergence", https://arxiv.org/abs/2002.10542, 2021.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad import optim
    >>> loss = lambda x: (x - 3.0) ** 2
    >>> optimizer = optim.polyak_sgd()
    >>> x = 0.0
    >>> state = optimizer.init(x)
    >>> for _ in range(20):
    ...     value, gradient = fgrad.value_and_grad(loss)(x)
    ...     updates, state = optimizer.update(gradient, state, x, value=value)
    ...     x = optim.apply_updates(x, updates)
    >>> round(float(x), 4)
    3.0
    """
    return chain(sgd(scaling), scale_by_polyak(f_min, max_learning_rate, eps, variant))
