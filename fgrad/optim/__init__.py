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

from . import (
    assignment,
    contrib,
    losses,
    microbatching,
    perturbations,
    projections,
    schedules,
    second_order,
    transforms,
    tree,
    tree_utils,
)
from ._base import (
    EmptyState,
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
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
from ._base import EmptyState as AdaptiveGradClipState
from ._base import EmptyState as AddDecayedWeightsState
from ._base import EmptyState as ClipByGlobalNormState
from ._base import EmptyState as ClipState
from ._base import EmptyState as ScaleByTrustRatioState
from ._base import EmptyState as ScaleState
from ._gradients import scale_gradient
from ._linear_algebra import matrix_inverse_pth_root, nnls, power_iteration
from ._normal import multi_normal
from ._numerics import safe_increment, safe_norm, safe_root_mean_squares
from ._numerics import safe_increment as safe_int32_increment
from ._optimizers.adadelta import ScaleByAdaDeltaState, adadelta, scale_by_adadelta
from ._optimizers.adafactor import FactoredState, adafactor, scale_by_factored_rms
from ._optimizers.adagrad import ScaleByRssState, adagrad, scale_by_rss
from ._optimizers.adam import ScaleByAdamState, adam, adamw, nadam, nadamw, scale_by_adam
from ._optimizers.adamax import adamax, adamaxw, scale_by_adamax
from ._optimizers.adan import ScaleByAdanState, adan, scale_by_adan
from ._optimizers.amsgrad import ScaleByAmsgradState, amsgrad, scale_by_amsgrad
from ._optimizers.backtracking import (
    ScaleByBacktrackingLinesearchState,
    scale_by_backtracking_linesearch,
)
from ._optimizers.belief import ScaleByBeliefState, adabelief, scale_by_belief
from ._optimizers.blocks import (
    centralize,
    normalize_by_update_norm,
    scale_by_param_block_norm,
    scale_by_param_block_rms,
)
from ._optimizers.distance import scale_by_distance_over_gradients
from ._optimizers.lbfgs import ScaleByLBFGSState, lbfgs, scale_by_lbfgs
from ._optimizers.line import value_and_grad_from_state
from ._optimizers.lion import ScaleByLionState, lion, scale_by_lion
from ._optimizers.lookahead import LookaheadParams, LookaheadState, lookahead
from ._optimizers.novograd import ScaleByNovogradState, novograd, scale_by_novograd
from ._optimizers.optimistic import (
    optimistic_adam_v2,
    optimistic_gradient_descent,
    scale_by_optimistic_gradient,
)
from ._optimizers.polyak import polyak_sgd, scale_by_polyak
from ._optimizers.radam import radam, scale_by_radam
from ._optimizers.rms import (
    ScaleByRmsState,
    ScaleByRStdDevState,
    rmsprop,
    scale_by_rms,
    scale_by_stddev,
)
from ._optimizers.rprop import ScaleByRpropState, rprop, scale_by_rprop
from ._optimizers.sgd import noisy_sgd, scale_by_sign, sgd, sign_sgd, signum
from ._optimizers.sm3 import ScaleBySM3State, scale_by_sm3, sm3
from ._optimizers.trust import fromage, lamb, lars, scale_by_trust_ratio
from ._optimizers.yogi import scale_by_yogi, yogi
from ._optimizers.zoom import (
    ScaleByZoomLinesearchState,
    ZoomLinesearchInfo,
    scale_by_zoom_linesearch,
)
from ._scaling import (
    ScaleByScheduleState,
    scale,
    scale_by_learning_rate,
    scale_by_schedule,
)
from ._updates import apply_updates, incremental_update, periodic_update
from .losses import (
    cosine_distance,
    cosine_similarity,
    ctc_loss,
    ctc_loss_with_forward_probs,
    generalized_kl_divergence,
    hinge_loss,
    huber_loss,
    kl_divergence,
    l2_loss,
    log_cosh,
    ntxent,
    safe_softmax_cross_entropy,
    sigmoid_binary_cross_entropy,
    sigmoid_focal_loss,
    smooth_labels,
    softmax_cross_entropy,
    softmax_cross_entropy_with_integer_labels,
    squared_error,
)
from .microbatching import microbatch
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
    AddNoiseState,
    ApplyEvery,
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
    add_noise,
    apply_every,
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
from .transforms import PartitionState as MultiTransformState
from .transforms import partition as multi_transform
from .tree import (
    bias_correction,
    update_infinity_moment,
    update_moment,
    update_moment_per_elem_norm,
)
from .tree import map_params as tree_map_params
from .tree import norm as global_norm
