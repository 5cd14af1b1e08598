"""The beta distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import betainc, betaln, xlog1py, xlogy
from fgrad.scipy.stats._derived import logcdf_of, logsf_of, pdf_of


def logpdf(x, a, b, loc=0, scale=1):
    """The logarithm of the density, by SciPy; NaN where a parameter is not positive.

    Parameters
    ----------
    x : array-like
    a, b : array-like
        The parameters.
    loc, scale : array-like
        Where the interval begins, and its length.

    Examples
    --------
    >>> from fgrad.scipy.stats import beta
    >>> beta.logpdf(0.5, 1.0, 1.0)
    0.0
    """
    x, a, b, loc, scale = real("beta.logpdf", x=x, a=a, b=b, loc=loc, scale=scale)
    y = (x - loc) / scale
    outside = (y < 0) | (y > 1)
    y = fnp.where(outside, 0.5, y)
    size = xlogy(a - 1, y) + xlog1py(b - 1, -y) - betaln(a, b) - fnp.log(scale)
    valid = (a > 0) & (b > 0) & (scale > 0)
    return fnp.where(valid, fnp.where(outside, -math.inf, size), math.nan)


pdf = pdf_of(logpdf)


def cdf(x, a, b, loc=0, scale=1):
    """The distribution function, by SciPy. There are no derivatives by `a` and `b`.

    Examples
    --------
    >>> from fgrad.scipy.stats import beta
    >>> beta.cdf(0.5, 1.0, 1.0)
    0.5
    """
    x, a, b, loc, scale = real("beta.cdf", x=x, a=a, b=b, loc=loc, scale=scale)
    return betainc(a, b, fnp.clip((x - loc) / scale, 0, 1))


def sf(x, a, b, loc=0, scale=1):
    """One minus the distribution function, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import beta
    >>> beta.sf(0.5, 1.0, 1.0)
    0.5
    """
    x, a, b, loc, scale = real("beta.sf", x=x, a=a, b=b, loc=loc, scale=scale)
    return betainc(b, a, 1 - fnp.clip((x - loc) / scale, 0, 1))


logcdf = logcdf_of(cdf)
logsf = logsf_of(sf)
