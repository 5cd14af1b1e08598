"""The well-known optimizers: short chains of transformations."""

from collections.abc import Callable
from typing import Any

from ._accumulation import trace
from ._adaptive import scale_by_adam
from ._base import (
    GradientTransformationExtraArgs,
    Params,
    Scalar,
    ScalarOrSchedule,
    identity,
)
from ._combining import chain
from ._decay import add_decayed_weights
from ._scaling import scale_by_learning_rate

__all__ = ["adam", "adamw", "sgd"]


def sgd(
    learning_rate: ScalarOrSchedule,
    momentum: Scalar | None = None,
    nesterov: bool = False,
    accumulator_dtype: Any = None,
) -> GradientTransformationExtraArgs:
    r"""Stochastic gradient descent, with momentum if wanted.

    .. math::

        u_t &= -\alpha_t\, g_t & \text{without momentum} \\
        m_t &= g_t + \mu\, m_{t-1}, \quad u_t = -\alpha_t\, m_t & \text{with momentum} \\
        m_t &= g_t + \mu\, m_{t-1}, \quad u_t = -\alpha_t (g_t + \mu\, m_t)
            & \text{with Nesterov's momentum}

    Parameters
    ----------
    learning_rate : scalar or callable
        :math:`\alpha`, or a function from the count of steps to it.
    momentum : scalar, optional
        :math:`\mu`.
    nesterov : bool
        Whether the momentum is Nesterov's.
    accumulator_dtype : dtype, optional
        Of the momentum; by default that of the parameters.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning",
    http://proceedings.mlr.press/v28/sutskever13.pdf, 2013.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad import optim
    >>> loss = lambda x: (x - 3.0) ** 2
    >>> optimizer = optim.sgd(learning_rate=0.1, momentum=0.5)
    >>> x = 0.0
    >>> state = optimizer.init(x)
    >>> for _ in range(50):
    ...     updates, state = optimizer.update(fgrad.grad(loss)(x), state, x)
    ...     x = optim.apply_updates(x, updates)
    >>> round(float(x), 4)
    3.0
    """
    return chain(
        identity() if momentum is None else trace(momentum, nesterov, accumulator_dtype),
        scale_by_learning_rate(learning_rate),
    )


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
    mask: Any | Callable[[Params], Any] | None = None,
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
