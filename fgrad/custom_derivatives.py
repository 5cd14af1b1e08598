"""Functions with derivative rules of their own, under the names of ``jax.custom_derivatives``."""

from fgrad.control_flow.linear_call import linear_call
from fgrad.transforms.closure import closure_convert
from fgrad.transforms.custom import SymbolicZero, custom_jvp, zero_from_primal
from fgrad.transforms.custom_gradient import custom_gradient
from fgrad.transforms.custom_vjp import (
    CustomVJPPrimal,
    custom_vjp,
    custom_vjp_primal_tree_values,
)

__all__ = [
    "CustomVJPPrimal",
    "SymbolicZero",
    "closure_convert",
    "custom_gradient",
    "custom_jvp",
    "custom_vjp",
    "custom_vjp_primal_tree_values",
    "linear_call",
    "zero_from_primal",
]
