"""Checks inside transformed functions, under the names of ``jax.experimental.checkify``."""

from fgrad.control_flow.checkify import (
    all_checks,
    automatic_checks,
    checkify,
    div_checks,
    float_checks,
    index_checks,
    nan_checks,
    user_checks,
)
from fgrad.control_flow.checks import Error, check, check_error, debug_check, init_error
from fgrad.primitives.check import CheckError as JaxRuntimeError

__all__ = [
    "Error",
    "JaxRuntimeError",
    "all_checks",
    "automatic_checks",
    "check",
    "check_error",
    "checkify",
    "debug_check",
    "div_checks",
    "float_checks",
    "index_checks",
    "init_error",
    "nan_checks",
    "user_checks",
]
