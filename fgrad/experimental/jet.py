"""Taylor mode, under the name of ``jax.experimental.jet``."""

from fgrad.transforms.jet import jet

__all__ = ["jet"]
