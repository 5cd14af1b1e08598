"""Where values live: which share memory, when they die, and which scratch buffer each may use."""

import math

import numpy as np

from fgrad.core.jaxpr import Literal, Var
from fgrad.primitives import parts
from fgrad.primitives import shape as sh
from fgrad.primitives.dynamic import dynamic_slice

# Results of these may share memory with their operand.
VIEWS = frozenset((
    sh.reshape, sh.transpose, sh.broadcast_in_dim, sh.slice, sh.stop_gradient, dynamic_slice,
    parts.real, parts.imag,
))  # fmt: skip
# Below this many bytes a fresh array costs less than passing a buffer.
SMALL = 1 << 11


class Slot:
    """A scratch buffer: as many bytes as its largest tenant needs."""

    __slots__ = ("index", "nbytes")

    def __init__(self, index, nbytes):
        self.index = index
        self.nbytes = nbytes


def memory_roots(jaxpr) -> dict:
    """For each variable the one whose memory it shares."""
    root = {v: v for v in (*jaxpr.constvars, *jaxpr.invars)}
    for eqn in jaxpr.eqns:
        for v in eqn.outvars:
            shares = eqn.primitive in VIEWS and type(eqn.invars[0]) is Var
            root[v] = root[eqn.invars[0]] if shares else v
    return root


def last_uses(jaxpr, root, until) -> dict:
    """For each memory that an equation reads the place of the last that does, or of the one that
    waits for it.
    """
    last = {}
    for i, eqn in enumerate(jaxpr.eqns):
        for v in eqn.invars:
            if type(v) is Var:
                last[root[v]] = max(last.get(root[v], -1), until.get(i, i))
    return last


class Plan:
    """Memory for the intermediate values of a program.

    Parameters
    ----------
    jaxpr : Jaxpr
    wants_slot : callable
        ``wants_slot(eqn, out)``: whether the equation can write that result into a buffer.
    in_place : callable
        ``in_place(eqn, operand)``: whether it may do so over that operand.
    until : dict, optional
        For equations, by their place, that run beside others: the place at which they are waited
        for. Their operands live until then, and they write into fresh memory.

    Attributes
    ----------
    root : dict
        For each variable the one whose memory it shares.
    slot : dict
        For each variable with a scratch buffer its `Slot`.
    slots : list of Slot
    """

    def __init__(self, jaxpr, wants_slot, in_place, until=None):
        self.root = memory_roots(jaxpr)
        self.outer = {*jaxpr.constvars, *jaxpr.invars}
        self.returned = {self.root[v] for v in jaxpr.outvars if type(v) is Var}
        self.slot = {}
        self.slots = []
        until = until or {}
        late = {jaxpr.eqns[i].outvars[0] for i in until}
        self._assign(
            jaxpr,
            last_uses(jaxpr, self.root, until),
            lambda eqn, out: out not in late and wants_slot(eqn, out),
            in_place,
        )

    def _assign(self, jaxpr, last, wants_slot, in_place):
        free = []
        for i, eqn in enumerate(jaxpr.eqns):
            dying = {self.root[v] for v in eqn.invars if type(v) is Var and last[self.root[v]] == i}
            dying = {v for v in dying if v in self.slot}
            taken = set()
            for out in eqn.outvars:
                if out not in self.returned and wants_slot(eqn, out):
                    self.slot[out] = self._choose(eqn, out, dying, free, in_place)
                    taken.add(self.slot[out])
            for v in dying:
                if self.slot[v] not in taken:
                    free.append(self.slot[v])
            for v in eqn.outvars:  # a result that nothing reads
                if v in self.slot and last.get(v, -1) <= i:
                    free.append(self.slot[v])

    def _choose(self, eqn, out, dying, free, in_place):
        need = out.aval.size * out.aval.dtype.itemsize
        for v in eqn.invars:
            if type(v) is not Literal and v in dying and v.aval == out.aval and in_place(eqn, v):
                return self.slot[v]
        fitting = [s for s in free if need <= s.nbytes <= 2 * need]
        if fitting:
            best = min(fitting, key=lambda s: s.nbytes)
            free.remove(best)
            return best
        slot = Slot(len(self.slots), need)
        self.slots.append(slot)
        return slot

    def must_copy(self, v, given: set) -> bool:
        """Whether an output would share memory with an input, a constant, a buffer or an output."""
        root = self.root[v]
        return root in self.outer or root in self.slot or root in given


_ALIGN = 64


class Scratch:
    """Sets of scratch buffers: a running call takes one and puts it back, so no two share one.

    They are kept from call to call: fresh memory costs more, page by page, than what is done in it.

    Parameters
    ----------
    sizes : list of int
        The bytes of each buffer.
    views : list of tuple
        For each array wanted: the number of its buffer, its shape and dtype.
    """

    def __init__(self, sizes, views):
        self._sizes = sizes
        self._views = views
        self.pool = []

    def make(self):
        """A new set: the arrays."""
        raw = [_aligned(n) for n in self._sizes]
        return tuple(
            [
                raw[i][: math.prod(shape) * dtype.itemsize].view(dtype).reshape(shape)
                for i, shape, dtype in self._views
            ]
        )

    def lines(self, names, targets):
        """Source that takes a set and binds its arrays to names, and the line that puts it back."""
        pool, make = names.name(self.pool, "pool"), names.name(self.make, "make_buffers")
        take = [
            "try:",
            f"    work = {pool}.pop()",
            "except IndexError:",
            f"    work = {make}()",
            f"{', '.join(targets)}, = work",
        ]
        return take, f"{pool}.append(work)"


def _aligned(n):
    raw = np.empty(n + _ALIGN, np.uint8)
    start = -raw.ctypes.data % _ALIGN
    return raw[start : start + n]
