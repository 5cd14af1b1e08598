"""The Gumbel distribution of the smallest of many numbers."""

import math

import fgrad.numpy as fnp
from fgrad.nn import log1mexp
from fgrad.scipy._arguments import real
from fgrad.scipy.stats._derived import cdf_of, pdf_of, sf_of


def _scaled(function, x, loc, scale):
    x, loc, scale = real(f"gumbel_l.{function}", x=x, loc=loc, scale=scale)
    scale = fnp.where(scale > 0, scale, math.nan)
    return (x - loc) / scale, scale


def logpdf(x, loc=0, scale=1):
    """The logarithm of the density; NaN where `scale` is not positive.

    Parameters
    ----------
    x : array-like
    loc, scale : array-like
        The mode, and a factor.

    Examples
    --------
    >>> from fgrad.scipy.stats import gumbel_l
    >>> gumbel_l.logpdf(0.0)
    -1.0
    """
    u, scale = _scaled("logpdf", x, loc, scale)
    return u - fnp.exp(u) - fnp.log(scale)


def logsf(x, loc=0, scale=1):
    """The logarithm of one minus the distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import gumbel_l
    >>> gumbel_l.logsf(0.0)
    -1.0
    """
    return -fnp.exp(_scaled("logsf", x, loc, scale)[0])


def logcdf(x, loc=0, scale=1):
    """The logarithm of the distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import gumbel_l
    >>> round(gumbel_l.logcdf(0.0), 6)
    -0.458675
    """
    return log1mexp(fnp.exp(_scaled("logcdf", x, loc, scale)[0]))


pdf = pdf_of(logpdf)
cdf = cdf_of(logcdf)
sf = sf_of(logsf)


def ppf(p, loc=0, scale=1):
    """The inverse of `cdf`; NaN outside of the open interval from zero to one.

    Examples
    --------
    >>> from fgrad.scipy.stats import gumbel_l
    >>> round(gumbel_l.ppf(0.5), 6)
    -0.366513
    """
    p, loc, scale = real("gumbel_l.ppf", p=p, loc=loc, scale=scale)
    inside = (p > 0) & (p < 1)
    p = fnp.where(inside, p, 0.5)
    return fnp.where(inside, loc + scale * fnp.log(-fnp.log1p(-p)), math.nan)
