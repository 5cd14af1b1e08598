"""Loops over a space: vector code for a `Group`.

Along a row the inner loop runs in passes: one for what needs no sum along the row, the next for
what needs those of the first, and so on. A value that several passes need is computed again if that
is cheap, and else kept in a buffer of one row, which stays in the first-level cache.

Where rows are short, a vector holds the numbers at one place of many rows instead, and nothing is
kept: the loops go *across*.
"""

import math

import numpy as np

from fgrad.compiler.native import operations
from fgrad.compiler.native.engine import vector_bytes
from fgrad.compiler.native.group import FULL, LATE, ROW, TOTAL, Group, is_flat, row_major
from fgrad.compiler.native.operations import REDUCTIONS, cost_of, is_reduction
from fgrad.compiler.native.values import BOOL, F32, F64, I64, Builder, Value
from fgrad.core.jaxpr import Jaxpr, Literal, Var
from fgrad.primitives import shape as sh

# Instructions up to which a value is computed again in a later pass.
CHEAP = 6
# Rows up to this length are short.
NARROW = 8
# Elements of a flat space that are summed before their sum is added to the others: it bounds the
# rounding error of long sums.
STRIP = 1 << 12


_SAME_NUMBER = frozenset((sh.reshape, sh.broadcast_in_dim))


class Access:
    """Where a nest finds the numbers of an array.

    Attributes
    ----------
    base : str
        The address of its first item.
    outer, inner : tuple of int
        Strides along the axes of the nest, in items.
    """

    __slots__ = ("base", "dtype", "inner", "outer", "start")

    def __init__(self, base, dtype, outer, inner):
        self.base = base
        self.dtype = dtype
        self.outer = outer
        self.inner = inner
        self.start = base  # of the current row


