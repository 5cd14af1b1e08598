"""Staging: the interpreter that writes operations down as equations of a jaxpr."""

import numpy as np

from fgrad.core.avals import ShapedArray
from fgrad.core.check import check_jaxpr, checks_enabled
from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var, has_effect
from fgrad.core.source import user_source
from fgrad.core.trace import Trace, Tracer, as_value, evaluation, get_aval, raise_leaked, thread


class StagingTracer(Tracer):
    """A value that will be known when the staged program runs."""

    __slots__ = ("source", "variable")

    def __init__(self, trace, var, source):
        self._trace = trace
        self.aval = var.aval
        self.variable = var
        self.source = source

    def __repr__(self):
        return f"Tracer<{self.aval}>"


class LiftedTracer(StagingTracer):
    """A constant that may be assigned traced values; its value stands in place of a variable."""

    __slots__ = ()

    def concrete(self, error, what):
        return self.variable


class StagingTrace(Trace):
    """Writes down every operation that touches a tracer, of this trace or of an outer one.

    Outer tracers and arrays become constants of the jaxpr. What touches no tracer is evaluated at
    once, unless it has an effect: constants fold while tracing.
    """

    __slots__ = ("alive", "consts", "eqns")
    transformation = "jit"

    def __init__(self, parent, fun=None):
        super().__init__(parent, fun)
        self.eqns = []
        self.consts = {}  # id(value) -> (value, Var)
        self.alive = True

    def process(self, primitive, args, params):
        args = tuple(map(self._value, args))
        for a in args:
            if isinstance(a, Tracer):
                break
        else:
            if not has_effect(primitive, params):
                return evaluation.process(primitive, args, params)
        if primitive.stage is not None:
            return primitive.stage(self, args, params)
        return self.stage(primitive, args, params)

    def stage(self, primitive, args, params):
        """Add an equation, and give tracers for its results."""
        if not self.alive:
            raise_leaked(next(a for a in args if isinstance(a, Tracer) and a._trace is self))
        avals = [get_aval(a) for a in args]
        out = primitive.abstract_eval(*avals, **params)
        source = thread.source or user_source()
        outvars = [Var(a) for a in out] if primitive.multiple_results else [Var(out)]
        eqn = JaxprEqn([self.operand(a) for a in args], outvars, primitive, params, source)
        self.eqns.append(eqn)
        tracers = [StagingTracer(self, v, source) for v in outvars]
        return tracers if primitive.multiple_results else tracers[0]

    def _value(self, x):
        return x.variable if type(x) is LiftedTracer and x._trace is self else x

    def operand(self, x):
        """The variable or literal that stands for `x` in this jaxpr."""
        x = self._value(x)
        if type(x) is StagingTracer and x._trace is self:
            return x.variable
        if not isinstance(x, Tracer | np.ndarray):
            return Literal(x, get_aval(x))
        found = self.consts.get(id(x))
        if found is None:
            trace = getattr(x, "_trace", None)
            if trace is not None and not trace_is_live(trace):
                raise_leaked(x)
            found = self.consts[id(x)] = (x, Var(get_aval(x)))
        return found[1]

    def lift(self, x):
        tracer = object.__new__(LiftedTracer)
        tracer._trace, tracer.aval = self, get_aval(x)
        tracer.variable, tracer.source = x, user_source()
        return tracer

    def input(self, aval: ShapedArray, source=None):
        """A tracer for an input of the program."""
        return StagingTracer(self, Var(aval), source)

    def close(self, invars, outs, name="") -> ClosedJaxpr:
        """The program whose inputs are `invars` and whose results are `outs`."""
        outvars = [self.operand(o) for o in outs]
        consts = list(self.consts.values())
        jaxpr = Jaxpr([v for _, v in consts], invars, outvars, self.eqns, name)
        closed = ClosedJaxpr(jaxpr, [c for c, _ in consts])
        if checks_enabled():
            check_jaxpr(closed)
        return closed

    def why_abstract(self, tracer, what):
        where = f" (computed at {tracer.source})" if tracer.source else ""
        return (
            f"{what} needs the value of a tracer {tracer.aval}{where}, but {self.describe()} "
            "traces it without values."
        )

    def finish(self):
        self.alive = False


def trace_is_live(trace) -> bool:
    """Whether `trace` is among this thread's current interpreters."""
    t = thread.trace
    while t is not None:
        if t is trace:
            return True
        t = t.parent
    return False


def trace_to_jaxpr(fun, in_avals, name="") -> ClosedJaxpr:
    """Stage ``fun(*args) -> list of values`` on abstract arguments.

    Constants of the result may be tracers of outer transformations.
    """
    with StagingTrace(thread.trace, fun) as trace:
        trace.source = user_source()
        tracers = [trace.input(a, trace.source) for a in in_avals]
        invars = [t.variable for t in tracers]  # `fun` may assign into its arguments
        outs = [as_value(o, "an output") for o in fun(*tracers)]
        return trace.close(invars, outs, name)
