"""`fgrad.debug`: looking into programs while they run."""

from fgrad.debug._breakpoint import breakpoint
from fgrad.debug._explain import explain_nan
from fgrad.debug._print import print
from fgrad.transforms.callback import debug_callback as callback

__all__ = ["breakpoint", "callback", "explain_nan", "print"]
