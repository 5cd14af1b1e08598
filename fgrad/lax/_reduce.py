"""Reductions over axes, and running reductions along one."""

import numpy as np

from fgrad.core.trace import get_aval
from fgrad.numpy._face import axes_of, axis_of, public, unweak, value
from fgrad.primitives import reduce
from fgrad.primitives.cumulative import cumlogsumexp as cumlogsumexp_p


def _document(fun, name, text, call, result):
    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = f"""{text}

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.{name}{call}
    {result}
    """
    return public(fun)


def _reduction(name, primitive, text, *example):
    def fun(operand, axes):
        x = unweak(value(operand, name))
        return primitive(x, axes=axes_of(tuple(axes), get_aval(x).ndim, "axes"))

    return _document(fun, name, text, *example)


def _arg_reduction(name, primitive, text, *example):
    def fun(operand, axis, index_dtype):
        x = unweak(value(operand, name))
        return primitive(x, axis=axis_of(axis, get_aval(x).ndim), index_dtype=np.dtype(index_dtype))

    return _document(fun, name, text, *example)


def _cumulative(name, primitive, text, *example):
    def fun(operand, axis=0, reverse=False):
        x = unweak(value(operand, name))
        return primitive(x, axis=axis_of(axis, get_aval(x).ndim), reverse=bool(reverse))

    return _document(fun, name, f"{text} along an axis, from its end if `reverse`.", *example)


reduce_sum = _reduction(
    "reduce_sum", reduce.reduce_sum, "The sum over axes.", "([1, 2], (0,))", "np.int64(3)"
)
reduce_prod = _reduction(
    "reduce_prod", reduce.reduce_prod, "The product over axes.", "([3, 2], (0,))", "np.int64(6)"
)
reduce_max = _reduction(
    "reduce_max", reduce.reduce_max, "The largest over axes.", "([1, 2], (0,))", "np.int64(2)"
)
reduce_min = _reduction(
    "reduce_min", reduce.reduce_min, "The smallest over axes.", "([1, 2], (0,))", "np.int64(1)"
)
reduce_and = _reduction(
    "reduce_and", reduce.reduce_and, "The bits set in all.", "([3, 6], (0,))", "np.int64(2)"
)
reduce_or = _reduction(
    "reduce_or", reduce.reduce_or, "The bits set in any.", "([3, 6], (0,))", "np.int64(7)"
)
reduce_xor = _reduction(
    "reduce_xor", reduce.reduce_xor, "The exclusive or.", "([3, 6], (0,))", "np.int64(5)"
)
argmax = _arg_reduction(
    "argmax",
    reduce.argmax,
    "The index of the first largest.",
    '([1, 3], 0, "int32")',
    "np.int32(1)",
)
argmin = _arg_reduction(
    "argmin",
    reduce.argmin,
    "The index of the first smallest.",
    '([1, 3], 0, "int32")',
    "np.int32(0)",
)
cumsum = _cumulative("cumsum", reduce.cumsum, "The running sum", "([1, 2])", "Array([1, 3])")
cumprod = _cumulative("cumprod", reduce.cumprod, "The running product", "([3, 2])", "Array([3, 6])")
cummax = _cumulative("cummax", reduce.cummax, "The running maximum", "([3, 2])", "Array([3, 3])")
cummin = _cumulative("cummin", reduce.cummin, "The running minimum", "([3, 2])", "Array([3, 2])")
cumlogsumexp = _cumulative(
    "cumlogsumexp",
    cumlogsumexp_p,
    "The logarithm of the running sum of exponentials",
    "([5.0])",
    "Array([5.])",
)
