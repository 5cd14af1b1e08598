"""Momentum: sums and averages of past updates."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import GradientTransformation, Scalar, Updates
from .._numerics import safe_increment, zero_count
from ..tree._arithmetic import scaled
from ..tree._map import map_present

__all__ = ["ApplyEvery", "EmaState", "TraceState", "apply_every", "ema", "trace"]


class TraceState(NamedTuple):
    """The decaying sum of past updates."""

    trace: Updates


def trace(
    decay: Scalar, nesterov: bool = False, accumulator_dtype: Any = None
) -> GradientTransformation:
    r"""Replace updates by a decaying sum of them.

    .. math::

        m_t &= u_t + \mu\, m_{t-1} \\
        u_t &\leftarrow m_t \quad\text{or, with Nesterov's momentum,}\quad u_t + \mu\, m_t

    Parameters
    ----------
    decay : scalar
        :math:`\mu`.
    nesterov : bool
        Whether to look one step ahead.
    accumulator_dtype : dtype, optional
        Of the state; by default that of the parameters.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning",
    http://proceedings.mlr.press/v28/sutskever13.pdf, 2013.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.trace(decay=0.5)
    >>> state = optimizer.init({"w": 0.0})
    >>> for _ in range(3):
    ...     updates, state = optimizer.update({"w": 1.0}, state)
    ...     print(float(updates["w"]))
    1.0
    1.5
    1.75
    """

    def add_decayed(g, m):
        return g + scaled(decay, m)

    def init(params):
        return TraceState(trace=trees.zeros_like(params, accumulator_dtype))

    def update(updates, state, params=None):
        del params
        momentum = map_present(add_decayed, updates, state.trace)
        new_updates = map_present(add_decayed, updates, momentum) if nesterov else momentum
        return new_updates, TraceState(trace=trees.cast_like(momentum, state.trace))

    return GradientTransformation(init, update)


class EmaState(NamedTuple):
    """The number of steps taken, and the average of past updates."""

    count: Scalar  # int32
    ema: Updates


def ema(
    decay: Scalar, debias: bool = True, accumulator_dtype: Any = None
) -> GradientTransformation:
    r"""Replace updates by their exponential moving average.

    .. math::

        m_t &= \beta\, m_{t-1} + (1 - \beta)\, u_t \\
        u_t &\leftarrow m_t / (1 - \beta^t) \quad\text{or, without debiasing,}\quad m_t

    Parameters
    ----------
    decay : scalar
        :math:`\beta`.
    debias : bool
        Whether to undo the pull towards the zero that the average starts at.
    accumulator_dtype : dtype, optional
        Of the state; by default that of the parameters.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.ema(0.5, debias=False)
    >>> state = optimizer.init({"w": 0.0})
    >>> for _ in range(3):
    ...     updates, state = optimizer.update({"w": 1.0}, state)
    ...     print(float(updates["w"]))
    0.5
    0.75
    0.875
    """

    def init(params):
        return EmaState(count=zero_count(), ema=trees.zeros_like(params, accumulator_dtype))

    def update(updates, state, params=None):
        del params
        average = trees.update_moment(updates, state.ema, decay, 1)
        count = safe_increment(state.count)
        new_updates = trees.bias_correction(average, decay, count) if debias else average
        return new_updates, EmaState(count=count, ema=trees.cast_like(average, state.ema))

    return GradientTransformation(init, update)


class ApplyEvery(NamedTuple):
    """The number of updates in the sum, and the sum."""

    count: Scalar  # int32
    grad_acc: Updates


def apply_every(k: int = 1) -> GradientTransformation:
    """Sum updates over several steps; in the steps between, updates are zero.

    In a chain it comes last. `MultiSteps` gives the sum to an optimizer instead.

    Parameters
    ----------
    k : int
        How many updates to sum.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.apply_every(2)
    >>> state = optimizer.init(0.0)
    >>> for gradient in [1.0, 3.0, 5.0, 7.0]:
    ...     updates, state = optimizer.update(gradient, state)
    ...     print(float(updates))
    0.0
    4.0
    0.0
    12.0
    """

    def init(params):
        return ApplyEvery(count=zero_count(), grad_acc=trees.zeros_like(params))

    def update(updates, state, params=None):
        del params
        count = state.count % k
        total = map_present(
            lambda u, acc: fnp.where(count == 0, u, acc + u), updates, state.grad_acc
        )
        new_updates = map_present(lambda acc: fnp.where(count == k - 1, acc, 0), total)
        return trees.cast_like(new_updates, updates), ApplyEvery(
            count=fnp.astype(safe_increment(count) % k, fnp.int32),
            grad_acc=trees.cast_like(total, state.grad_acc),
        )

    return GradientTransformation(init, update)
