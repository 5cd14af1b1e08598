"""Algebra: constants folded, identities and moves of moves removed.

One rule alone changes a rounding: two constant factors of a product become one.
"""

import math

import numpy as np

from fgrad.compiler.passes.rewrite import rewrite
from fgrad.core.jaxpr import ClosedJaxpr, Literal
from fgrad.core.trace import evaluation, get_aval
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives import shape as sh
from fgrad.primitives.define import Elementwise
from fgrad.primitives.reduce import (
    reduce_and,
    reduce_max,
    reduce_min,
    reduce_or,
    reduce_prod,
    reduce_sum,
)


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
    for factor, other in ((x, y), (y, x)):
        if type(factor) is not Literal or not _same_type(other, eqn):
            continue
        if factor.val == 1:
            return [other]
        if other.aval.dtype.kind not in "fc":
            continue
        if factor.val == -1:
            return r.emit(ew.neg, [other], [other.aval], {}, eqn.source)
        inner = r.defined.get(other)
        if inner is not None and inner.primitive is ew.neg:
            return _scaled(r, eqn, inner.invars[0], _times(factor, -1))
        if inner is not None and inner.primitive is ew.mul:
            for a, b in (inner.invars, inner.invars[::-1]):
                if type(a) is Literal and _same_type(b, eqn) and _is_tame(a.val * factor.val):
                    return _scaled(r, eqn, b, _times(a, factor.val))
    return None


def _scaled(r, eqn, x, factor):
    return r.emit(ew.mul, [factor, x], [eqn.outvars[0].aval], {}, eqn.source)


def _times(lit, number):
    """A literal times a number, of the literal's type if that can be."""
    value = lit.val * number
    return Literal(value, get_aval(value))


def _is_tame(number) -> bool:
    """Whether a product of constants is safe to form: the longer way it might not overflow."""
    return type(number) in (float, np.float32, np.float64) and 1e-30 < abs(number) < 1e30


def _div(r, eqn):
    x, y = eqn.invars
    if type(y) is not Literal or not _same_type(x, eqn):
        return None
    if y.val == 1:
        return [x]
    if x.aval.dtype.kind == "f" and y.aval.dtype.kind in "if" and math.frexp(y.val)[0] == 0.5:
        value = type(y.val)(1 / y.val) if y.aval.inexact else 1 / y.val
        if _is_tame(value) and _is_tame(float(y.val)):  # a power of two: the product is exact
            return _scaled(r, eqn, x, Literal(value, get_aval(value)))
    return None


def _sub(r, eqn):
    x, y = eqn.invars
    return [x] if _is_number(y, 0) and _same_type(x, eqn) else None


def _neg(r, eqn):
    inner = r.defined.get(eqn.invars[0])
    if inner is None:
        return None
    if inner.primitive is ew.neg:
        return [inner.invars[0]]
    if inner.primitive is ew.mul and eqn.outvars[0].aval.inexact:
        for a, b in (inner.invars, inner.invars[::-1]):
            if type(a) is Literal and _same_type(b, eqn) and a.aval.dtype.kind == "f":
                return _scaled(r, eqn, b, _times(a, -1))
    return None


def _reduced(r, eqn):
    """A reduction of numbers over no axes changes nothing; one of random keys is refused."""
    (x,) = eqn.invars
    same = not eqn.params["axes"] and _same_type(x, eqn) and x.aval.dtype.kind != "V"
    return [x] if same else None


def _sum(r, eqn):
    """A sum of a sum is one sum."""
    if (found := _reduced(r, eqn)) is not None:
        return found
    (x,) = eqn.invars
    inner = r.defined.get(x)
    if inner is None or inner.primitive is not reduce_sum:
        return None
    if "keepdims" in eqn.params or "keepdims" in inner.params:
        return None
    first = inner.params["axes"]
    left = [a for a in range(inner.invars[0].aval.ndim) if a not in first]
    axes = tuple(sorted([*first, *(left[a] for a in eqn.params["axes"])]))
    return r.emit(reduce_sum, inner.invars, [eqn.outvars[0].aval], {"axes": axes}, eqn.source)


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
    reduce_sum: _sum,
    **dict.fromkeys((reduce_prod, reduce_max, reduce_min, reduce_and, reduce_or), _reduced),
    sh.stop_gradient: _identity,
    sh.convert_element_type: _convert,
    parts.real: _convert,  # of a real number
    sh.reshape: _reshape,
    sh.transpose: _transpose,
    sh.broadcast_in_dim: _broadcast,
}