class Nest:
    """The loops of a group.

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
        if self.flat:
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
        self.outer_sizes, outer_axes = _merged(group.shape, range(cut), strides)
        self.inner_sizes, inner_axes = _merged(group.shape, range(cut, ndim), strides)
        pick = lambda s, axes: tuple([s[a] for a in axes])
        self.inputs = {
            key: (pick(s, outer_axes), pick(s, inner_axes), offset)
            for key, (s, offset) in patterns.items()
        }
        self.own = pick(own, outer_axes), pick(own, inner_axes)
        self.rows = pick(rows, outer_axes), ()
        self.late = {v: (pick(s, outer_axes), pick(s, inner_axes)) for v, s in late.items()}
        self.length = self.inner_sizes[-1] if self.inner_sizes else 1

    def _lay_flat(self, length):
        self.outer_sizes, self.inner_sizes, self.length = [], [length], length
        self.inputs = {(v, False): ((), (int(v.aval.shape != ()),), 0) for v in self.jaxpr.invars}
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

    # -- the code --------------------------------------------------------------------------------

    def write(self, b: Builder, inputs: dict, outputs: dict, scratch, start, stop):
        """Write the loops.

        Parameters
        ----------
        b : Builder
        inputs : dict
            For each input the address of its items, or a Value.
        outputs : dict
            For each result the address of its items.
        scratch : str
            The address of `scratch` bytes.
        start, stop : Value
            The range of the axis that is `parallel`.
        """
        self.b, self._outputs = b, outputs
        self._numbers = {}  # values that are the same in every row
        self._accesses = {}
        group = self.group
        for (v, by_row), (outer, inner, offset) in self.inputs.items():
            given = inputs[group.views[v].base if v in group.views else v]
            if type(given) is Value:
                self._numbers[v, by_row] = given
                continue
            base = b.pointer(given, offset, v.aval.dtype)
            access = Access(base, v.aval.dtype, outer, inner)
            if not any(outer) and not any(inner):
                self._numbers[v, by_row] = b.load(base, v.aval.dtype)
            else:
                self._accesses[v, by_row] = access
        self._results = {}
        for v in self.jaxpr.outvars:
            if type(v) is not Var or v in self._results:
                continue
            kind = group.kinds[v]
            if kind == FULL or v in self.full_rows:
                access = Access(outputs[v], v.aval.dtype, *self.own)
            elif kind == ROW:
                access = Access(outputs[v], v.aval.dtype, *self.rows)
            else:
                continue
            self._results[v] = access
        for v, place in self._places.items():
            base = b.pointer(scratch, place, np.dtype(np.int8))
            inner = self.own[1]
            self._results[v] = Access(base, v.aval.dtype, (0,) * len(self.outer_sizes), inner)
        self._totals = self._start_totals()
        self._start_late(start, stop)
        if self.flat:
            self._flat(start, stop)
        else:
            self._row_loops(start, stop)
        for v, variable in self._totals.items():
            total = b.get(variable, self._wide(v)).astype(v.aval.dtype)
            b.store(total, outputs[v])

    def _wide(self, v):
        """The dtype in which a sum over everything is gathered."""
        return F64 if v.aval.dtype == F32 else v.aval.dtype

    def _start_totals(self):
        variables = {}
        for v, kind in self.group.kinds.items():
            if kind == TOTAL:
                reduction = REDUCTIONS[self.made_by[v].primitive]
                dtype = self._wide(v)
                variables[v] = self.b.variable(dtype)
                self.b.put(variables[v], self.b.constant(reduction.neutral(v.aval.dtype), dtype))
        return variables

    def _start_late(self, start, stop):
        """Put what changes nothing where sums over rows are to be: all of it, or a range's part."""
        for v, (outer, inner) in self.late.items():
            dtype = v.aval.dtype
            flat = Access(self._outputs[v], dtype, (), (1,))
            bounds = (0, v.aval.size) if self.is_partial(v) else (start * outer[0], stop * outer[0])
            neutral = REDUCTIONS[self.made_by[v].primitive].neutral(dtype)
            for place in self._vectors(*bounds, []):
                place.store(flat, neutral)
            self._results[v] = Access(self._outputs[v], dtype, outer, inner)

    def _flat(self, start, stop):
        if not self._totals:
            self._row(start, stop)
            return
        for i in self.b.count(start, stop, STRIP):
            end = i + STRIP
            self._row(i, (end < stop).where(end, stop))

    def _row_loops(self, start, stop):
        def loops(axis, indices):
            if axis == len(self.outer_sizes):
                self._begin_row(indices)
                self._row(0, self.length)
                return
            bounds = (start, stop) if axis == 0 else (0, self.outer_sizes[axis])
            if self.across and axis == len(self.outer_sizes) - 1:
                for rows in self._vectors(*bounds, indices):
                    self._rows = rows
                    self._begin_row(self._rows.indices)
                    self._row(0, self.length)
                return
            for i in self.b.count(*bounds):
                loops(axis + 1, [*indices, i])

        loops(0, [])

    def _begin_row(self, indices):
        b = self.b
        known = {}
        for access in (*self._accesses.values(), *self._results.values()):
            offset = None
            for i, s in zip(indices, access.outer, strict=False):
                if s:
                    step = i if s == 1 else i * s
                    offset = step if offset is None else offset + step
            key = access.base, access.outer
            if key not in known:
                known[key] = b.pointer(access.base, 0 if offset is None else offset, access.dtype)
            access.start = known[key]

    def _row(self, start, stop):
        b, group = self.b, self.group
        self._in_row = dict(self._numbers)
        for (v, by_row), access in self._accesses.items():
            if not any(access.inner):
                self._in_row[v, by_row] = self._of_row(access)
        self._row_equations(0)
        for p in range(self.depth):
            gathered = self._start_sums(p)
            if gathered or self.stores[p] or any(group.kinds[v] == LATE for v in self.sums[p]):
                for place in self._inner(start, stop):
                    self._pass(p, place, gathered)
            for v, (variable, dtype) in gathered.items():
                total = b.get(variable, dtype, self.lanes)
                if not self.across or group.kinds[v] == TOTAL:
                    total = _across(total, REDUCTIONS[self._how(v)].join)
                if group.kinds[v] == ROW:
                    self._in_row[v, False] = total
                    self._store_row(v, total)
                else:
                    self._add_total(v, total)
            self._row_equations(p + 1)

    def _of_row(self, access):
        """The number that an array holds for the row, or those for the rows."""
        b, dtype = self.b, access.dtype
        stride = access.outer[-1] if self.across else 0
        if stride == 0 or self.lanes == 1:
            return b.load(access.start, dtype)
        if stride == 1:
            return b.load(access.start, dtype, self.lanes, self._rows.mask)
        return b.gather(access.start, stride, dtype, self.lanes, self._rows.mask)

    def _how(self, v):
        return self.made_by[v].primitive

    def _start_sums(self, p):
        gathered = {}
        for v in self.sums[p]:
            if self.group.kinds[v] in (ROW, TOTAL):
                dtype = v.aval.dtype
                variable = self.b.variable(dtype, self.lanes)
                neutral = REDUCTIONS[self._how(v)].neutral(dtype)
                self.b.put(variable, self.b.constant(neutral, dtype, self.lanes))
                gathered[v] = variable, dtype
        return gathered

    def _add_total(self, v, x):
        b, variable, dtype = self.b, self._totals[v], self._wide(v)
        total = b.get(variable, dtype)
        b.put(variable, REDUCTIONS[self._how(v)].join(total, x.astype(dtype)))

    def _store_row(self, v, x):
        if v in self._results and v not in self.full_rows:
            place, dtype = self._results[v].start, v.aval.dtype
            if self.across:  # rows stand side by side
                self.b.store(self._spread(x, dtype), place, self._rows.mask)
            else:
                self.b.store(x, place)

    def _spread(self, x, dtype):
        b = self.b
        return b.spread(x, self.lanes) if type(x) is Value else b.constant(x, dtype, self.lanes)

    def _masked(self, x, mask, how):
        """`x`, but where the mask is false what changes no sum."""
        if mask is None:
            return x
        return mask.where(x, self.b.constant(REDUCTIONS[how].neutral(x.dtype), x.dtype))

    def _row_equations(self, level):
        """Values that are one number for each row, once the sums they need are known."""
        for v in self.row_values[level]:
            eqn = self.made_by[v]
            if self.group.kinds[v] == TOTAL:
                x = self._row_operand(eqn.invars[0])
                if self.across:
                    x = self._masked(self._spread(x, v.aval.dtype), self._rows.mask, self._how(v))
                    x = _across(x, REDUCTIONS[self._how(v)].join)
                self._add_total(v, x)
                continue
            operands = [self._row_operand(x) for x in eqn.invars]
            if eqn.primitive in _SAME_NUMBER or is_reduction(eqn):  # a sum over one row
                (value,) = operands
            else:
                value = operations.write(self.b, eqn, operands)
            self._in_row[v, False] = value
            self._store_row(v, value)

    def _row_operand(self, x):
        if type(x) is Literal:
            return x.val
        if (x, True) in self._in_row:
            return self._in_row[x, True]
        return self._in_row[x, False]

    def _pass(self, p, place, gathered):
        """What one pass does at one place."""
        values = {}
        results = [(v, self._value(v, p, place, values)) for v in self.stores[p]]
        sums = [(v, self._value(self.made_by[v].invars[0], p, place, values)) for v in self.sums[p]]
        b = self.b
        for v, x in sums:
            reduction = REDUCTIONS[self._how(v)]
            x = self._spread(x, v.aval.dtype)
            if v in gathered:
                variable, dtype = gathered[v]
                x = self._masked(x, place.mask, self._how(v))
                b.put(variable, reduction.join(b.get(variable, dtype, self.lanes), x))
                continue
            access = self._results[v]
            if place.stride(access) == 0 and self.lanes > 1:  # a sum over the rows of the vector
                x = _across(self._masked(x, place.mask, self._how(v)), reduction.join)
                at = place.pointer(access)
                b.store(reduction.join(b.load(at, access.dtype), x), at)
            else:
                place.store(access, reduction.join(place.load(access), x))
        for v, x in results:
            place.store(self._results[v], x)

    def _value(self, root, p, place, values):
        """A value at a place, and those it is made of."""
        stack = [root]
        while stack:
            v = stack[-1]
            if self._known(v, p, place, values) is not None:
                stack.pop()
                continue
            eqn = self.made_by[v]
            missing = [x for x in eqn.invars if self._known(x, p, place, values) is None]
            if missing:
                stack += missing
                continue
            operands = [self._known(x, p, place, values) for x in eqn.invars]
            values[v] = operations.write(self.b, eqn, operands)
            stack.pop()
        return self._known(root, p, place, values)

    def _known(self, v, p, place, values):
        if type(v) is Literal:
            return v.val
        if v in values:
            return values[v]
        kind = self.group.kinds.get(v)
        if kind == ROW:
            return self._in_row[v, False]
        if kind is None:
            found = self._in_row.get((v, False))
            if found is None:
                found = values[v] = place.load(self._accesses[v, False])
            return found
        if v in self.kept and self.level[v] < p:
            values[v] = place.load(self._results[v])
            return values[v]
        return None

    def _inner(self, start, stop):
        """The places along a row, vector by vector: a loop, and what is left."""
        b, lanes = self.b, self.lanes

        def loops(axis, indices):
            if self.across:
                if axis == len(self.inner_sizes):
                    yield _Place(b, indices, lanes, self._rows.mask, True)
                    return
                for i in b.count(0, self.inner_sizes[axis]):
                    yield from loops(axis + 1, [*indices, i])
                return
            if axis < len(self.inner_sizes) - 1:
                for i in b.count(0, self.inner_sizes[axis]):
                    yield from loops(axis + 1, [*indices, i])
                return
            yield from self._vectors(start, stop, indices)

        if lanes == 1 and not self.inner_sizes and not self.across:
            yield _Place(b, [], 1, None)
        else:
            yield from loops(0, [])

    def _vectors(self, start, stop, indices):
        b, lanes = self.b, self.lanes
        if type(stop) is int:  # a row of known length, from its start
            main = stop - stop % lanes
            if main == lanes:
                yield _Place(b, [*indices, b.constant(0, I64)], lanes, None)
            elif main:
                for i in b.count(0, main, lanes):
                    yield _Place(b, [*indices, i], lanes, None)
            if main < stop:
                mask = first_lanes(b, lanes, stop - main)
                yield _Place(b, [*indices, b.constant(main, I64)], lanes, mask)
            return
        whole = stop - ((stop - start) & (lanes - 1))
        for i in b.count(start, whole, lanes):
            yield _Place(b, [*indices, i], lanes, None)
        if lanes > 1:
            for _ in b.when(whole < stop):
                yield _Place(b, [*indices, whole], lanes, first_lanes(b, lanes, stop - whole))


