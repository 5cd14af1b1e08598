"""Lion: the sign of a mean of the gradients."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Scalar,
    ScalarOrSchedule,
    Updates,
)
from .._numerics import safe_increment, zero_count
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain
from ..tree._map import map_present

__all__ = ["ScaleByLionState", "lion", "scale_by_lion"]


class ScaleByLionState(NamedTuple):
    """The number of steps taken, and the mean of the updates."""

    count: Scalar  # int32
    mu: Updates


def scale_by_lion(
    b1: Scalar = 0.9,
    b2: Scalar = 0.99,
    mu_dtype: Any = None,
    *,
    mode: str = "hard",
    smooth_beta: float = 1.0,
) -> GradientTransformation:
    r"""Replace updates by the sign of a mean of them.

    .. math::

        u_t &\leftarrow \mathrm{sign}(\beta_1 m_{t-1} + (1 - \beta_1)\, u_t) \\
        m_t &= \beta_2 m_{t-1} + (1 - \beta_2)\, u_t

    Parameters
    ----------
    b1, b2 : scalar
        The weights of the past in the step and in the mean, :math:`\beta_1` and :math:`\beta_2`.
    mu_dtype : dtype, optional
        Of the mean; by default that of the parameters.
    mode : {"hard", "smooth", "refined"}
        In place of the sign, "smooth" has :math:`\tanh(\beta x)`, and "refined" leaves numbers
        between -1 and 1 as they are.
    smooth_beta : float
        :math:`\beta`.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    ValueError
        If `mode` is another one.

    References
    ----------
    Chen et al., "Symbolic Discovery of Optimization Algorithms", https://arxiv.org/abs/2302.06675,
    2023.
    """
    signs = {
        "hard": fnp.sign,
        "smooth": lambda x: fnp.tanh(smooth_beta * x),
        "refined": lambda x: fnp.where(fnp.abs(x) < 1, x, fnp.sign(x)),
    }
    if mode not in signs:
        raise ValueError(f"scale_by_lion: `mode` must be one of {sorted(signs)}, got {mode!r}")

    def init(params):
        return ScaleByLionState(count=zero_count(), mu=trees.zeros_like(params, mu_dtype))

    def update(updates, state, params=None):
        del params
        new_updates = map_present(signs[mode], trees.update_moment(updates, state.mu, b1, 1))
        mu = trees.update_moment(updates, state.mu, b2, 1)
        return new_updates, ScaleByLionState(
            count=safe_increment(state.count), mu=trees.cast_like(mu, state.mu)
        )

    return GradientTransformation(init, update)


def lion(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.99,
    mu_dtype: Any = None,
    weight_decay: ScalarOrSchedule = 1e-3,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """Lion: `scale_by_lion`, weight decay, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it; a tenth of Adam's is usual.
    b1, b2, mu_dtype
        See `scale_by_lion`.
    weight_decay, mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_lion(b1, b2, mu_dtype),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
