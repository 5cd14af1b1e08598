"""Programs run twice: what the first run saves by a policy, the second does not compute again."""

from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, Var, eval_jaxpr
from fgrad.core.staging import StagingTrace
from fgrad.core.trace import Trace, evaluation
from fgrad.primitives.name import name
from fgrad.transforms.policies import nothing_saveable
from fgrad.transforms.programs import memoized

_CALLS = frozenset(("jit", "checkpoint"))  # primitives that run a program and do nothing else


class _InlineTrace(Trace):
    """Puts the equations of called programs in place of the calls."""

    __slots__ = ()

    def process(self, primitive, args, params):
        if primitive.name in _CALLS:
            called = params["jaxpr"]
            return eval_jaxpr(called.jaxpr, called.consts, *args)
        return self.parent.process(primitive, args, params)


@memoized
def inlined(closed) -> ClosedJaxpr:
    """The program with the equations of programs it calls in place of the calls, at any depth."""
    with StagingTrace(evaluation) as stage:
        inputs = [stage.input(a) for a in closed.in_avals]
        with _InlineTrace(stage):
            outs = eval_jaxpr(closed.jaxpr, closed.consts, *inputs)
        return stage.close([t.variable for t in inputs], outs, closed.jaxpr.debug_name)


@memoized
def twice(closed, policy, n: int, m: int):
    """A program as two: a run that saves values, and another that makes use of them.

    Parameters
    ----------
    closed : ClosedJaxpr
    policy : callable
        ``policy(primitive, *avals, **params)``: whether to save the results of an operation.
    n, m : int
        The first run gives the results before the n-th, the other those from the m-th on.

    Returns
    -------
    ClosedJaxpr
        inputs -> (results, saved values)
    ClosedJaxpr
        (saved values, inputs) -> results
    """
    if policy is not nothing_saveable:  # else what is jitted stays compiled
        closed = inlined(closed)
    j = closed.jaxpr
    given = {*j.constvars, *j.invars}
    firsts, seconds, saveable, named = [], [], set(), {}
    for eqn in j.eqns:
        first = second = eqn
        if policy(eqn.primitive, *(v.aval for v in eqn.invars), **eqn.params):
            saveable.update(eqn.outvars)
            if eqn.primitive is name and eqn.invars[0] not in given:
                named[eqn.invars[0]] = eqn.outvars[0]  # one value, though it has two variables
        elif eqn.primitive.twice is not None:
            before, after, avals = eqn.primitive.twice(policy, **eqn.params)
            if avals:
                inner = [Var(a) for a in avals]
                saveable.update(inner)
                first = eqn.replace(outvars=[*eqn.outvars, *inner], params=before)
                second = eqn.replace(invars=[*eqn.invars, *inner], params=after)
        firsts.append(first)
        seconds.append(second)
    read_as = lambda variables: [named.get(v, v) for v in variables]
    seconds = [e.replace(invars=read_as(e.invars)) for e in seconds]
    results = read_as(j.outvars[m:])
    eqns, read = _leading_to(seconds, results, saveable)
    saved = [v for e in firsts for v in e.outvars if v in saveable and v in read]
    outs = [*j.outvars[:n], *saved]
    first = Jaxpr(j.constvars, j.invars, outs, _leading_to(firsts, outs, ())[0], j.debug_name)
    second = Jaxpr(j.constvars, [*saved, *j.invars], results, eqns, j.debug_name)
    return ClosedJaxpr(first, closed.consts), ClosedJaxpr(second, closed.consts)


def _leading_to(eqns, outvars, known):
    """The equations that lead to some results from what is known, and all that is read for them."""
    read, kept = set(outvars), []
    for eqn in reversed(eqns):
        given = [v in known for v in eqn.outvars]
        wanted = any(v in read and not g for v, g in zip(eqn.outvars, given, strict=True))
        if wanted or (eqn.effectful and not any(given)):
            outs = [Var(v.aval) if g else v for v, g in zip(eqn.outvars, given, strict=True)]
            kept.append(eqn.replace(outvars=outs))
            read.update(eqn.invars)
    return kept[::-1], read
