"""The `kernel` primitive: equations that one nest of loops computes."""

from fgrad.core.trace import Primitive
from fgrad.primitives import shape as sh

_MOVES = frozenset((sh.reshape, sh.broadcast_in_dim, sh.slice))

kernel = Primitive("kernel", multiple_results=True, internal=True)
kernel.abstract_eval = lambda *avals, jaxpr, shape, inner: jaxpr.out_avals


def overwritable(eqn) -> set:
    """Pairs of a result and an operand that a kernel may write it over.

    A kernel that goes over its space once reads each element of such an operand before it writes
    that of the result.
    """
    inner, shape = eqn.params["jaxpr"].jaxpr, eqn.params["shape"]
    sums, moved = set(), set()
    for e in inner.eqns:
        if not sums.isdisjoint(e.invars):
            return set()  # it goes over its rows again
        if e.primitive in _MOVES:
            moved.update(e.invars)
        elif e.outvars[0].aval.shape != shape:
            sums.update(e.outvars)
    outer = dict(zip(inner.invars, eqn.invars, strict=True))
    direct = [outer[x] for x in inner.invars if x.aval.shape == shape and x not in moved]
    return {(out, x) for out in eqn.outvars for x in direct if out.aval.shape == shape}
