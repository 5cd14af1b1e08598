"""Reductions and cumulative functions."""

import numpy as np

from fgrad.core.avals import weak_types
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axes_of, axis_of, public, reduced_axes, refuse, unweak, value
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts, reduce
from fgrad.primitives.shape import astype, broadcast_to, reshape, stop_gradient


def reduced(primitive, x, axis, keepdims):
    """A reduction primitive over NumPy's `axis`."""
    axes = reduced_axes(axis, get_aval(x).ndim)
    return primitive(x, axes=axes, keepdims=True) if keepdims else primitive(x, axes=axes)


def mask_for(x, where):
    """A mask of the shape of a value; NumPy refuses a larger one, which would repeat elements."""
    return broadcast_to(value(where, "where"), get_aval(x).shape)


def _masked(x, where, fill):
    return x if where is None else parts.select(mask_for(x, where), x, fill)


def _sum_dtype(dtype):
    """NumPy sums small integers and booleans in the platform's integer."""
    if dtype.kind in "bi" and dtype.itemsize < np.dtype(int).itemsize:
        return np.dtype(int)
    if dtype.kind == "u" and dtype.itemsize < np.dtype(np.uint).itemsize:
        return np.dtype(np.uint)
    return dtype


def _accumulated(primitive, name, a, axis, dtype, out, keepdims, initial, where, identity, join):
    if out is not None:
        refuse(name, out=out)
    x = value(a, name)
    aval = get_aval(x)
    if dtype is not None or aval.weak_type or not aval.inexact:
        x = astype(x, _sum_dtype(aval.dtype) if dtype is None else np.dtype(dtype))
    if where is not None:
        x = _masked(x, where, get_aval(x).dtype.type(identity))
    result = reduced(primitive, x, axis, keepdims)
    return result if initial is None else join(result, _initial(initial, get_aval(x).dtype))


def _initial(initial, dtype):
    """The start of a reduction in the dtype that it computes in, as NumPy converts it."""
    v = value(initial, "initial")
    if get_aval(v).dtype.kind == "c" and dtype.kind not in "cb":
        raise TypeError(located(f"initial: a complex number does not fit {dtype}; got {initial}"))
    try:
        return dtype.type(v) if type(v) in weak_types else astype(v, dtype)
    except OverflowError as e:
        raise OverflowError(located(f"initial: {e}")) from None


@public
def sum(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=None):
    """The sum over axes.

    Parameters
    ----------
    a : array-like
    axis : int, tuple of int or None
        Which axes to sum over; all by default.
    dtype : dtype-like, optional
        Of the result; small integers are summed as int64.
    out : None
        Not supported.
    keepdims : bool
        Whether to keep the axes with length one.
    initial : array-like, optional
        Added to the sum.
    where : array-like of bool, optional
        The elements to include.

    Returns
    -------
    array

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.sum(fnp.ones((2, 3)), axis=0)
    Array([2., 2., 2.])
    """
    return _accumulated(
        reduce.reduce_sum, "sum", a, axis, dtype, out, keepdims, initial, where, 0, ew.add
    )


@public
def prod(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=None):
    """The product over axes. Parameters are those of `sum`; the derivative is right at zeros.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.prod(fnp.array([1.0, 2.0, 3.0]))
    np.float64(6.0)
    """
    return _accumulated(
        reduce.reduce_prod, "prod", a, axis, dtype, out, keepdims, initial, where, 1, ew.mul
    )


def _extreme(primitive, name, a, axis, out, keepdims, initial, where, join):
    refuse(name, out=out)
    x = unweak(value(a, name))
    if where is not None:
        if initial is None:
            raise ValueError(located(f"{name} with where= needs initial="))
        x = _masked(x, where, _initial(initial, get_aval(x).dtype))
    shape = get_aval(x).shape
    axes = reduced_axes(axis, len(shape))
    if initial is not None and 0 in [shape[i] for i in axes]:
        kept = reduce.kept_shape(shape, axes) if keepdims else tuple(
            n for i, n in enumerate(shape) if i not in axes
        )  # fmt: skip
        return broadcast_to(_initial(initial, get_aval(x).dtype), kept)
    out = reduced(primitive, x, axis, keepdims)
    return out if initial is None else join(out, _initial(initial, get_aval(x).dtype))


