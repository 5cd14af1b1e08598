"""From jaxprs to fast code: passes over the jaxpr, then Python over NumPy.

A backend (`backend`) is what the passes leave for Python to call: NumPy alone, or machine code
besides. All but the choice of one is imported when a program is compiled first.
"""

from typing import TYPE_CHECKING

from fgrad.compiler.backend import checked, current, using
from fgrad.core.lazy import importer

if TYPE_CHECKING:
    from fgrad.compiler.executable import Executable, compile_jaxpr, compile_steps, compiled
    from fgrad.compiler.passes import prepare

__getattr__, __dir__ = importer(
    __name__,
    {
        "Executable": "fgrad.compiler.executable",
        "compile_jaxpr": "fgrad.compiler.executable",
        "compile_steps": "fgrad.compiler.executable",
        "compiled": "fgrad.compiler.executable",
        "prepare": "fgrad.compiler.passes",
    },
)

__all__ = [
    "Executable",
    "checked",
    "compile_jaxpr",
    "compile_steps",
    "compiled",
    "current",
    "prepare",
    "using",
]
