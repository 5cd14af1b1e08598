"""Inside loops: where the largest number along an axis is, and running sums."""

from fgrad.compiler.native.group import row_major
from fgrad.compiler.native.operations import REDUCTIONS
from fgrad.compiler.native.values import BOOL, I64
from fgrad.primitives.reduce import (
    argmax,
    argmin,
    cummax,
    cummin,
    cumprod,
    cumsum,
    reduce_max,
    reduce_min,
    reduce_prod,
    reduce_sum,
)

_RUNNING = {cumsum: reduce_sum, cumprod: reduce_prod, cummax: reduce_max, cummin: reduce_min}
_PLACES = (argmax, argmin)


def is_along(eqn) -> bool:
    """Whether an equation is one of those here."""
    known = eqn.primitive in _RUNNING or eqn.primitive in _PLACES
    return known and eqn.invars[0].aval.dtype != BOOL


def write_along(w, eqn, out):
    """Write what such an equation gives, at the address `out`."""
    b, axis, (v,) = w.b, eqn.params["axis"], eqn.outvars
    x = w.boxed(eqn.invars[0])
    rest = [a for a in range(len(x.shape)) if a != axis]
    strides = row_major(v.aval.shape)
    if eqn.primitive in _RUNNING:
        step, strides = strides[axis], [strides[a] for a in rest]
    for place in _places(b, [x.shape[a] for a in rest]):
        at, to = b.constant(0, I64), b.constant(0, I64)
        for i, a, s in zip(place, rest, strides, strict=True):
            at, to = at + i * x.strides[a], to + i * s
        line = b.pointer(x.pointer, at, x.dtype)
        item = lambda i, line=line: b.load(b.pointer(line, i * x.strides[axis], x.dtype), x.dtype)
        target = b.pointer(out, to, v.aval.dtype)
        if eqn.primitive in _PLACES:
            best = _best(b, item, x.shape[axis], x.dtype, eqn.primitive is argmax)
            b.store(best.astype(v.aval.dtype), target)
        else:
            _run(b, item, x.shape[axis], x.dtype, eqn, target, step)


def _places(b, shape, place=()):
    """All places of axes: loops."""
    if not shape:
        yield place
        return
    for i in b.count(0, shape[0]):
        yield from _places(b, shape[1:], (*place, i))


def _best(b, item, n, dtype, largest):
    """The first place of the largest, or smallest; NaN is either."""
    place, most = b.variable(I64), b.variable(dtype)
    b.put(place, b.constant(0, I64))
    b.put(most, item(b.constant(0, I64)))
    for i in b.count(1, n):
        x, old = item(i), b.get(most, dtype)
        better = x > old if largest else x < old
        if dtype.kind == "f":
            better = (better | x.isnan()) & ~old.isnan()
        b.put(place, better.where(i, b.get(place, I64)))
        b.put(most, better.where(x, old))
    return b.get(place, I64)


def _run(b, item, n, dtype, eqn, target, step):
    """What is gathered so far, at each place."""
    join = REDUCTIONS[_RUNNING[eqn.primitive]].join
    total = b.variable(dtype)
    reverse = eqn.params["reverse"]
    first = b.constant(n - 1 if reverse else 0, I64)
    b.put(total, item(first))
    b.store(b.get(total, dtype), b.pointer(target, first * step, dtype))
    for i in b.count(1, n):
        here = (n - 1) - i if reverse else i
        b.put(total, join(b.get(total, dtype), item(here)))
        b.store(b.get(total, dtype), b.pointer(target, here * step, dtype))
