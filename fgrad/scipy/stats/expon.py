"""The exponential distribution."""

import math

import fgrad.numpy as fnp
from fgrad.nn import log1mexp
from fgrad.scipy._arguments import real
from fgrad.scipy.stats._derived import pdf_of, sf_of


def logpdf(x, loc=0, scale=1):
    """The logarithm of the density.

    Parameters
    ----------
    x : array-like
    loc, scale : array-like
        Where it begins, and its mean from there.

    Examples
    --------
    >>> from fgrad.scipy.stats import expon
    >>> expon.logpdf(1.0)
    -1.0
    """
    x, loc, scale = real("expon.logpdf", x=x, loc=loc, scale=scale)
    return fnp.where(x < loc, -math.inf, (loc - x) / scale - fnp.log(scale))


def logsf(x, loc=0, scale=1):
    """The logarithm of one minus the distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import expon
    >>> expon.logsf(1.0)
    -1.0
    """
    x, loc, scale = real("expon.logsf", x=x, loc=loc, scale=scale)
    return fnp.where(x < loc, 0.0, (loc - x) / scale)


pdf = pdf_of(logpdf)
sf = sf_of(logsf)


def cdf(x, loc=0, scale=1):
    """The distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import expon
    >>> expon.cdf(0.0)
    0.0
    """
    return 0.0 - fnp.expm1(logsf(x, loc, scale))


def logcdf(x, loc=0, scale=1):
    """The logarithm of the distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import expon
    >>> round(expon.logcdf(1.0), 6)
    -0.458675
    """
    x, loc, scale = real("expon.logcdf", x=x, loc=loc, scale=scale)
    outside = x <= loc
    z = fnp.where(outside, 1.0, (x - loc) / scale)
    return fnp.where(outside, -math.inf, log1mexp(z))


def ppf(q, loc=0, scale=1):
    """The inverse of `cdf`; NaN where `q` is no probability.

    Examples
    --------
    >>> from fgrad.scipy.stats import expon
    >>> expon.ppf(0.0, 2.0)
    2.0
    """
    q, loc, scale = real("expon.ppf", q=q, loc=loc, scale=scale)
    outside = (q < 0) | (q > 1)
    size = loc - scale * fnp.log1p(-fnp.where(outside, 0.5, q))
    return fnp.where(outside, math.nan, size)
