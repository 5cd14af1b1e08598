"""Dead code: equations whose results nothing needs."""

from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, Var


def drop_dead_code(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Keep the equations that an output depends on; effects are kept too."""
    j = closed.jaxpr
    needed = {v for v in j.outvars if type(v) is Var}
    kept = []
    for eqn in reversed(j.eqns):
        if eqn.effectful or any(v in needed for v in eqn.outvars):
            if eqn.primitive.prune is not None:
                eqn = _pruned(eqn, needed)
            kept.append(eqn)
            needed.update(v for v in eqn.invars if type(v) is Var)
    pairs = [(v, c) for v, c in zip(j.constvars, closed.consts, strict=True) if v in needed]
    new = Jaxpr([v for v, _ in pairs], j.invars, j.outvars, kept[::-1], j.debug_name)
    return ClosedJaxpr(new, [c for _, c in pairs])


def _pruned(eqn, needed):
    """An equation without those of its results that nothing needs."""
    found = eqn.primitive.prune([v in needed for v in eqn.outvars], **eqn.params)
    if found is None:
        return eqn
    ins, outs, params = found
    return eqn.replace(
        invars=[eqn.invars[i] for i in ins], outvars=[eqn.outvars[i] for i in outs], params=params
    )
