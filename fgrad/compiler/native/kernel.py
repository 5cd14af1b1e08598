"""Groups of equations as Python functions on arrays."""

import math

import numpy as np

from fgrad.compiler.backend import using
from fgrad.compiler.donation import reports_errors
from fgrad.compiler.native.engine import Module
from fgrad.compiler.native.entry import function_text
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
    """Groups of equations, compiled.

    It is a function of the inputs of each group, and of the arrays for its results after them.

    Parameters
    ----------
    closed : ClosedJaxpr
        The equations, without constants.
    shapes : tuple of tuple of int
        For each group the space.
    inner : int
        How many of its axes are inner.

    Attributes
    ----------
    call : callable
        What does the work; if it gives something false, `settle` has to be asked, of that and of
        the arguments.
    code : str
        In LLVM's language.
    """

    def __init__(self, closed: ClosedJaxpr, shapes, inner):
        self._closed = closed
        self._nest = nest = Nest(closed.jaxpr, shapes, inner)
        j = closed.jaxpr
        work = sum(map(math.prod, shapes)) * sum(map(cost_of, j.eqns))
        variables = [*j.invars, *j.outvars]
        self._count, self._times = len(variables), len(shapes)
        is_array = [bool(v.aval.shape) for v in j.invars] + [True] * len(j.outvars)
        lengths = [nest.parallel(shape) for shape in shapes]
        self._length = sum(lengths)
        avals = [v.aval for v in variables]
        self.code = function_text("kernel", avals, is_array, lengths, work >= LONG, self._write)
        self._function = Module.of(self.code).function("kernel")
        shared = THREADS > 1 and work >= SHARED and self._length >= 2 * THREADS and all(lengths)
        self.call = self._in_shares if shared else self._function

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

    def settle(self, found, *args):
        """What remains to be done after a call that gave `found`, which is false.

        Arrays that lie otherwise are copied and the work is done on the copies. If something went
        wrong with the numbers and NumPy is told to raise or report that, NumPy does the work again,
        and does so.
        """
        if found is False:
            args = list(args)
            for i, v in self._places(self._closed.jaxpr.invars, 0):
                args[i] = plain(args[i], v.aval)
            found = self.call(*args)
        if found is None and reports_errors():
            self._report(args)

    def _places(self, variables, first):
        """The arguments that stand for variables, of all groups."""
        starts = range(first, self._times * self._count, self._count)
        return [(i + k, v) for i in starts for k, v in enumerate(variables)]

    def _report(self, args):
        from fgrad.compiler.executable import compile_jaxpr

        n = len(self._closed.jaxpr.invars)
        with using("numpy"):
            program = compile_jaxpr(self._closed)
        for i in range(0, self._times * self._count, self._count):
            program(*args[i : i + n])

    def _in_shares(self, *args):
        """The work on several threads; sums are of all shares' sums."""
        nest, j = self._nest, self._closed.jaxpr
        sums = [
            (i, nest.made_by[v].primitive.ufunc)
            for i, v in self._places(j.outvars, len(j.invars))
            if nest.is_partial(v)
        ]
        calls = []
        for lo, hi in shares(self._length):
            own = list(args)
            for i, _ in sums if lo else ():
                own[i] = np.empty_like(args[i])
            calls.append((*own, lo, hi))
        found = run_all(self._function, calls)
        for i, join in sums:
            for own in calls[1:]:
                join(args[i], own[i], out=args[i])
        return False if False in found else None if None in found else True


def plain(x, aval) -> np.ndarray:
    """A number or an array as an array that machine code takes."""
    return np.require(x, aval.dtype, "CAE").reshape(aval.shape)
