"""From jaxprs to fast code."""

from fgrad.compiler.compile import Executable, compile_jaxpr

__all__ = ["Executable", "compile_jaxpr"]
