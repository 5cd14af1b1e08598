"""Step sizes adapted to the gradients seen."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp
import fgrad.tree as tree

from ._base import GradientTransformation, Scalar, Updates
from ._counting import safe_increment, zero_count
from ._moments import bias_correction, update_moment, update_second_moment
from ._trees import cast_like, zeros_like

__all__ = ["ScaleByAdamState", "scale_by_adam"]


class ScaleByAdamState(NamedTuple):
    """The number of steps taken, and the running first and second moments of the updates."""

    count: Scalar  # int32
    mu: Updates
    nu: Updates


def scale_by_adam(
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    r"""Divide the mean of the updates by the root of the mean of their squares.

    .. math::

        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, u_t, &
        \hat m_t &= m_t / (1 - \beta_1^t) \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, |u_t|^2, &
        \hat v_t &= v_t / (1 - \beta_2^t) \\
        u_t &\leftarrow \hat m_t \Big/ \left(\sqrt{\hat v_t + \bar\varepsilon} + \varepsilon\right)

    With Nesterov's momentum,
    :math:`\hat m_t = \beta_1 m_t / (1 - \beta_1^{t+1}) + (1 - \beta_1)\, u_t / (1 - \beta_1^t)`.

    Parameters
    ----------
    b1, b2 : scalar
        How fast the first and the second moment forget, :math:`\beta_1` and :math:`\beta_2`.
    eps : scalar
        :math:`\varepsilon`, against division by zero.
    eps_root : scalar
        :math:`\bar\varepsilon`, for a finite derivative at zero when differentiating an update.
    mu_dtype : dtype, optional
        Of the first moment; by default that of the parameters.
    nesterov : bool
        Whether to use Nesterov's momentum.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Kingma, Ba, "Adam: A Method for Stochastic Optimization", https://arxiv.org/abs/1412.6980, 2014.

    Dozat, "Incorporating Nesterov Momentum into Adam",
    https://openreview.net/pdf?id=OM0jvwB8jIp57ZJjtNEZ, 2016.

    Examples
    --------
    The first step does not depend on the size of the gradient:

    >>> from fgrad import optim
    >>> optimizer = optim.scale_by_adam()
    >>> gradient = {"large": 1e3, "small": 1e-3}
    >>> updates, state = optimizer.update(gradient, optimizer.init(gradient))
    >>> {name: round(float(u), 4) for name, u in updates.items()}
    {'large': 1.0, 'small': 1.0}
    """

    def init(params):
        return ScaleByAdamState(
            count=zero_count(), mu=zeros_like(params, mu_dtype), nu=zeros_like(params)
        )

    def update(updates, state, params=None):
        del params
        mu = update_moment(updates, state.mu, b1)
        nu = update_second_moment(updates, state.nu, b2)
        count = safe_increment(state.count)
        if nesterov:
            mu_hat = update_moment(
                bias_correction(updates, b1, count),
                bias_correction(mu, b1, safe_increment(count)),
                b1,
            )
        else:
            mu_hat = bias_correction(mu, b1, count)
        nu_hat = bias_correction(nu, b2, count)
        new_updates = tree.map(lambda m, v: m / (fnp.sqrt(v + eps_root) + eps), mu_hat, nu_hat)
        return new_updates, ScaleByAdamState(
            count=count, mu=cast_like(mu, state.mu), nu=cast_like(nu, state.nu)
        )

    return GradientTransformation(init, update)
