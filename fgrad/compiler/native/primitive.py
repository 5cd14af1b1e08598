"""The `kernel` primitive: equations that one nest of loops computes.

``kernel[jaxpr, shapes, inner]`` runs the equations of `jaxpr` over the spaces `shapes`, one after
the other, each on operands of its own; so many results it has.
"""

from fgrad.core.trace import Primitive
from fgrad.primitives import shape as sh

_MOVES = frozenset((sh.reshape, sh.broadcast_in_dim, sh.slice, sh.pad))

kernel = Primitive("kernel", multiple_results=True, internal=True)


def _avals(*avals, jaxpr, shapes, inner):
    raise NotImplementedError("kernels are made when the avals of their results are known")


kernel.abstract_eval = _avals


def overwritable(eqn) -> set:
    """Pairs of a result and an operand that a kernel may write it over.

    A kernel that goes over its space once reads each element of such an operand before it writes
    that of the result.
    """
    closed, shapes = eqn.params["jaxpr"], eqn.params["shapes"]
    inner = closed.jaxpr
    sums, moved = set(), set()
    for e in inner.eqns:
        if not sums.isdisjoint(e.invars):
            return set()  # it goes over its rows again
        if e.primitive in _MOVES:
            moved.update(e.invars)
        elif e.outvars[0].aval.shape != shapes[0]:
            sums.update(e.outvars)
    pairs = set()
    for n, shape in enumerate(shapes):
        invars = eqn.invars[n * len(inner.invars) :]
        outs = eqn.outvars[n * len(inner.outvars) :][: len(inner.outvars)]
        direct = [x for v, x in zip(inner.invars, invars, strict=False)
                  if x.aval.shape == shape and v not in moved]  # fmt: skip
        pairs.update((out, x) for out in outs for x in direct if out.aval.shape == shape)
    return pairs
