"""Momentum."""

from typing import Any, NamedTuple

from ._base import GradientTransformation, Scalar, Updates
from ._trees import cast_like, map_present, scaled, zeros_like

__all__ = ["TraceState", "trace"]


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
        return TraceState(trace=zeros_like(params, accumulator_dtype))

    def update(updates, state, params=None):
        del params
        momentum = map_present(add_decayed, updates, state.trace)
        new_updates = map_present(add_decayed, updates, momentum) if nesterov else momentum
        return new_updates, TraceState(trace=cast_like(momentum, state.trace))

    return GradientTransformation(init, update)
