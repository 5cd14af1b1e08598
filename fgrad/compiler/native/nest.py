"""Loops over a space: vector code for a `Group`, as its `NestPlan` has it."""

import numpy as np

from fgrad.compiler.native import operations
from fgrad.compiler.native.group import FULL, LATE, ROW, TOTAL
from fgrad.compiler.native.nest_plan import NestPlan
from fgrad.compiler.native.operations import REDUCTIONS, is_reduction
from fgrad.compiler.native.place import Access, Place, across, first_lanes
from fgrad.compiler.native.values import F32, F64, I64, Builder, Value
from fgrad.core.jaxpr import Literal, Var
from fgrad.primitives import shape as sh

# Elements of a flat space that are summed before their sum is added to the others: it bounds the
# rounding error of long sums.
STRIP = 1 << 12

_SAME_NUMBER = frozenset((sh.reshape, sh.broadcast_in_dim))


class Nest(NestPlan):
    """The loops of a group, written out."""

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
            access.bound(given, *self.limits[v, by_row])
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
            access.begin_row(b, indices)

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
                    total = across(total, REDUCTIONS[self._how(v)].join)
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
            return access.number(b, access.start, access.row_within)
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
                    x = across(x, REDUCTIONS[self._how(v)].join)
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
                x = across(self._masked(x, place.mask, self._how(v)), reduction.join)
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
                    yield Place(b, indices, lanes, self._rows.mask, True)
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
            yield Place(b, [], 1, None)
        else:
            yield from loops(0, [])

    def _vectors(self, start, stop, indices):
        b, lanes = self.b, self.lanes
        if type(stop) is int:  # a row of known length, from its start
            main = stop - stop % lanes
            if main == lanes:
                yield Place(b, [*indices, b.constant(0, I64)], lanes, None)
            elif main:
                for i in b.count(0, main, lanes):
                    yield Place(b, [*indices, i], lanes, None)
            if main < stop:
                mask = first_lanes(b, lanes, stop - main)
                yield Place(b, [*indices, b.constant(main, I64)], lanes, mask)
            return
        whole = stop - ((stop - start) & (lanes - 1))
        for i in b.count(start, whole, lanes):
            yield Place(b, [*indices, i], lanes, None)
        if lanes > 1:
            for _ in b.when(whole < stop):
                yield Place(b, [*indices, whole], lanes, first_lanes(b, lanes, stop - whole))
