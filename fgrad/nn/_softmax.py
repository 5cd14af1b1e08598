"""Sums of exponentials, and what is normalised by them."""

import math

import numpy as np

from fgrad.core.trace import get_aval
from fgrad.numpy._face import axes_of, public, unweak, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.primitives import elementwise as ew
from fgrad.primitives.parts import abs, real, select, sign
from fgrad.primitives.reduce import kept_shape, reduce_max, reduce_sum
from fgrad.primitives.shape import astype, broadcast_to, reshape, stop_gradient


def _largest(x, axes):
    """The largest real part over axes, which are kept; minus infinity of nothing."""
    x = real(stop_gradient(x))
    shape = get_aval(x).shape
    if any(shape[a] == 0 for a in axes):
        return np.full(kept_shape(shape, axes), -math.inf, get_aval(x).dtype)
    return reduce_max(x, axes=axes, keepdims=True)


def _shifted(x, axis, where):
    """`x` (masked by minus infinity) less its maximum over axes, and those axes."""
    aval = get_aval(x)
    axes = axes_of(axis, aval.ndim)
    if where is None:
        return ew.sub(x, _largest(x, axes)), axes
    x = select(where, x, aval.dtype.type(-math.inf))
    return ew.sub(x, _finite(_largest(x, axes))), axes


def _finite(x):
    """Zero in place of what is infinite: of nothing, the largest is."""
    return select(ew.is_finite(x), x, get_aval(x).dtype.type(0))


def _sum(x, axes, where):
    """A sum of exponentials; one where no element counts, which makes its derivative zero."""
    total = reduce_sum(x, axes=axes, keepdims=True)
    return total if where is None else select(ew.eq(total, 0), get_aval(total).dtype.type(1), total)


def _mask(where):
    return None if where is None else value(where, "where")


@public
def softmax(x, axis=-1, where=None):
    """``exp(x) / sum(exp(x))`` along axes, without overflow.

    Parameters
    ----------
    x : array-like
    axis : int, tuple of int or None
    where : array-like of bool, optional
        The elements that count; the others get 0.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.softmax([0.0, 0.0])
    Array([0.5, 0.5])
    """
    v, where = as_inexact(unweak(value(x, "softmax"))), _mask(where)
    shifted, axes = _shifted(v, axis, where)
    e = ew.exp(shifted)
    return ew.div(e, _sum(e, axes, where))


@public
def log_softmax(x, axis=-1, where=None):
    """The logarithm of `softmax`, without underflow; minus infinity where elements do not count.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.log_softmax([0.0, -1000.0])
    Array([    0., -1000.])
    """
    v, where = as_inexact(unweak(value(x, "log_softmax"))), _mask(where)
    shifted, axes = _shifted(v, axis, where)
    out = ew.sub(shifted, ew.log(_sum(ew.exp(shifted), axes, where)))
    return out if where is None else select(where, out, get_aval(out).dtype.type(-math.inf))


def logsumexp_values(x, axis, b, keepdims, where):
    """The logarithm of a sum of exponentials of a value or tracer, and the sign of the sum."""
    if b is not None:
        b = as_inexact(b)
        shape = np.broadcast_shapes(get_aval(x).shape, get_aval(b).shape)
        dtype = np.result_type(get_aval(x).dtype, get_aval(b).dtype)
        x, b = (broadcast_to(astype(v, dtype), shape) for v in (x, b))
        counted = ew.ne(b, 0)
        where = counted if where is None else ew.logical_and(where, counted)
    aval = get_aval(x)
    axes = axes_of(axis, aval.ndim)
    if where is not None:
        x = select(where, x, aval.dtype.type(-math.inf))
    largest = _finite(_largest(x, axes))
    e = ew.exp(ew.sub(x, largest))
    total = _sum(e if b is None else ew.mul(e, b), axes, None)
    signs = sign(total)
    if b is not None and aval.dtype.kind != "c":
        total = abs(total)
    if where is None:
        out = ew.add(ew.log(total), largest)
    else:
        nothing, number = ew.eq(total, 0), get_aval(total).dtype.type
        out = ew.add(ew.log(select(nothing, number(1), total)), largest)
        out = select(nothing, number(-math.inf), out)
    if not keepdims:
        shape = tuple(n for i, n in enumerate(aval.shape) if i not in axes)
        out, signs = (reshape(v, new_sizes=shape) for v in (out, signs))
    return out, signs


@public
def logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False, where=None):
    """``log(sum(b * exp(a)))`` over axes, without overflow.

    Parameters
    ----------
    a : array-like
    axis : int, tuple of int or None
    b : array-like, optional
        Factors; they may be negative.
    keepdims : bool
    return_sign : bool
        Whether to give the logarithm of the absolute value and the sign of the sum; otherwise a
        negative sum gives NaN.
    where : array-like of bool, optional
        The elements to include.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.logsumexp([1000.0, 1000.0])
    np.float64(1000.6931471805599)
    """
    x = as_inexact(unweak(value(a, "logsumexp")))
    b = None if b is None else unweak(value(b, "logsumexp: b"))
    out, signs = logsumexp_values(x, axis, b, keepdims, _mask(where))
    if return_sign:
        return (real(out) if get_aval(out).dtype.kind == "c" else out), signs
    if b is not None and get_aval(out).dtype.kind != "c":
        out = select(ew.lt(signs, 0), get_aval(out).dtype.type(math.nan), out)
    return out


@public
def logmeanexp(x, axis=None, where=None, keepdims=False):
    """``log(mean(exp(x)))`` over axes, without overflow.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.logmeanexp([1000.0, 1000.0])
    np.float64(1000.0)
    """
    v, where = as_inexact(unweak(value(x, "logmeanexp"))), _mask(where)
    out, _ = logsumexp_values(v, axis, None, keepdims, where)
    aval = get_aval(v)
    axes = axes_of(axis, aval.ndim)
    if where is None:
        return ew.sub(out, math.log(math.prod(aval.shape[a] for a in axes)))
    count = reduce_sum(astype(broadcast_to(where, aval.shape), aval.dtype), axes=axes)
    return ew.sub(out, ew.log(reshape(count, new_sizes=get_aval(out).shape)))


@public
def log1mexp(x):
    """``log(1 - exp(-x))`` for positive x, accurate near zero and far from it.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.log1mexp(1e-20)
    -46.051701859880914

    References
    ----------
    Mächler: Accurately computing log(1 - exp(-|a|)) (2012).
    """
    v = as_inexact(value(x, "log1mexp"))
    near = ew.lt(v, math.log(2))
    small, large = select(near, v, 1.0), select(near, 1.0, v)
    close = ew.log(ew.neg(ew.expm1(ew.neg(small))))
    return select(near, close, ew.log1p(ew.neg(ew.exp(ew.neg(large)))))
