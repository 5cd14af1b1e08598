"""Regular indices: what is taken from, or put to, a grid of known places is a slice.

``x.at[1:-1, ::2].set(y)`` and its like index by arrays; NumPy and machine code do slices many times
as fast.
"""

import numpy as np

from fgrad.compiler.passes.rewrite import Rewriter, rewrite
from fgrad.core.avals import shaped_array
from fgrad.core.jaxpr import ClosedJaxpr, Literal
from fgrad.primitives import shape as sh
from fgrad.primitives.dynamic import dynamic_update_slice
from fgrad.primitives.elementwise import add
from fgrad.primitives.index import gather, scatter

# Index arrays up to this size are looked at.
_MOST = 1 << 20


def regular_indices(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Make gathers from, and scatters to, grids of known places slices."""

    def rule(r, eqn):
        if eqn.primitive is gather:
            return _slice(r, eqn)
        if eqn.primitive is scatter and eqn.params["op"] in ("set", "add"):
            return _update(r, eqn)
        return None

    return rewrite(closed, rule)


def _slice(r: Rewriter, eqn):
    x, *indices = eqn.invars
    index = _grid(r, eqn, x, indices)
    if index is None:
        return None
    (out,) = eqn.outvars
    shape = tuple([len(range(*i)) for i in index])
    (part,) = r.emit(
        sh.slice, [x], [x.aval.update(shape=shape)], {"index": tuple(index)}, eqn.source
    )
    return r.emit(sh.reshape, [part], [out.aval], {"new_sizes": out.aval.shape}, eqn.source)


def _update(r: Rewriter, eqn):
    updates, x, *indices = eqn.invars
    index = _grid(r, eqn, x, indices)
    if index is None or any(step != 1 for _, _, step in index) or type(updates) is Literal:
        return None
    shape = tuple([stop - start for start, stop, _ in index])
    aval = updates.aval.update(shape=shape)
    if aval.dtype != x.aval.dtype:
        return None
    (new,) = r.emit(sh.reshape, [updates], [aval], {"new_sizes": shape}, eqn.source)
    if eqn.params["op"] == "add" and np.any(r.consts.get(x, True)):
        (old,) = r.emit(sh.slice, [x], [aval], {"index": tuple(index)}, eqn.source)
        (new,) = r.emit(add, [old, new], [aval], {}, eqn.source)
    if shape == x.aval.shape:
        return [new]
    number = shaped_array((), np.dtype(int), True)
    starts = [Literal(start, number) for start, _, _ in index]
    avals = [v.aval for v in eqn.outvars]
    return r.emit(dynamic_update_slice, [x, new, *starts], avals, {}, eqn.source)


def _grid(r, eqn, x, indices):
    """The slice of each axis that index arrays stand for; None if they stand for none."""
    axes, shape = eqn.params["axes"], x.aval.shape
    if axes != tuple(range(axes[0], axes[0] + len(axes))) or eqn.params["out_axis"] != axes[0]:
        return None
    if not shape or not x.aval.size or type(x) is Literal:
        return None
    found = [(0, n, 1) for n in shape]
    ndim = max(v.aval.ndim for v in indices)
    before = -1  # axes of the index arrays that were met
    for axis, v in zip(axes, indices, strict=True):
        value = v.val if type(v) is Literal else r.consts.get(v)
        if value is None or np.size(value) > _MOST or not np.size(value):
            return None
        value = np.asarray(value)
        long = [i + ndim - value.ndim for i, n in enumerate(value.shape) if n != 1]
        if len(long) > 1 or (long and long[0] <= before):
            return None
        before = long[0] if long else before
        part = _progression(value.reshape(-1), shape[axis])
        if part is None:
            return None
        found[axis] = part
    return found


def _progression(places, n):
    """Start, stop and step of rising numbers of the same distance, from the front of an axis."""
    first, last = int(places[0]), int(places[-1])
    step = int(places[1]) - first if len(places) > 1 else 1
    if step < 1 or not np.array_equal(places, np.arange(first, last + 1, step)):
        return None
    if first < 0 and last < 0:
        first, last = first + n, last + n
    return (first, last + 1, step) if first >= 0 and last < n else None
