"""Checkpointing, under the names of ``jax.ad_checkpoint``."""

from fgrad import checkpoint_policies
from fgrad.transforms.checkpoint import checkpoint, checkpoint_name
from fgrad.transforms.checkpoint import checkpoint as remat
from fgrad.transforms.residuals import print_saved_residuals

__all__ = [
    "checkpoint", "checkpoint_name", "checkpoint_policies", "print_saved_residuals", "remat",
]  # fmt: skip
