"""Arrays of zeros with a few updates, as the transposes of indexing make: without the zeros.

They are often much larger than their updates: the derivative of a row of scores by the one that was
chosen. Added to another array, the updates can go there at once; summed along an axis whose indices
are given, they can go where that axis is not.
"""

from collections import Counter, defaultdict

import numpy as np

from fgrad.compiler.passes.rewrite import Rewriter, rewrite
from fgrad.core.avals import shaped_array
from fgrad.core.jaxpr import ClosedJaxpr, Var
from fgrad.primitives.elementwise import add, neg
from fgrad.primitives.index import scatter
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import reshape


def join_scattered(closed: ClosedJaxpr) -> ClosedJaxpr:
    """``zeros.at[i].add(u) + y`` becomes ``y.at[i].add(u)``."""
    if not _has_scatters(closed):
        return closed
    uses = Counter(v for e in closed.jaxpr.eqns for v in e.invars if type(v) is Var)
    uses.update(v for v in closed.jaxpr.outvars if type(v) is Var)

    def rule(r, eqn):
        if eqn.primitive is not add:
            return None
        for v, other in (eqn.invars, eqn.invars[::-1]):
            made = _among_zeros(r, v)
            if made is not None and uses[v] == 1 and v.aval == other.aval == eqn.outvars[0].aval:
                updates, _, *indices = made.invars
                operands = [updates, other, *indices]
                return r.emit(scatter, operands, [v.aval], made.params, made.source)
        return None

    return rewrite(closed, rule)


def sum_scattered(closed: ClosedJaxpr) -> ClosedJaxpr:
    """``zeros.at[i, j].add(u).sum(1)`` becomes ``zeros.at[i].add(u)``."""
    if not _has_scatters(closed):
        return closed
    readers = defaultdict(set)
    for e in closed.jaxpr.eqns:
        for v in e.invars:
            if type(v) is Var:
                readers[v].add(e.primitive)

    def rule(r, eqn):
        if eqn.primitive is not reduce_sum:
            return None
        (v,) = eqn.invars
        minus = r.defined.get(v)
        negative = minus is not None and minus.primitive is neg
        v = minus.invars[0] if negative else v
        made = _among_zeros(r, v)
        # somebody else has the indices checked
        if made is None or not readers[v] - {reduce_sum, neg}:
            return None
        out = _without(r, made, eqn)
        if out is not None and negative:
            (out,) = r.emit(neg, [out], [out.aval], {}, eqn.source)
        return None if out is None else [out]

    return rewrite(closed, rule)


def _has_scatters(closed):
    return any(e.primitive is scatter for e in closed.jaxpr.eqns)


def _among_zeros(r: Rewriter, v):
    """The equation that adds updates to zeros, if such a one made a variable."""
    eqn = r.defined.get(v)
    if eqn is None or eqn.primitive is not scatter or eqn.params["op"] != "add":
        return None
    start = r.consts.get(eqn.invars[1])
    return eqn if start is not None and not np.any(start) else None


def _without(r, made, total):
    """The sum of what was scattered, along some but not all of the axes that were indexed."""
    updates, x, *indices = made.invars
    axes, summed = made.params["axes"], total.params["axes"]
    kept = [(a, i) for a, i in zip(axes, indices, strict=True) if a not in summed]
    shape, own = (
        np.broadcast_shapes(*(i.aval.shape for i in some))
        for some in (indices, dict(kept).values())
    )
    if not kept or not set(summed) <= set(axes) or own != shape:
        return None
    rest = [a for a in range(x.aval.ndim) if a not in summed]
    (out,) = total.outvars
    aval = shaped_array(tuple([x.aval.shape[a] for a in rest]), x.aval.dtype)
    if aval.dtype != out.aval.dtype:
        return None
    zeros = r.constant(np.zeros(aval.shape, aval.dtype), aval)
    params = {**made.params, "axes": tuple([rest.index(a) for a, _ in kept])}
    operands = [updates, zeros, *(i for _, i in kept)]
    (v,) = r.emit(scatter, operands, [aval], params, total.source)
    return r.emit(reshape, [v], [out.aval], {"new_sizes": out.aval.shape}, total.source)[0]
