"""Advanced indexing in a normal form: which axes are indexed, by which integer arrays, and where
in the result the axes of the index arrays go. Batching an index adds one index array.

Indices follow NumPy: negative ones count from the end, and one out of bounds is an `IndexError`.
"""

import math

import numpy as np

from fgrad.core import memory
from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Undefined, get_aval
from fgrad.primitives.argsort import argsort
from fgrad.primitives.define import align, broadcast_shapes, set_rules
from fgrad.primitives.elementwise import div, eq, logical_and, mul
from fgrad.primitives.parts import select, zeros_like
from fgrad.primitives.scatter_add import SMALL, add_at
from fgrad.primitives.shape import broadcast_to, convert_element_type, moveaxis, reshape
from fgrad.primitives.take_rows import take_rows

# -- the normal form -----------------------------------------------------------------------------


def _numpy_index(ndim, indices, axes):
    """The index as NumPy takes it, and where NumPy puts the axes of the index arrays."""
    full = [slice(None)] * ndim
    for a, i in zip(axes, indices, strict=True):
        full[a] = i
    together = axes[-1] - axes[0] == len(axes) - 1
    return tuple(full), axes[0] if together else 0


def _block(indices):
    """The number of axes that the index arrays make together."""
    return max(np.ndim(i) for i in indices)


def _move_block(x, block, source, destination):
    if source == destination or not block:
        return x
    order = [i for i in range(x.ndim) if not source <= i < source + block]
    order[destination:destination] = range(source, source + block)
    return x.transpose(order)


def gathered_shape(shape, index_shape, axes, out_axis):
    """The shape of `gather`'s result."""
    rest = [n for i, n in enumerate(shape) if i not in axes]
    return (*rest[:out_axis], *index_shape, *rest[out_axis:])


# -- gather --------------------------------------------------------------------------------------


def _gather_impl(x, *indices, axes, out_axis):
    if axes == (0,) and x.flags.c_contiguous and type(rows := indices[0]) is np.ndarray:
        shape = gathered_shape(x.shape, rows.shape, axes, 0)
        if x.itemsize * math.prod(shape) >= memory.WORTH and rows.size:
            out = memory.empty(shape, x.dtype)
            take_rows(x, rows.reshape(-1), out.reshape(-1, *x.shape[1:]))
            return _move_block(out, rows.ndim, 0, out_axis)
    if len(indices) == 1:  # twice as fast
        return _move_block(x.take(indices[0], axes[0]), _block(indices), axes[0], out_axis)
    index, natural = _numpy_index(x.ndim, indices, axes)
    return _move_block(x[index], _block(indices), natural, out_axis)


def _gather_aval(x, *indices, axes, out_axis):
    _check_indices(x, indices, axes)
    index_shape = broadcast_shapes("index arrays", [i.shape for i in indices])
    return shaped_array(gathered_shape(x.shape, index_shape, axes, out_axis), x.dtype)


def _check_indices(x, indices, axes):
    for i in indices:
        if i.dtype.kind not in "iu":
            raise IndexError(located(f"an index array must hold integers; got {i}"))
    if not all(0 <= a < x.ndim for a in axes):
        raise IndexError(located(f"too many indices for shape {x.shape}"))


def _gather_jvp(primals, tangents, **params):
    x, *indices = primals
    ans = gather(x, *indices, **params)
    return ans, None if tangents[0] is None else gather(tangents[0], *indices, **params)


def _gather_transpose(ct, x, *indices, axes, out_axis):
    zeros = np.zeros(x.shape, x.dtype)
    ct_x = scatter(ct, zeros, *indices, axes=axes, out_axis=out_axis, op="add")
    return (ct_x, *(None for _ in indices))


def _with_batch_index(indices, dims, size):
    """Index arrays aligned on a leading batch axis, and one that indexes that axis itself."""
    aligned = align(indices, dims)
    ndim = max(get_aval(i).ndim for i in aligned)
    return np.arange(size).reshape(size, *(1,) * (ndim - 1)), aligned