@public
def max(a, axis=None, out=None, keepdims=False, initial=None, where=None):
    """The largest element along axes; NaN if there is one. Ties share the derivative.

    Parameters are those of `sum`; `initial` is a lower bound of the result.

    Raises
    ------
    ValueError
        Of nothing, without `initial`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.max(fnp.array([1.0, 3.0, 2.0]))
    np.float64(3.0)
    """
    return _extreme(reduce.reduce_max, "max", a, axis, out, keepdims, initial, where, ew.max)


@public
def min(a, axis=None, out=None, keepdims=False, initial=None, where=None):
    """The smallest element along axes; NaN if there is one. Ties share the derivative.

    Parameters are those of `sum`; `initial` is an upper bound of the result.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.min(fnp.array([1.0, 3.0, 2.0]))
    np.float64(1.0)
    """
    return _extreme(reduce.reduce_min, "min", a, axis, out, keepdims, initial, where, ew.min)


amax, amin = max, min


def _truth(x):
    return x if get_aval(x).dtype.kind == "b" else ew.ne(x, 0)


@public
def any(a, axis=None, out=None, keepdims=False, *, where=None):
    """Whether any element along axes is true.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.any(fnp.array([False, True]))
    np.True_
    """
    refuse("any", out=out)
    x = _masked(_truth(value(a, "any")), where, np.False_)
    return reduced(reduce.reduce_or, x, axis, keepdims)


@public
def all(a, axis=None, out=None, keepdims=False, *, where=None):
    """Whether all elements along axes are true.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.all(fnp.array([False, True]))
    np.False_
    """
    refuse("all", out=out)
    x = _masked(_truth(value(a, "all")), where, np.True_)
    return reduced(reduce.reduce_and, x, axis, keepdims)


def _float_dtype(dtype):
    """What NumPy computes a mean in."""
    return dtype if dtype.kind in "fc" else np.dtype(float)


def mean_values(x, axis, keepdims, dtype=None, where=None):
    """The mean of a value or tracer."""
    aval = get_aval(x)
    dtype = _float_dtype(aval.dtype) if dtype is None else np.dtype(dtype)
    axes = axes_of(axis, aval.ndim)
    # NumPy adds float16 up in float32
    x = astype(x, np.dtype(np.float32) if dtype == np.float16 else dtype)
    if where is None:
        count = 1
        for i in axes:
            count *= aval.shape[i]
        total = reduced(reduce.reduce_sum, x, axes, keepdims)
        return astype(ew.div(total, count), dtype)
    mask = mask_for(x, where)
    x = parts.select(mask, x, get_aval(x).dtype.type(0))
    ones = parts.select(mask, np.ones(get_aval(x).shape, get_aval(x).dtype), 0)
    total = reduced(reduce.reduce_sum, x, axes, keepdims)
    return astype(ew.div(total, reduced(reduce.reduce_sum, ones, axes, keepdims)), dtype)


@public
def mean(a, axis=None, dtype=None, out=None, keepdims=False, *, where=None):
    """The arithmetic mean over axes. Parameters are those of `sum`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.mean(fnp.array([1.0, 2.0]))
    np.float64(1.5)
    """
    refuse("mean", out=out)
    return mean_values(unweak(value(a, "mean")), axis, keepdims, dtype, where)


def var_values(x, axis, dtype, ddof, keepdims, where=None, mean=None, too_few=None):
    """The variance of a value or tracer, about its mean if another is not given; `too_few` stands
    where no element is left to divide by.
    """
    aval = get_aval(x)
    axes = axes_of(axis, aval.ndim)
    dtype = None if dtype is None else np.dtype(dtype)
    if mean is None:
        mean = mean_values(x, axes, True, dtype, where)
    # NumPy adds up in the dtype it is asked for, but takes the differences as they are
    centered = ew.sub(x, value(mean, "mean"))
    if get_aval(centered).dtype.kind == "c":
        size = ew.add(ew.square(parts.real(centered)), ew.square(parts.imag(centered)))
    else:
        size = ew.mul(centered, centered)
    size = size if dtype is None else astype(size, dtype)
    result = get_aval(size).dtype
    if where is not None:
        mask = mask_for(x, where)
        size = parts.select(mask, size, result.type(0))
        ones = parts.select(mask, np.ones(get_aval(size).shape, result), 0)
        count = ew.sub(reduced(reduce.reduce_sum, ones, axes, keepdims), ddof)
        total = reduced(reduce.reduce_sum, size, axes, keepdims)
        few = ew.le(count, 0)
        count = parts.select(few, 1, count)
        bad = stop_gradient(ew.div(total, 0.0)) if too_few is None else result.type(too_few)
        return astype(parts.select(few, bad, ew.div(total, count)), result)
    count = np.prod([aval.shape[i] for i in axes], dtype=float).item() - ddof
    total = reduced(reduce.reduce_sum, size, axes, keepdims)
    variance = ew.div(total, count) if count > 0 else stop_gradient(ew.div(total, 0.0))
    return astype(variance, result)


