"""The Cauchy distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.stats._derived import logcdf_of, logsf_of, pdf_of


def logpdf(x, loc=0, scale=1):
    """The logarithm of the density.

    Parameters
    ----------
    x : array-like
    loc, scale : array-like
        The median, and half the range of the middle half.

    Examples
    --------
    >>> from fgrad.scipy.stats import cauchy
    >>> round(cauchy.logpdf(0.0), 6)
    -1.14473
    """
    x, loc, scale = real("cauchy.logpdf", x=x, loc=loc, scale=scale)
    z = (x - loc) / scale
    return -fnp.log(math.pi * scale) - fnp.log1p(z * z)


pdf = pdf_of(logpdf)


def cdf(x, loc=0, scale=1):
    """The distribution function, exact far left too.

    Examples
    --------
    >>> from fgrad.scipy.stats import cauchy
    >>> cauchy.cdf(0.0)
    0.5
    """
    x, loc, scale = real("cauchy.cdf", x=x, loc=loc, scale=scale)
    return fnp.arctan2(1.0, (loc - x) / scale) / math.pi


def sf(x, loc=0, scale=1):
    """One minus the distribution function, exact far right too.

    Examples
    --------
    >>> from fgrad.scipy.stats import cauchy
    >>> cauchy.sf(0.0)
    0.5
    """
    x, loc, scale = real("cauchy.sf", x=x, loc=loc, scale=scale)
    return fnp.arctan2(1.0, (x - loc) / scale) / math.pi


logcdf = logcdf_of(cdf)
logsf = logsf_of(sf)


def _quantile(p):
    """The place of a probability, which is given less one half."""
    return fnp.tan(math.pi * fnp.where(fnp.abs(p) > 0.5, math.nan, p))


def ppf(q, loc=0, scale=1):
    """The inverse of `cdf`; NaN where `q` is no probability.

    Examples
    --------
    >>> from fgrad.scipy.stats import cauchy
    >>> cauchy.ppf(0.5, 2.0)
    2.0
    """
    q, loc, scale = real("cauchy.ppf", q=q, loc=loc, scale=scale)
    return _quantile(q - 0.5) * scale + loc


def isf(q, loc=0, scale=1):
    """The inverse of `sf`; NaN where `q` is no probability.

    Examples
    --------
    >>> from fgrad.scipy.stats import cauchy
    >>> cauchy.isf(0.5, 2.0)
    2.0
    """
    q, loc, scale = real("cauchy.isf", q=q, loc=loc, scale=scale)
    return _quantile(0.5 - q) * scale + loc
