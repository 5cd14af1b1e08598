"""The logistic distribution."""

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import expit, logit
from fgrad.scipy.stats._derived import pdf_of


def logpdf(x, loc=0, scale=1):
    """The logarithm of the density.

    Parameters
    ----------
    x : array-like
    loc, scale : array-like
        The median, and a factor.

    Examples
    --------
    >>> from fgrad.scipy.stats import logistic
    >>> round(logistic.logpdf(0.0), 6)
    -1.386294
    """
    x, loc, scale = real("logistic.logpdf", x=x, loc=loc, scale=scale)
    half = 0.5 * (x - loc) / scale
    return -2 * fnp.logaddexp(half, -half) - fnp.log(scale)


pdf = pdf_of(logpdf)


def cdf(x, loc=0, scale=1):
    """The distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import logistic
    >>> logistic.cdf(0.0)
    0.5
    """
    x, loc, scale = real("logistic.cdf", x=x, loc=loc, scale=scale)
    return expit((x - loc) / scale)


def sf(x, loc=0, scale=1):
    """One minus the distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import logistic
    >>> logistic.sf(0.0)
    0.5
    """
    x, loc, scale = real("logistic.sf", x=x, loc=loc, scale=scale)
    return expit((loc - x) / scale)


def ppf(x, loc=0, scale=1):
    """The inverse of `cdf`, of probabilities `x`.

    Examples
    --------
    >>> from fgrad.scipy.stats import logistic
    >>> logistic.ppf(0.5, 2.0)
    2.0
    """
    x, loc, scale = real("logistic.ppf", x=x, loc=loc, scale=scale)
    return logit(x) * scale + loc


def isf(x, loc=0, scale=1):
    """The inverse of `sf`, of probabilities `x`.

    Examples
    --------
    >>> from fgrad.scipy.stats import logistic
    >>> logistic.isf(0.5, 2.0)
    2.0
    """
    x, loc, scale = real("logistic.isf", x=x, loc=loc, scale=scale)
    return loc - logit(x) * scale