def corrected(name, ddof, correction):
    """What to subtract from the number of elements, which has two names."""
    if correction is None:
        return ddof
    if ddof != 0:
        raise ValueError(located(f"{name}: give only one of ddof and correction"))
    return correction


def root(variance):
    """The standard deviation, in the dtype of the variance."""
    aval = get_aval(variance)
    if not aval.inexact and aval.ndim:
        raise TypeError(located(f"std: the root of {aval} is no {aval.dtype}"))
    return astype(ew.sqrt(variance), aval.dtype)


@public
def var(
    a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=None, mean=None,
    correction=None,
):  # fmt: skip
    """The variance over axes. Parameters are those of `sum`.

    Parameters
    ----------
    ddof, correction : number
        Subtracted from the number of elements that the sum of squares is divided by.
    mean : array-like, optional
        The mean, with the axes kept, if it is known already.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.var(fnp.array([1.0, 3.0]))
    np.float64(1.0)
    """
    refuse("var", out=out)
    ddof = corrected("var", ddof, correction)
    return var_values(unweak(value(a, "var")), axis, dtype, ddof, keepdims, where, mean)


@public
def std(
    a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=None, mean=None,
    correction=None,
):  # fmt: skip
    """The standard deviation over axes. Parameters are those of `var`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.std(fnp.array([1.0, 3.0]))
    np.float64(1.0)
    """
    refuse("std", out=out)
    ddof = corrected("std", ddof, correction)
    x = unweak(value(a, "std"))
    return root(var_values(x, axis, dtype, ddof, keepdims, where, mean))


def _arg(primitive, name, a, axis, out, keepdims):
    refuse(name, out=out)
    x = value(a, name)
    shape = get_aval(x).shape
    if axis is None:
        x, along = reshape(x, new_sizes=(get_aval(x).size,)), 0
    else:
        if not shape:
            x = reshape(x, new_sizes=(1,))
        along = axis_of(axis, get_aval(x).ndim)
    index = primitive(x, axis=along, index_dtype=np.dtype(np.intp))
    if not keepdims:
        return index
    return reshape(index, new_sizes=reduce.kept_shape(shape, reduced_axes(axis, len(shape))))


@public
def argmax(a, axis=None, out=None, keepdims=False):
    """The index of the first largest element, along an axis or of the flattened array.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.argmax(fnp.array([1.0, 3.0, 2.0]))
    np.int64(1)
    """
    return _arg(reduce.argmax, "argmax", a, axis, out, keepdims)


@public
def argmin(a, axis=None, out=None, keepdims=False):
    """The index of the first smallest element, along an axis or of the flattened array.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.argmin(fnp.array([1.0, 3.0, 2.0]))
    np.int64(0)
    """
    return _arg(reduce.argmin, "argmin", a, axis, out, keepdims)


def _cumulative(primitive, name, a, axis, dtype, out):
    refuse(name, out=out)
    x = unweak(value(a, name))
    x = astype(x, np.dtype(dtype) if dtype is not None else _sum_dtype(get_aval(x).dtype))
    if axis is None or get_aval(x).ndim == 0:
        x, axis = reshape(x, new_sizes=(get_aval(x).size,)), 0 if axis is None else axis
    return primitive(x, axis=axis_of(axis, get_aval(x).ndim), reverse=False)


@public
def cumsum(a, axis=None, dtype=None, out=None):
    """The running sum along an axis, or of the flattened array.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.cumsum(fnp.array([1.0, 2.0, 3.0]))
    Array([1., 3., 6.])
    """
    return _cumulative(reduce.cumsum, "cumsum", a, axis, dtype, out)


@public
def cumprod(a, axis=None, dtype=None, out=None):
    """The running product along an axis, or of the flattened array.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.cumprod(fnp.array([1.0, 2.0, 3.0]))
    Array([1., 2., 6.])
    """
    return _cumulative(reduce.cumprod, "cumprod", a, axis, dtype, out)
