"""Moves of axes and sums folded into contractions: a change of letters costs nothing."""

from collections import Counter

from fgrad.compiler.passes.rewrite import rewrite
from fgrad.core.jaxpr import ClosedJaxpr, Var
from fgrad.primitives.contract import einsum, parse
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import transpose


def fold_transposes(closed: ClosedJaxpr) -> ClosedJaxpr:
    """``einsum(transpose(x), y)``, ``transpose(einsum(x, y))`` and ``sum(einsum(x, y))`` become one
    einsum.
    """
    uses = Counter(v for e in closed.jaxpr.eqns for v in e.invars if type(v) is Var)
    uses.update(v for v in closed.jaxpr.outvars if type(v) is Var)

    def rule(r, eqn):
        if eqn.primitive is einsum:
            return _into_operands(r, eqn)
        if eqn.primitive is transpose:
            inner = r.defined.get(eqn.invars[0])
            if inner is not None and inner.primitive is einsum and uses[inner.outvars[0]] <= 1:
                lhs, rhs, out = parse(inner.params["subscripts"])
                out = "".join(out[p] for p in eqn.params["permutation"])
                params = {"subscripts": f"{lhs},{rhs}->{out}"}
                return r.emit(einsum, inner.invars, [eqn.outvars[0].aval], params, eqn.source)
        if eqn.primitive is reduce_sum and "keepdims" not in eqn.params:
            inner = r.defined.get(eqn.invars[0])
            if inner is not None and inner.primitive is einsum and uses[inner.outvars[0]] <= 1:
                return _summed(r, eqn, inner)
        return None

    return rewrite(closed, rule)


def _summed(r, eqn, inner):
    """The sum of a product over some of its axes; over those of one operand it is summed first."""
    lhs, rhs, out = parse(inner.params["subscripts"])
    dropped = [out[a] for a in eqn.params["axes"]]
    labels, atoms = [lhs, rhs], list(inner.invars)
    for i, v in enumerate(atoms):
        axes = tuple(
            [k for k, c in enumerate(labels[i]) if c in dropped and c not in labels[1 - i]]
        )
        if axes:
            labels[i] = "".join(c for k, c in enumerate(labels[i]) if k not in axes)
            shape = tuple([n for k, n in enumerate(v.aval.shape) if k not in axes])
            atoms[i] = r.emit(
                reduce_sum, [v], [v.aval.update(shape=shape)], {"axes": axes}, eqn.source
            )[0]
    out = "".join(c for c in out if c not in dropped)
    params = {"subscripts": f"{labels[0]},{labels[1]}->{out}"}
    return r.emit(einsum, atoms, [eqn.outvars[0].aval], params, eqn.source)


def _into_operands(r, eqn):
    lhs, rhs, out = parse(eqn.params["subscripts"])
    labels, atoms = [lhs, rhs], list(eqn.invars)
    for i, v in enumerate(atoms):
        inner = r.defined.get(v)
        if inner is not None and inner.primitive is transpose:
            order = inner.params["permutation"]
            labels[i] = "".join(labels[i][order.index(d)] for d in range(len(order)))
            atoms[i] = inner.invars[0]
    if labels == [lhs, rhs]:
        return None
    params = {"subscripts": f"{labels[0]},{labels[1]}->{out}"}
    return r.emit(einsum, atoms, [eqn.outvars[0].aval], params, eqn.source)
