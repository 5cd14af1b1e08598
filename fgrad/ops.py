"""Reductions over segments of an array: `fgrad.ops`."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.lax import GatherScatterMode
from fgrad.numpy._face import concrete, public, shape_of, value
from fgrad.primitives import elementwise as ew
from fgrad.primitives import reduce
from fgrad.primitives.index import scatter
from fgrad.primitives.parts import select
from fgrad.primitives.shape import slice_axis

__all__ = ["segment_max", "segment_min", "segment_prod", "segment_sum"]


def _extreme(dtype, largest):
    if dtype.kind == "f":
        return np.inf if largest else -np.inf
    if dtype.kind == "b":
        return largest
    info = np.iinfo(dtype)
    return info.max if largest else info.min


def _count(segment_ids, num_segments, name):
    """How many segments there are."""
    if num_segments is None:
        ids = concrete(segment_ids, f"{name} without num_segments")
        return int(ids.max()) + 1 if ids.size else 0
    (count,) = shape_of(num_segments, f"{name}: num_segments")
    if count < 0:
        raise ValueError(located(f"{name}: num_segments must not be negative; got {count}"))
    return count


def _segment(name, op, identity, over_buckets, text, result):
    """A reduction over segments.

    Parameters
    ----------
    op : str
        The kind of `scatter`.
    identity : callable
        ``identity(dtype)``: the result for an empty segment.
    over_buckets : Primitive
        The same as a reduction over an axis.
    """

    def fun(
        data,
        segment_ids,
        num_segments=None,
        indices_are_sorted=False,
        unique_indices=False,
        bucket_size=None,
        mode=None,
    ):
        x, ids = value(data, f"{name}: data"), value(segment_ids, f"{name}: segment_ids")
        aval, of_ids = get_aval(x), get_aval(ids)
        if of_ids.dtype.kind not in "iu" or of_ids.shape != aval.shape[:1] or not aval.shape:
            raise ValueError(
                located(
                    f"{name}: segment_ids must hold an integer for each row of data {aval}; "
                    f"got {of_ids}"
                )
            )
        count = _count(ids, num_segments, name)
        mode = GatherScatterMode.from_any(mode)
        spare = 0  # a last segment, for rows that belong to none
        if mode is GatherScatterMode.CLIP and count:
            ids = ew.clamp(0, ids, count - 1)
        elif mode is not GatherScatterMode.PROMISE_IN_BOUNDS:
            spare = 1
            ids = select(ew.logical_and(ew.ge(ids, 0), ew.lt(ids, count)), ids, count)
        shape = (count + spare, *aval.shape[1:])
        start = identity(aval.dtype)
        if bucket_size is None:
            out = scatter(x, np.full(shape, start, aval.dtype), ids, axes=(0,), out_axis=0, op=op)
            return slice_axis(out, 0, count, 0)
        (bucket_size,) = shape_of(bucket_size, f"{name}: bucket_size")
        rows = aval.shape[0]
        bucket = np.arange(rows) // bucket_size
        out = np.full((-(-rows // bucket_size), *shape), start, aval.dtype)
        out = scatter(x, out, bucket, ids, axes=(0, 1), out_axis=0, op=op)
        return over_buckets(slice_axis(out, 0, count, 1), axes=(0,))

    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = f"""The {text} of the rows of each segment.

    Parameters
    ----------
    data : array-like, shape (n, ...)
    segment_ids : array-like of int, shape (n,)
        The segment that each row belongs to.
    num_segments : int, optional
        The number of segments; unless given, as many as `segment_ids` names. Needed under `jit`.
    indices_are_sorted, unique_indices : bool
        Accepted for compatibility: nothing is faster for it.
    bucket_size : int, optional
        Reduce so many rows at a time, then their results: with floats that loses less to rounding.
    mode : str or fgrad.lax.GatherScatterMode, optional
        What becomes of rows whose segment is not there: "drop", which is the default, or "clip".

    Returns
    -------
    array, shape (num_segments, ...)

    Examples
    --------
    >>> import fgrad
    >>> fgrad.ops.{name}([1, 2, 3, 4], [0, 0, 1, 1])
    {result}
    """
    return public(fun)


segment_sum = _segment(
    "segment_sum", "add", lambda dtype: 0, reduce.reduce_sum, "sum", "Array([3, 7])"
)
segment_prod = _segment(
    "segment_prod", "mul", lambda dtype: 1, reduce.reduce_prod, "product", "Array([ 2, 12])"
)
segment_max = _segment(
    "segment_max",
    "max",
    lambda dtype: _extreme(dtype, False),
    reduce.reduce_max,
    "largest",
    "Array([2, 4])",
)
segment_min = _segment(
    "segment_min",
    "min",
    lambda dtype: _extreme(dtype, True),
    reduce.reduce_min,
    "smallest",
    "Array([1, 3])",
)
