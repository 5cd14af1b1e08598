"""Slices of a fixed size whose place is computed: read, and written into a copy.

A negative start counts from the end; then the slice is moved so that it lies inside the array.
"""

from operator import index as index_of

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Undefined, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add, clamp, lt
from fgrad.primitives.index import gather, scatter
from fgrad.primitives.parts import select, zeros_like
from fgrad.primitives.shape import broadcast_to, moveaxis, reshape


def _place(shape, sizes, starts):
    """The slice as NumPy takes it."""
    index = []
    for n, size, start in zip(shape, sizes, starts, strict=True):
        if not 0 <= size <= n:
            raise ValueError(f"a slice of {size} elements from an axis of {n}")
        start = index_of(start)
        start = min(max(start + n if start < 0 else start, 0), n - size)
        index.append(slice(start, start + size))
    return tuple(index)


def _check(name, x, sizes, starts):
    if len(sizes) != x.ndim or len(starts) != x.ndim:
        raise ValueError(
            located(f"{name}: {len(starts)} starts and sizes {sizes} do not fit shape {x.shape}")
        )
    if not all(0 <= size <= n for size, n in zip(sizes, x.shape, strict=True)):
        raise ValueError(located(f"{name}: sizes {sizes} do not fit into shape {x.shape}"))
    for start in starts:
        if start.shape or start.dtype.kind not in "iu":
            raise TypeError(located(f"{name}: a start must be an integer scalar; got {start}"))


def _indices(shape, sizes, starts, dims, size):
    """Starts, some of them batched, as index arrays for a gather from an array with a batch axis.

    They go as far as the last axis that is not taken whole; `shape` has no batch axis.
    """
    partial = [n != k for n, k in zip(shape, sizes, strict=True)]
    last = len(shape) - partial[::-1].index(True) if True in partial else 0
    arrays = []
    for axis in range(last):
        n, k, start, d = shape[axis], sizes[axis], starts[axis], dims[axis]
        start = clamp(0, select(lt(start, 0), add(start, n), start), n - k)
        if d is not None:
            start = reshape(start, new_sizes=(size, *(1,) * last))
        steps = np.arange(k).reshape([-1 if i == axis else 1 for i in range(last)])
        arrays.append(add(start, steps))
    own = np.arange(size).reshape(size, *(1,) * last)
    return [own, *arrays], tuple(range(last + 1))


# -- dynamic_slice -------------------------------------------------------------------------------


def _slice_aval(x, *starts, slice_sizes):
    _check("dynamic_slice", x, slice_sizes, starts)
    return shaped_array(slice_sizes, x.dtype)


def _slice_jvp(primals, tangents, *, slice_sizes):
    x, *starts = primals
    ans = dynamic_slice(*primals, slice_sizes=slice_sizes)
    t = tangents[0]
    return ans, None if t is None else dynamic_slice(t, *starts, slice_sizes=slice_sizes)


def _slice_transpose(ct, x, *starts, slice_sizes):
    zeros = np.zeros(x.shape, x.dtype)
    return dynamic_update_slice(zeros, ct, *starts), *(None for _ in starts)


def _slice_batch(args, dims, size, *, slice_sizes):
    (x, *starts), (dx, *ds) = args, dims
    x = broadcast_to(x, (size, *get_aval(x).shape)) if dx is None else moveaxis(x, dx, 0)
    if all(d is None for d in ds):
        return dynamic_slice(x, 0, *starts, slice_sizes=(size, *slice_sizes)), 0
    indices, axes = _indices(get_aval(x).shape[1:], slice_sizes, starts, ds, size)
    return gather(x, *indices, axes=axes, out_axis=0), 0


dynamic_slice = Primitive("dynamic_slice")
set_rules(
    dynamic_slice,
    impl=lambda x, *starts, slice_sizes: x[_place(x.shape, slice_sizes, starts)],
    abstract_eval=_slice_aval,
    jvp=_slice_jvp,
    linear="first",
    transpose=_slice_transpose,
    batch=_slice_batch,
)

# -- dynamic_update_slice ------------------------------------------------------------------------


def _update_impl(x, update, *starts):
    out = np.array(x)
    out[_place(out.shape, np.shape(update), starts)] = update
    return out


def _update_aval(x, update, *starts):
    _check("dynamic_update_slice", x, update.shape, starts)
    if update.dtype != x.dtype:
        raise TypeError(
            located(f"dynamic_update_slice: the update must have dtype {x.dtype}; got {update}")
        )
    return x.strong()


def _update_jvp(primals, tangents):
    x, update, *starts = primals
    tx, tu = tangents[:2]
    tx = zeros_like(x) if tx is None else tx
    tu = zeros_like(update) if tu is None else tu
    return dynamic_update_slice(*primals), dynamic_update_slice(tx, tu, *starts)


def _update_transpose(ct, x, update, *starts):
    ct_x = ct_u = None
    sizes = update.shape if type(update) is Undefined else get_aval(update).shape
    if type(x) is Undefined:
        ct_x = dynamic_update_slice(ct, np.zeros(sizes, get_aval(ct).dtype), *starts)
    if type(update) is Undefined:
        ct_u = dynamic_slice(ct, *starts, slice_sizes=sizes)
    return ct_x, ct_u, *(None for _ in starts)


def _update_batch(args, dims, size):
    (x, update, *starts), (dx, du, *ds) = args, dims
    x, update = (
        broadcast_to(v, (size, *get_aval(v).shape)) if d is None else moveaxis(v, d, 0)
        for v, d in ((x, dx), (update, du))
    )
    if all(d is None for d in ds):
        return dynamic_update_slice(x, update, 0, *starts), 0
    shape, sizes = get_aval(x).shape[1:], get_aval(update).shape[1:]
    indices, axes = _indices(shape, sizes, starts, ds, size)
    return scatter(update, x, *indices, axes=axes, out_axis=0, op="set"), 0


dynamic_update_slice = Primitive("dynamic_update_slice")
set_rules(
    dynamic_update_slice,
    impl=_update_impl,
    abstract_eval=_update_aval,
    jvp=_update_jvp,
    linear=(True, True),
    transpose=_update_transpose,
    batch=_update_batch,
)
