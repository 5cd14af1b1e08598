"""Common subexpressions: equal equations on equal operands are computed once."""

from fgrad.compiler.passes.rewrite import rewrite
from fgrad.core.jaxpr import ClosedJaxpr, Literal


def _atom_key(v):
    # repr tells 0.0 from -0.0 and finds nan equal to itself
    return (repr(v.val), type(v.val)) if type(v) is Literal else id(v)


def merge_common(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Compute each pure expression once. Programs recomputed on purpose (checkpoint) are left."""
    seen = {}

    def rule(r, eqn):
        if eqn.primitive.name == "checkpoint" or eqn.primitive.effectful:
            return None
        params = tuple([(k, _param_key(v)) for k, v in sorted(eqn.params.items())])
        key = (eqn.primitive, tuple(map(_atom_key, eqn.invars)), params)
        found = seen.get(key)
        if found is None:
            seen[key] = eqn.outvars
            return None
        return found

    return rewrite(closed, rule)


def _param_key(value):
    try:
        hash(value)
    except TypeError:
        return id(value)
    return (type(value), value)
