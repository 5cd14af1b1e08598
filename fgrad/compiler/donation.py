"""Which results are written over which arguments that the caller gives away."""

import numpy as np

from fgrad.compiler.buffers import last_uses, memory_roots
from fgrad.compiler.deferral import Deferral
from fgrad.compiler.lower import can_write, in_place
from fgrad.compiler.native.primitive import kernel, overwritable
from fgrad.compiler.passes.fuse import loop
from fgrad.core.jaxpr import Jaxpr, Var


def heirs(jaxpr: Jaxpr, donated) -> dict:
    """For results the input whose memory each may take: nothing reads that any more.

    Parameters
    ----------
    jaxpr : Jaxpr
    donated : sequence of Var
        Inputs that the caller gives away.
    """
    root = memory_roots(jaxpr)
    last = last_uses(jaxpr, root, Deferral(jaxpr).until)
    returned = {root[v] for v in jaxpr.outvars if type(v) is Var}
    free = dict.fromkeys(d for d in donated if d not in returned)
    found = {}
    for i, eqn in enumerate(jaxpr.eqns):
        if not can_write(eqn):
            continue
        overwrites = _overwrites(eqn, root)
        for out in eqn.outvars:
            if out not in returned:
                continue
            kind = out.aval.shape, out.aval.dtype
            alike = [d for d in free if (d.aval.shape, d.aval.dtype) == kind]
            # where the equation reads what it writes over, it is in the cache
            over = (d for d in alike if last.get(d) == i and overwrites(out, d))
            spent = (d for d in alike if last.get(d, -1) < i)
            d = next(over, None) or next(spent, None)
            if d is not None:
                found[out] = d
                del free[d]
    return found


def _overwrites(eqn, root):
    """A function that says whether an equation may write a result over an operand."""
    # what it also reads a view of, in another order
    viewed = {root[v] for v in eqn.invars if type(v) is Var and root[v] is not v}
    if eqn.primitive is kernel:
        pairs = overwritable(eqn)
        return lambda out, operand: operand not in viewed and (out, operand) in pairs
    if eqn.primitive is loop:
        return lambda out, operand: operand not in viewed and _loop_overwrites(eqn, out, operand)
    return lambda out, operand: operand not in viewed and in_place(eqn, operand)


def _loop_overwrites(eqn, out, operand):
    inner = eqn.params["jaxpr"].jaxpr
    target = inner.outvars[eqn.outvars.index(out)]
    (place,) = [k for k, e in enumerate(inner.eqns) if target in e.outvars] or [-1]
    x = inner.invars[eqn.invars.index(operand)]
    last = max((k for k, e in enumerate(inner.eqns) if x in e.invars), default=-1)
    return last < place or (last == place and in_place(inner.eqns[place], x))


def reports_errors() -> bool:
    """Whether NumPy is told to do more than warn of what goes wrong with numbers.

    Then the work may have to be done again, to say where; so nothing is written over.
    """
    return any(how not in ("ignore", "warn") for how in np.geterr().values())
