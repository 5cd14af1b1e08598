"""Items of arrays, and slices, taken by their numbers."""

import numpy as np

from fgrad.compiler.native.engine import Module, vector_bytes
from fgrad.compiler.native.entry import function_text
from fgrad.compiler.native.lines import Lines
from fgrad.compiler.native.shared import Shared
from fgrad.compiler.native.values import DTYPES
from fgrad.core import memory
from fgrad.primitives.index import gather

# Items from which on machine code pays, by one index array and by several, for which NumPy is
# slower; and from which on several threads do.
FEW, FEW_TUPLES, MANY = 1 << 14, 1 << 10, 1 << 15


def is_gather(eqn) -> bool:
    """Whether an equation takes so many items that machine code pays."""
    if eqn.primitive is not gather:
        return False
    x, *indices = (v.aval for v in eqn.invars)
    few = FEW if len(indices) == 1 else FEW_TUPLES
    return eqn.outvars[0].aval.size >= few and x.size > 0 and x.dtype in DTYPES


class Gather:
    """`gather` of certain shapes.

    Parameters
    ----------
    eqn : JaxprEqn
    """

    def __init__(self, eqn):
        x, *indices = (v.aval for v in eqn.invars)
        out = eqn.outvars[0].aval
        self._params = eqn.params
        self._shape, self._dtype = out.shape, out.dtype
        self._index_dtypes = [i.dtype for i in indices]
        self._lines = Lines(x, indices, **eqn.params)
        avals = [x, *indices, out]
        self.code = function_text(
            "gather", avals, [True] * len(avals), [self._lines.count], True, self._write
        )
        module = Module.of(self.code)
        self._run = Shared(module, "gather", self._lines.count, out.size >= MANY)

    def _write(self, b, arguments, start, stop):
        x, *indices, out = arguments
        lines, dtype = self._lines, self._dtype
        # single items as vectors, where processors can load such
        wide = lines.width == 1 and dtype.itemsize >= 4 and vector_bytes() > 16
        several = vector_bytes() // 8 if wide else 1
        for i, place, mask in lines.each(b, indices, start, stop, several):
            if several > 1:
                b.store(b.gather(x, place, dtype, several, mask), b.pointer(out, i, dtype), mask)
                continue
            at = b.pointer(x, place, dtype), b.pointer(out, i * lines.width, dtype)
            for here, there, lanes, part in lines.items(b, *at):
                b.store(b.load(here, dtype, lanes, part), there, part)
        return ~b.noted("unsound")

    def __call__(self, x, *indices, out=None):
        x = np.ascontiguousarray(x)
        arrays = [
            np.ascontiguousarray(i, d) for i, d in zip(indices, self._index_dtypes, strict=True)
        ]
        if out is None:
            out = memory.empty(self._shape, self._dtype)
        if self._run(x, *arrays, out) is False:
            return gather.impl(x, *indices, **self._params)
        return out
