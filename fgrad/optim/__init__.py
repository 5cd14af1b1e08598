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

from . import schedules, transforms, tree
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
    init_empty_state,
    set_to_zero,
    stateless,
    stateless_with_tree_map,
    with_extra_args_support,
)
from ._numerics import safe_increment, safe_norm, safe_root_mean_squares
from ._optimizers.adam import ScaleByAdamState, adam, adamw, nadam, nadamw, scale_by_adam
from ._optimizers.sgd import scale_by_sign, sgd, sign_sgd, signum
from ._scaling import (
    ScaleByScheduleState,
    scale,
    scale_by_learning_rate,
    scale_by_schedule,
)
from ._updates import apply_updates, incremental_update, periodic_update
from .schedules import (
    InjectStatefulHyperparamsState,
    WrappedSchedule,
    constant_schedule,
    cosine_decay_schedule,
    cosine_onecycle_schedule,
    exponential_decay,
    inject_hyperparams,
    join_schedules,
    linear_onecycle_schedule,
    linear_schedule,
    piecewise_constant_schedule,
    piecewise_interpolate_schedule,
    polynomial_schedule,
    sgdr_schedule,
    warmup_constant_schedule,
    warmup_cosine_decay_schedule,
    warmup_exponential_decay_schedule,
)
from .transforms import (
    ApplyIfFiniteState,
    ConditionallyMaskState,
    ConditionallyTransformState,
    EmaState,
    MaskedNode,
    MaskedState,
    MonitorState,
    MultiSteps,
    MultiStepsState,
    NonNegativeParamsState,
    PartitionState,
    ShouldSkipUpdateFunction,
    SnapshotState,
    TraceState,
    WeightDecaySchedule,
    ZeroNansState,
    adaptive_grad_clip,
    add_decayed_weights,
    apply_if_finite,
    chain,
    clip,
    clip_by_block_rms,
    clip_by_global_norm,
    conditionally_mask,
    conditionally_transform,
    ema,
    flatten,
    freeze,
    keep_params_nonnegative,
    masked,
    measure_with_ema,
    monitor,
    named_chain,
    partition,
    per_example_global_norm_clip,
    per_example_layer_norm_clip,
    selective_transform,
    skip_large_updates,
    skip_not_finite,
    snapshot,
    trace,
    zero_nans,
)
from .tree import (
    bias_correction,
    update_infinity_moment,
    update_moment,
    update_moment_per_elem_norm,
)
from .tree import norm as global_norm
