"""Reductions that leave NaN out."""

import functools
import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy import _reduce
from fgrad.numpy._face import public, refuse, unweak, value
from fgrad.numpy._reduce import corrected, mask_for, mean_values, reduced, root, var_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts, reduce


def _filled(name, a, fill):
    """The value with NaN replaced, and where they were (None for integers)."""
    x = unweak(value(a, name))
    dtype = get_aval(x).dtype
    if dtype.kind not in "fc":
        return x, None
    missing = ew.isnan(x)
    return parts.select(missing, dtype.type(fill), x), missing


def _of_filled(name, fill, text, call, result):
    """The reduction or running reduction of `_reduce`, of what remains."""
    plain = getattr(_reduce, name.removeprefix("nan"))

    @public
    @functools.wraps(plain)
    def fun(a, axis=None, dtype=None, out=None, *options, **named):
        return value(plain(_filled(name, a, fill)[0], axis, dtype, out, *options, **named))

    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = f"""{text} Parameters are those of `{name.removeprefix("nan")}`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.{call}
    {result}
    """
    return fun


nansum = _of_filled(
    "nansum", 0, "The sum over axes, without NaN.", "nansum([1.0, fnp.nan])", "np.float64(1.0)"
)
nanprod = _of_filled(
    "nanprod",
    1,
    "The product over axes, without NaN.",
    "nanprod([2.0, fnp.nan])",
    "np.float64(2.0)",
)
nancumsum = _of_filled(
    "nancumsum", 0, "The running sum, without NaN.", "nancumsum([1.0, fnp.nan])", "Array([1., 1.])"
)
nancumprod = _of_filled(
    "nancumprod",
    1,
    "The running product, without NaN.",
    "nancumprod([2.0, fnp.nan])",
    "Array([2., 2.])",
)


def _extreme(name, fill, text):
    plain = getattr(_reduce, name.removeprefix("nan"))

    @public
    def fun(a, axis=None, out=None, keepdims=False, initial=None, where=None):
        x, missing = _filled(name, a, fill)
        result = value(plain(x, axis, out, keepdims, initial, where))
        if missing is None or initial is not None:
            return result
        nothing = reduced(reduce.reduce_and, missing, axis, keepdims)
        return parts.select(nothing, get_aval(x).dtype.type(math.nan), result)

    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = f"""{text} NaN where there is nothing else. Parameters are those of `max`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.{name}([fnp.nan, 1.0])
    np.float64(1.0)
    """
    return fun


nanmax = _extreme("nanmax", -math.inf, "The largest element over axes, without NaN.")
nanmin = _extreme("nanmin", math.inf, "The smallest element over axes, without NaN.")


def _arg(name, fill, text):
    plain = getattr(_reduce, name.removeprefix("nan"))

    @public
    def fun(a, axis=None, out=None, keepdims=False):
        return value(plain(_filled(name, a, fill)[0], axis, out, keepdims))

    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = f"""{text} Of nothing but NaN it is 0.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.{name}([fnp.nan, 1.0])
    np.int64(1)
    """
    return fun


nanargmax = _arg("nanargmax", -math.inf, "The index of the first largest element, without NaN.")
nanargmin = _arg("nanargmin", math.inf, "The index of the first smallest element, without NaN.")


def _present(name, a, where, dtype):
    """The value, and which elements count (None for all)."""
    x, missing = _filled(name, a, 0)
    if missing is None:
        return x, where
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise TypeError(located(f"{name}: NaN need an inexact dtype; got {np.dtype(dtype)}"))
    present = ew.logical_not(missing)
    return x, present if where is None else ew.logical_and(present, mask_for(x, where))


@public
def nanmean(a, axis=None, dtype=None, out=None, keepdims=False, where=None):
    """The mean over axes of what is not NaN. Parameters are those of `mean`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.nanmean(fnp.array([1.0, fnp.nan, 3.0]))
    np.float64(2.0)
    """
    refuse("nanmean", out=out)
    x, where = _present("nanmean", a, where, dtype)
    return mean_values(x, axis, keepdims, dtype, where)


@public
def nanvar(
    a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, where=None, mean=None,
    correction=None,
):  # fmt: skip
    """The variance over axes of what is not NaN. Parameters are those of `var`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.nanvar(fnp.array([1.0, fnp.nan, 3.0]))
    np.float64(1.0)
    """
    refuse("nanvar", out=out)
    ddof = corrected("nanvar", ddof, correction)
    x, where = _present("nanvar", a, where, dtype)
    nothing = math.nan if get_aval(x).inexact else None  # NumPy's nanvar of integers is its var
    return var_values(x, axis, dtype, ddof, keepdims, where, mean, nothing)


@public
def nanstd(
    a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, where=None, mean=None,
    correction=None,
):  # fmt: skip
    """The standard deviation over axes of what is not NaN. Parameters are those of `var`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.nanstd(fnp.array([1.0, fnp.nan, 3.0]))
    np.float64(1.0)
    """
    refuse("nanstd", out=out)
    ddof = corrected("nanstd", ddof, correction)
    x, where = _present("nanstd", a, where, dtype)
    nothing = math.nan if get_aval(x).inexact else None
    return root(var_values(x, axis, dtype, ddof, keepdims, where, mean, nothing))
