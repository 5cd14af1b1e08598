"""What a loop's steps have in common is taken out of it.

The equations of a body fall into four sorts: those that no step changes, which run once; those that
do not depend on the carry, which run ahead of the loop over all steps at once; the core, which the
next carry needs; and those that only results need, which run over all steps at once after the loop.
A sum over the steps is such a result: of products it becomes one product.
"""

from fgrad import compiler
from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, Literal, Var
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.elementwise import add
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import broadcast_to, slice_axis
from fgrad.transforms.jaxprs import batch_jaxpr
from fgrad.transforms.programs import memoized, with_outputs

# What the values taken out of a loop may occupy in bytes, over all steps.
ROOM = 1 << 28

steps = Primitive("steps", multiple_results=True, internal=True)


def _steps_avals(*avals, jaxpr, num_consts, num_carry, length, reverse, kept):
    outs = jaxpr.out_avals[length is None :]
    carry = outs[:num_carry]
    stacks = [(length + 1, carry[i]) for i in kept] + [(length, a) for a in outs[num_carry:]]
    return [*carry, *(a.update(shape=(n, *a.shape)).strong() for n, a in stacks)]


@memoized
def _compiled_steps(closed, backend, *params):
    return compiler.compile_steps(closed, *params)


steps.abstract_eval = _steps_avals
steps.lower = lambda jaxpr, **params: _compiled_steps(jaxpr, compiler.current(), *params.values())
# a loop over constants inside a loop is taken out of it, and run while the outer one is compiled
steps.impl = lambda *args, **params: steps.lower(**params)(*args)


def _is_movable(eqn):
    """Whether an equation may run at another time, and over all steps at once."""
    return not (eqn.effectful or eqn.primitive.lower is not None)


class Partition:
    """The equations of a body by when they run.

    Parameters
    ----------
    closed : ClosedJaxpr
        (constants, carry, rows) -> (carry, rows)
    num_consts, num_carry : int
    together : bool
        Whether equations may run over all steps at once.
    also : sequence
        What else the core needs.

    Attributes
    ----------
    once, ahead, core, after : list of JaxprEqn
    fixed, stacked : set of Var
        What no step changes, and what does not depend on the carry.
    sums : dict
        For each carry that only sums up, by its number, its equation and the summand.
    """

    def __init__(self, closed, num_consts, num_carry, together, also=()):
        j = self.jaxpr = closed.jaxpr
        self.consts = j.invars[:num_consts]
        self.carry = j.invars[num_consts : num_consts + num_carry]
        self.xs = j.invars[num_consts + num_carry :]
        self.carries = j.outvars[:num_carry]
        self.ys = j.outvars[num_carry:]
        self.once, self.ahead, self.core, self.after = [], [], [], []
        self.sums = self._sums() if together else {}
        fixed = self.fixed = {*j.constvars, *self.consts}
        fixed.update(c for c, v in zip(self.carry, self.carries, strict=True) if c is v)
        stacked = self.stacked = set(self.xs)
        rest = []
        summing = {id(eqn) for eqn, _ in self.sums.values()}
        for eqn in j.eqns:
            operands = {v for v in eqn.invars if type(v) is Var}
            if id(eqn) in summing:
                continue
            if operands <= fixed and not eqn.effectful:
                self.once.append(eqn)
                fixed.update(eqn.outvars)
            elif together and operands <= fixed | stacked and _is_movable(eqn):
                self.ahead.append(eqn)
                stacked.update(eqn.outvars)
            else:
                rest.append(eqn)
        self._divide(rest, together, also)

    def _sums(self):
        """For each carry ``c`` whose next value is ``c + f``, and that nothing else reads, that
        equation and ``f``."""
        uses = {}
        for eqn in self.jaxpr.eqns:
            for v in eqn.invars:
                uses.setdefault(v, []).append(eqn)
        for v in self.jaxpr.outvars:
            uses.setdefault(v, []).append(None)
        found = {}
        for i, (c, v) in enumerate(zip(self.carry, self.carries, strict=True)):
            if len(uses.get(c, ())) != 1 or uses[c][0] is None or uses.get(v) != [None]:
                continue
            (eqn,) = uses[c]
            if eqn.primitive is add and eqn.outvars[0] is v:
                f = eqn.invars[1] if eqn.invars[0] is c else eqn.invars[0]
                if type(f) is Var and f.aval == c.aval and f.aval.inexact:
                    found[i] = eqn, f
        return found

    @property
    def moving(self):
        """The numbers of the carries that the loop has to carry."""
        return [i for i, c in enumerate(self.carry) if i not in self.sums and c not in self.fixed]

    def results(self):
        """The variables whose value in each step is asked for."""
        return [*(v for v in self.ys if type(v) is Var), *(f for _, f in self.sums.values())]

    def crossing(self):
        """What the core makes in each step, or is given by the carry, for those that follow it."""
        made = {v for eqn in self.core for v in eqn.outvars} | set(self.carry)
        read = [*(v for eqn in self.after for v in eqn.invars), *self.results()]
        return [v for v in dict.fromkeys(read) if v in made and v not in self.fixed]

    def _divide(self, rest, together, also):
        """Into the core and what may follow it."""
        needed = {v for i, v in enumerate(self.carries) if i not in self.sums} | {*also}
        if not together:
            needed.update(self.ys)
        for eqn in reversed(rest):
            if not (_is_movable(eqn) and together) or not needed.isdisjoint(eqn.outvars):
                self.core.append(eqn)
                needed.update(eqn.invars)
            else:
                self.after.append(eqn)
        self.core.reverse()
        self.after.reverse()


