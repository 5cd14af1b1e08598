"""Algebra: constants folded, identities and moves of moves removed. No rule changes a rounding."""

import numpy as np

from fgrad.compiler.passes.rewrite import rewrite
from fgrad.core.jaxpr import ClosedJaxpr, Literal
from fgrad.core.trace import evaluation, get_aval
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives import shape as sh
from fgrad.primitives.define import Elementwise


def simplify(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Apply the table of rules to each equation, and fold operations on literals."""
    return rewrite(closed, _rule)


def _rule(r, eqn):
    if isinstance(eqn.primitive, Elementwise):
        eqn = _unbroadcast(r, eqn)
    rule = _RULES.get(eqn.primitive)
    found = rule(r, eqn) if rule is not None else None
    if found is None and eqn.invars and all(type(v) is Literal for v in eqn.invars):
        found = _fold(eqn)
    if found is None:
        r.append(eqn)
        found = eqn.outvars
    return found


def _unbroadcast(r, eqn):
    """Operands that need not be broadcast beforehand: NumPy does it as it goes."""
    out = eqn.outvars[0].aval.shape
    atoms = list(eqn.invars)
    shapes = [v.aval.shape for v in atoms]
    for i, v in enumerate(atoms):
        number = _uniform(r, v)
        if number is not None and np.broadcast_shapes(*shapes[:i], *shapes[i + 1 :], ()) == out:
            atoms[i], shapes[i] = number, ()
            continue
        inner = r.defined.get(v)
        if inner is None or inner.primitive is not sh.broadcast_in_dim:
            continue
        (x,) = inner.invars
        sizes = [1] * len(out)
        offset = len(out) - v.aval.ndim
        for n, d in zip(x.aval.shape, inner.params["broadcast_dimensions"], strict=True):
            sizes[offset + d] = n
        while sizes and sizes[0] == 1:
            sizes.pop(0)
        sizes = tuple(sizes)
        if np.broadcast_shapes(*shapes[:i], sizes, *shapes[i + 1 :]) != out:
            continue
        shapes[i] = sizes
        if sizes != x.aval.shape:
            new = x.aval.strong().update(shape=sizes)
            x = _reshaped(r, x, new, eqn.source)
        atoms[i] = x
    return eqn.replace(invars=atoms)


def _uniform(r, v):
    """The one number of a constant array that was broadcast from it, as a literal."""
    value = r.consts.get(v)
    if not isinstance(value, np.ndarray) or value.size < 2 or any(value.strides):
        return None
    number = value[(0,) * value.ndim]
    return Literal(number, get_aval(number))


def _fold(eqn):
    if eqn.primitive.multiple_results or any(v.aval.shape for v in eqn.outvars):
        return None
    with np.errstate(all="ignore"):  # it warns when it runs, as it would have
        value = evaluation.process(eqn.primitive, [v.val for v in eqn.invars], eqn.params)
    if isinstance(value, np.ndarray) or get_aval(value) != eqn.outvars[0].aval:
        return None
    return [Literal(value, eqn.outvars[0].aval)]


def _is_number(v, number):
    return type(v) is Literal and v.val == number


def _same_type(v, eqn):
    return v.aval == eqn.outvars[0].aval


def _mul(r, eqn):
    x, y = eqn.invars
    for one, other in ((x, y), (y, x)):
        if _is_number(one, 1) and _same_type(other, eqn):
            return [other]
        if _is_number(one, -1) and _same_type(other, eqn) and other.aval.dtype.kind in "fc":
            return r.emit(ew.neg, [other], [other.aval], {}, eqn.source)
    return None


def _div(r, eqn):
    x, y = eqn.invars
    return [x] if _is_number(y, 1) and _same_type(x, eqn) else None


def _sub(r, eqn):
    x, y = eqn.invars
    return [x] if _is_number(y, 0) and _same_type(x, eqn) else None


def _neg(r, eqn):
    inner = r.defined.get(eqn.invars[0])
    return [inner.invars[0]] if inner is not None and inner.primitive is ew.neg else None


def _identity(r, eqn):
    return list(eqn.invars)


def _convert(r, eqn):
    return [eqn.invars[0]] if _same_type(eqn.invars[0], eqn) else None


def _reshape(r, eqn):
    (x,) = eqn.invars
    inner = r.defined.get(x)
    if _same_type(x, eqn) or (inner is not None and inner.primitive is sh.reshape):
        return [_reshaped(r, x, eqn.outvars[0].aval, eqn.source)]
    return None


def _reshaped(r, x, aval, source):
    """`x` in another shape, by one reshape or none."""
    inner = r.defined.get(x)
    if inner is not None and inner.primitive is sh.reshape:
        (x,) = inner.invars
    if x.aval == aval:
        return x
    return r.emit(sh.reshape, [x], [aval], {"new_sizes": aval.shape}, source)[0]


def _transpose(r, eqn):
    (x,) = eqn.invars
    order = eqn.params["permutation"]
    if order == tuple(range(len(order))):
        return [x]
    inner = r.defined.get(x)
    if inner is not None and inner.primitive is sh.transpose:
        both = tuple([inner.params["permutation"][p] for p in order])
        if both == tuple(range(len(both))):
            return list(inner.invars)
        avals = [v.aval for v in eqn.outvars]
        return r.emit(sh.transpose, inner.invars, avals, {"permutation": both}, eqn.source)
    return None


def _broadcast(r, eqn):
    (x,) = eqn.invars
    return [x] if _same_type(x, eqn) else None


_RULES = {
    ew.mul: _mul,
    ew.div: _div,
    ew.sub: _sub,
    ew.neg: _neg,
    ew.positive: _identity,
    sh.stop_gradient: _identity,
    sh.convert_element_type: _convert,
    parts.real: _convert,  # of a real number
    sh.reshape: _reshape,
    sh.transpose: _transpose,
    sh.broadcast_in_dim: _broadcast,
}
