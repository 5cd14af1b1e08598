"""Functions with rules of their own for `vmap`, under the names of ``jax.custom_batching``."""

from fgrad.control_flow.sequential import sequential_vmap
from fgrad.transforms.custom_batching import custom_vmap

__all__ = ["custom_vmap", "sequential_vmap"]
