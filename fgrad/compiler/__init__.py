"""From jaxprs to fast code: passes over the jaxpr, then a backend.

A backend is a function ``build(closed, donated) -> program`` whose programs take and give
base arrays and scalars; `backends` names them. The one there is writes Python over NumPy.
"""

from fgrad.compiler.executable import Executable, backends, compile_jaxpr, compiled

__all__ = ["Executable", "backends", "compile_jaxpr", "compiled"]
