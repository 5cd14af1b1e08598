"""Sorting, also of several arrays by the first of them."""

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, public, unweak, value
from fgrad.numpy._sort import argsort_values
from fgrad.primitives import sort as primitives
from fgrad.primitives.index import take_along_axis
from fgrad.primitives.shape import slice_axis


@public
def sort(operand, dimension=-1, is_stable=True, num_keys=1):
    """The elements in ascending order along an axis.

    Parameters
    ----------
    operand : array-like, or a sequence of arrays of one shape
        Several are all put into the order that sorts the first of them.
    dimension : int
    is_stable : bool
        Accepted for compatibility: equal elements always keep their order.
    num_keys : int
        How many of the arrays decide the order, the first before the second.

    Returns
    -------
    array, or a tuple of arrays

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.sort((fnp.array([2, 1]), fnp.array([10, 20])))
    (Array([1, 2]), Array([20, 10]))
    """
    if not isinstance(operand, tuple | list):
        x = unweak(value(operand, "sort"))
        return primitives.sort(x, dimension=axis_of(dimension, get_aval(x).ndim, "dimension"))
    xs = [unweak(value(x, "sort")) for x in operand]
    if not 1 <= num_keys <= len(xs):
        raise ValueError(located(f"sort: num_keys {num_keys} does not fit {len(xs)} operands"))
    if len({get_aval(x).shape for x in xs}) > 1:
        shapes = [get_aval(x).shape for x in xs]
        raise ValueError(located(f"sort: operands must have one shape; got {shapes}"))
    axis = axis_of(dimension, get_aval(xs[0]).ndim, "dimension")
    order = primitives.argsort(xs[num_keys - 1], dimension=axis)
    for key in reversed(xs[: num_keys - 1]):
        then = primitives.argsort(take_along_axis(key, order, axis), dimension=axis)
        order = take_along_axis(order, then, axis)
    return tuple(take_along_axis(x, order, axis) for x in xs)


def sort_key_val(keys, values, dimension=-1, is_stable=True):
    """Keys in ascending order, and values in the same order.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.sort_key_val(fgrad.numpy.array([2, 1]), fgrad.numpy.array([10, 20]))[1]
    Array([20, 10])
    """
    return sort((keys, values), dimension, is_stable)


@public
def top_k(operand, k, *, axis=-1):
    """The largest elements along an axis, in descending order, and their indices.

    Parameters
    ----------
    operand : array-like
    k : int
        How many.
    axis : int

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.top_k(fgrad.numpy.array([1.0, 3.0, 2.0]), 2)
    (Array([3., 2.]), Array([1, 2]))
    """
    return _first("top_k", operand, k, axis, descending=True)


def _first(name, operand, k, axis, descending):
    """The first elements in an order, and their indices."""
    x = unweak(value(operand, name))
    axis = axis_of(axis, get_aval(x).ndim)
    n = get_aval(x).shape[axis]
    k = k.__index__()
    if not 0 <= k <= n:
        raise ValueError(located(f"{name}: k must be in [0, {n}]; got {k}"))
    order = slice_axis(argsort_values(x, axis, descending=descending), 0, k, axis)
    return take_along_axis(x, order, axis), order


def approx_max_k(
    operand,
    k,
    reduction_dimension=-1,
    recall_target=0.95,
    reduction_input_size_override=-1,
    aggregate_to_topk=True,
):
    """The largest elements along an axis, and their indices: here those of `top_k`, exactly.

    Parameters
    ----------
    operand : array-like
    k : int
        How many.
    reduction_dimension : int
    recall_target, reduction_input_size_override, aggregate_to_topk : optional
        Accepted for compatibility: nothing is missed.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.approx_max_k(fgrad.numpy.array([1.0, 3.0, 2.0]), 2)
    (Array([3., 2.]), Array([1, 2]))
    """
    return top_k(operand, k, axis=reduction_dimension)


@public
def approx_min_k(
    operand,
    k,
    reduction_dimension=-1,
    recall_target=0.95,
    reduction_input_size_override=-1,
    aggregate_to_topk=True,
):
    """The smallest elements along an axis, in ascending order, and their indices: exactly.

    Parameters are those of `approx_max_k`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.approx_min_k(fgrad.numpy.array([1.0, 3.0, 2.0]), 2)
    (Array([1., 2.]), Array([0, 2]))
    """
    return _first("approx_min_k", operand, k, reduction_dimension, descending=False)
