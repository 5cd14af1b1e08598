"""Inside loops: elements and slices of arrays, read and written at computed places.

An index out of bounds is noted, and 0 taken in its place: the loop is then done again by NumPy,
which raises the error.
"""

import numpy as np

from fgrad.compiler.native.copying import write_copy
from fgrad.compiler.native.group import row_major
from fgrad.compiler.native.operations import REDUCTIONS
from fgrad.compiler.native.values import I64
from fgrad.primitives.dynamic import dynamic_slice, dynamic_update_slice
from fgrad.primitives.index import gather, scatter
from fgrad.primitives.reduce import reduce_max, reduce_min, reduce_prod, reduce_sum

INDEXED = frozenset((dynamic_slice, dynamic_update_slice, gather, scatter))
# What updates an array, and which operand that is.
UPDATES = {scatter: 1, dynamic_update_slice: 0}
_JOIN = {"add": reduce_sum, "mul": reduce_prod, "min": reduce_min, "max": reduce_max}


def writes_all(eqn) -> bool:
    """Whether such an equation makes an array of its own."""
    return eqn.primitive in (gather, scatter, dynamic_update_slice)


def slice_place(w, shape, strides, sizes, starts):
    """The first item of a slice whose start is computed, and moved to where there is room."""
    b = w.b
    offset = b.constant(0, I64)
    for start, n, size, stride in zip(starts, shape, sizes, strides, strict=True):
        at = w.number(start).astype(I64)
        at = (at < 0).where(at + n, at)
        at = (at < 0).where(0, (at > n - size).where(n - size, at))
        offset = offset + at * stride
    return offset


def write_update_slice(w, eqn, out):
    """``x`` with a slice replaced, at the address `out`."""
    x, update, *starts = eqn.invars
    shape, strides = x.aval.shape, row_major(x.aval.shape)
    w.copy_to(x, out)
    offset = slice_place(w, shape, strides, update.aval.shape, starts)
    dtype = x.aval.dtype
    source = w.boxed(update)
    target = w.b.pointer(out, offset, dtype), strides, dtype
    write_copy(w.b, (source.pointer, source.strides, dtype), target, update.aval.shape)


def _each_index(w, eqn, x, indices):
    """For each element of the index arrays: where it leads in `x`, and its own indices."""
    b, axes = w.b, eqn.params["axes"]
    shape = np.broadcast_shapes(*(v.aval.shape for v in indices))
    strides = row_major(x.aval.shape)
    arrays = [w.array(v) if v.aval.shape else None for v in indices]

    def loops(place):
        if len(place) < len(shape):
            for i in b.count(0, shape[len(place)]):
                yield from loops([*place, i])
            return
        offset = b.constant(0, I64)
        for v, a, axis in zip(indices, arrays, axes, strict=True):
            n = x.aval.shape[axis]
            at = w.number(v) if a is None else b.load(_item(b, a, place), a.dtype)
            at = at.astype(I64)
            at = (at < 0).where(at + n, at)
            sound = (at >= 0) & (at < n)
            b.note("unsound", ~sound)
            offset = offset + sound.where(at, 0) * strides[axis]
        yield offset, place

    yield from loops([])


def _item(b, array, place):
    """The address of an element of an array that is broadcast to more axes."""
    offset = b.constant(0, I64)
    own = place[len(place) - len(array.shape) :]
    for i, n, s in zip(own, array.shape, array.strides, strict=True):
        if n != 1:
            offset = offset + i * s
    return b.pointer(array.pointer, offset, array.dtype)


def _moved(eqn, x, moved):
    """Of what is taken or put: the strides along the index axes; the shape of the rest, its strides
    there and in `x`."""
    axes, at = eqn.params["axes"], eqn.params["out_axis"]
    strides, inside = row_major(moved.aval.shape), row_major(x.aval.shape)
    count = moved.aval.ndim - (x.aval.ndim - len(axes))
    rest = [a for a in range(x.aval.ndim) if a not in axes]
    return (
        strides[at : at + count],
        tuple([x.aval.shape[a] for a in rest]),
        strides[:at] + strides[at + count :],
        tuple([inside[a] for a in rest]),
    )


def _offset(b, place, strides):
    total = b.constant(0, I64)
    for i, s in zip(place, strides, strict=True):
        total = total + i * s
    return total


def write_gather(w, eqn, out):
    """Elements or slices of an array by their numbers, at the address `out`."""
    b, (x, *indices), (moved,) = w.b, eqn.invars, eqn.outvars
    dtype, source = x.aval.dtype, w.array(x)
    outer, rest, there, here = _moved(eqn, x, moved)
    for offset, place in _each_index(w, eqn, x, indices):
        start = b.pointer(source.pointer, offset, dtype)
        target = b.pointer(out, _offset(b, place, outer), dtype)
        write_copy(b, (start, here, dtype), (target, there, dtype), rest)


def write_scatter(w, eqn, out):
    """An array with elements or slices set, or added to, at the address `out`."""
    b, (updates, x, *indices) = w.b, eqn.invars
    dtype = x.aval.dtype
    w.copy_to(x, out)
    source = w.array(updates) if updates.aval.shape else w.boxed(updates)
    outer, rest, there, here = _moved(eqn, x, updates)
    how = _JOIN.get(eqn.params["op"])
    join = None if how is None else REDUCTIONS[how].join
    for offset, place in _each_index(w, eqn, x, indices):
        start = b.pointer(source.pointer, _offset(b, place, outer), dtype)
        target = b.pointer(out, offset, dtype)
        write_copy(b, (start, there, dtype), (target, here, dtype), rest, join)


def chains(jaxpr, roots, pairs) -> dict:
    """The carries that a step only updates, so that they can stay where they are.

    Parameters
    ----------
    jaxpr : Jaxpr
    roots : dict
        For each variable the one whose memory it shares.
    pairs : dict
        For each carry, by its number, the variable before the step and that after it.

    Returns
    -------
    dict
        For each such carry the variables that it is between its updates, and after them.
    """
    made = {eqn.outvars[0]: (i, eqn) for i, eqn in enumerate(jaxpr.eqns) if eqn.outvars}
    last = {}
    for i, eqn in enumerate(jaxpr.eqns):
        last.update((roots[v], i) for v in eqn.invars if v in roots)
    found = {}
    for n, (before, after) in pairs.items():
        chain, v = [], after
        while v in made and made[v][1].primitive in UPDATES:
            i, eqn = made[v]
            which = UPDATES[eqn.primitive]
            operand = eqn.invars[which]
            others = [roots.get(x) for k, x in enumerate(eqn.invars) if k != which and x in roots]
            root = roots.get(operand)
            if root is None or root in others or last[root] > i:
                break
            if any(x is not after and roots.get(x) is root for x in jaxpr.outvars if x in roots):
                break
            chain.append(v)
            v = operand
        if v is before and chain:
            found[n] = chain
    return found
