"""Views are taken where they are read: so that what they are of need not be known before."""

from fgrad.compiler.buffers import VIEWS
from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, Var


def sink_views(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Move equations that make views to the first equation that reads them."""
    waiting, eqns = {}, []

    def put(eqn):
        for v in eqn.invars:
            if type(v) is Var and v in waiting:
                put(waiting.pop(v))
        eqns.append(eqn)

    for eqn in closed.jaxpr.eqns:
        if eqn.primitive in VIEWS and len(eqn.invars) == 1:
            waiting[eqn.outvars[0]] = eqn
        else:
            put(eqn)
    for v in closed.jaxpr.outvars:
        if type(v) is Var and v in waiting:
            put(waiting.pop(v))
    j = closed.jaxpr
    new = Jaxpr(j.constvars, j.invars, j.outvars, eqns, j.debug_name)
    return ClosedJaxpr(new, closed.consts)
