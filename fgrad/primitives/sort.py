"""Sorting and searching. The derivative of a sorted array is that of its moved elements."""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.argsort import argsort
from fgrad.primitives.define import set_rules
from fgrad.primitives.index import take_along_axis
from fgrad.primitives.shape import broadcast_to, moveaxis

# -- sort ----------------------------------------------------------------------------------------


def _sort_jvp(primals, tangents, *, dimension):
    (x,), (t,) = primals, tangents
    order = argsort(x, dimension=dimension)
    return take_along_axis(x, order, dimension), take_along_axis(t, order, dimension)


def _sort_batch(args, dims, size, *, dimension):
    return sort(moveaxis(args[0], dims[0], 0), dimension=dimension + 1), 0


sort = Primitive("sort")
set_rules(
    sort,
    impl=lambda x, *, dimension: np.sort(x, axis=dimension),
    abstract_eval=lambda x, *, dimension: x.strong(),
    jvp=_sort_jvp,
    batch=_sort_batch,
)

# -- searchsorted: both operands have `batched` axes in common, then one axis is searched --------


def _searchsorted_impl(x, query, *, side, batched):
    if not batched:
        return np.searchsorted(x, query, side)
    shape = x.shape[:batched]
    query = np.asarray(query)
    out = np.empty(query.shape, np.intp)
    for i in np.ndindex(shape):
        out[i] = np.searchsorted(x[i], query[i], side)
    return out


def _searchsorted_batch(args, dims, size, *, side, batched):
    (x, query), (dx, dq) = args, dims
    if dx is None and not batched:
        return searchsorted(x, query, side=side, batched=0), dq
    x, query = (
        broadcast_to(a, (size, *get_aval(a).shape)) if d is None else moveaxis(a, d, 0)
        for a, d in ((x, dx), (query, dq))
    )
    return searchsorted(x, query, side=side, batched=batched + 1), 0


searchsorted = Primitive("searchsorted")
set_rules(
    searchsorted,
    impl=_searchsorted_impl,
    abstract_eval=lambda x, query, **params: shaped_array(query.shape, np.dtype(np.intp)),
    jvp=lambda primals, tangents, **params: (searchsorted(*primals, **params), None),
    batch=_searchsorted_batch,
)
