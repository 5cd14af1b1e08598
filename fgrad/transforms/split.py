"""Programs split into what some of their inputs have no part in, and the rest."""

from fgrad.core.jaxpr import eval_jaxpr
from fgrad.core.staging import StagingTrace
from fgrad.core.trace import Trace, Tracer, get_aval, thread
from fgrad.transforms.programs import memoized, with_outputs


class _DependentTracer(Tracer):
    """A value in which one of the inputs in question has a part."""

    __slots__ = ()

    def __init__(self, trace, aval):
        self._trace = trace
        self.aval = aval


class _DependenceTrace(Trace):
    """Hands what does not depend on certain inputs to its parent; of the rest it knows the type."""

    __slots__ = ()

    def process(self, primitive, args, params):
        mine = tuple([type(a) is _DependentTracer and a._trace is self for a in args])
        if not any(mine):
            return self.parent.process(primitive, args, params)
        out = primitive.abstract_eval(*map(get_aval, args), **params)
        if not primitive.multiple_results:
            return _DependentTracer(self, out)
        found, depends = iter(()), (True,) * len(out)
        if primitive.split is not None:  # a program inside may give results of both kinds
            found, _, _, depends = primitive.split(mine, args, **params)
            found = iter(found)
        return [
            _DependentTracer(self, a) if d else next(found)
            for a, d in zip(out, depends, strict=True)
        ]


@memoized
def split_program(closed, linear: tuple):
    """Split a program into what some of its inputs have no part in, and the rest.

    Parameters
    ----------
    closed : ClosedJaxpr
    linear : tuple of bool
        Which inputs to look for.

    Returns
    -------
    ClosedJaxpr
        the other inputs -> the outputs that do not depend on those
    ClosedJaxpr
        all inputs -> the outputs that do
    tuple of bool
        Which outputs do.
    """
    j = closed.jaxpr
    stage = StagingTrace(thread.trace)
    inputs = [None if m else stage.input(a) for a, m in zip(closed.in_avals, linear, strict=True)]
    with stage:
        trace = _DependenceTrace(stage)
        args = [
            _DependentTracer(trace, a) if x is None else x
            for a, x in zip(closed.in_avals, inputs, strict=True)
        ]
        with trace:
            outs = eval_jaxpr(j, closed.consts, *args)
        depends = tuple([type(o) is _DependentTracer for o in outs])
        known = stage.close(
            [x.variable for x in inputs if x is not None],
            [o for o, d in zip(outs, depends, strict=True) if not d],
            j.debug_name,
        )
    rest = with_outputs(closed, [v for v, d in zip(j.outvars, depends, strict=True) if d])
    return known, rest, depends


def split_call(primitive):
    """The rule by which a call of a program is split (see `Primitive.split`)."""

    def split(linear, args, *, jaxpr, **params):
        known, rest, depends = split_program(jaxpr, linear)
        values = [a for a, m in zip(args, linear, strict=True) if not m]
        found = primitive.bind(*values, jaxpr=known, **params) if known.out_avals else ()
        return found, args, {"jaxpr": rest, **params}, depends

    return split
