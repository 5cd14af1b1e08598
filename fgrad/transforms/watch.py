"""Watching: the interpreter that keeps every number a function computes, for debugging.

Programs inside operations (``jit``, loops, branches) are run equation by equation, so each record
is of an operation that computes. The backward pass is one vector-Jacobian product a record.
"""

import numpy as np

from fgrad.core.jaxpr import Literal
from fgrad.core.source import user_source
from fgrad.core.trace import Trace, Tracer, get_aval, thread
from fgrad.core.tree import tree_flatten
from fgrad.transforms.face import as_argument
from fgrad.transforms.grad import vjp


class Record:
    """One operation carried out.

    Attributes
    ----------
    primitive : Primitive
    params : dict
    source : Source or None
        The user's line.
    args : list
        The values of the operands.
    makers : list of (Record or None, int)
        For each operand the record it is a result of, and which; None for inputs and constants.
    outs : list
        The values of the results.
    cts, results : list or None
        Of the backward pass: the cotangents of the results, and what they gave for the operands.
    """

    def __init__(self, primitive, params, source, args, makers, outs):
        self.primitive = primitive
        self.params = params
        self.source = source
        self.args = args
        self.makers = makers
        self.outs = outs
        self.cts = None
        self.results = None

    def run_backward(self):
        """Cotangents of the operands from those of the results; None where there is none."""
        active = [
            i for i, x in enumerate(self.args) if get_aval(x).inexact and self.makers[i] is not None
        ]
        if not active:
            self.results = [None] * len(self.args)
            return

        def apply(*xs):
            args = list(self.args)
            for i, x in zip(active, xs, strict=True):
                args[i] = x
            out = self.primitive.bind(*args, **self.params)
            outs = out if self.primitive.multiple_results else [out]
            return [o for o, ct in zip(outs, self.cts, strict=True) if ct is not None]

        _, pull = vjp(apply, *[self.args[i] for i in active])
        found = pull([ct for ct in self.cts if ct is not None])
        self.results = [None] * len(self.args)
        for i, ct in zip(active, found, strict=True):
            self.results[i] = ct


class WatchTracer(Tracer):
    """A value, and the record that it is a result of."""

    __slots__ = ("maker", "value")

    def __init__(self, trace, value, maker):
        self._trace = trace
        self.aval = get_aval(value)
        self.value = value
        self.maker = maker

    def __repr__(self):
        return f"Tracer<{self.value}>"

    def concrete(self, error, what):
        return self.value


class WatchTrace(Trace):
    """Evaluates operations, and keeps a record of each."""

    __slots__ = ("records",)
    transformation = "explain_nan"

    def __init__(self, parent, fun=None):
        super().__init__(parent, fun)
        self.records = []

    def process(self, primitive, args, params):
        return self._do(primitive, args, params, user_source())

    def lift(self, x):
        return self.parent.lift(x)

    def _do(self, primitive, args, params, source):
        mine = [type(a) is WatchTracer and a._trace is self for a in args]
        if not any(mine):
            return self.parent.process(primitive, args, params)
        inside = _INSIDE.get(primitive.name)
        if inside is not None:
            return inside(self, args, **params)
        values = [a.value if m else a for a, m in zip(args, mine, strict=True)]
        out = self.parent.process(primitive, tuple(values), params)
        outs = out if primitive.multiple_results else [out]
        makers = [a.maker if m else None for a, m in zip(args, mine, strict=True)]
        record = Record(primitive, params, source, values, makers, list(outs))
        self.records.append(record)
        tracers = [WatchTracer(self, o, (record, i)) for i, o in enumerate(outs)]
        return tracers if primitive.multiple_results else tracers[0]

    def run(self, closed, args):
        """The results of a program, with a record of each of its equations."""
        j = closed.jaxpr
        env = dict(zip(j.constvars, closed.consts, strict=True))
        env.update(zip(j.invars, args, strict=True))
        read = lambda v: v.val if type(v) is Literal else env[v]
        for eqn in j.eqns:
            values = tuple(map(read, eqn.invars))
            out = self._do(eqn.primitive, values, eqn.params, eqn.source)
            outs = out if eqn.primitive.multiple_results else [out]
            env.update(zip(eqn.outvars, outs, strict=True))
        return list(map(read, j.outvars))

    def number(self, x):
        """The value behind an operand."""
        return x.value if type(x) is WatchTracer and x._trace is self else x


