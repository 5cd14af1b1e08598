"""RMSProp: gradients over the root of the mean of their squares."""

from typing import NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Scalar,
    ScalarOrSchedule,
    Updates,
    identity,
)
from .._numerics import safe_increment, zero_count
from .._scaling import scale_by_learning_rate
from ..transforms import chain, trace
from ..tree._arithmetic import abs_sq
from ..tree._map import map_present

__all__ = [
    "ScaleByRStdDevState",
    "ScaleByRmsState",
    "rmsprop",
    "scale_by_rms",
    "scale_by_stddev",
]


class ScaleByRmsState(NamedTuple):
    """The mean of the updates' squares."""

    nu: Updates


class ScaleByRmsWithCountState(NamedTuple):
    """The number of steps taken, and the mean of the updates' squares."""

    count: Scalar  # int32
    nu: Updates


class ScaleByRStdDevState(NamedTuple):
    """The means of the updates and of their squares."""

    mu: Updates
    nu: Updates


class ScaleByRStdDevWithCountState(NamedTuple):
    """The number of steps taken, and the means of the updates and of their squares."""

    count: Scalar  # int32
    mu: Updates
    nu: Updates


def _over_root(updates, squares, eps, eps_in_sqrt):
    def over_root(g, v):
        return g / (fnp.sqrt(v + eps) if eps_in_sqrt else fnp.sqrt(v) + eps)

    return map_present(over_root, updates, squares)


def scale_by_rms(
    decay: Scalar = 0.9,
    eps: Scalar = 1e-8,
    initial_scale: Scalar = 0.0,
    eps_in_sqrt: bool = True,
    bias_correction: bool = False,
) -> GradientTransformation:
    r"""Divide updates by the root of the mean of their squares.

    .. math::

        v_t &= \beta\, v_{t-1} + (1 - \beta)\, |u_t|^2 \\
        u_t &\leftarrow u_t \big/ \sqrt{v_t + \varepsilon}

    Parameters
    ----------
    decay : scalar
        How fast the mean forgets, :math:`\beta`.
    eps : scalar
        :math:`\varepsilon`, against division by zero.
    initial_scale : scalar
        The mean before the first step.
    eps_in_sqrt : bool
        False divides by :math:`\sqrt{v_t} + \varepsilon`.
    bias_correction : bool
        Whether to undo the mean's pull towards zero.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Hinton, "Overview of mini-batch gradient descent",
    https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf, 2012.
    """

    def init(params):
        nu = trees.full_like(params, initial_scale)
        return (
            ScaleByRmsWithCountState(zero_count(), nu) if bias_correction else ScaleByRmsState(nu)
        )

    def update(updates, state, params=None):
        del params
        nu = trees.update_moment_per_elem_norm(updates, state.nu, decay, 2)
        new_state = state._replace(nu=trees.cast_like(nu, state.nu))
        if bias_correction:
            count = safe_increment(state.count)
            nu = trees.bias_correction(nu, decay, count)
            new_state = new_state._replace(count=count)
        return _over_root(updates, nu, eps, eps_in_sqrt), new_state

    return GradientTransformation(init, update)


def scale_by_stddev(
    decay: Scalar = 0.9,
    eps: Scalar = 1e-8,
    initial_scale: Scalar = 0.0,
    eps_in_sqrt: bool = True,
    bias_correction: bool = False,
) -> GradientTransformation:
    r"""Divide updates by their standard deviation, from running means.

    .. math::

        m_t &= \beta\, m_{t-1} + (1 - \beta)\, u_t, \qquad
        v_t = \beta\, v_{t-1} + (1 - \beta)\, |u_t|^2 \\
        u_t &\leftarrow u_t \big/ \sqrt{v_t - |m_t|^2 + \varepsilon}

    Parameters
    ----------
    decay, eps, eps_in_sqrt, bias_correction
        See `scale_by_rms`.
    initial_scale : scalar
        The mean of the squares before the first step.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Graves, "Generating Sequences With Recurrent Neural Networks", https://arxiv.org/abs/1308.0850,
    2013.
    """

    def init(params):
        mu, nu = trees.zeros_like(params), trees.full_like(params, initial_scale)
        if bias_correction:
            return ScaleByRStdDevWithCountState(zero_count(), mu, nu)
        return ScaleByRStdDevState(mu, nu)

    def update(updates, state, params=None):
        del params
        mu = trees.update_moment(updates, state.mu, decay, 1)
        nu = trees.update_moment_per_elem_norm(updates, state.nu, decay, 2)
        new_state = state._replace(
            mu=trees.cast_like(mu, state.mu), nu=trees.cast_like(nu, state.nu)
        )
        if bias_correction:
            count = safe_increment(state.count)
            mu = trees.bias_correction(mu, decay, count)
            nu = trees.bias_correction(nu, decay, count)
            new_state = new_state._replace(count=count)
        variance = map_present(lambda v, m: v - abs_sq(m), nu, mu)
        return _over_root(updates, variance, eps, eps_in_sqrt), new_state

    return GradientTransformation(init, update)


def rmsprop(
    learning_rate: ScalarOrSchedule,
    decay: Scalar = 0.9,
    eps: Scalar = 1e-8,
    initial_scale: Scalar = 0.0,
    eps_in_sqrt: bool = True,
    centered: bool = False,
    momentum: Scalar | None = None,
    nesterov: bool = False,
    bias_correction: bool = False,
) -> GradientTransformationExtraArgs:
    """RMSProp: `scale_by_rms` or `scale_by_stddev`, the learning rate, then momentum if wanted.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    decay, eps, initial_scale, eps_in_sqrt, bias_correction
        See `scale_by_rms`.
    centered : bool
        Whether to divide by the standard deviation.
    momentum, nesterov
        The `decay` and `nesterov` of `trace`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Hinton, "Overview of mini-batch gradient descent",
    https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf, 2012.

    Graves, "Generating Sequences With Recurrent Neural Networks", https://arxiv.org/abs/1308.0850,
    2013.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad import optim
    >>> loss = lambda x: (x - 3.0) ** 2
    >>> optimizer = optim.rmsprop(optim.exponential_decay(0.3, 10, 0.5))
    >>> x = 0.0
    >>> state = optimizer.init(x)
    >>> for _ in range(100):
    ...     updates, state = optimizer.update(fgrad.grad(loss)(x), state, x)
    ...     x = optim.apply_updates(x, updates)
    >>> round(float(x), 2)
    3.0
    """
    scaling = scale_by_stddev if centered else scale_by_rms
    return chain(
        scaling(decay, eps, initial_scale, eps_in_sqrt, bias_correction),
        scale_by_learning_rate(learning_rate),
        identity() if momentum is None else trace(momentum, nesterov),
    )
