"""Products with logarithms, as in entropies; log-odds and power transformations."""

import math

import fgrad.numpy as fnp
from fgrad.numpy._face import public
from fgrad.primitives import entropy
from fgrad.scipy._arguments import inexact_values, real, real_values


@public
def xlogy(x, y):
    """``x log(y)``, zero where `x` is; its derivative by `x` is ``log(y)`` there too.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.xlogy(0.0, 0.0)
    0.0
    """
    return entropy.xlogy(*inexact_values("xlogy", x=x, y=y))


@public
def xlog1py(x, y):
    """``x log1p(y)``, zero where `x` is.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.xlog1py(0.0, -1.0)
    0.0
    """
    return entropy.xlog1py(*inexact_values("xlog1py", x=x, y=y))


@public
def entr(x):
    """``-x log(x)``, zero at zero and minus infinity below.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.entr(1.0)
    -0.0
    """
    return entropy.entr(real_values("entr", x=x))


@public
def logit(x):
    """``log(x / (1 - x))``, the inverse of `expit`.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.logit(0.5)
    0.0
    """
    return entropy.logit(inexact_values("logit", x=x))


def rel_entr(p, q):
    """``p log(p / q)``, zero where `p` is and infinite where a number is negative.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.rel_entr(0.0, 0.5)
    0.0
    """
    p, q = real("rel_entr", p=p, q=q)
    inside = (p > 0) & (q > 0)
    safe_p, safe_q = fnp.where(inside, p, 1.0), fnp.where(inside, q, 1.0)
    size = -entr(safe_p) - xlogy(safe_p, safe_q)
    return fnp.where((p == 0) & (q >= 0), 0.0, fnp.where(inside, size, math.inf))


def kl_div(p, q):
    """``p log(p / q) - p + q``.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.kl_div(1.0, 1.0)
    0.0
    """
    p, q = real("kl_div", p=p, q=q)
    return rel_entr(p, q) - p + q


def _power(logarithm, lmbda):
    flat = lmbda == 0
    safe = fnp.where(flat, 1.0, lmbda)
    return fnp.where(flat, logarithm, fnp.expm1(safe * logarithm) / safe)


def boxcox(x, lmbda):
    """``(x**lmbda - 1) / lmbda``, and ``log(x)`` where `lmbda` is zero.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.boxcox(1.0, 2.0)
    0.0
    """
    x, lmbda = real("boxcox", x=x, lmbda=lmbda)
    return _power(fnp.log(x), lmbda)


def boxcox1p(x, lmbda):
    """`boxcox` of ``1 + x``.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.boxcox1p(0.0, 2.0)
    0.0
    """
    x, lmbda = real("boxcox1p", x=x, lmbda=lmbda)
    return _power(fnp.log1p(x), lmbda)