class _Place:
    """A vector of points along a row, or at one place of several rows."""

    __slots__ = ("_across", "_offsets", "b", "indices", "lanes", "mask")

    def __init__(self, b, indices, lanes, mask, across=False):
        self._across = across
        self.b = b
        self.indices = indices
        self.lanes = lanes
        self.mask = mask
        self._offsets = {}

    def _offset(self, access):
        if access.inner not in self._offsets:
            offset = None
            for i, s in zip(self.indices, access.inner, strict=True):
                if s:
                    step = i if s == 1 else i * s
                    offset = step if offset is None else offset + step
            self._offsets[access.inner] = offset
        return self._offsets[access.inner]

    def stride(self, access):
        """The number of items from one lane to the next."""
        if self._across:
            return access.outer[-1] if access.outer else 0
        return access.inner[-1] if access.inner else 0

    def pointer(self, access):
        """The address of the first lane's number."""
        offset = self._offset(access)
        return self.b.pointer(access.start, 0 if offset is None else offset, access.dtype)

    def load(self, access):
        """The numbers of an array here."""
        b, pointer, stride = self.b, self.pointer(access), self.stride(access)
        if stride == 0:
            return b.load(pointer, access.dtype)
        if stride == 1 or self.lanes == 1:
            return b.load(pointer, access.dtype, self.lanes, self.mask)
        return b.gather(pointer, stride, access.dtype, self.lanes, self.mask)

    def store(self, access, x):
        """Put numbers into an array here."""
        b, pointer, stride = self.b, self.pointer(access), self.stride(access)
        x = b.spread(x, self.lanes) if type(x) is Value else b.constant(x, access.dtype, self.lanes)
        if stride == 1 or self.lanes == 1:
            b.store(x, pointer, self.mask)
        else:
            b.scatter(x, pointer, stride, self.mask)


