"""The normal distribution, of which only an interval is left."""

import math

import fgrad.numpy as fnp
from fgrad.nn import log1mexp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import log_ndtr, ndtr
from fgrad.scipy.stats import norm
from fgrad.scipy.stats._derived import cdf_of, pdf_of, sf_of


def _log_mass(a, b):
    """The logarithm of the normal probability of an interval, exact in both tails."""
    right = a > 0
    a, b = fnp.where(right, -b, a), fnp.where(right, -a, b)
    tail = b <= 0
    upper = log_ndtr(fnp.where(tail, b, -1.0))
    lower = log_ndtr(fnp.where(tail, a, -2.0))
    outer = ndtr(fnp.where(tail, -1.0, a)) + ndtr(fnp.where(tail, -1.0, -b))
    return fnp.where(tail, upper + log1mexp(upper - lower), fnp.log1p(-outer))


def logpdf(x, a, b, loc=0, scale=1):
    """The logarithm of the density, by SciPy; NaN where the interval is empty.

    Parameters
    ----------
    x : array-like
    a, b : array-like
        The ends of the interval, in standard deviations from the mean.
    loc, scale : array-like
        The mean and the standard deviation of the whole distribution.

    Examples
    --------
    >>> from fgrad.scipy.stats import truncnorm
    >>> truncnorm.logpdf(0.0, -1.0, 1.0).round(6)
    np.float64(-0.537223)
    """
    x, a, b, loc, scale = real("truncnorm.logpdf", x=x, a=a, b=b, loc=loc, scale=scale)
    z = (x - loc) / scale
    size = norm.logpdf(x, loc, scale) - _log_mass(a, b)
    size = fnp.where((z < a) | (z > b), -math.inf, size)
    return fnp.where(a >= b, math.nan, size)


def logcdf(x, a, b, loc=0, scale=1):
    """The logarithm of the distribution function, by SciPy; NaN where the interval is empty.

    Examples
    --------
    >>> from fgrad.scipy.stats import truncnorm
    >>> round(truncnorm.logcdf(0.0, -1.0, 1.0), 6)
    -0.693147
    """
    x, a, b, loc, scale = real("truncnorm.logcdf", x=x, a=a, b=b, loc=loc, scale=scale)
    z = (x - loc) / scale
    left, right = z <= a, z >= b
    z = fnp.where(left | right, 0.5 * (fnp.maximum(a, -9.0) + fnp.minimum(b, 9.0)), z)
    whole = _log_mass(a, b)
    below, above = _log_mass(a, z) - whole, _log_mass(z, b) - whole
    # near one it is the other side that is known exactly
    high = below > -0.1
    size = fnp.where(high, fnp.log1p(-fnp.exp(fnp.where(high, above, -1.0))), below)
    size = fnp.where(left, -math.inf, fnp.where(right, 0.0, size))
    return fnp.where(a >= b, math.nan, size)


def logsf(x, a, b, loc=0, scale=1):
    """The logarithm of one minus the distribution function, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import truncnorm
    >>> round(truncnorm.logsf(0.0, -1.0, 1.0), 6)
    -0.693147
    """
    x, a, b, loc, scale = real("truncnorm.logsf", x=x, a=a, b=b, loc=loc, scale=scale)
    return logcdf(-x, -b, -a, -loc, scale)


pdf = pdf_of(logpdf)
cdf = cdf_of(logcdf)
sf = sf_of(logsf)