def _nbytes(variables):
    return sum(v.aval.size * v.aval.dtype.itemsize for v in variables)


def _partition(closed, num_consts, num_carry, length):
    """The partition that takes most out of the loop and fits into memory."""
    if length is not None and length > 1:
        p = Partition(closed, num_consts, num_carry, together=True)
        ahead = [v for eqn in p.ahead for v in eqn.outvars]
        if length * _nbytes([*ahead, *p.crossing()]) <= ROOM:
            return p
    return Partition(closed, num_consts, num_carry, together=False)


class _Values:
    """Values of a body's variables while its expansion is staged: of all steps, or stacked."""

    def __init__(self, closed, partition, args):
        j = closed.jaxpr
        self.once = dict(zip((*j.constvars, *j.invars), (*closed.consts, *args), strict=True))
        self.stacks = {x: self.once.pop(x) for x in partition.xs}

    def read(self, v):
        """A value that no step changes."""
        return v.val if type(v) is Literal else self.once[v]

    def run(self, eqns):
        """Run equations once."""
        for eqn in eqns:
            out = eqn.primitive.bind(*map(self.read, eqn.invars), **eqn.params)
            self.once.update(
                zip(eqn.outvars, out if eqn.primitive.multiple_results else [out], strict=True)
            )

    def run_stacked(self, eqns, wanted, length):
        """Run equations over all steps at once, for the `wanted` among their results."""
        made = {v for eqn in eqns for v in eqn.outvars}
        outs = [v for v in dict.fromkeys(wanted) if v in made]
        if not outs:
            return
        read = dict.fromkeys(
            v for eqn in eqns for v in eqn.invars if type(v) is Var and v not in made
        )
        ins = list(read)
        mapped = tuple([v in self.stacks for v in ins])
        program = ClosedJaxpr(Jaxpr([], ins, outs, eqns), [])
        batched, _ = batch_jaxpr(program, length, mapped, True)
        values = [self.stacks[v] if m else self.once[v] for v, m in zip(ins, mapped, strict=True)]
        self.stacks.update(zip(outs, batched(*values), strict=True))

    def stack(self, v, length):
        """The value of each step."""
        if v in self.stacks:
            return self.stacks[v]
        value = self.read(v)
        return broadcast_to(value, (length, *get_aval(value).shape))


