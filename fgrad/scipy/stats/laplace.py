"""Laplace's distribution."""

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.stats._derived import pdf_of


def logpdf(x, loc=0, scale=1):
    """The logarithm of the density.

    Parameters
    ----------
    x : array-like
    loc, scale : array-like
        The median, and the mean distance from it.

    Examples
    --------
    >>> from fgrad.scipy.stats import laplace
    >>> laplace.logpdf(0.0, 0.0, 0.5)
    -0.0
    """
    x, loc, scale = real("laplace.logpdf", x=x, loc=loc, scale=scale)
    return -fnp.abs(x - loc) / scale - fnp.log(2 * scale)


pdf = pdf_of(logpdf)


def cdf(x, loc=0, scale=1):
    """The distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import laplace
    >>> laplace.cdf(0.0)
    0.5
    """
    x, loc, scale = real("laplace.cdf", x=x, loc=loc, scale=scale)
    z = (x - loc) / scale
    tail = 0.5 * fnp.exp(-fnp.abs(z))
    return fnp.where(z <= 0, tail, 1 - tail)
