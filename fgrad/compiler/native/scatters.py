"""Items of arrays, and slices, set or added to by their numbers.

What comes to one place comes in the order of the updates, so that the last one stays. Threads each
sum their share of the updates in an array of their own, if these are so many that it pays. They do
not share the array in place of the updates: what one thread made is slow to read for another.
"""

import numpy as np

from fgrad.compiler.native.engine import Module
from fgrad.compiler.native.entry import function_text, job_of
from fgrad.compiler.native.lines import Lines
from fgrad.compiler.native.operations import REDUCTIONS
from fgrad.compiler.native.pool import share
from fgrad.compiler.native.values import BOOL, DTYPES
from fgrad.core import memory
from fgrad.core.parallel import THREADS, shares
from fgrad.primitives.index import scatter
from fgrad.primitives.reduce import reduce_max, reduce_min, reduce_prod, reduce_sum

# Updates from which on machine code pays, and from which on several threads do.
FEW, MANY = 1 << 10, 1 << 15
# How many updates there are then for each item of the array.
_TIMES = 8
_JOIN = {"add": reduce_sum, "mul": reduce_prod, "min": reduce_min, "max": reduce_max}


def is_scatter(eqn) -> bool:
    """Whether an equation has so many updates that machine code pays."""
    if eqn.primitive is not scatter:
        return False
    updates, x = (v.aval for v in eqn.invars[:2])
    return (
        updates.size >= FEW and x.size > 0 and x.dtype == updates.dtype and x.dtype in DTYPES
        and (x.dtype != BOOL or eqn.params["op"] == "set")
    )  # fmt: skip


class Scatter:
    """`scatter` of certain shapes.

    Parameters
    ----------
    eqn : JaxprEqn
    """

    def __init__(self, eqn):
        updates, x, *indices = (v.aval for v in eqn.invars)
        self._params, self._dtype = eqn.params, x.dtype
        params = {**eqn.params}
        op = params.pop("op")
        self._join = REDUCTIONS[_JOIN[op]].join if op in _JOIN else None
        self._dtypes = [v.dtype for v in (updates, *indices)]
        self._lines = Lines(x, indices, **params)
        avals = [x, updates, *indices]
        self.code = function_text(
            "scatter", avals, [True] * len(avals), [self._lines.count], True, self._write
        )
        module = Module.of(self.code)
        self._function, self._job = module.function("scatter"), module.address(job_of("scatter"))
        several = op == "add" and updates.size >= max(MANY, _TIMES * x.size) and THREADS > 1
        self._share = share() if several else None

    def _write(self, b, arguments, start, stop):
        x, updates, *indices = arguments
        lines, dtype = self._lines, self._dtype
        for i, place, _ in lines.each(b, indices, start, stop):
            at = b.pointer(x, place, dtype), b.pointer(updates, i * lines.width, dtype)
            for here, there, lanes, mask in lines.items(b, *at):
                new = b.load(there, dtype, lanes, mask)
                if self._join is not None:
                    new = self._join(b.load(here, dtype, lanes, mask), new)
                b.store(new, here, mask)
        return ~b.noted("unsound")

    def __call__(self, updates, x, *indices, out=None):
        arrays = [
            np.ascontiguousarray(a, d)
            for a, d in zip((updates, *indices), self._dtypes, strict=True)
        ]
        if out is None:
            out = memory.copy(x)
        else:  # what is updated may stay where it is, and what is read be a part of it
            arrays = [a.copy() if np.may_share_memory(a, out) else a for a in arrays]
            if out is not x:
                np.copyto(out, x)
        done = (self._function if self._share is None else self._in_parts)(out, *arrays)
        if done is False:
            return scatter.impl(updates, x, *indices, **self._params)
        return out

    def _in_parts(self, out, *arrays):
        parts = [out, *(np.zeros(out.shape, out.dtype) for _ in range(THREADS - 1))]
        ranges = shares(self._lines.count)
        calls = [(p, *arrays, *r) for p, r in zip(parts, ranges, strict=True)]
        done = self._share(self._job, *calls)
        for part in parts[1:]:
            out += part
        return done
