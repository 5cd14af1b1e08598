"""Optimizers, with optax's names and interface.

An optimizer is a `GradientTransformation`: ``init(params)`` makes its state, and
``update(gradients, state, params)`` turns gradients into updates, which `apply_updates` adds to the
parameters. All of it is pure functions over pytrees, so it runs under ``jit``, ``vmap`` and
``grad``.

>>> import fgrad
>>> from fgrad import optim
>>> optimizer = optim.chain(optim.clip_by_global_norm(1.0), optim.adam(0.1))
>>> params = {"w": 5.0}
>>> state = optimizer.init(params)
>>> @fgrad.jit
... def step(params, state):
...     gradients = fgrad.grad(lambda p: (p["w"] - 2.0) ** 2)(params)
...     updates, state = optimizer.update(gradients, state, params)
...     return optim.apply_updates(params, updates), state
>>> for _ in range(300):
...     params, state = step(params, state)
>>> round(float(params["w"]), 2)
2.0
"""

from ._accumulation import TraceState, trace
from ._adaptive import ScaleByAdamState, scale_by_adam
from ._base import (
    EmptyState,
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    ScalarOrSchedule,
    Schedule,
    TransformInitFn,
    TransformUpdateExtraArgsFn,
    TransformUpdateFn,
    Updates,
    identity,
    with_extra_args_support,
)
from ._clipping import clip, clip_by_global_norm
from ._combining import chain
from ._counting import safe_increment
from ._decay import WeightDecaySchedule, add_decayed_weights
from ._masking import MaskedNode, MaskedState, masked
from ._optimizers import adam, adamw, sgd
from ._scaling import (
    ScaleByScheduleState,
    scale,
    scale_by_learning_rate,
    scale_by_schedule,
)
from ._schedules import (
    constant_schedule,
    cosine_decay_schedule,
    join_schedules,
    linear_schedule,
    polynomial_schedule,
    warmup_cosine_decay_schedule,
)
from ._trees import global_norm
from ._updates import apply_updates
