"""Types for annotations, under the names of ``jax.typing``."""

from numpy.typing import ArrayLike, DTypeLike

__all__ = ["ArrayLike", "DTypeLike"]
