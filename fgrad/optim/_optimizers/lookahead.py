"""Lookahead: slow parameters that follow fast ones."""

from typing import NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import GradientTransformation, OptState, Params, Scalar
from .._numerics import zero_count
from ..tree._arithmetic import scaled
from ..tree._map import map_present, map_several

__all__ = ["LookaheadParams", "LookaheadState", "lookahead"]


class LookaheadState(NamedTuple):
    """The state of the fast optimizer, and the steps since the last synchronization."""

    fast_state: OptState
    steps_since_sync: Scalar  # int32


class LookaheadParams(NamedTuple):
    """Fast parameters, to take gradients at, and slow ones, to evaluate with."""

    fast: Params
    slow: Params

    @classmethod
    def init_synced(cls, params: Params) -> "LookaheadParams":
        """Both the same."""
        return cls(fast=params, slow=params)


def lookahead(
    fast_optimizer: GradientTransformation,
    sync_period: int,
    slow_step_size: Scalar,
    reset_state: bool = False,
) -> GradientTransformation:
    r"""Move slow parameters towards fast ones every so many steps, and the fast ones there too.

    .. math:: \phi \leftarrow \phi + \alpha\,(\theta - \phi), \qquad \theta \leftarrow \phi

    Parameters
    ----------
    fast_optimizer : GradientTransformation
        What moves the fast parameters, :math:`\theta`.
    sync_period : int
        After how many of its steps the slow ones, :math:`\phi`, move.
    slow_step_size : scalar
        :math:`\alpha`.
    reset_state : bool
        Whether the fast optimizer then begins anew.

    Returns
    -------
    GradientTransformation
        Parameters and updates are `LookaheadParams`; gradients are like the fast parameters.

    Raises
    ------
    ValueError
        If `sync_period` is not positive.

    References
    ----------
    Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back",
    https://arxiv.org/abs/1907.08610, 2019.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad import optim
    >>> optimizer = optim.lookahead(optim.sgd(0.2), sync_period=5, slow_step_size=0.5)
    >>> params = optim.LookaheadParams.init_synced(0.0)
    >>> state = optimizer.init(params)
    >>> for _ in range(100):
    ...     gradient = fgrad.grad(lambda x: (x - 3.0) ** 2)(params.fast)
    ...     updates, state = optimizer.update(gradient, state, params)
    ...     params = optim.apply_updates(params, updates)
    >>> round(float(params.slow), 3)
    3.0
    """
    if sync_period < 1:
        raise ValueError(f"lookahead: `sync_period` must be at least 1, got {sync_period!r}")

    def init(params):
        fast = getattr(params, "fast", params)
        return LookaheadState(fast_optimizer.init(fast), zero_count())

    def update(updates, state, params=None):
        if not isinstance(params, LookaheadParams):
            raise ValueError(
                "lookahead: `update` needs the parameters as LookaheadParams, "
                f"got {type(params).__name__}"
            )
        updates, fast_state = fast_optimizer.update(updates, state.fast_state, params.fast)
        sync = state.steps_since_sync == sync_period - 1

        def move(u, fast, slow):
            ahead = fast + u - slow
            slow_update = fnp.where(sync, scaled(slow_step_size, ahead), 0)
            return fnp.where(sync, u - scaled(1 - slow_step_size, ahead), u), slow_update

        moved = LookaheadParams(*map_several(move, 2, updates, params.fast, params.slow))
        if reset_state:
            initial = fast_optimizer.init(params.fast)
            fast_state = map_present(
                lambda first, now: fnp.where(sync, first, now), initial, fast_state
            )
        steps = fnp.astype((state.steps_since_sync + 1) % sync_period, fnp.int32)
        return moved, LookaheadState(trees.cast_like(fast_state, state.fast_state), steps)

    return GradientTransformation(init, update)
