"""Adam: the mean of the gradients over the root of the mean of their squares."""

from functools import partial
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

__all__ = ["ScaleByAdamState", "adam", "adamw", "nadam", "nadamw", "scale_by_adam"]


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
            count=zero_count(), mu=trees.zeros_like(params, mu_dtype), nu=trees.zeros_like(params)
        )

    def update(updates, state, params=None):
        del params
        count = safe_increment(state.count)
        mu = trees.update_moment(updates, state.mu, b1, 1)
        nu = trees.update_moment_per_elem_norm(updates, state.nu, b2, 2)
        mu_hat = unbiased_mean(updates, mu, b1, count, nesterov)
        nu_hat = trees.bias_correction(nu, b2, count)
        return mean_over_root(mu_hat, nu_hat, eps, eps_root), ScaleByAdamState(
            count=count, mu=trees.cast_like(mu, state.mu), nu=trees.cast_like(nu, state.nu)
        )

    return GradientTransformation(init, update)


def unbiased_mean(updates, mu, decay, count, nesterov):
    """The average `mu` without its pull towards zero; with Nesterov's, one step ahead."""
    if not nesterov:
        return trees.bias_correction(mu, decay, count)
    return trees.update_moment(
        trees.bias_correction(updates, decay, count),
        trees.bias_correction(mu, decay, safe_increment(count)),
        decay,
        1,
    )


def mean_over_root(mu, nu, eps, eps_root):
    return map_present(lambda m, v: m / (fnp.sqrt(v + eps_root) + eps), mu, nu)


def adam(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    r"""Adam: `scale_by_adam`, then the learning rate.

    .. math::

        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2 \\
        u_t &= -\alpha_t\, \frac{m_t / (1 - \beta_1^t)}
            {\sqrt{v_t / (1 - \beta_2^t) + \bar\varepsilon} + \varepsilon}

    Parameters
    ----------
    learning_rate : scalar or callable
        :math:`\alpha`, or a function from the count of steps to it.
    b1, b2, eps, eps_root, mu_dtype, nesterov
        See `scale_by_adam`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Kingma, Ba, "Adam: A Method for Stochastic Optimization", https://arxiv.org/abs/1412.6980, 2014.

    Dozat, "Incorporating Nesterov Momentum into Adam",
    https://openreview.net/pdf?id=OM0jvwB8jIp57ZJjtNEZ, 2016.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad import optim
    >>> loss = lambda x: (x - 3.0) ** 2
    >>> optimizer = optim.adam(learning_rate=0.1)
    >>> x = 0.0
    >>> state = optimizer.init(x)
    >>> for _ in range(300):
    ...     updates, state = optimizer.update(fgrad.grad(loss)(x), state, x)
    ...     x = optim.apply_updates(x, updates)
    >>> round(float(x), 3)
    3.0
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )


def adamw(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    eps_root: Scalar = 0.0,
    mu_dtype: Any = None,
    weight_decay: ScalarOrSchedule = 1e-4,
    mask: MaskOrFn = None,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    r"""Adam with weight decay that is not rescaled by the gradients' size.

    .. math::

        u_t = -\alpha_t \left(\frac{m_t / (1 - \beta_1^t)}
            {\sqrt{v_t / (1 - \beta_2^t) + \bar\varepsilon} + \varepsilon}
            + \lambda\, \theta_t\right)

    with the moments :math:`m_t` and :math:`v_t` of `adam`.

    Parameters
    ----------
    learning_rate : scalar or callable
        :math:`\alpha`, or a function from the count of steps to it.
    b1, b2, eps, eps_root, mu_dtype, nesterov
        See `scale_by_adam`.
    weight_decay : scalar or callable
        :math:`\lambda`, or a function from the count of steps to it.
    mask : pytree of bool, or callable, optional
        Which parameters decay; see `masked`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Loshchilov, Hutter, "Decoupled Weight Decay Regularization", https://arxiv.org/abs/1711.05101,
    2019.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad import optim
    >>> loss = lambda x: (x - 3.0) ** 2
    >>> optimizer = optim.adamw(learning_rate=0.1, weight_decay=0.0)
    >>> x = 0.0
    >>> state = optimizer.init(x)
    >>> for _ in range(300):
    ...     updates, state = optimizer.update(fgrad.grad(loss)(x), state, x)
    ...     x = optim.apply_updates(x, updates)
    >>> round(float(x), 3)
    3.0
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


nadam = partial(adam, nesterov=True)
nadamw = partial(adamw, nesterov=True)
nadam.__doc__ = "`adam` with Nesterov's momentum."
nadamw.__doc__ = "`adamw` with Nesterov's momentum."
