"""Reductions over axes, and running (cumulative) reductions along one."""

import math
from functools import lru_cache

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add, div, eq, gt, lt, mul
from fgrad.primitives.parts import select
from fgrad.primitives.shape import (
    broadcast_in_dim,
    concatenate,
    convert_element_type,
    moveaxis,
    reshape,
    slice_axis,
    transpose,
)


def _drop(shape, axes):
    return tuple([n for i, n in enumerate(shape) if i not in axes])


def kept_shape(shape, axes):
    """`shape` with length one along `axes`."""
    return tuple([1 if i in axes else n for i, n in enumerate(shape)])


def _reduction_batch(primitive):
    def batch(args, dims, size, *, axes, keepdims=False):
        (x,), (d,) = args, dims
        shifted = tuple([a + (a >= d) for a in axes])
        if keepdims:
            return primitive(x, axes=shifted, keepdims=True), d
        return primitive(x, axes=shifted), d - sum(a < d for a in shifted)

    return batch


def _reduction(name, ufunc, *, impl=None, jvp=None, linear=None, transpose=None, identity=True):
    """A primitive that reduces `axes` with a NumPy ufunc; ``keepdims=True`` is an option."""
    primitive = Primitive(name)
    reduce = ufunc.reduce

    def reduce_axes(x, *, axes, keepdims=False):
        # the dtype is said because NumPy would widen small integers
        return reduce(x, axes, getattr(x, "dtype", None), None, keepdims)

    def aval(x, *, axes, keepdims=False):
        if not identity and any(x.shape[a] == 0 for a in axes):
            raise ValueError(located(f"{name} of an empty axis, shape {x.shape}, has no identity"))
        return x.update(shape=kept_shape(x.shape, axes) if keepdims else _drop(x.shape, axes))

    primitive.ufunc = ufunc
    return set_rules(
        primitive,
        impl=impl or reduce_axes,
        abstract_eval=aval,
        jvp=jvp,
        linear=linear,
        transpose=transpose,
        batch=_reduction_batch(primitive),
    )


def restore(x, shape, axes, keepdims=False):
    """Broadcast a reduction's result back over the axes that it reduced."""
    kept = tuple([i for i in range(len(shape)) if keepdims or i not in axes])
    return broadcast_in_dim(x, shape=shape, broadcast_dimensions=kept)


# -- sum -----------------------------------------------------------------------------------------


def sums_short_rows(x, axes) -> bool:
    """Whether a sum is over short rows of a matrix: a product with ones is three times as fast."""
    return axes == (1,) and x.ndim == 2 and 0 < x.shape[1] <= 64 and x.dtype.char in "fd"


@lru_cache(256)
def ones(n, dtype):
    """A constant vector of ones."""
    return np.ones(n, dtype)


def _sum(x, *, axes, keepdims=False):
    if type(x) is np.ndarray and sums_short_rows(x, axes):
        total = np.matmul(x, ones(x.shape[1], x.dtype))
        return total.reshape(-1, 1) if keepdims else total
    return _add_reduce(x, axes, getattr(x, "dtype", None), None, keepdims)


_add_reduce = np.add.reduce

reduce_sum = _reduction(
    "reduce_sum",
    np.add,
    impl=_sum,
    jvp=lambda primals, tangents, **params: (
        reduce_sum(*primals, **params),
        reduce_sum(*tangents, **params),
    ),
    linear=(True,),
    transpose=lambda ct, x, **params: (restore(ct, x.shape, **params),),
)

# -- product: as a tree of products, whose derivative is right at zeros --------------------------


def _prod_jvp(primals, tangents, *, axes, **keepdims):
    (x,), (t,) = primals, tangents
    ans = reduce_prod(x, axes=axes, **keepdims)
    shape = get_aval(x).shape
    kept = tuple([i for i in range(len(shape)) if i not in axes])
    order = (*axes, *kept)
    flat = (math.prod(shape[a] for a in axes), *[shape[k] for k in kept])
    if flat[0] == 0:
        return ans, None
    p, t = (reshape(_permute(v, order), new_sizes=flat) for v in (x, t))
    while (n := get_aval(p).shape[0]) > 1:
        half = n // 2
        p1, t1 = (slice_axis(v, 0, half, 0) for v in (p, t))
        p2, t2 = (slice_axis(v, half, 2 * half, 0) for v in (p, t))
        last = [slice_axis(v, n - 1, n, 0) for v in (p, t)]
        p, t = mul(p1, p2), add(mul(t1, p2), mul(p1, t2))
        if n % 2:
            p, t = (concatenate(v, w, dimension=0) for v, w in zip((p, t), last, strict=True))
    return ans, reshape(t, new_sizes=get_aval(ans).shape)


def _permute(x, order):
    return x if order == tuple(range(len(order))) else transpose(x, permutation=order)


reduce_prod = _reduction("reduce_prod", np.multiply, jvp=_prod_jvp)

# -- max and min: ties share the derivative ------------------------------------------------------


def _chosen_jvp(primals, tangents, primitive, params):
    (x,), (t,) = primals, tangents
    ans = primitive(x, **params)
    dtype = get_aval(ans).dtype
    where = eq(x, restore(ans, get_aval(x).shape, **params))
    number = convert_element_type(where, new_dtype=dtype)
    count = reduce_sum(number, **params)
    return ans, div(reduce_sum(mul(t, number), **params), count)


