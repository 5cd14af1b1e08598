"""The equations of a program as lines of Python, with names and buffers for their results."""

import itertools

from fgrad.compiler.buffers import SMALL, Plan, Scratch
from fgrad.compiler.deferral import Deferral
from fgrad.compiler.loops import loop_call, loop_source
from fgrad.compiler.lower import can_write, in_place, literal, operands, started, statement
from fgrad.compiler.native.primitive import kernel
from fgrad.compiler.passes.fuse import loop
from fgrad.core.jaxpr import ClosedJaxpr, Literal


class Body:
    """The lines that compute a program's results from its inputs.

    Intermediate arrays that are worth it live in scratch buffers.

    Parameters
    ----------
    names : Namespace
    closed : ClosedJaxpr
    variables : list of str
        Names of its inputs.
    targets : dict, optional
        For some results, by variable, the name of an array to write them into if that can be.

    Attributes
    ----------
    lines : list of (str, Source or None)
        Each with the user's line that it comes from.
    outs : list of str
        Source of the results.
    functions : list of str
        Source of the functions that the lines call.
    plan : Plan
    scratch : Scratch
        The buffers.
    views : list of str
        Their names.
    filled : set of Var
        The results that were written into their targets.
    """

    def __init__(self, names, closed: ClosedJaxpr, variables, targets=None):
        j = closed.jaxpr
        self._names = names
        self._vars = dict(zip(j.invars, variables, strict=True))
        for v, c in zip(j.constvars, closed.consts, strict=True):
            self._vars[v] = names.name(c, "const")
        self._views = {}  # (slot, shape, dtype) -> name
        self.functions = []
        deferral = Deferral(j)
        self._targets = _reachable(targets, j, deferral) if targets else {}
        self.filled = set(self._targets)
        self.plan = Plan(j, _wants_slot, in_place, deferral.until)
        self.lines = self._statements(j, deferral)
        self.outs = [self._atom(v) for v in j.outvars]
        self.scratch = Scratch([slot.nbytes for slot in self.plan.slots], list(self._views))
        self.views = list(self._views.values())

    def _statements(self, j, deferral):
        names = self._names
        count = itertools.count()
        lines = []
        for place, eqn in enumerate(j.eqns):
            lines += self._joins(deferral, place, j)
            args = operands(names, eqn, self._vars.__getitem__)
            for v in eqn.outvars:
                self._vars[v] = f"v{next(count)}"
            outs = [self._vars[v] for v in eqn.outvars]
            if eqn.primitive is kernel:
                from fgrad.compiler.native.calls import kernel_lines

                buffers = [self._buffer(v) for v in eqn.outvars]
                new = kernel_lines(names, eqn, args, outs, buffers)
            elif eqn.primitive is loop:
                buffers = [self._buffer(v) for v in eqn.outvars]
                name = f"loop{len(self.functions)}"
                self.functions.append(loop_source(names, eqn, name))
                new = loop_call(names, eqn, name, args, outs, buffers)
            elif place in deferral.until:
                new = [started(names, eqn, args, *outs)]
            else:
                buffer = self._buffer(*eqn.outvars[:1])
                new = statement(names, eqn, args, outs, buffer, place in deferral.beside)
            lines += [(line, eqn.source) for line in new]
        return lines + self._joins(deferral, len(j.eqns), j)

    def _joins(self, deferral, place, j):
        """The lines that wait for products done on other threads."""
        names = [self._vars[v] for v in deferral.joins(place, j)]
        return [(f"{name} = {name}.result()", None) for name in names]

    def _atom(self, v):
        return literal(self._names, v) if type(v) is Literal else self._vars[v]

    def _buffer(self, out=None):
        if out in self._targets:
            return self._targets[out]
        slot = self.plan.slot.get(out)
        if slot is None:
            return None
        key = (slot.index, out.aval.shape, out.aval.dtype)
        if key not in self._views:
            self._views[key] = f"b{len(self._views)}"
        return self._views[key]


def _reachable(targets, j, deferral):
    """Those targets whose variable is made by an equation that can write into them."""
    writing = {
        v
        for i, eqn in enumerate(j.eqns)
        if i not in deferral.until and can_write(eqn)
        for v in eqn.outvars
        if v.aval.shape
    }
    return {v: target for v, target in targets.items() if v in writing}


def _wants_slot(eqn, out):
    if eqn.primitive is kernel:  # which does not make arrays
        return True
    return out.aval.size * out.aval.dtype.itemsize >= SMALL and can_write(eqn)
