"""Integrals of elementary functions, by SciPy."""

from fgrad.numpy._face import public
from fgrad.primitives import integrals
from fgrad.scipy._arguments import real_values


@public
def expi(x):
    """The integral of ``exp(t) / t`` up to `x`.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> round(special.expi(1.0), 6)
    1.895118
    """
    return integrals.expi(real_values("expi", x=x))


@public
def expn(n, x):
    """The integral of ``exp(-x t) / t**n`` from one on.

    Parameters
    ----------
    n : array-like
        Whole numbers, not negative. There is no derivative by it.
    x : array-like
        Not negative.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.expn(2, 0.0)
    1.0
    """
    return integrals.expn(*real_values("expn", n=n, x=x))


@public
def exp1(x):
    """`expn` of order one.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> round(special.exp1(1.0), 6)
    0.219384
    """
    return integrals.expn(1.0, real_values("exp1", x=x))


@public
def sici(x):
    """The integrals of ``sin(t) / t`` from zero and of ``cos(t) / t`` from infinity to ``|x|``.

    The first has the sign of `x`.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> round(special.sici(1.0)[0], 6)
    0.946083
    """
    x = real_values("sici", x=x)
    return integrals.sine_integral(x), integrals.cosine_integral(x)


@public
def fresnel(x):
    """The integrals of ``sin(pi t**2 / 2)`` and ``cos(pi t**2 / 2)`` from zero to `x`.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.fresnel(0.0)
    (0.0, 0.0)
    """
    x = real_values("fresnel", x=x)
    return integrals.fresnel_s(x), integrals.fresnel_c(x)


@public
def spence(x):
    """The integral of ``log(t) / (1 - t)`` from one to `x`: the dilogarithm of ``1 - x``.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.spence(1.0)
    0.0
    """
    return integrals.spence(real_values("spence", x=x))
