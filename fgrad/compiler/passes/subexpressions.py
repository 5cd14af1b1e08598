"""Common subexpressions: equal equations on equal operands are computed once."""

from fgrad.compiler.passes.rewrite import rewrite
from fgrad.core.jaxpr import ClosedJaxpr, Literal


def atom_key(v):
    """What tells operands apart."""
    # repr tells 0.0 from -0.0 and finds nan equal to itself
    return (repr(v.val), type(v.val)) if type(v) is Literal else id(v)


def merge_common(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Compute each pure expression once. Programs recomputed on purpose (checkpoint) are left."""
    seen = {}

    def rule(r, eqn):
        if eqn.primitive.name == "checkpoint" or eqn.effectful:
            return None
        key = (eqn.primitive, tuple(map(atom_key, eqn.invars)), params_key(eqn))
        found = seen.get(key)
        if found is None:
            seen[key] = eqn.outvars
            return None
        return found

    return rewrite(closed, rule)


def params_key(eqn):
    """What tells the parameters of equations of one primitive apart."""
    return tuple([(k, _param_key(v)) for k, v in sorted(eqn.params.items())])


def _param_key(value):
    try:
        hash(value)
    except TypeError:
        return id(value)
    return (type(value), value)
