"""Exchanges of rows, one after the other, as one permutation."""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive
from fgrad.primitives.define import set_rules
from fgrad.primitives.shape import moveaxis


def _impl(pivots, *, rows):
    out = np.empty((*pivots.shape[:-1], rows), np.int32)
    out[...] = np.arange(rows)
    for i in range(pivots.shape[-1]):
        p = pivots[..., i, None]
        here, there = out[..., i, None].copy(), np.take_along_axis(out, p, -1)
        np.put_along_axis(out, p, here, -1)
        out[..., i, None] = there
    return out


def _aval(pivots, *, rows):
    if not pivots.shape or pivots.dtype.kind not in "iu" or pivots.shape[-1] > rows:
        raise ValueError(
            located(f"lu_pivots_to_permutation: {pivots} are no exchanges among {rows} rows")
        )
    return shaped_array((*pivots.shape[:-1], rows), np.dtype(np.int32))


pivots_to_permutation = Primitive("lu_pivots_to_permutation")
set_rules(
    pivots_to_permutation,
    impl=_impl,
    abstract_eval=_aval,
    jvp=lambda primals, tangents, **params: (pivots_to_permutation(*primals, **params), None),
    batch=lambda args, dims, size, **params: (
        pivots_to_permutation(moveaxis(args[0], dims[0], 0), **params),
        0,
    ),
)
