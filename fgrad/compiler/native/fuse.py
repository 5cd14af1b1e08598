"""Fusion for machine code: equations that loop over the same points become one `kernel`."""

import math

from fgrad.compiler.native.group import Group, is_elementwise, is_flat, row_major, viewed, whole
from fgrad.compiler.native.nest_plan import NARROW
from fgrad.compiler.native.operations import is_reduction
from fgrad.compiler.native.primitive import kernel
from fgrad.compiler.native.recompute import recompute
from fgrad.compiler.passes.dead_code import drop_dead_code
from fgrad.compiler.passes.rewrite import Rewriter
from fgrad.compiler.passes.subexpressions import atom_key, params_key
from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var
from fgrad.primitives import shape as sh

# Nanoseconds that NumPy needs for an operation and for an element of one; below this sum a program
# is not worth a compiler's time.
CALL, ELEMENT, WORTH = 500, 0.5, 4000
# Rows that are many, and elements of one that is long.
MANY, LONG = 128, 64

_MOVES = frozenset((sh.reshape, sh.broadcast_in_dim, sh.slice, sh.pad))


def fuse_kernels(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Gather equations that vector code can do into `kernel` equations."""
    if _gain(closed) < WORTH:
        return closed
    return merge_alike(recompute(group_kernels(closed)))


def group_kernels(closed: ClosedJaxpr) -> ClosedJaxpr:
    """The same, whatever it gains, and without joining kernels that are alike."""
    return drop_dead_code(_Fusion(closed).fused())


def _gain(closed):
    gain = 0
    for eqn in closed.jaxpr.eqns:
        shape = _space(eqn)
        if shape:
            gain += CALL + ELEMENT * math.prod(shape)
    return gain


def _space(eqn):
    """The shape over which an equation loops if it can be in a kernel; else None."""
    if is_reduction(eqn):
        return eqn.invars[0].aval.shape
    if is_elementwise(eqn) and eqn.outvars[0].aval.size:
        return eqn.outvars[0].aval.shape
    return None


class _Fusion:
    """The program with groups of equations made kernels.

    A group is open while equations may join it. It is closed, and its kernel stands in the program,
    before anything else that reads what it makes.
    """

    def __init__(self, closed):
        self._closed = closed
        self._r = Rewriter(closed)
        self._open = {}  # shape -> Group
        self._moved = {}  # variables made by moves of arrays that stand in the program
        self._readers = {}
        for eqn in closed.jaxpr.eqns:
            for v in eqn.invars:
                if type(v) is Var:
                    self._readers.setdefault(v, set()).add(id(eqn))
        for v in closed.jaxpr.outvars:
            self._readers.setdefault(v, set()).add(None)

    def fused(self):
        """The new program."""
        for eqn in self._closed.jaxpr.eqns:
            if not self._join(eqn):
                self._close_makers(eqn.invars)
                self._r.append(eqn)
                if eqn.primitive in _MOVES:
                    self._moved[eqn.outvars[0]] = eqn
        for group in list(self._open.values()):
            self._close(group)
        return self._r.finish()

    def _makers(self, variables):
        return [g for g in self._open.values() if any(v in g.kinds for v in variables)]

    def _close_makers(self, variables, but=None):
        for group in self._makers(variables):
            if group is not but:
                self._close(group)

    def _join(self, eqn):
        """Whether a group takes an equation in."""
        shape = _space(eqn)
        if shape is None and eqn.primitive not in (sh.reshape, sh.broadcast_in_dim):
            return False
        tried = self._makers(eqn.invars)
        own = self._open.get(shape)
        if own is not None and own not in tried:
            tried.append(own)
        for group in tried:
            if self._add(group, eqn):
                self._close_makers(eqn.invars, but=group)
                return True
        if not shape:
            return False
        self._close_makers(eqn.invars)
        if shape in self._open:
            self._close(self._open[shape])
        group = Group(shape)
        if not self._add(group, eqn):
            return False
        self._open[shape] = group
        return True

    def _add(self, group, eqn):
        before = list(group.eqns), dict(group.views)
        for v in eqn.invars:
            if type(v) is Var and v in self._moved and v not in group.views:
                self._add_moves(group, v)
        if group.add(eqn):
            return True
        group.eqns, group.views = before
        return False

    def _add_moves(self, group, v):
        """Take in how an input is read, if it is read along its rows."""
        chain = [v]
        while chain[-1] in self._moved:
            x = self._moved[chain[-1]].invars[0]
            if type(x) is Literal or x in group.kinds:
                return
            chain.append(x)
        view = whole(chain.pop())
        moves = [self._moved[x] for x in reversed(chain)]
        for eqn in moves:
            view = viewed(eqn, view)
            if view is None:
                return
        if view.shape and view.shape[-1] != 1 and view.strides[-1] not in (0, 1):
            return
        if view.bounds and (view.shape != group.shape or not view.base.aval.shape):
            return
        if view.strides == row_major(view.shape) and view.base.aval.size == math.prod(view.shape):
            return  # NumPy makes it for nothing
        for eqn in moves:
            if eqn.outvars[0] not in group.views:
                group.add_view(eqn)

    def _close(self, group):
        del self._open[group.shape]
        for eqns in group.lots():
            self._emit(group, eqns)

    def _emit(self, group, eqns):
        members = {id(e) for e in eqns}
        made = {v for e in eqns for v in e.outvars}
        inputs, outs = {}, []
        for eqn in eqns:
            inputs.update((v, None) for v in eqn.invars if type(v) is Var and v not in made)
            outs += [v for v in eqn.outvars
                     if v in group.kinds and self._readers.get(v, set()) - members]  # fmt: skip
        inner = Jaxpr([], list(inputs), outs, eqns, "kernel")
        params = {
            "jaxpr": ClosedJaxpr(inner, []),
            "shapes": (group.shape,),
            "inner": self._inner(group) if group.inner is None else group.inner,
        }
        self._r.append(JaxprEqn(list(inputs), outs, kernel, params, eqns[-1].source))

    def _inner(self, group):
        """How many axes are inner, if that does not matter.

        None but the last, if rows are short, or long, or so many that the work may be shared out.
        """
        *outer, last = group.shape
        by_rows = last <= NARROW or last >= LONG or math.prod(outer) >= MANY
        return 1 if outer and by_rows else len(group.shape)


def merge_alike(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Make kernels that do the same on different arrays one kernel.

    An optimizer does the same to each array of parameters.
    """
    waiting = {}  # what a kernel does -> kernels that nothing has read so far
    eqns = []

    def put(key):
        first, *rest = waiting.pop(key)
        if rest:
            every = [first, *rest]
            params = {**first.params, "shapes": tuple([e.params["shapes"][0] for e in every])}
            first = first.replace(
                invars=[v for e in every for v in e.invars],
                outvars=[v for e in every for v in e.outvars],
                params=params,
            )
        eqns.append(first)

    for eqn in closed.jaxpr.eqns:
        read = set(eqn.invars)
        for key, kernels in list(waiting.items()):
            if any(not read.isdisjoint(k.outvars) for k in kernels):
                put(key)
        if eqn.primitive is kernel:
            waiting.setdefault(_what_it_does(eqn), []).append(eqn)
        else:
            eqns.append(eqn)
    for key in list(waiting):
        put(key)
    j = closed.jaxpr
    new = Jaxpr(j.constvars, j.invars, j.outvars, eqns, j.debug_name)
    return ClosedJaxpr(new, closed.consts)


def _what_it_does(eqn):
    """Equal for kernels that do the same; on whatever lengths, if they go over all elements."""
    j, (shape,) = eqn.params["jaxpr"].jaxpr, eqn.params["shapes"]
    number = {v: i for i, v in enumerate(j.invars)}
    flat = is_flat(j, shape)
    lines = []
    for e in j.eqns:
        operands = tuple([number[v] if type(v) is Var else atom_key(v) for v in e.invars])
        for v in e.outvars:
            number[v] = len(number)
        params = () if flat and is_reduction(e) else params_key(e)
        lines.append((e.primitive, params, operands, e.outvars[0].aval.dtype))
    kinds = [(v.aval.dtype, v.aval.weak_type, bool(v.aval.shape)) for v in j.invars]
    outs = tuple([number[v] for v in j.outvars])
    space = None if flat else (shape, eqn.params["inner"])
    arrays = () if flat else tuple([v.aval.shape for v in j.invars])
    return tuple(lines), tuple(kinds), outs, space, arrays
