"""How a nest of loops goes over its space: passes along a row, axes, vectors.

Along a row the inner loop runs in passes: one for what needs no sum along the row, the next for
what needs those of the first, and so on. A value that several passes need is computed again if that
is cheap, and else kept in a buffer of one row, which stays in the first-level cache.

Where rows are short, a vector holds the numbers at one place of many rows instead, and nothing is
kept: the loops go *across*.
"""

import math

from fgrad.compiler.native.engine import vector_bytes
from fgrad.compiler.native.group import FULL, LATE, ROW, TOTAL, Group, is_flat, row_major
from fgrad.compiler.native.operations import cost_of, is_reduction
from fgrad.compiler.native.values import BOOL
from fgrad.core.jaxpr import Jaxpr, Var

# Instructions up to which a value is computed again in a later pass.
CHEAP = 6
# Rows up to this length are short.
NARROW = 8


class NestPlan:
    """How the loops of a group go.

    Parameters
    ----------
    jaxpr : Jaxpr
        The equations of the group; inputs are arrays and numbers.
    shapes : tuple of tuple of int
        The spaces that it may run over; several only if it is flat.
    inner : int
        How many axes of the space are inner.

    Attributes
    ----------
    flat : bool
        Whether there is but one axis, of any length: the code serves all lengths.
    scratch : int
        The bytes of the buffers for rows.
    """

    def __init__(self, jaxpr: Jaxpr, shapes, inner):
        self.jaxpr = jaxpr
        self.group = group = Group(shapes[0])
        self.flat = is_flat(jaxpr, shapes[0])
        if not self.flat:  # which has no rows: its sums are over everything, of all shares
            group.inner = inner
        for eqn in jaxpr.eqns:
            is_view = eqn.invars and group.add_view(eqn)
            if not is_view and not group.add(eqn):
                raise AssertionError(f"a group without place for {eqn}")
        self.made_by = {v: e for e in jaxpr.eqns for v in e.outvars if v in group.kinds}
        self.across = self._goes_across()
        self._levels()
        self._passes()
        if self.flat:
            self._lay_flat(max(map(math.prod, shapes)))
        else:
            self._lay_out()
        self._choose_lanes()
        self._place_buffers()

    def _goes_across(self):
        if self.flat or any(view.bounds for view in self.group.views.values()):
            return False
        shape, cut = self.group.shape, len(self.group.shape) - self.group.inner
        return cut > 0 and shape[cut - 1] >= 2 * NARROW and math.prod(shape[cut:]) <= NARROW

    # -- the plan --------------------------------------------------------------------------------

    def _levels(self):
        """In which pass each value can be had at first."""
        kinds = self.group.kinds
        self.level = level = {}
        for v, eqn in self.made_by.items():
            found = max((level.get(x, 0) for x in eqn.invars if type(x) is Var), default=0)
            level[v] = found + (kinds[v] == ROW and self._is_sum(v))
        self.depth = 1 + max(
            (level[v] for v, k in kinds.items() if k == FULL or self._is_sum(v)), default=0
        )

    def _is_sum(self, v):
        """Whether a value is gathered along rows."""
        eqn = self.made_by.get(v)
        return eqn is not None and is_reduction(eqn) and self.group.kinds.get(eqn.invars[0]) != ROW

    def _passes(self):
        """What each pass makes: sums, results, and values for later passes."""
        kinds, outs = self.group.kinds, {v for v in self.jaxpr.outvars if type(v) is Var}
        self.sums = [[] for _ in range(self.depth)]
        self.stores = [[] for _ in range(self.depth)]
        self.row_values = [[] for _ in range(self.depth + 1)]
        for v in self.made_by:
            if self._is_sum(v):
                self.sums[self.level[v] - (kinds[v] == ROW)].append(v)
            elif kinds[v] == ROW or kinds[v] == TOTAL:
                self.row_values[self.level[v]].append(v)
            elif v in outs:
                self.stores[self.level[v]].append(v)
        self.full_rows = [v for v in outs if kinds.get(v) == ROW and self._fills_space(v)]
        for v in self.full_rows:
            self.stores[min(self.level[v], self.depth - 1)].append(v)
        self.kept = {}  # values that are stored for later passes, and whether as results
        self._cost = {}
        for p in reversed(range(self.depth)):
            roots = [self.made_by[v].invars[0] for v in self.sums[p]] + list(self.stores[p])
            self._need(roots, p, outs)

    def _fills_space(self, v):
        return v.aval.shape == self.group.shape and self.group.inner and self.group.shape != ()

    def _need(self, roots, p, outs):
        seen, stack = set(), [v for v in roots if type(v) is Var]
        while stack:
            v = stack.pop()
            if v in seen or self.group.kinds.get(v) != FULL:
                continue
            seen.add(v)
            if self.level[v] < p and self._cost_of(v) > CHEAP and not self.across:
                if v not in self.kept:
                    self.kept[v] = v in outs
                    if v not in outs:
                        self.stores[self.level[v]].append(v)
                continue
            stack += [x for x in self.made_by[v].invars if type(x) is Var]

    def _cost_of(self, v):
        """The instructions that compute a value from inputs alone."""
        if self.group.kinds.get(v) != FULL:
            return 0
        if v not in self._cost:
            stack = [v]
            while stack:
                top = stack[-1]
                args = [x for x in self.made_by[top].invars
                        if type(x) is Var and self.group.kinds.get(x) == FULL]  # fmt: skip
                missing = [x for x in args if x not in self._cost]
                if missing:
                    stack += missing
                else:
                    stack.pop()
                    own = cost_of(self.made_by[top])
                    self._cost[top] = own + sum(self._cost[x] for x in args)
        return self._cost[v]

    def _lay_out(self):
        """The axes of the loops, neighbours that every array passes in one stride made one."""
        group, ndim = self.group, len(self.group.shape)
        cut = ndim - group.inner
        patterns = {}
        for eqn in self.jaxpr.eqns:
            for v in eqn.invars:
                if type(v) is Var and v not in group.kinds and eqn.outvars[0] in group.kinds:
                    kind = FULL if is_reduction(eqn) else group.kinds[eqn.outvars[0]]
                    patterns[v, kind == ROW] = group.strides(v, kind)
        own = row_major(group.shape)
        rows = (*row_major(group.shape[:cut]), *(0,) * group.inner)
        late = {v: self._kept_strides(v) for v, k in group.kinds.items() if k == LATE}
        strides = [s for s, _ in patterns.values()] + [own, rows, *late.values()]
        whole = tuple([(0, n) for n in group.shape])
        bounds = {key: group.bounds(key[0]) for key in patterns}
        cuts = {a for own in bounds.values() for a in range(ndim) if own[a] != whole[a]}
        self.outer_sizes, outer_axes = _merged(group.shape, range(cut), strides, cuts)
        self.inner_sizes, inner_axes = _merged(group.shape, range(cut, ndim), strides, cuts)
        pick = lambda s, axes: tuple([s[a] for a in axes])
        limits = lambda own, axes: tuple([own[a] if own[a] != whole[a] else None for a in axes])
        self.inputs = {
            key: (pick(s, outer_axes), pick(s, inner_axes), offset)
            for key, (s, offset) in patterns.items()
        }
        self.limits = {
            key: (limits(own, outer_axes), limits(own, inner_axes)) for key, own in bounds.items()
        }
        self.own = pick(own, outer_axes), pick(own, inner_axes)
        self.rows = pick(rows, outer_axes), ()
        self.late = {v: (pick(s, outer_axes), pick(s, inner_axes)) for v, s in late.items()}
        self.length = self.inner_sizes[-1] if self.inner_sizes else 1

    def _lay_flat(self, length):
        self.outer_sizes, self.inner_sizes, self.length = [], [length], length
        self.inputs = {(v, False): ((), (int(v.aval.shape != ()),), 0) for v in self.jaxpr.invars}
        self.limits = dict.fromkeys(self.inputs, ((), (None,)))
        self.own = self.rows = (), (1,)
        self.late = {}

    def _kept_strides(self, v):
        """The strides of a sum over outer axes, along all axes: it stays where they lead."""
        axes, shape = self.made_by[v].params["axes"], self.group.shape
        kept = [a for a in range(len(shape)) if a not in axes]
        steps = dict(zip(kept, row_major(tuple([shape[a] for a in kept])), strict=True))
        return tuple([steps.get(a, 0) for a in range(len(shape))])

    def is_partial(self, v) -> bool:
        """Whether a part of the range makes but part of a sum."""
        if v in self.late:
            outer, _ = self.late[v]
            return not outer or outer[0] == 0
        return self.group.kinds[v] == TOTAL

    def _place_buffers(self):
        self.scratch, self._places = 0, {}
        for v, is_result in self.kept.items():
            if not is_result:
                self._places[v] = self.scratch
                nbytes = math.prod(self.inner_sizes) * v.aval.dtype.itemsize
                self.scratch += -(-nbytes // 64) * 64

    def _choose_lanes(self):
        dtypes = [v.aval.dtype for e in self.jaxpr.eqns for v in (*e.invars, *e.outvars)
                  if v.aval.dtype != BOOL]  # fmt: skip
        most = vector_bytes() // max((d.itemsize for d in dtypes), default=1)
        length = self.outer_sizes[-1] if self.across else self.length
        instructions = sum(cost_of(e) for e in self.jaxpr.eqns)
        most *= 4 if instructions <= 12 else 2 if instructions <= 30 else 1
        lanes = 1
        while lanes < most and lanes < length:
            lanes *= 2
        self.lanes = lanes

    def parallel(self, shape) -> int:
        """The length of the axis along which the loops can be shared out; 0 if they cannot."""
        if self.flat:
            return math.prod(shape)
        return self.outer_sizes[0] if self.outer_sizes else 0


def _merged(shape, axes, patterns, cuts):
    """Sizes of merged axes, and for each the innermost of its axes, whose stride is its own.

    Those of `cuts` stay alone.
    """
    sizes, kept = [], []
    for a in axes:
        if shape[a] == 1:
            continue
        alone = a in cuts or (kept and kept[-1] in cuts)
        if kept and not alone and all(s[kept[-1]] == s[a] * shape[a] for s in patterns):
            sizes[-1] *= shape[a]
            kept[-1] = a
        else:
            sizes.append(shape[a])
            kept.append(a)
    return sizes, kept
