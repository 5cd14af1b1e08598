"""Moves of axes, sums and padding folded into contractions."""

from collections import Counter

from fgrad.compiler.passes.rewrite import rewrite
from fgrad.core.jaxpr import ClosedJaxpr, Var
from fgrad.primitives.contract import einsum, parse
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import pad, slice, transpose


def fold_contractions(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Moves of axes and sums around a product become letters; sums over padding skip its zeros."""
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
    for i in range(2):
        inner = r.defined.get(atoms[i])
        if inner is not None and inner.primitive is transpose:
            order = inner.params["permutation"]
            labels[i] = "".join(labels[i][order.index(d)] for d in range(len(order)))
            atoms[i] = inner.invars[0]
            inner = r.defined.get(atoms[i])
        if inner is not None and inner.primitive is pad:
            _skip_zeros(r, inner, labels, atoms, i, out)
    if atoms == list(eqn.invars):
        return None
    params = {"subscripts": f"{labels[0]},{labels[1]}->{out}"}
    return r.emit(einsum, atoms, [eqn.outvars[0].aval], params, eqn.source)


def _skip_zeros(r, padding, labels, atoms, i, out):
    """A padded operand summed along a padded axis: only what stands among the zeros counts.

    So a zero of the padding times an infinity is left out, where without ``jit`` it makes a NaN.
    """
    shape, index = padding.params["shape"], padding.params["index"]
    whole = [(0, n, 1) for n in shape]
    cut = {
        c: piece
        for c, piece, full in zip(labels[i], index, whole, strict=True)
        if piece != full and c not in out
    }
    if not cut:
        return
    j = 1 - i
    other = atoms[j].aval
    taken = tuple([cut.get(c, (0, n, 1)) for c, n in zip(labels[j], other.shape, strict=True)])
    params = {"index": taken}
    atoms[j] = r.emit(slice, [atoms[j]], [slice.abstract_eval(other, **params)], params)[0]
    single = [c for c, piece in cut.items() if type(piece) is int]
    labels[j] = "".join(c for c in labels[j] if c not in single)
    sizes = dict(zip(labels[j], atoms[j].aval.shape, strict=True))
    rest = [
        (sizes[c], (0, sizes[c], 1)) if c in cut else (n, piece)
        for c, n, piece in zip(labels[i], shape, index, strict=True)
        if c not in single
    ]
    labels[i] = "".join(c for c in labels[i] if c not in single)
    atoms[i] = padding.invars[0]
    if any(piece != (0, n, 1) for n, piece in rest):
        params = {"shape": tuple([n for n, _ in rest]), "index": tuple([p for _, p in rest])}
        aval = padding.outvars[0].aval.update(shape=params["shape"])
        atoms[i] = r.emit(pad, [atoms[i]], [aval], params)[0]
