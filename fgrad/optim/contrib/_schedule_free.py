"""Schedule-free optimizers: averages of the parameters in place of a schedule."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Scalar,
    ScalarOrSchedule,
    at_step,
    check_params,
    with_extra_args_support,
)
from .._numerics import safe_increment
from .._optimizers.rms import scale_by_rms
from .._optimizers.sgd import sgd
from .._scaling import scale_by_learning_rate
from .._updates import apply_updates
from ..schedules import warmup_constant_schedule
from ..transforms import add_decayed_weights, chain
from ..tree._arithmetic import scaled
from ..tree._dtypes import astype
from ..tree._map import map_present

__all__ = [
    "ScheduleFreeState",
    "schedule_free",
    "schedule_free_adamw",
    "schedule_free_eval_params",
    "schedule_free_sgd",
]


class ScheduleFreeState(NamedTuple):
    """The state of `schedule_free`.

    Attributes
    ----------
    b1 : scalar
    weight_sum : scalar
        The sum of the weights in the average.
    step_count : int32 scalar
        One more than the number of steps taken.
    max_lr : scalar
        The largest learning rate so far.
    base_optimizer_state : pytree
    z : pytree of arrays
        The parameters of the base optimizer.
    """

    b1: Scalar
    weight_sum: Scalar
    step_count: Scalar
    max_lr: Scalar
    base_optimizer_state: OptState
    z: Params


def _average(params, z, b1):
    """The averaged parameters, from those where gradients are taken."""
    return map_present(lambda y, zi: scaled(1.0 / b1, y - scaled(1.0 - b1, zi)), params, z)


def schedule_free_eval_params(state: OptState, params: Params) -> Params:
    """The parameters to evaluate and keep, of training with `schedule_free`.

    Parameters
    ----------
    state : ScheduleFreeState
    params : pytree of arrays
        Where gradients are taken.

    Returns
    -------
    pytree of arrays

    Raises
    ------
    ValueError
        If the state is another one.
    """
    b1, z = getattr(state, "b1", None), getattr(state, "z", None)
    if b1 is None or z is None:
        raise ValueError(
            "schedule_free_eval_params: `state` must be a ScheduleFreeState, "
            f"got {type(state).__name__}"
        )
    return _average(params, z, b1)


def schedule_free(
    base_optimizer: GradientTransformation,
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.9,
    weight_lr_power: Scalar = 2.0,
    state_dtype: Any = None,
) -> GradientTransformationExtraArgs:
    r"""Average the parameters of an optimizer, and take gradients between it and the average.

    .. math::

        y_t &= (1 - \beta)\, z_t + \beta\, x_t \\
        z_{t+1} &= z_t + u_t(\nabla f(y_t)) \\
        x_{t+1} &= (1 - c_t)\, x_t + c_t\, z_{t+1}

    Parameters
    ----------
    base_optimizer : GradientTransformation
        Without momentum; it moves :math:`z`.
    learning_rate : scalar or callable
        The one of `base_optimizer`.
    b1 : scalar
        :math:`\beta`, in place of momentum.
    weight_lr_power : scalar
        The weights of the average, :math:`c_t`, go with this power of the learning rate.
    state_dtype : dtype, optional
        Of :math:`z`; by default that of the parameters.

    Returns
    -------
    GradientTransformationExtraArgs
        The parameters are :math:`y`; see `schedule_free_eval_params` for :math:`x`.

    References
    ----------
    Defazio et al., "The Road Less Scheduled", https://arxiv.org/abs/2405.15682, 2024.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad import optim
    >>> optimizer = optim.contrib.schedule_free(optim.sgd(0.5), learning_rate=0.5)
    >>> y = 0.0
    >>> state = optimizer.init(y)
    >>> for _ in range(100):
    ...     gradient = fgrad.grad(lambda y: (y - 3.0) ** 2)(y)
    ...     updates, state = optimizer.update(gradient, state, y)
    ...     y = optim.apply_updates(y, updates)
    >>> round(float(optim.contrib.schedule_free_eval_params(state, y)), 3)
    3.0
    """
    tx = with_extra_args_support(base_optimizer)

    def init(params):
        dtype = trees.dtype(params, "lowest")
        zero = fnp.zeros((), dtype)
        return ScheduleFreeState(
            b1=fnp.asarray(b1, dtype),
            weight_sum=zero,
            step_count=fnp.ones((), fnp.int32),
            max_lr=zero,
            base_optimizer_state=tx.init(params),
            # Copies, so that parameters may be donated to a compiled step.
            z=map_present(lambda p: fnp.array(p, dtype=state_dtype), params),
        )

    def update(updates, state, params=None, **extra_args: Any):
        check_params(params, "schedule_free")
        rate = at_step(learning_rate, state.step_count)
        largest = astype(fnp.maximum(state.max_lr, rate), state.max_lr.dtype)
        weight = largest**weight_lr_power
        total = state.weight_sum + weight
        empty = total == 0
        part: Scalar = fnp.where(empty, 0.0, weight / fnp.where(empty, 1.0, total))
        steps, base_state = tx.update(updates, state.base_optimizer_state, params, **extra_args)
        z = apply_updates(state.z, steps)
        x = map_present(
            lambda old, new: scaled(1.0 - part, old) + scaled(part, new),
            _average(params, state.z, b1),
            z,
        )
        new_updates = map_present(
            lambda g, xi, zi, y: scaled(b1, xi) + scaled(1.0 - b1, zi) - y, updates, x, z, params
        )
        new_state = ScheduleFreeState(
            state.b1, total, safe_increment(state.step_count), largest, base_state, z
        )
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformationExtraArgs(init, update)


def _warmed_up(learning_rate, warmup_steps):
    if warmup_steps is None:
        return learning_rate
    return warmup_constant_schedule(0, learning_rate, warmup_steps)


def schedule_free_sgd(
    learning_rate: Scalar = 1.0,
    warmup_steps: int | None = None,
    b1: Scalar = 0.9,
    weight_decay: Scalar | None = None,
    weight_lr_power: Scalar = 2.0,
    state_dtype: Any = None,
) -> GradientTransformationExtraArgs:
    """Gradient descent without a schedule; see `schedule_free`.

    Parameters
    ----------
    learning_rate : scalar
        The step size.
    warmup_steps : int, optional
        How many steps it takes to reach it.
    b1, weight_lr_power, state_dtype
        See `schedule_free`.
    weight_decay : scalar, optional
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Defazio et al., "The Road Less Scheduled", https://arxiv.org/abs/2405.15682, 2024.
    """
    rate = _warmed_up(learning_rate, warmup_steps)
    optimizer = sgd(rate)
    if weight_decay is not None:
        optimizer = chain(add_decayed_weights(weight_decay), optimizer)
    return schedule_free(optimizer, rate, b1, weight_lr_power, state_dtype)


def schedule_free_adamw(
    learning_rate: Scalar = 0.0025,
    warmup_steps: int | None = None,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    weight_decay: Scalar = 0.0,
    weight_lr_power: Scalar = 2.0,
    state_dtype: Any = None,
) -> GradientTransformationExtraArgs:
    """AdamW without a schedule; see `schedule_free`.

    Parameters
    ----------
    learning_rate : scalar
        The step size.
    warmup_steps : int, optional
        How many steps it takes to reach it.
    b1, weight_lr_power, state_dtype
        See `schedule_free`.
    b2, eps
        The `decay` and `eps` of `scale_by_rms`.
    weight_decay : scalar
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Defazio et al., "The Road Less Scheduled", https://arxiv.org/abs/2405.15682, 2024.
    """
    rate = _warmed_up(learning_rate, warmup_steps)
    optimizer = chain(
        scale_by_rms(b2, eps, eps_in_sqrt=False, bias_correction=True),
        add_decayed_weights(weight_decay),
        scale_by_learning_rate(rate),
    )
    return schedule_free(optimizer, rate, b1, weight_lr_power, state_dtype)
