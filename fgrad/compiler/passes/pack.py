"""Packing: the same operations on many small arrays become one operation on all of them.

An optimizer does a dozen operations on each array of parameters. On small ones NumPy spends its
time on the calls; so arrays that undergo the same are joined into one vector first, and parted at
the end.
"""

import itertools
import math
from collections import Counter

import numpy as np

from fgrad.compiler.passes.fuse import is_blockwise
from fgrad.compiler.passes.subexpressions import atom_key, params_key
from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var
from fgrad.core.trace import Primitive

# Arrays of at most this many elements are joined, and of as many of them at least.
SMALL, FEWEST = 1 << 12, 4
# Nanoseconds that an operation takes at least, and that an array costs to be joined and parted.
CALL, JOIN, PART = 450, 150, 350


def _joiner(shapes, dtype):
    size = sum(map(math.prod, shapes))
    vectors = all(len(shape) == 1 for shape in shapes)

    def join(*arrays):
        flat = arrays if vectors else [x.reshape(-1) for x in arrays]
        return np.concatenate(flat, out=np.empty(size, dtype))  # a base array also of `Array`s

    return join


def _parter(shapes):
    sizes = list(map(math.prod, shapes))
    ends = list(itertools.accumulate(sizes))
    pieces = [(slice(e - n, e), shape) for n, e, shape in zip(sizes, ends, shapes, strict=True)]

    def part(x):
        return [x[piece].reshape(shape).copy() for piece, shape in pieces]

    def part_rows(x):
        return [row.copy() for row in x.reshape(len(shapes), *shapes[0])]

    return part_rows if len(set(shapes)) == 1 else part


join = Primitive("join", internal=True)
join.lower = _joiner
part = Primitive("part", multiple_results=True, internal=True)
part.lower = _parter


class _Group:
    """Equations that do the same on different arrays, none of which depends on another.

    Attributes
    ----------
    eqns : list of JaxprEqn
    outs : tuple of Var
        Their results.
    operands : dict
        For each place of an array among the operands: those of all equations.
    """

    def __init__(self, eqns):
        self.eqns = eqns
        self.outs = tuple([e.outvars[0] for e in eqns])
        columns = zip(*(e.invars for e in eqns), strict=True)
        self.operands = {k: column for k, column in enumerate(columns) if column[0].aval.shape}


