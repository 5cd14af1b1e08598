"""Choosing: where, clip, and sorting."""

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, value
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts


@public
def where(condition, x=None, y=None, /):
    """Elements of `x` where a condition holds, of `y` elsewhere.

    Parameters
    ----------
    condition : array-like of bool
    x, y : array-like
        Broadcast with the condition and promoted.

    Returns
    -------
    array
        The derivative flows through the chosen elements alone.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.where(fnp.array([True, False]), 1.0, 2.0)
    Array([1., 2.])
    """
    if x is None or y is None:
        raise ValueError(located("where: give both x and y, or use nonzero"))
    c = value(condition, "where")
    c = c if get_aval(c).dtype.kind == "b" else ew.ne(c, 0)
    return parts.select(c, value(x, "where"), value(y, "where"))


def clip_values(x, low, high):
    """NumPy's clip of a value or tracer; the derivative at a bound is that of minimum and maximum."""
    if low is not None:
        x = ew.max(low, x)
    return x if high is None else ew.min(high, x)


@public
def clip(arr, min=None, max=None):
    """Elements brought between bounds.

    Parameters
    ----------
    arr : array-like
    min, max : array-like or None
        None for no bound on that side.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.clip(fnp.array([-1.0, 0.5, 2.0]), 0.0, 1.0)
    Array([0. , 0.5, 1. ])
    """
    low = None if min is None else value(min, "clip")
    high = None if max is None else value(max, "clip")
    return clip_values(value(arr, "clip"), low, high)
