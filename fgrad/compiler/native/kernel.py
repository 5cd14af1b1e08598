"""Groups of equations as Python functions on arrays."""

import functools
import math

import numpy as np

from fgrad.compiler.backend import using
from fgrad.compiler.donation import reports_errors
from fgrad.compiler.native.engine import Module
from fgrad.compiler.native.entry import function_text, job_of
from fgrad.compiler.native.nest import Nest
from fgrad.compiler.native.operations import cost_of, is_reduction
from fgrad.compiler.native.pool import share
from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, Literal, Var
from fgrad.core.parallel import THREADS, shares

# Instructions on elements from which on other Python threads may run meanwhile, and from which on
# the work is shared out.
LONG, SHARED = 1 << 18, 1 << 20
# Instructions up to which it does not matter how good the code is.
LITTLE = 1 << 12
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
        self._closed, self._shapes = closed, shapes
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
        effort = 0 if work < LITTLE else 2
        module = Module.of(self.code, effort)
        self._function = module.function("kernel")
        shared = THREADS > 1 and work >= SHARED and self._length >= 2 * THREADS and all(lengths)
        self.call = self._function
        if shared:
            self._share, self._job = share(), module.address(job_of("kernel"))
            self.call = self._in_shares

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
                args[i] = plain(args[i], v.aval.dtype)
            found = self.call(*args)
        if found is None and reports_errors():
            self._report(args)

    def _places(self, variables, first):
        """The arguments that stand for variables, of all groups."""
        starts = range(first, self._times * self._count, self._count)
        return [(i + k, v) for i in starts for k, v in enumerate(variables)]

    @functools.cached_property
    def _by_numpy(self):
        """For each group its program over NumPy."""
        from fgrad.compiler.executable import compile_jaxpr

        with using("numpy"):
            return [
                compile_jaxpr(_over(self._closed, self._shapes[0], shape)) for shape in self._shapes
            ]

    def _report(self, args):
        for i, program in enumerate(self._by_numpy):
            first = i * self._count
            program(*args[first : first + len(self._closed.jaxpr.invars)])

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
        found = self._share(self._job, *calls)
        for i, join in sums:
            for own in calls[1:]:
                join(args[i], own[i], out=args[i])
        return found


def plain(x, dtype) -> np.ndarray:
    """A number or an array as an array that machine code takes."""
    return np.require(x, dtype, "CAE")


def _over(closed, first, shape):
    """The equations of a group over the space `first`, over another one."""
    if shape == first:
        return closed
    axes, new = tuple(range(len(shape))), {}

    def variable(v, number=False):
        if type(v) is Literal:
            return v
        if v not in new:
            new[v] = Var(v.aval.update(shape=() if number or not v.aval.shape else shape))
        return new[v]

    invars, eqns = [variable(v) for v in closed.jaxpr.invars], []
    for e in closed.jaxpr.eqns:
        sums = is_reduction(e)
        outs = [variable(v, sums) for v in e.outvars]
        params = {"axes": axes} if sums else e.params
        eqns.append(e.replace(invars=[*map(variable, e.invars)], outvars=outs, params=params))
    outs = [variable(v) for v in closed.jaxpr.outvars]
    return ClosedJaxpr(Jaxpr([], invars, outs, eqns, closed.jaxpr.debug_name), [])
