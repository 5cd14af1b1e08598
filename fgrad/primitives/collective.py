"""Values from all along a mapped axis.

All collectives are made of two operations, each the transpose of the other. Their second operand is
the index along the axis: the interpreter in which that is mapped is the one whose axis is meant.
"""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import mul
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import broadcast_to, moveaxis

# -- all_gather: the values of all, along a new first axis of length `count` -----------------------


def _gather_batch(args, dims, size, *, count):
    (x, index), (dx, di) = args, dims
    if di is None:
        return all_gather(moveaxis(x, dx, 0), index, count=count), 1
    # the same for all: the result is not mapped
    return (
        broadcast_to(x, (count, *get_aval(x).shape)) if dx is None else moveaxis(x, dx, 0)
    ), None


all_gather = Primitive("all_gather")
set_rules(
    all_gather,
    impl=lambda x, index, *, count: np.broadcast_to(x, (count, *np.shape(x))),
    abstract_eval=lambda x, index, *, count: shaped_array((count, *x.shape), x.dtype),
    jvp=lambda primals, tangents, **params: (
        all_gather(*primals, **params),
        all_gather(tangents[0], primals[1], **params),
    ),
    linear=(True, False),
    transpose=lambda ct, x, index, **params: (sum_scatter(ct, index, **params), None),
    batch=_gather_batch,
)

# -- sum_scatter: each gets its part, along the first axis, of the sum over all --------------------


def _scatter_batch(args, dims, size, *, count):
    (x, index), (dx, di) = args, dims
    if di is None:
        return sum_scatter(moveaxis(x, dx, 1), index, count=count), 0
    return (mul(x, count) if dx is None else reduce_sum(moveaxis(x, dx, 0), axes=(0,))), 0


sum_scatter = Primitive("sum_scatter")
set_rules(
    sum_scatter,
    impl=lambda x, index, *, count: count * x[index],
    abstract_eval=lambda x, index, *, count: shaped_array(x.shape[1:], x.dtype),
    jvp=lambda primals, tangents, **params: (
        sum_scatter(*primals, **params),
        sum_scatter(tangents[0], primals[1], **params),
    ),
    linear=(True, False),
    transpose=lambda ct, x, index, **params: (all_gather(ct, index, **params), None),
    batch=_scatter_batch,
)
