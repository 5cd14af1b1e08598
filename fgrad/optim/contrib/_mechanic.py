"""Mechanic: a scale for the steps of any optimizer, learned while it runs."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Scalar,
    check_params,
    with_extra_args_support,
)
from .._numerics import safe_increment, zero_count
from ..tree._arithmetic import scaled
from ..tree._map import map_present

__all__ = ["MechanicState", "mechanize"]


class MechanicState(NamedTuple):
    """The optimizer's state, the number of steps, what the scales are made of, and the start."""

    base_optimizer_state: OptState
    count: Scalar  # int32
    r: Scalar
    m: Scalar
    v: Scalar
    s: Scalar
    x0: Params


def mechanize(
    base_optimizer: GradientTransformation,
    weight_decay: Scalar = 1e-2,
    eps: Scalar = 1e-8,
    s_init: Scalar = 1e-6,
    num_betas: int = 6,
) -> GradientTransformationExtraArgs:
    """Scale the steps of an optimizer by what would have been right so far.

    Parameters
    ----------
    base_optimizer : GradientTransformation
        With a learning rate of 1, or a schedule with that peak.
    weight_decay : scalar
        How strongly large scales are held back.
    eps : scalar
        Against division by zero.
    s_init : scalar
        The first scale.
    num_betas : int
        How many scales are learned, each with a longer memory; their sum counts.

    Returns
    -------
    GradientTransformationExtraArgs

    References
    ----------
    Cutkosky, Defazio, Mehta, "Mechanic: A Learning Rate Tuner", https://arxiv.org/abs/2306.00144,
    2023.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.contrib.mechanize(optim.adamw(optim.cosine_decay_schedule(1.0, 1000)))
    """
    tx = with_extra_args_support(base_optimizer)
    decays = [1.0 - 0.1 ** (i + 1) for i in range(num_betas)]

    def init(params):
        zeros = fnp.zeros(num_betas, trees.dtype(params, "lowest"))
        return MechanicState(
            base_optimizer_state=tx.init(params),
            count=zero_count(),
            r=zeros,
            m=zeros,
            v=zeros,
            s=zeros + s_init,
            x0=params,
        )

    def update(updates, state, params=None, **extra_args: Any):
        check_params(params, "mechanize")
        steps, base_state = tx.update(updates, state.base_optimizer_state, params, **extra_args)
        start = trees.where(state.count == 0, params, state.x0)
        scale = fnp.sum(state.s)
        pull = weight_decay * scale * trees.norm(updates) / (trees.norm(params) + eps)
        gradients = trees.add_scale(updates, pull, params)
        travelled = map_present(lambda p, x: (x - p) / (scale + eps), params, start)
        h = trees.vdot(gradients, travelled)
        betas = fnp.asarray(decays, state.s.dtype)
        m = fnp.maximum(betas * state.m, fnp.abs(h) + eps)
        v = betas**2 * state.v + h**2
        r = betas * state.r + fnp.clip(h, -state.m, state.m) * state.s
        wealth = s_init / num_betas * m + fnp.maximum(r, 0.0)
        s = wealth / (fnp.sqrt(v) + eps)
        scaling = fnp.sum(s)
        new_updates = map_present(
            lambda u, t, x, p: x - scaled(scaling, t - u) - p, steps, travelled, start, params
        )
        new_state = MechanicState(base_state, safe_increment(state.count), r, m, v, s, start)
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformationExtraArgs(init, update)
