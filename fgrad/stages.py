"""What `jit` gives on the way to a program, under the names of ``jax.stages``."""

from fgrad.transforms.jit import Compiled, JitFunction, Lowered

Wrapped = JitFunction
Traced = Lowered

__all__ = ["Compiled", "Lowered", "Traced", "Wrapped"]
