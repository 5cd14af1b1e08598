"""Adam in the infinity norm."""

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Scalar,
    ScalarOrSchedule,
)
from .._numerics import safe_increment, zero_count
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain
from .adam import ScaleByAdamState

__all__ = ["adamax", "adamaxw", "scale_by_adamax"]


def scale_by_adamax(
    b1: Scalar = 0.9, b2: Scalar = 0.999, eps: Scalar = 1e-8
) -> GradientTransformation:
    r"""Divide the mean of the updates by a decaying maximum of their absolute values.

    .. math::

        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, u_t \\
        v_t &= \max(|u_t| + \varepsilon,\ \beta_2 v_{t-1}) \\
        u_t &\leftarrow \frac{m_t}{(1 - \beta_1^t)\, v_t}

    Parameters
    ----------
    b1, b2 : scalar
        How fast the mean and the maximum forget, :math:`\beta_1` and :math:`\beta_2`.
    eps : scalar
        :math:`\varepsilon`, against division by zero.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Kingma, Ba, "Adam: A Method for Stochastic Optimization", https://arxiv.org/abs/1412.6980, 2014.
    """

    def init(params):
        return ScaleByAdamState(
            count=zero_count(), mu=trees.zeros_like(params), nu=trees.zeros_like(params)
        )

    def update(updates, state, params=None):
        del params
        count = safe_increment(state.count)
        mu = trees.update_moment(updates, state.mu, b1, 1)
        nu = trees.update_infinity_moment(updates, state.nu, b2, eps)
        new_updates = trees.div(trees.bias_correction(mu, b1, count), nu)
        return new_updates, ScaleByAdamState(
            count=count, mu=trees.cast_like(mu, state.mu), nu=trees.cast_like(nu, state.nu)
        )

    return GradientTransformation(init, update)


def adamax(
    learning_rate: ScalarOrSchedule, b1: Scalar = 0.9, b2: Scalar = 0.999, eps: Scalar = 1e-8
) -> GradientTransformationExtraArgs:
    """Adam in the infinity norm: `scale_by_adamax`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, eps
        See `scale_by_adamax`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(scale_by_adamax(b1, b2, eps), scale_by_learning_rate(learning_rate))


def adamaxw(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    weight_decay: ScalarOrSchedule = 1e-4,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """`adamax` with weight decay that is not rescaled by the gradients' size.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, eps
        See `scale_by_adamax`.
    weight_decay, mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Loshchilov, Hutter, "Decoupled Weight Decay Regularization", https://arxiv.org/abs/1711.05101,
    2019.
    """
    return chain(
        scale_by_adamax(b1, b2, eps),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
