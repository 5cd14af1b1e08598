"""The normal distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import log_ndtr, ndtr, ndtri
from fgrad.scipy.stats._derived import pdf_of


def logpdf(x, loc=0, scale=1):
    """The logarithm of the density.

    Parameters
    ----------
    x : array-like
    loc, scale : array-like
        The mean and the standard deviation.

    Examples
    --------
    >>> from fgrad.scipy.stats import norm
    >>> norm.logpdf(0.0).round(6)
    np.float64(-0.918939)
    """
    x, loc, scale = real("norm.logpdf", x=x, loc=loc, scale=scale)
    z = (x - loc) / scale
    return -0.5 * z * z - fnp.log(scale) - 0.5 * math.log(2 * math.pi)


pdf = pdf_of(logpdf)


def cdf(x, loc=0, scale=1):
    """The distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import norm
    >>> norm.cdf(1.0, 1.0)
    0.5
    """
    x, loc, scale = real("norm.cdf", x=x, loc=loc, scale=scale)
    return ndtr((x - loc) / scale)


def logcdf(x, loc=0, scale=1):
    """The logarithm of the distribution function, exact far left too, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import norm
    >>> round(norm.logcdf(-100.0), 6)
    -5005.524209
    """
    x, loc, scale = real("norm.logcdf", x=x, loc=loc, scale=scale)
    return log_ndtr((x - loc) / scale)


def sf(x, loc=0, scale=1):
    """One minus the distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import norm
    >>> norm.sf(1.0, 1.0)
    0.5
    """
    x, loc, scale = real("norm.sf", x=x, loc=loc, scale=scale)
    return ndtr((loc - x) / scale)


def logsf(x, loc=0, scale=1):
    """The logarithm of `sf`, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import norm
    >>> round(norm.logsf(100.0), 6)
    -5005.524209
    """
    x, loc, scale = real("norm.logsf", x=x, loc=loc, scale=scale)
    return log_ndtr((loc - x) / scale)


def ppf(q, loc=0, scale=1):
    """The inverse of `cdf`, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import norm
    >>> norm.ppf(0.5, 2.0)
    2.0
    """
    q, loc, scale = real("norm.ppf", q=q, loc=loc, scale=scale)
    return ndtri(q) * scale + loc


def isf(q, loc=0, scale=1):
    """The inverse of `sf`, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import norm
    >>> norm.isf(0.5, 2.0)
    2.0
    """
    q, loc, scale = real("norm.isf", q=q, loc=loc, scale=scale)
    return loc - ndtri(q) * scale