def _gather_batch(args, dims, size, *, axes, out_axis):
    (x, *indices), (dx, *di) = args, dims
    shifted = tuple([a + 1 for a in axes])
    if all(d is None for d in di):
        x = moveaxis(x, dx, 0)
        return gather(x, *indices, axes=shifted, out_axis=out_axis + 1), 0
    own, indices = _with_batch_index(indices, di, size)
    if dx is None:
        return gather(x, *indices, axes=axes, out_axis=out_axis), out_axis
    x = moveaxis(x, dx, 0)
    return gather(x, own, *indices, axes=(0, *shifted), out_axis=out_axis), out_axis


gather = Primitive("gather")
set_rules(
    gather,
    impl=_gather_impl,
    abstract_eval=_gather_aval,
    jvp=_gather_jvp,
    linear="first",
    transpose=_gather_transpose,
    batch=_gather_batch,
)

# -- scatter: updates come first, then the array they go into ------------------------------------


def _set_at(out, index, updates):
    out[index] = updates


_SCATTER = {
    "set": _set_at,
    "add": np.add.at,
    "mul": np.multiply.at,
    "min": np.minimum.at,
    "max": np.maximum.at,
}


def _scatter_impl(updates, x, *indices, axes, out_axis, op):
    index, natural = _numpy_index(np.ndim(x), indices, axes)
    updates = np.asarray(updates)
    block = _block(indices)
    if block and natural != out_axis:
        order = [i for i in range(updates.ndim) if not out_axis <= i < out_axis + block]
        order[natural:natural] = range(out_axis, out_axis + block)
        updates = updates.transpose(order)
    out = memory.copy(np.asarray(x, get_aval(x).dtype))
    updates = updates.astype(out.dtype, copy=False)
    if op == "add" and block and updates.size >= SMALL and out.dtype.kind in "iufc":
        add_at(out, indices, axes, updates, natural)
    else:
        _SCATTER[op](out, index, updates)
    return out


def _scatter_aval(updates, x, *indices, axes, out_axis, op):
    _check_indices(x, indices, axes)
    index_shape = broadcast_shapes("index arrays", [i.shape for i in indices])
    want = gathered_shape(x.shape, index_shape, axes, out_axis)
    if updates.shape != want:
        raise ValueError(
            located(f"scatter: the updates must have shape {want}; got {updates.shape}")
        )
    return shaped_array(x.shape, x.dtype)


def _scatter_jvp(primals, tangents, **params):
    updates, x, *indices = primals
    tu, tx = tangents[:2]
    ans = scatter(*primals, **params)
    tu = zeros_like(updates) if tu is None else tu
    tx = zeros_like(x) if tx is None else tx
    op = params.pop("op")
    if op in ("set", "add"):
        return ans, scatter(tu, tx, *indices, op=op, **params)
    if op == "mul":
        others = _other_factors(updates, x, *indices, **params)
        kept = scatter(updates, tx, *indices, op="mul", **params)
        return ans, scatter(mul(tu, others), kept, *indices, op="add", **params)
    # min, max: whoever equals the result shares the derivative
    dtype = get_aval(ans).dtype
    mine = convert_element_type(eq(updates, gather(ans, *indices, **params)), new_dtype=dtype)
    own = convert_element_type(eq(x, ans), new_dtype=dtype)
    count = scatter(mine, own, *indices, op="add", **params)
    total = scatter(mul(tu, mine), mul(tx, own), *indices, op="add", **params)
    return ans, div(total, count)


