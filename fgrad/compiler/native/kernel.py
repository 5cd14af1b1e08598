"""Groups of equations as Python functions on arrays."""

import math

import numpy as np

from fgrad.compiler.native.engine import Module
from fgrad.compiler.native.entry import function_text
from fgrad.compiler.native.group import LATE, TOTAL
from fgrad.compiler.native.nest import Nest
from fgrad.compiler.native.operations import cost_of
from fgrad.core.jaxpr import ClosedJaxpr
from fgrad.core.parallel import THREADS, run_all, shares

# Instructions on elements from which on other Python threads may run meanwhile, and from which on
# the work is shared out.
LONG, SHARED = 1 << 18, 1 << 21
# Bytes of buffers that fit the stack.
_STACK = 1 << 14


class Kernel:
    """A group of equations, compiled: a function of its inputs and of the arrays for its results.

    Parameters
    ----------
    closed : ClosedJaxpr
        Without constants.
    shape : tuple of int
        Of the space.
    inner : int
        How many of its axes are inner.

    Attributes
    ----------
    call : callable
        What does the work; if it gives something false, `settle` has to be asked.
    source : str
        In LLVM's language.
    """

    def __init__(self, closed: ClosedJaxpr, shape, inner):
        self._closed = closed
        self._nest = nest = Nest(closed.jaxpr, shape, inner)
        j = closed.jaxpr
        work = math.prod(shape) * sum(map(cost_of, j.eqns))
        variables = [*j.invars, *j.outvars]
        is_array = [bool(v.aval.shape) for v in j.invars] + [True] * len(j.outvars)
        self.source = function_text(
            "kernel", [v.aval for v in variables], is_array, nest.parallel, work >= LONG, self._write
        )
        self._function = Module.of(self.source).function("kernel")
        self._is_shared = THREADS > 1 and work >= SHARED and nest.parallel >= 2 * THREADS
        self.call = self._in_shares if self._is_shared else self._function

    def _write(self, b, arguments, start, stop):
        j = self._closed.jaxpr
        inputs = dict(zip(j.invars, arguments, strict=False))
        outputs = dict(zip(j.outvars, arguments[len(j.invars) :], strict=True))
        scratch = None
        nbytes = self._nest.scratch
        if nbytes:
            scratch = b.fresh()
            if nbytes <= _STACK:
                b.head.append(f"  {scratch} = alloca [{nbytes} x i8], align 64")
            else:
                b.declarations["malloc"] = "declare ptr @malloc(i64)\ndeclare void @free(ptr)"
                b.lines.append(f"  {scratch} = call ptr @malloc(i64 {nbytes})")
        self._nest.write(b, inputs, outputs, scratch, start, stop)
        if nbytes > _STACK:
            b.do(f"call void @free(ptr {scratch})")

    def settle(self, *args):
        """What remains to be done after a call that gave something false.

        Arrays that lie otherwise are copied and the work is done on the copies. If something went
        wrong with the numbers and NumPy is told to raise or report that, NumPy does the work again,
        and does so.
        """
        j = self._closed.jaxpr
        inputs = [
            np.ascontiguousarray(x, v.aval.dtype).reshape(v.aval.shape)
            for x, v in zip(args, j.invars, strict=False)
        ]
        results = args[len(inputs) :]
        if self.call(*inputs, *results) is not True and _reports_errors():
            from fgrad.compiler.executable import compile_jaxpr

            for out, x in zip(results, compile_jaxpr(self._closed, (), "numpy")(*inputs), strict=True):
                out[...] = x

    def _in_shares(self, *args):
        """The work on several threads; sums are of all shares' sums."""
        j, kinds = self._closed.jaxpr, self._nest.group.kinds
        first = len(j.invars)
        sums = [first + i for i, v in enumerate(j.outvars) if kinds[v] in (LATE, TOTAL)]
        parts = {i: [np.empty_like(args[i]) for _ in range(THREADS - 1)] for i in sums}
        calls = []
        for n, (lo, hi) in enumerate(shares(self._nest.parallel)):
            own = list(args)
            for i in sums if n else ():
                own[i] = parts[i][n - 1]
            calls.append((*own, lo, hi))
        found = run_all(self._function, calls)
        for i in sums:
            join = self._nest.made_by[j.outvars[i - first]].primitive.ufunc
            for part in parts[i]:
                join(args[i], part, out=args[i])
        return False if False in found else None if None in found else True


def _reports_errors():
    return any(how not in ("ignore", "warn") for how in np.geterr().values())
