"""Gradient descent: along the gradient, its momentum, or its sign."""

from typing import Any

import fgrad.numpy as fnp

from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Scalar,
    ScalarOrSchedule,
    identity,
    stateless,
)
from .._scaling import scale_by_learning_rate
from ..transforms import add_noise, chain, ema, trace
from ..tree._map import map_present

__all__ = ["noisy_sgd", "scale_by_sign", "sgd", "sign_sgd", "signum"]


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


def noisy_sgd(
    learning_rate: ScalarOrSchedule, eta: Scalar = 0.01, gamma: Scalar = 0.55, key: Any = 0
) -> GradientTransformationExtraArgs:
    """Gradient descent with noise that fades: `add_noise`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    eta, gamma, key
        See `add_noise`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Neelakantan et al., "Adding Gradient Noise Improves Learning for Very Deep Networks",
    https://arxiv.org/abs/1511.06807, 2015.
    """
    return chain(add_noise(eta, gamma, key), scale_by_learning_rate(learning_rate))


def scale_by_sign() -> GradientTransformation:
    r"""Replace every number in the updates by its sign.

    .. math:: u \leftarrow \mathrm{sign}(u)

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> float(optim.scale_by_sign().update({"w": -3.0}, optim.EmptyState())[0]["w"])
    -1.0
    """
    return stateless(lambda updates, params: map_present(fnp.sign, updates))


def sign_sgd(learning_rate: ScalarOrSchedule) -> GradientTransformationExtraArgs:
    r"""Gradient descent along the signs of the gradient.

    .. math:: u_t = -\alpha_t\, \mathrm{sign}(g_t)

    Parameters
    ----------
    learning_rate : scalar or callable
        :math:`\alpha`, or a function from the count of steps to it.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Bernstein et al., "signSGD: Compressed Optimisation for Non-Convex Problems",
    https://arxiv.org/abs/1802.04434, 2018.
    """
    return chain(scale_by_sign(), scale_by_learning_rate(learning_rate))


def signum(
    learning_rate: ScalarOrSchedule, beta: Scalar = 0.9, accumulator_dtype: Any = None
) -> GradientTransformationExtraArgs:
    r"""Gradient descent along the signs of the gradients' average.

    .. math::

        m_t &= \beta\, m_{t-1} + (1 - \beta)\, g_t \\
        u_t &= -\alpha_t\, \mathrm{sign}(m_t)

    Parameters
    ----------
    learning_rate : scalar or callable
        :math:`\alpha`, or a function from the count of steps to it.
    beta : scalar
        :math:`\beta`.
    accumulator_dtype : dtype, optional
        Of the average; by default that of the parameters.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Bernstein et al., "signSGD: Compressed Optimisation for Non-Convex Problems",
    https://arxiv.org/abs/1802.04434, 2018.
    """
    return chain(
        ema(beta, debias=False, accumulator_dtype=accumulator_dtype),
        scale_by_sign(),
        scale_by_learning_rate(learning_rate),
    )
