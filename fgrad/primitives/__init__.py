"""The vocabulary: one file a family; all that an operation means stands together.

The families that the others' rules are written in come first.
"""

from fgrad.primitives import (  # isort: skip
    elementwise,
    parts,
    shape,
    reduce,
    fit,
    contract,
    index,
    sort,
    special,
)

__all__ = [
    "contract", "elementwise", "fit", "index", "parts", "reduce", "shape", "sort", "special",
]  # fmt: skip
