"""The gamma distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import gammainc, gammaincc, gammaln, xlogy
from fgrad.scipy.stats._derived import logcdf_of, logsf_of, pdf_of


def logpdf(x, a, loc=0, scale=1):
    """The logarithm of the density, by SciPy.

    Parameters
    ----------
    x : array-like
    a : array-like
        The parameter; positive.
    loc, scale : array-like

    Examples
    --------
    >>> from fgrad.scipy.stats import gamma
    >>> gamma.logpdf(1.0, 1.0)
    -1.0
    """
    x, a, loc, scale = real("gamma.logpdf", x=x, a=a, loc=loc, scale=scale)
    outside = x < loc
    y = fnp.where(outside, 1.0, (x - loc) / scale)
    size = xlogy(a - 1, y) - y - gammaln(a) - fnp.log(scale)
    return fnp.where(outside, -math.inf, size)


pdf = pdf_of(logpdf)


def cdf(x, a, loc=0, scale=1):
    """The distribution function, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import gamma
    >>> gamma.cdf(0.0, 2.0)
    0.0
    """
    x, a, loc, scale = real("gamma.cdf", x=x, a=a, loc=loc, scale=scale)
    outside = x < loc
    return fnp.where(outside, 0.0, gammainc(a, fnp.where(outside, 1.0, (x - loc) / scale)))


def sf(x, a, loc=0, scale=1):
    """One minus the distribution function, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import gamma
    >>> gamma.sf(0.0, 2.0)
    1.0
    """
    x, a, loc, scale = real("gamma.sf", x=x, a=a, loc=loc, scale=scale)
    outside = x < loc
    return fnp.where(outside, 1.0, gammaincc(a, fnp.where(outside, 1.0, (x - loc) / scale)))


logcdf = logcdf_of(cdf)
logsf = logsf_of(sf)
