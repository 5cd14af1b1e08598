"""Transformations of updates that optimizers are made of and that wrap optimizers."""

from .._base import EmptyState as NonNegativeParamsState
from ._accumulation import ApplyEvery, EmaState, TraceState, apply_every, ema, trace
from ._clipping import (
    adaptive_grad_clip,
    clip,
    clip_by_block_rms,
    clip_by_global_norm,
    per_example_global_norm_clip,
    per_example_layer_norm_clip,
    unitwise_clip,
    unitwise_norm,
)
from ._combining import (
    PartitionState,
    chain,
    named_chain,
    partition,
    selective_transform,
)
from ._conditionality import (
    ApplyIfFiniteState,
    ConditionallyMaskState,
    ConditionallyTransformState,
    ConditionFn,
    apply_if_finite,
    conditionally_mask,
    conditionally_transform,
)
from ._constraining import ZeroNansState, keep_params_nonnegative, zero_nans
from ._decay import WeightDecaySchedule, add_decayed_weights
from ._layouts import flatten
from ._masking import MaskedNode, MaskedState, freeze, masked
from ._monitoring import MonitorState, SnapshotState, measure_with_ema, monitor, snapshot
from ._multi_steps import (
    MultiSteps,
    MultiStepsState,
    ShouldSkipUpdateFunction,
    skip_large_updates,
    skip_not_finite,
)
from ._noise import AddNoiseState, add_noise