def expand_scan(*args, jaxpr, num_consts, num_carry, length, reverse):
    """A scan as equations ahead of the loop, the loop, and equations after it."""
    closed = compiler.prepare(jaxpr)
    p = _partition(closed, num_consts, num_carry, length)
    values = _Values(closed, p, args)
    values.run(p.once)
    crossing = p.crossing()
    wanted = [v for eqn in (*p.core, *p.after) for v in eqn.invars]
    values.run_stacked(p.ahead, [*wanted, *p.carries, *p.results()], length)
    last = _loop(values, p, crossing, length, reverse)
    values.run_stacked(p.after, p.results(), length)

    carries = []
    for i, c in enumerate(p.carry):
        if i in p.sums:
            total = reduce_sum(values.stack(p.sums[i][1], length), axes=(0,))
            carries.append(add(values.once[c], total))
        else:
            carries.append(last.get(i, values.once[c]))
    return [*carries, *(values.stack(v, length) for v in p.ys)]


def expand_while(*args, jaxpr, num_consts):
    """A while loop as what no step changes, and the loop."""
    closed = compiler.prepare(jaxpr)
    num_carry = len(args) - num_consts - 1
    goes_on, *args = args
    j = closed.jaxpr
    again, *carries = j.outvars
    p = Partition(
        with_outputs(closed, carries), num_consts, num_carry, together=False, also=[again]
    )
    values = _Values(closed, p, args)
    values.run(p.once)
    moving = p.moving
    outs = [again, *(carries[i] for i in moving)]
    last = _steps(values, p, moving, outs, goes_on=[goes_on], length=None, reverse=False, kept=())
    found = dict(zip(moving, last, strict=True))
    return [found.get(i, values.once[c]) for i, c in enumerate(p.carry)]


def _steps(values, p, moving, outs, goes_on=(), **params):
    """Stage the core of a loop."""
    carry = [p.carry[i] for i in moving]
    read = [v for eqn in p.core for v in eqn.invars] + outs
    consts = [v for v in dict.fromkeys(read) if v in values.once and v not in carry]
    rows = [v for v in dict.fromkeys(read) if v in values.stacks]
    body = Jaxpr([], [*consts, *carry, *rows], outs, p.core, p.jaxpr.debug_name)
    return steps(
        *goes_on,
        *map(values.read, consts),
        *map(values.read, carry),
        *(values.stacks[v] for v in rows),
        jaxpr=ClosedJaxpr(body, []),
        num_consts=len(consts),
        num_carry=len(moving),
        **params,
    )


def _loop(values, p, crossing, length, reverse):
    """Stage the core of a scan; the last value of each carry that moves, by number.

    The stacks of what crosses are added to `values`.
    """
    moving = p.moving
    before = {p.carry[i]: i for i in moving}
    after = {p.carries[i]: i for i in moving if type(p.carries[i]) is Var}
    # a carry's values are stacked with the one before the first step: they serve for both
    kept = tuple(sorted({before.get(v, after.get(v)) for v in crossing} - {None}))
    ys = [v for v in crossing if v not in before and v not in after]
    if not moving and not ys and not p.core:
        return {}
    outs = [*(p.carries[i] for i in moving), *ys]
    places = tuple([moving.index(i) for i in kept])
    found = iter(_steps(values, p, moving, outs, length=length, reverse=reverse, kept=places))
    last = {i: next(found) for i in moving}
    for i in kept:
        trajectory = next(found)
        early, late = slice_axis(trajectory, 0, length, 0), slice_axis(trajectory, 1, length + 1, 0)
        values.stacks[p.carry[i]] = late if reverse else early
        if type(p.carries[i]) is Var:
            values.stacks[p.carries[i]] = early if reverse else late
    values.stacks.update(zip(ys, found, strict=True))
    return last
