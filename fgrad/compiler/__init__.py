"""From jaxprs to fast code: passes over the jaxpr, then Python over NumPy.

A backend (`backend`) is what the passes leave for Python to call: NumPy alone, or kernels of
machine code besides.
"""

from fgrad.compiler.backend import checked, using
from fgrad.compiler.executable import Executable, compile_jaxpr, compiled

__all__ = ["Executable", "checked", "compile_jaxpr", "compiled", "using"]