def pack_small(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Do operations that occur on many small arrays once, on all of them joined."""
    eqns = closed.jaxpr.eqns
    if any(e.effectful for e in eqns):  # their order counts
        return closed
    groups = _alike(eqns)
    groups = _worthwhile(groups, closed.jaxpr) if groups else []
    return _Packer(closed, groups).packed() if groups else closed


def _alike(eqns):
    """Groups of equations that make the same of arrays of the same rank in the program.

    The rank of an array is the number of operations besides elementwise ones on the longest way to
    it. Of arrays of one rank none comes from another by a way that goes through such an operation,
    and where only elementwise ones lie between, the expressions differ.
    """
    rank, number, members = {}, {}, {}
    numbers = {}
    for eqn in eqns:
        depth = max((rank.get(v, 0) for v in eqn.invars if type(v) is Var), default=0)
        if not _is_packable(eqn):
            rank.update((v, depth + 1) for v in eqn.outvars)
            continue
        (out,) = eqn.outvars
        operands = [
            number.get(v, (v.aval.dtype, v.aval.weak_type, rank.get(v, 0)))
            if v.aval.shape
            else atom_key(v)
            for v in eqn.invars
        ]
        kind = out.aval.dtype, out.aval.weak_type
        key = (eqn.primitive, params_key(eqn), tuple(operands), kind, depth)
        rank[out] = depth
        number[out] = numbers.setdefault(key, len(numbers))
        members.setdefault(number[out], []).append(eqn)
    return [_Group(es) for es in members.values() if len(es) >= FEWEST]


def _is_packable(eqn):
    if not is_blockwise(eqn):
        return False
    shape = eqn.outvars[0].aval.shape
    return (
        shape
        and math.prod(shape) <= SMALL
        and all(v.aval.shape in (shape, ()) for v in eqn.invars)
        and not any(type(v) is Literal and v.aval.shape for v in eqn.invars)
    )


def _worthwhile(groups, jaxpr):
    """Those groups that, with all that hang together with them, save more than they cost."""
    made = {g.outs: g for g in groups}
    parent = {id(g): id(g) for g in groups}

    def find(x):
        while parent[x] != x:
            parent[x] = x = parent[parent[x]]
        return x

    for g in groups:
        for column in g.operands.values():
            if column in made:
                parent[find(id(g))] = find(id(made[column]))
    lots = {}
    for g in groups:
        lots.setdefault(find(id(g)), []).append(g)
    return [g for lot in lots.values() if _gain(lot, made, jaxpr) > 0 for g in lot]


def _gain(lot, made, jaxpr):
    columns = {column for g in lot for column in g.operands.values()}
    gain = sum((len(g.eqns) - 1) * CALL for g in lot)
    gain -= sum(JOIN * len(column) for column in columns if column not in made)
    outside = _read_outside(lot, jaxpr)
    return gain - sum(PART * len(g.outs) for g in lot if not outside.isdisjoint(g.outs))


def _read_outside(groups, jaxpr):
    """The variables that are read one by one."""
    reads = Counter(v for e in jaxpr.eqns for v in e.invars if type(v) is Var)
    reads.update(v for v in jaxpr.outvars if type(v) is Var)
    made = {g.outs for g in groups}
    for g in groups:
        for column in g.operands.values():
            if column in made:
                reads.subtract(column)
    return {v for v, n in reads.items() if n > 0}


class _Packer:
    """The program with groups of equations replaced by one each."""

    def __init__(self, closed, groups):
        self._closed = closed
        self._group_of = {id(e): g for g in groups for e in g.eqns}
        self._outside = _read_outside(groups, closed.jaxpr)
        self._made_by = {v: e for e in closed.jaxpr.eqns for v in e.outvars}
        self._joined = {}  # a column of variables -> the variable of all of them
        self._done = set()
        self._eqns = []

    def packed(self):
        """The new program."""
        for eqn in self._closed.jaxpr.eqns:
            self._emit_after_operands(eqn)
        j = self._closed.jaxpr
        new = Jaxpr(j.constvars, j.invars, j.outvars, self._eqns, j.debug_name)
        return ClosedJaxpr(new, self._closed.consts)

    def _emit_after_operands(self, eqn):
        """A group comes where its first equation stood; what the others read has to come before."""
        stack = [eqn]
        while stack:
            eqn = stack[-1]
            group = self._group_of.get(id(eqn))
            eqns = [eqn] if group is None else group.eqns
            makers = [self._made_by.get(v) for e in eqns for v in e.invars if type(v) is Var]
            missing = [e for e in makers if e is not None and id(e) not in self._done]
            if id(eqn) in self._done:
                stack.pop()
            elif missing:
                stack += missing
            else:
                stack.pop()
                self._done.update(map(id, eqns))
                self._eqns.append(eqn) if group is None else self._emit(group)

    def _emit(self, group):
        first = group.eqns[0]
        invars = [
            self._join(group.operands[k], first) if k in group.operands else v
            for k, v in enumerate(first.invars)
        ]
        shapes = [v.aval.shape for v in group.outs]
        total = sum(map(math.prod, shapes))
        out = Var(group.outs[0].aval.update(shape=(total,)))
        self._eqns.append(first.replace(invars=invars, outvars=[out]))
        self._joined[group.outs] = out
        if not self._outside.isdisjoint(group.outs):
            params = {"shapes": tuple(shapes)}
            self._eqns.append(JaxprEqn([out], list(group.outs), part, params, first.source))

    def _join(self, column, eqn):
        if column not in self._joined:
            shapes, aval = tuple([v.aval.shape for v in column]), column[0].aval
            out = Var(aval.update(shape=(sum(map(math.prod, shapes)),)))
            self._joined[column] = out
            params = {"shapes": shapes, "dtype": aval.dtype}
            self._eqns.append(JaxprEqn(list(column), [out], join, params, eqn.source))
        return self._joined[column]
