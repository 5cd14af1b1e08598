"""The normal distribution function and relatives of the error function."""

import math

from fgrad import lax
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public
from fgrad.primitives import error_functions
from fgrad.primitives.elementwise import mul
from fgrad.scipy._arguments import inexact_values, real, real_values


def ndtr(x):
    """The normal distribution function.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.ndtr(0.0)
    0.5
    """
    return 0.5 * lax.erfc(-math.sqrt(0.5) * real("ndtr", x=x))


@public
def ndtri(p):
    """The inverse of `ndtr`, by SciPy.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.ndtri(0.5)
    0.0
    """
    return error_functions.ndtri(real_values("ndtri", p=p))


@public
def log_ndtr(x, series_order=3):
    """The logarithm of `ndtr`, exact far left too, by SciPy.

    Parameters
    ----------
    x : array-like
    series_order : int
        Accepted for compatibility.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> round(special.log_ndtr(-100.0), 6)
    -5005.524209
    """
    return error_functions.log_ndtr(real_values("log_ndtr", x=x))


@public
def erfcx(x):
    """``exp(x**2) erfc(x)``, by SciPy; of complex numbers too.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.erfcx(0.0)
    1.0
    """
    x = inexact_values("erfcx", x=x)
    if get_aval(x).dtype.kind == "c":
        return error_functions.wofz(mul(1j, x))
    return error_functions.erfcx(x)


@public
def dawsn(x):
    """Dawson's integral ``exp(-x**2)`` times that of ``exp(t**2)`` from zero to `x`, by SciPy.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.dawsn(0.0)
    0.0
    """
    return error_functions.dawsn(real_values("dawsn", x=x))


@public
def wofz(z):
    """Faddeeva's function ``exp(-z**2) erfc(-i z)``, complex, by SciPy.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.wofz(0.0)
    (1+0j)
    """
    return error_functions.wofz(inexact_values("wofz", z=z))


@public
def owens_t(h, a):
    """Owen's T function, by SciPy.

    The chance that one normal number is more than `h` and another between zero and `a` times it.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.owens_t(0.0, 1.0)
    0.125
    """
    return error_functions.owens_t(*real_values("owens_t", h=h, a=a))
