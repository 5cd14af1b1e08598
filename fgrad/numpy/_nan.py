"""Reductions that leave NaN out."""

import math

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy import _reduce
from fgrad.numpy._face import public, refuse, unweak, value
from fgrad.numpy._reduce import mean_values, reduced, var_values
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
    def fun(a, axis=None, dtype=None, out=None, **options):
        return value(plain(_filled(name, a, fill)[0], axis, dtype, out, **options))

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


def _extreme(name, fill, primitive, join, text):
    @public
    def fun(a, axis=None, out=None, keepdims=False, initial=None, where=None):
        refuse(name, out=out)
        x, missing = _filled(name, a, fill)
        if where is not None:
            if initial is None:
                raise ValueError(located(f"{name} with where= needs initial="))
            x = parts.select(value(where, "where"), x, value(initial, "initial"))
        result = reduced(primitive, x, axis, keepdims)
        if missing is not None:
            nothing = reduced(reduce.reduce_and, missing, axis, keepdims)
            result = parts.select(nothing, get_aval(x).dtype.type(math.nan), result)
        return result if initial is None else join(result, value(initial, "initial"))

    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = f"""{text} NaN where there is nothing else. Parameters are those of `max`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.{name}([fnp.nan, 1.0])
    np.float64(1.0)
    """
    return fun


nanmax = _extreme(
    "nanmax", -math.inf, reduce.reduce_max, ew.max, "The largest element over axes, without NaN."
)
nanmin = _extreme(
    "nanmin", math.inf, reduce.reduce_min, ew.min, "The smallest element over axes, without NaN."
)


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


def _present(name, a, where):
    """The value, and which elements count (None for all)."""
    x, missing = _filled(name, a, 0)
    if missing is None:
        return x, where
    present = ew.logical_not(missing)
    return x, present if where is None else ew.logical_and(present, value(where, "where"))


@public
def nanmean(a, axis=None, dtype=None, out=None, keepdims=False, *, where=None):
    """The mean over axes of what is not NaN. Parameters are those of `mean`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.nanmean(fnp.array([1.0, fnp.nan, 3.0]))
    np.float64(2.0)
    """
    refuse("nanmean", out=out)
    x, where = _present("nanmean", a, where)
    return mean_values(x, axis, keepdims, dtype, where)


@public
def nanvar(
    a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=None, mean=None,
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
    ddof = ddof if correction is None else correction
    x, where = _present("nanvar", a, where)
    return var_values(x, axis, dtype, ddof, keepdims, where, mean, math.nan)


@public
def nanstd(
    a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=None, mean=None,
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
    ddof = ddof if correction is None else correction
    x, where = _present("nanstd", a, where)
    return ew.sqrt(var_values(x, axis, dtype, ddof, keepdims, where, mean, math.nan))
