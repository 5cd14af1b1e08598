"""Sums of padded pieces: the transpose of cutting an array apart is putting it together."""

from collections import Counter

from fgrad.compiler.passes.rewrite import rewrite
from fgrad.core.jaxpr import ClosedJaxpr, Var
from fgrad.primitives.elementwise import add
from fgrad.primitives.shape import concatenate, pad


def join_pads(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Sums of pieces padded with zeros that tile an axis become one concatenation."""
    if not any(e.primitive is pad for e in closed.jaxpr.eqns):
        return closed
    uses = Counter(v for e in closed.jaxpr.eqns for v in e.invars if type(v) is Var)
    uses.update(v for v in closed.jaxpr.outvars if type(v) is Var)

    def terms(r, v):
        """The terms of a sum that nothing else reads."""
        eqn = r.defined.get(v)
        if eqn is not None and eqn.primitive is add and uses[v] <= 1:
            return [t for operand in eqn.invars for t in terms(r, operand)]
        return [v]

    def rule(r, eqn):
        if eqn.primitive is not add:
            return None
        (out,) = eqn.outvars
        pieces = [r.defined.get(t) for v in eqn.invars for t in terms(r, v)]
        axis = _tiled_axis(pieces, out.aval)
        if axis is None:
            return None
        pieces.sort(key=lambda p: p.params["index"][axis][0])
        params = {"dimension": axis}
        return r.emit(concatenate, [p.invars[0] for p in pieces], [out.aval], params, eqn.source)

    return rewrite(closed, rule)


def _tiled_axis(pieces, aval):
    """The one axis that padded pieces tile, each of them whole along the others; or None."""
    whole = tuple([(0, n, 1) for n in aval.shape])
    if not all(
        p is not None and p.primitive is pad and p.outvars[0].aval == aval and p.invars[0].aval.ndim
        == aval.ndim for p in pieces
    ):  # fmt: skip
        return None
    cut = {i for p in pieces for i, (a, b) in enumerate(zip(p.params["index"], whole, strict=True))
           if a != b}  # fmt: skip
    if len(cut) != 1:
        return None
    (axis,) = cut
    end = 0
    for start, stop, step in sorted(p.params["index"][axis] for p in pieces):
        if start != end or step != 1:
            return None
        end = stop
    return axis if end == aval.shape[axis] else None
