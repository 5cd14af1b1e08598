"""What a kernel computes again rather than have it stored by an earlier one.

A gradient's kernels read many values of the forward pass that cost a few instructions each, if only
some others are at hand: ``1 - y * y`` and ``1 + y`` of ``y``. Where arrays are large, storing and
loading takes longer than that. Of each kernel the fewest values are stored from which its readers
can compute the rest; see T. Chen et al., Training deep nets with sublinear memory cost,
arXiv:1604.06174 (2016), for the idea.
"""

import math

from fgrad.compiler.native.group import is_elementwise
from fgrad.compiler.native.operations import cost_of, is_reduction
from fgrad.compiler.native.primitive import kernel
from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, Var

# Elements from which on arrays are large.
LARGE = 1 << 13
# Instructions up to which a value is computed again.
CHEAP = 14
# Equations of a kernel up to which it takes more, and values up to which it is asked what to store.
MOST, MOST_VALUES = 150, 40


def recompute(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Let kernels compute again what is cheap.

    Parameters
    ----------
    closed : ClosedJaxpr
        With kernels whose variables are called the same inside and outside.
    """
    program = _Program(closed.jaxpr)
    for i, eqn in enumerate(program.eqns):
        if eqn.primitive is kernel and math.prod(eqn.params["shapes"][0]) >= LARGE:
            _Producer(program, i).spread()
    j = closed.jaxpr
    new = Jaxpr(j.constvars, j.invars, j.outvars, program.eqns, j.debug_name)
    return ClosedJaxpr(new, closed.consts)


class _Program:
    """Equations, which are replaced one by one, and where values are read.

    Attributes
    ----------
    eqns : list of JaxprEqn
    readers : dict
        For each variable the places of the equations that read it.
    lasting : set of Var
        Those that live as long as the program runs.
    outvars : set of Var
    """

    def __init__(self, jaxpr):
        self.eqns = list(jaxpr.eqns)
        self.readers = {}
        for i, eqn in enumerate(self.eqns):
            self._note(i, eqn)
        self.outvars = {v for v in jaxpr.outvars if type(v) is Var}
        self.lasting = {*jaxpr.invars, *jaxpr.constvars, *self.outvars}

    def _note(self, i, eqn):
        for v in eqn.invars:
            if type(v) is Var:
                self.readers.setdefault(v, set()).add(i)

    def replace(self, i, eqn):
        """Put another equation in the place of one."""
        for v in self.eqns[i].invars:
            if type(v) is Var:
                self.readers[v].discard(i)
        self.eqns[i] = eqn
        self._note(i, eqn)


class _Producer:
    """A kernel, and those that read what it makes.

    Parameters
    ----------
    program : _Program
    place : int
        That of the kernel.
    """

    def __init__(self, program, place):
        self._program, self._place = program, place
        self._eqn = eqn = program.eqns[place]
        self._shape = eqn.params["shapes"][0]
        self._made = {v: e for e in _inner(eqn).eqns for v in e.outvars}
        full = [
            v for v in eqn.outvars if v.aval.shape == self._shape and is_elementwise(self._made[v])
        ]
        choice = [v for v in full if v not in program.outvars and self._is_free(v)]
        self._choice = choice if len(choice) <= MOST_VALUES else []

    def _is_free(self, v):
        """Whether all that reads a value are kernels over the same space, point by point."""
        readers = [self._program.eqns[k] for k in self._program.readers.get(v, ())]
        return bool(readers) and all(
            e.primitive is kernel
            and e.params["shapes"][0] == self._shape
            and len(_inner(e).eqns) < MOST
            and not any(v in inner.invars for inner in _inner(e).eqns if not _computes(inner))
            for e in readers
        )

    def spread(self):
        """Replace the kernel and its readers."""
        stored = self._stored()
        gone = [v for v in self._choice if v not in stored]
        if not gone:
            return
        needed = {}  # for each of the gone the equations and what they need
        for v in gone:
            needed[v] = self._chain(v, stored)
        outs = [v for v in self._eqn.outvars if v not in gone]
        leaves = {x: None for _, own in needed.values() for x in own if x in self._made}
        outs += [x for x in leaves if x not in outs]
        outs += [x for x in stored if x not in outs]
        inner = _inner(self._eqn)
        self._program.replace(self._place, _with(self._eqn, inner.invars, outs, inner.eqns))
        for k in sorted({k for v in gone for k in self._program.readers[v]}):
            read = self._program.eqns[k].invars
            self._extend(k, {v: needed[v] for v in gone if v in read})

    def _extend(self, k, needed):
        """Let a reader compute values itself, under names of its own."""
        eqn = self._program.eqns[k]
        inner = _inner(eqn)
        chain = {id(e) for own, _ in needed.values() for e in own}
        own = [e for e in _inner(self._eqn).eqns if id(e) in chain]
        new = {v: Var(v.aval) for e in own for v in e.outvars}
        name = lambda x: x if type(x) is not Var else new.get(x, x)
        eqns = [e.replace(invars=[*map(name, e.invars)]) for e in (*own, *inner.eqns)]
        for i in range(len(own)):
            eqns[i] = eqns[i].replace(outvars=[*map(name, eqns[i].outvars)])
        leaves = [x for _, found in needed.values() for x in found if x not in new]
        invars = dict.fromkeys([*(v for v in inner.invars if v not in new), *leaves])
        self._program.replace(k, _with(eqn, list(invars), eqn.outvars, eqns))

    # -- what is stored --------------------------------------------------------------------------

    def _stored(self):
        """The values of the whole space to store, of those to choose from or in their place."""
        stored = {v: None for v in self._eqn.outvars if v not in self._choice}
        missing = [v for v in self._choice if self._chain(v, stored) is None]
        while missing:
            helped = {}  # values, and what could be computed from them
            for v in missing:
                for w in self._near(v):
                    if w == v or self._chain(v, {**stored, w: None}) is not None:
                        helped.setdefault(w, []).append(v)
            enough = lambda w, found: len(found) >= (1 if w in self._choice else 2)
            best = max((w for w, f in helped.items() if enough(w, f)), key=lambda w: len(helped[w]))
            stored[best] = None
            missing = [v for v in missing if v not in helped[best]]
        return stored

    def _near(self, v):
        """The values of the whole space that a value is made of in few instructions, and it."""
        found, stack = {}, [(v, 0)]
        while stack:
            x, cost = stack.pop()
            eqn = self._made.get(x) if type(x) is Var else None
            if eqn is None or x in found or x.aval.shape != self._shape or not _computes(eqn):
                continue
            found[x] = None
            cost += cost_of(eqn)
            if cost <= CHEAP:
                stack += [(y, cost) for y in eqn.invars]
        return found

    def _chain(self, v, stored):
        """The equations that compute a value from those stored and others at hand, and these.

        None if it takes too much.
        """
        cost, chain, leaves, stack, seen = 0, [], [], [v], set()
        while stack:
            x = stack.pop()
            if type(x) is not Var or x in seen:
                continue
            seen.add(x)
            eqn = self._made.get(x)
            if x in stored or self._is_at_hand(x, eqn, v):
                leaves.append(x)
                continue
            if eqn is None or x.aval.shape != self._shape or not is_elementwise(eqn):
                return None
            cost += cost_of(eqn)
            if cost > CHEAP:
                return None
            chain.append(eqn)
            stack += eqn.invars
        return chain, leaves

    def _is_at_hand(self, x, eqn, v):
        """Whether a value is there anyway, or takes no room."""
        if 8 * x.aval.size <= math.prod(self._shape):
            return eqn is None or _computes(eqn)
        if eqn is not None:
            return False
        readers = self._program.readers
        return x in self._program.lasting or max(readers[x]) >= max(readers[v])


def _computes(eqn):
    """Whether an equation is no view."""
    return is_elementwise(eqn) or is_reduction(eqn)


def _inner(eqn):
    return eqn.params["jaxpr"].jaxpr


def _with(eqn, invars, outvars, eqns):
    inner = Jaxpr([], invars, outvars, eqns, "kernel")
    params = {**eqn.params, "jaxpr": ClosedJaxpr(inner, [])}
    return eqn.replace(invars=list(invars), outvars=list(outvars), params=params)
