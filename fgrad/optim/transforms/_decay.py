"""Weight decay."""

from typing import NamedTuple

from .._base import (
    EmptyState,
    GradientTransformation,
    MaskOrFn,
    Scalar,
    ScalarOrSchedule,
    check_params,
)
from .._numerics import safe_increment, zero_count
from ..tree._arithmetic import scaled
from ..tree._map import map_present
from ._masking import masked

__all__ = ["WeightDecaySchedule", "add_decayed_weights"]


class WeightDecaySchedule(NamedTuple):
    """The number of steps taken, where the weight decay is a schedule."""

    count: Scalar  # int32


def add_decayed_weights(
    weight_decay: ScalarOrSchedule = 0.0,
    mask: MaskOrFn = None,
) -> GradientTransformation:
    r"""Add the parameters, times a factor, to the updates.

    .. math:: u \leftarrow u + \lambda\,\theta

    Parameters
    ----------
    weight_decay : scalar or callable
        :math:`\lambda`, or a function from the count of steps to it.
    mask : pytree of bool, or callable, optional
        Which parameters decay; see `masked`.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    ValueError
        From ``update``, if it is called without the parameters.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.add_decayed_weights(0.5)
    >>> params = {"w": 4.0}
    >>> optimizer.update({"w": 1.0}, optimizer.init(params), params)[0]
    {'w': 3.0}
    """

    def init(params):
        del params
        return WeightDecaySchedule(zero_count()) if callable(weight_decay) else EmptyState()

    def update(updates, state, params=None):
        check_params(params, "add_decayed_weights")
        if callable(weight_decay):
            factor = weight_decay(state.count)
            state = WeightDecaySchedule(safe_increment(state.count))
        elif isinstance(weight_decay, (int, float)) and weight_decay == 0:
            return updates, state
        else:
            factor = weight_decay
        return map_present(lambda u, p: u + scaled(factor, p), updates, params), state

    decayed = GradientTransformation(init, update)
    return decayed if mask is None else masked(decayed, mask)