def _other_factors(updates, x, *indices, **params):
    """What each update is multiplied by: what is at its place, and the other updates there.

    Products of sorted updates, from either side, without a quotient: right at zeros, at any order.
    """
    shape, n = get_aval(updates).shape, get_aval(updates).size
    places = np.arange(get_aval(x).size).reshape(get_aval(x).shape)
    places = reshape(gather(places, *indices, **params), new_sizes=(n,))
    order = argsort(places, dimension=0)
    flat = gather(reshape(updates, new_sizes=(n,)), order, axes=(0,), out_axis=0)
    places = gather(places, order, axes=(0,), out_axis=0)
    factors = mul(_before(flat, places, 1), _before(flat, places, -1))
    back = argsort(order, dimension=0)
    factors = reshape(gather(factors, back, axes=(0,), out_axis=0), new_sizes=shape)
    return mul(factors, gather(x, *indices, **params))


def _before(factors, places, direction):
    """For each factor the product of those before it, or behind it, that have the same place."""
    n = get_aval(factors).shape[0]

    def same(v, other, step):
        """The elements a step away where they have the same place, elsewhere `other`."""
        index = np.clip(np.arange(n) - direction * step, 0, n - 1)
        apart = np.arange(n) if direction > 0 else np.arange(n)[::-1]
        there = gather(places, index, axes=(0,), out_axis=0)
        found = logical_and(eq(there, places), apart >= step)
        return select(found, gather(v, index, axes=(0,), out_axis=0), other)

    one = get_aval(factors).dtype.type(1)
    total, step = same(factors, one, 1), 1
    while step < n:
        total, step = mul(total, same(total, one, step)), 2 * step
    return total


def _scatter_transpose(ct, updates, x, *indices, op, **params):
    ct_u = ct_x = None
    if type(updates) is Undefined:
        ct_u = gather(ct, *indices, **params)
        if op == "set":
            # of several updates to one place only the one that stayed has a derivative
            n = get_aval(ct_u).size
            ids = np.arange(1, n + 1).reshape(get_aval(ct_u).shape)
            zeros = np.zeros(get_aval(ct).shape, ids.dtype)
            stayed = gather(scatter(ids, zeros, *indices, op="set", **params), *indices, **params)
            ct_u = select(eq(stayed, ids), ct_u, 0)
    if type(x) is Undefined:
        if op == "add":
            ct_x = ct
        elif op == "mul":
            ct_x = scatter(updates, ct, *indices, op="mul", **params)
        else:
            shape = gathered_shape(
                x.shape,
                np.broadcast_shapes(*(get_aval(i).shape for i in indices)),
                params["axes"],
                params["out_axis"],
            )
            ct_x = scatter(np.zeros(shape, get_aval(ct).dtype), ct, *indices, op="set", **params)
    return (ct_u, ct_x, *(None for _ in indices))


def _scatter_batch(args, dims, size, *, axes, out_axis, op):
    (updates, x, *indices), (du, dx, *di) = args, dims
    shifted = tuple([a + 1 for a in axes])
    x = broadcast_to(x, (size, *get_aval(x).shape)) if dx is None else moveaxis(x, dx, 0)
    if du is None:
        updates = broadcast_to(updates, (size, *get_aval(updates).shape))
        du = 0
    if all(d is None for d in di):
        updates = moveaxis(updates, du, 0)
        return scatter(updates, x, *indices, axes=shifted, out_axis=out_axis + 1, op=op), 0
    own, indices = _with_batch_index(indices, di, size)
    updates = moveaxis(updates, du, out_axis)
    return scatter(updates, x, own, *indices, axes=(0, *shifted), out_axis=out_axis, op=op), 0


scatter = Primitive("scatter")
set_rules(
    scatter,
    impl=_scatter_impl,
    abstract_eval=_scatter_aval,
    jvp=_scatter_jvp,
    linear=(True, True),
    transpose=_scatter_transpose,
    batch=_scatter_batch,
)


def take_along_axis(x, indices, axis):
    """NumPy's take_along_axis for index arrays that have the shape of `x` but along `axis`."""
    shape = get_aval(indices).shape
    grid = [
        indices
        if d == axis
        else np.arange(n).reshape([-1 if i == d else 1 for i in range(len(shape))])
        for d, n in enumerate(shape)
    ]
    return gather(x, *grid, axes=tuple(range(len(shape))), out_axis=0)
