"""Calls become equations: of programs, and of operations that are written in others."""

from fgrad.compiler.passes.rewrite import Rewriter, rewrite
from fgrad.core.jaxpr import ClosedJaxpr, Literal
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import evaluation, thread

# The derivative rules of these have had their say by the time a program is compiled; `checkpoint`
# is not among them: what it computes twice must not be merged with the first time.
_CALLS = frozenset(("jit", "custom_jvp_call", "custom_vjp_call"))


def _program_of(eqn) -> ClosedJaxpr:
    return eqn.params["jaxpr"] if "jaxpr" in eqn.params else eqn.params["call"].jaxpr


def splice(r: Rewriter, closed: ClosedJaxpr, atoms) -> list:
    """Put a program's equations into another; the atoms of its results."""
    j = closed.jaxpr
    env = dict(zip(j.invars, atoms, strict=True))
    for v, c in zip(j.constvars, closed.consts, strict=True):
        env[v] = r.constant(c, v.aval)

    def read(v):
        return v if type(v) is Literal else env[v]

    for eqn in j.eqns:
        new = eqn.replace(invars=[read(v) for v in eqn.invars])
        if eqn.primitive.name in _CALLS:
            outs = splice(r, _program_of(new), new.invars)
        else:
            avals = [v.aval for v in eqn.outvars]
            outs = r.emit(eqn.primitive, new.invars, avals, eqn.params, eqn.source)
        env.update(zip(eqn.outvars, outs, strict=True))
    return [read(v) for v in j.outvars]


def inline_calls(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Replace calls of jitted and custom-derivative functions by their equations, at any depth."""

    def rule(r, eqn):
        if eqn.primitive.name in _CALLS:
            return splice(r, _program_of(eqn), eqn.invars)
        return None

    return rewrite(closed, rule)


_expansions: dict = {}


def _expansion(primitive, avals, params) -> ClosedJaxpr:
    """An operation's expansion; of operations without programs staged once for all."""
    if primitive.multiple_results:
        return _expanded(primitive, avals, params)
    key = (primitive, avals, tuple(sorted(params.items())))
    if key not in _expansions:
        _expansions[key] = _expanded(primitive, avals, params)
    return _expansions[key]


def _expanded(primitive, avals, params):
    several = primitive.multiple_results

    def expand(*xs):
        out = primitive.expand(*xs, **params)
        return out if several else [out]

    parent, thread.trace = thread.trace, evaluation
    try:
        closed = trace_to_jaxpr(expand, list(avals))
    finally:
        thread.trace = parent
    return inline_expansions(closed)


def inline_expansions(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Replace composite operations by the operations they are written in."""

    def rule(r, eqn):
        if eqn.primitive.expand is None:
            return None
        avals = tuple([v.aval for v in eqn.invars])
        return splice(r, _expansion(eqn.primitive, avals, eqn.params), eqn.invars)

    return rewrite(closed, rule)


def expand_composites(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Replace operations that NumPy lacks (erf, logistic, integer powers) by operations it has."""
    if any(e.primitive.expand is not None for e in closed.jaxpr.eqns):
        return inline_expansions(closed)
    return closed