# -- operations that hold programs -----------------------------------------------------------------


def _call(trace, args, *, jaxpr, **_):
    return trace.run(jaxpr, args)


def _cond(trace, args, *, branches):
    index, *args = args
    return trace.run(branches[int(trace.number(index))], args)


def _while(trace, args, *, jaxpr, num_consts):
    consts, goes_on, carry = args[:num_consts], args[num_consts], args[num_consts + 1 :]
    while trace.number(goes_on):
        goes_on, *carry = trace.run(jaxpr, [*consts, *carry])
    return carry


def _scan(trace, args, *, jaxpr, num_consts, num_carry, length, reverse):
    end = num_consts + num_carry
    consts, carry, xs = args[:num_consts], list(args[num_consts:end]), args[end:]
    rows = [None] * length
    for i in reversed(range(length)) if reverse else range(length):
        outs = trace.run(jaxpr, [*consts, *carry, *(x[i] for x in xs)])
        carry, rows[i] = outs[:num_carry], outs[num_carry:]
    stacked = [np.stack(column) for column in zip(*rows, strict=True)]
    if not rows:
        avals = jaxpr.out_avals[num_carry:]
        stacked = [np.zeros((0, *a.shape), a.dtype) for a in avals]
    return [*carry, *stacked]


_INSIDE = {"jit": _call, "checkpoint": _call, "cond": _cond, "while": _while, "scan": _scan}


# -- the whole ------------------------------------------------------------------------------------


def watch(fun, args):
    """Run a function and its gradient, keeping every number.

    Parameters
    ----------
    fun : callable
    args : sequence of pytrees
        The gradient is by all their floating-point leaves.

    Returns
    -------
    records : list of Record
        In the order of the forward pass.
    inputs : list
        The leaves of the arguments.
    outs : list of (value, maker)
        The results; a maker is a record and the number of its result, or None.
    grads : dict
        For each input, by its number, the summands of its gradient: (record, number of operand).
    """
    leaves, treedef = tree_flatten(tuple(args))
    leaves = [as_argument(x, "explain_nan", treedef, i) for i, x in enumerate(leaves)]
    trace = WatchTrace(thread.trace, fun)
    with trace:
        tracers = [WatchTracer(trace, x, (None, i)) for i, x in enumerate(leaves)]
        results, _ = tree_flatten(fun(*treedef.unflatten(tracers)))
    makers = [r.maker if type(r) is WatchTracer else None for r in results]
    outs = list(zip(map(trace.number, results), makers, strict=True))
    return trace.records, leaves, outs, _run_backward(trace.records, outs)


def _run_backward(records, outs):
    summands = {}  # (record or None, number) -> cotangents of that value
    grads = {}
    for value, maker in outs:
        if maker is not None and get_aval(value).inexact:
            summands.setdefault(maker, []).append(np.ones_like(value))
    for record in reversed(records):
        cts = [summands.get((record, i)) for i in range(len(record.outs))]
        if not any(cts):
            continue
        record.cts = [None if parts is None else sum(parts[1:], parts[0]) for parts in cts]
        record.run_backward()
        for i, (ct, maker) in enumerate(zip(record.results, record.makers, strict=True)):
            if ct is not None:
                summands.setdefault(maker, []).append(ct)
                if maker[0] is None:
                    grads.setdefault(maker[1], []).append((record, i))
    return grads