def first_lanes(b, lanes, n):
    """A mask of the first so many lanes."""
    if type(n) is int:
        bits = ", ".join("i1 true" if i < n else "i1 false" for i in range(lanes))
        return Value(b, f"<{bits}>", BOOL, lanes)
    numbers = ", ".join(f"i64 {i}" for i in range(lanes))
    n = b.spread(n, lanes)
    return b.emit(f"icmp slt {n.type} <{numbers}>, {n.name}", BOOL, lanes)


def _across(x, join):
    """The sum, or whatever joins, of all lanes of a vector."""
    b = x.b
    while x.lanes > 1:
        half = x.lanes // 2
        parts = []
        for start in (0, half):
            picks = ", ".join(f"i32 {i}" for i in range(start, start + half))
            text = (
                f"shufflevector {x.type} {x.name}, {x.type} poison, <{half} x i32> <{picks}>"
                if half > 1 else f"extractelement {x.type} {x.name}, i64 {start}"
            )  # fmt: skip
            parts.append(b.emit(text, x.dtype, half))
        x = join(*parts)
    return x


def _merged(shape, axes, patterns):
    """Sizes of merged axes, and for each the innermost of its axes, whose stride is its own."""
    sizes, kept = [], []
    for a in axes:
        if shape[a] == 1:
            continue
        if kept and all(s[kept[-1]] == s[a] * shape[a] for s in patterns):
            sizes[-1] *= shape[a]
            kept[-1] = a
        else:
            sizes.append(shape[a])
            kept.append(a)
    return sizes, kept