reduce_max = _reduction(
    "reduce_max",
    np.maximum,
    jvp=lambda primals, tangents, **params: _chosen_jvp(primals, tangents, reduce_max, params),
    identity=False,
)
reduce_min = _reduction(
    "reduce_min",
    np.minimum,
    jvp=lambda primals, tangents, **params: _chosen_jvp(primals, tangents, reduce_min, params),
    identity=False,
)

# -- logical and bitwise -------------------------------------------------------------------------

reduce_and = _reduction("reduce_and", np.bitwise_and)
reduce_or = _reduction("reduce_or", np.bitwise_or)
reduce_xor = _reduction("reduce_xor", np.bitwise_xor)


# -- argmax and argmin ---------------------------------------------------------------------------


def _arg_reduction(name, function):
    primitive = Primitive(name)

    def aval(x, *, axis, index_dtype):
        if x.shape[axis] == 0:
            raise ValueError(located(f"{name} of an empty axis, shape {x.shape}"))
        return shaped_array(_drop(x.shape, (axis,)), index_dtype)

    def batch(args, dims, size, *, axis, index_dtype):
        x = moveaxis(args[0], dims[0], 0)
        return primitive(x, axis=axis + 1, index_dtype=index_dtype), 0

    return set_rules(
        primitive,
        impl=lambda x, *, axis, index_dtype: function(x, axis=axis).astype(index_dtype, copy=False),
        abstract_eval=aval,
        jvp=lambda primals, tangents, **params: (primitive(*primals, **params), None),
        batch=batch,
    )


argmax = _arg_reduction("argmax", np.argmax)
argmin = _arg_reduction("argmin", np.argmin)


# -- cumulative ----------------------------------------------------------------------------------


def _flipped(x, axis):
    index = [slice(None)] * x.ndim
    index[axis] = slice(None, None, -1)
    return x[tuple(index)]


def _cumulative(name, ufunc, *, jvp, linear=None, transpose=None):
    """A primitive that runs a ufunc along one axis, from the end if `reverse`."""
    primitive = Primitive(name)

    def impl(x, *, axis, reverse):
        if not reverse:
            return ufunc.accumulate(x, axis=axis, dtype=x.dtype)
        return _flipped(ufunc.accumulate(_flipped(x, axis), axis=axis, dtype=x.dtype), axis)

    def batch(args, dims, size, *, axis, reverse):
        return primitive(moveaxis(args[0], dims[0], 0), axis=axis + 1, reverse=reverse), 0

    return set_rules(
        primitive,
        impl=impl,
        abstract_eval=lambda x, *, axis, reverse: x,
        jvp=jvp,
        linear=linear,
        transpose=transpose,
        batch=batch,
    )


cumsum = _cumulative(
    "cumsum",
    np.add,
    jvp=lambda primals, tangents, **params: (
        cumsum(*primals, **params),
        cumsum(*tangents, **params),
    ),
    linear=(True,),
    transpose=lambda ct, x, *, axis, reverse: (cumsum(ct, axis=axis, reverse=not reverse),),
)


def _scan_by_doubling(combine, values, axis, reverse):
    """Running combination of tuples of arrays, in log2(n) steps of whole-array work."""
    n = get_aval(values[0]).shape[axis]
    step = 1
    while step < n:
        if reverse:
            near = [slice_axis(v, 0, n - step, axis) for v in values]
            far = [slice_axis(v, step, n, axis) for v in values]
            rest = [slice_axis(v, n - step, n, axis) for v in values]
            done = combine(far, near)
            parts = zip(done, rest, strict=True)
        else:
            near = [slice_axis(v, step, n, axis) for v in values]
            far = [slice_axis(v, 0, n - step, axis) for v in values]
            rest = [slice_axis(v, 0, step, axis) for v in values]
            done = combine(far, near)
            parts = zip(rest, done, strict=True)
        values = [concatenate(a, b, dimension=axis) for a, b in parts]
        step *= 2
    return values


def _cumprod_jvp(primals, tangents, *, axis, reverse):
    def combine(left, right):
        (p1, t1), (p2, t2) = left, right
        return mul(p1, p2), add(mul(t1, p2), mul(p1, t2))

    ans = cumprod(*primals, axis=axis, reverse=reverse)
    return ans, _scan_by_doubling(combine, (*primals, *tangents), axis, reverse)[1]


def _cumulative_choice_jvp(better, primitive):
    """Each place has the tangent of the element it shows; ties share."""

    def jvp(primals, tangents, *, axis, reverse):
        def combine(left, right):
            (p1, t1), (p2, t2) = left, right
            tie = mul(0.5, add(t1, t2))
            t = select(better(p1, p2), t1, select(eq(p1, p2), tie, t2))
            return select(better(p1, p2), p1, p2), t

        _, t = _scan_by_doubling(combine, (*primals, *tangents), axis, reverse)
        return primitive()(*primals, axis=axis, reverse=reverse), t

    return jvp


cumprod = _cumulative("cumprod", np.multiply, jvp=_cumprod_jvp)
cummax = _cumulative("cummax", np.maximum, jvp=_cumulative_choice_jvp(gt, lambda: cummax))
cummin = _cumulative("cummin", np.minimum, jvp=_cumulative_choice_jvp(lt, lambda: cummin))
