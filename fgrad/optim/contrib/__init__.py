"""Optimizers and wrappers from recent papers."""

from ._acprop import acprop, scale_by_acprop
from ._ademamix import (
    ScaleByAdemamixState,
    ScaleBySimplifiedAdEMAMixState,
    ademamix,
    scale_by_ademamix,
    scale_by_simplified_ademamix,
    simplified_ademamix,
)
from ._adopt import adopt, scale_by_adopt
from ._cocob import COCOBState, cocob, scale_by_cocob
from ._complex_valued import SplitRealAndImaginaryState, split_real_and_imaginary
from ._dadapt_adamw import DAdaptAdamWState, dadapt_adamw
from ._dog import DoGState, DoWGState, dog, dowg
from ._galore import GaLoreDimensionNumbers, GaLoreState, galore, scale_by_galore
from ._madgrad import MadgradState, madgrad, scale_by_madgrad
from ._mechanic import MechanicState, mechanize
from ._momo import MomoAdamState, MomoState, momo, momo_adam
from ._muon import MuonDimensionNumbers, MuonState, muon, scale_by_muon
from ._privacy import (
    DifferentiallyPrivateAggregateState,
    differentially_private_aggregate,
    dpsgd,
)
from ._prodigy import ProdigyState, prodigy
from ._reduce_on_plateau import ReduceLROnPlateauState, reduce_on_plateau
from ._sam import NormalizeState, SAMState, normalize, sam
from ._schedule_free import (
    ScheduleFreeState,
    schedule_free,
    schedule_free_adamw,
    schedule_free_eval_params,
    schedule_free_sgd,
)
from ._sophia import (
    HutchinsonState,
    SophiaState,
    hutchinson_estimator_diag_hessian,
    sophia,
)
