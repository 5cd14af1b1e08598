"""Momentum: sums and averages of past updates."""

from typing import Any, NamedTuple

from .. import tree as trees
from .._base import GradientTransformation, Scalar, Updates
from .._numerics import safe_increment, zero_count
from ..tree._arithmetic import scaled
from ..tree._map import map_present

__all__ = ["EmaState", "TraceState", "ema", "trace"]


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
