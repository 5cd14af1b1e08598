"""DoG and DoWG: step sizes from the distance travelled."""

from typing import NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Params,
    Scalar,
    ScalarOrSchedule,
    check_params,
    identity,
)
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain

__all__ = ["DoGState", "DoWGState", "dog", "dowg", "scale_by_dog", "scale_by_dowg"]


class DoGState(NamedTuple):
    """Whether there was no step yet, the start, the largest distance from it, a sum of squares."""

    is_init_step: Scalar  # bool
    init_params: Params
    max_dist: Scalar
    sum_sq_norm_grads: Scalar


def scale_by_dog(init_step: tuple[str, Scalar], eps: Scalar = 1e-8) -> GradientTransformation:
    r"""Scale updates by the distance from the start over the gradients' norm.

    .. math:: u_t \leftarrow \frac{\max_{i \le t} \|\theta_i - \theta_0\|}
        {\sqrt{\sum_{i \le t} \|u_i\|^2 + \varepsilon}}\, u_t

    Parameters
    ----------
    init_step : (str, scalar)
        The distance before the first step: ``("distance", d)``, or ``("heuristic", d)`` for
        :math:`d\,(1 + \|\theta_0\|)`; or ``("learning_rate", a)`` for a first step of size `a`.
    eps : scalar
        :math:`\varepsilon`.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    ValueError
        If the kind of first step is another one.

    References
    ----------
    Ivgi, Hinder, Carmon, "DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule",
    https://arxiv.org/abs/2302.12022, 2023.
    """
    kind, size = init_step
    if kind not in ("distance", "learning_rate", "heuristic"):
        raise ValueError(
            "scale_by_dog: `init_step` must be ('distance', 'learning_rate' or 'heuristic', "
            f"number), got {init_step!r}"
        )

    def init(params):
        dtype = trees.dtype(params, "lowest")
        distance = size
        if kind == "heuristic":
            distance = size * (1 + trees.norm(params))
        elif kind == "learning_rate":
            distance = 0.0
        return DoGState(
            is_init_step=fnp.ones((), fnp.bool_),
            init_params=params,
            max_dist=fnp.asarray(distance, dtype),
            sum_sq_norm_grads=fnp.zeros((), dtype),
        )

    def update(updates, state, params=None):
        check_params(params, "scale_by_dog")
        distance = trees.norm(trees.sub(state.init_params, params))
        distance = fnp.maximum(state.max_dist, distance)
        squares = state.sum_sq_norm_grads + trees.norm(updates, squared=True)
        rate = distance / fnp.sqrt(squares + eps)
        if kind == "learning_rate":
            rate = fnp.where(state.is_init_step, size, rate)
        new_state = DoGState(fnp.zeros((), fnp.bool_), state.init_params, distance, squares)
        return trees.scale(rate, updates), trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def _with_decay(scaling, learning_rate, weight_decay, mask):
    decay = identity() if weight_decay is None else add_decayed_weights(weight_decay, mask)
    return chain(decay, scaling, scale_by_learning_rate(learning_rate))


def dog(
    learning_rate: ScalarOrSchedule = 1.0,
    init_step: tuple[str, Scalar] = ("heuristic", 1e-6),
    eps: Scalar = 1e-8,
    weight_decay: Scalar | None = None,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """Distance over gradients: weight decay, `scale_by_dog`, then a factor.

    Parameters
    ----------
    learning_rate : scalar or callable
        The factor, or a function from the count of steps to it.
    init_step, eps
        See `scale_by_dog`.
    weight_decay, mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Ivgi, Hinder, Carmon, "DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule",
    https://arxiv.org/abs/2302.12022, 2023.
    """
    return _with_decay(scale_by_dog(init_step, eps), learning_rate, weight_decay, mask)


class DoWGState(NamedTuple):
    """The start, a weighted sum of squares, and the largest squared distance from the start."""

    init_params: Params
    weighted_sq_norm_grads: Scalar
    estim_sq_dist: Scalar


def scale_by_dowg(
    init_estim_sq_dist: Scalar | None = None, eps: Scalar = 1e-4
) -> GradientTransformation:
    r"""Scale updates by the squared distance from the start over weighted gradients' norm.

    .. math::

        d_t &= \max(d_{t-1}, \|\theta_t - \theta_0\|^2), \qquad
        v_t = v_{t-1} + d_t \|u_t\|^2 \\
        u_t &\leftarrow \frac{d_t}{\sqrt{v_t} + \varepsilon}\, u_t

    Parameters
    ----------
    init_estim_sq_dist : scalar, optional
        The squared distance before the first step, :math:`d_0`; by default `eps`.
    eps : scalar
        :math:`\varepsilon`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Khaled, Mishchenko, Jin, "DoWG Unleashed: An Efficient Universal Parameter-Free Gradient Descent
    Method", https://arxiv.org/abs/2305.16284, 2023.
    """

    def init(params):
        dtype = trees.dtype(params, "lowest")
        first = eps if init_estim_sq_dist is None else init_estim_sq_dist
        return DoWGState(params, fnp.zeros((), dtype), fnp.asarray(first, dtype))

    def update(updates, state, params=None):
        check_params(params, "scale_by_dowg")
        distance = trees.norm(trees.sub(state.init_params, params), squared=True)
        distance = fnp.maximum(state.estim_sq_dist, distance)
        squares = state.weighted_sq_norm_grads + distance * trees.norm(updates, squared=True)
        new_state = DoWGState(state.init_params, squares, distance)
        rate = distance / (fnp.sqrt(squares) + eps)
        return trees.scale(rate, updates), trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def dowg(
    learning_rate: ScalarOrSchedule = 1.0,
    init_estim_sq_dist: Scalar | None = None,
    eps: Scalar = 1e-4,
    weight_decay: Scalar | None = None,
    mask: MaskOrFn = None,
) -> GradientTransformationExtraArgs:
    """Distance over weighted gradients: weight decay, `scale_by_dowg`, then a factor.

    Parameters
    ----------
    learning_rate : scalar or callable
        The factor, or a function from the count of steps to it.
    init_estim_sq_dist, eps
        See `scale_by_dowg`.
    weight_decay, mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Khaled, Mishchenko, Jin, "DoWG Unleashed: An Efficient Universal Parameter-Free Gradient Descent
    Method", https://arxiv.org/abs/2305.16284, 2023.
    """
    return _with_decay(scale_by_dowg(init_estim_sq_dist, eps), learning_rate, weight_decay, mask)
