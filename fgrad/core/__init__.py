"""What a program is; of this ``jax.core`` has a few names that users check types by."""

from fgrad.core.avals import ShapedArray
from fgrad.core.jaxpr import eval_jaxpr
from fgrad.core.trace import Tracer
