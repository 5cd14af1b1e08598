"""Pareto's distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.stats._derived import logcdf_of, pdf_of, sf_of


def _scaled(function, x, b, loc, scale):
    """The arguments, ``log((x - loc) / scale)``, and where that is negative; zero there."""
    x, b, loc, scale = real(f"pareto.{function}", x=x, b=b, loc=loc, scale=scale)
    outside = x < loc + scale
    return b, scale, fnp.log(fnp.where(outside, 1.0, (x - loc) / scale)), outside


def logpdf(x, b, loc=0, scale=1):
    """The logarithm of the density.

    Parameters
    ----------
    x : array-like
    b : array-like
        The power; positive.
    loc, scale : array-like
        The least number is the sum of both.

    Examples
    --------
    >>> from fgrad.scipy.stats import pareto
    >>> pareto.logpdf(1.0, 1.0)
    0.0
    """
    b, scale, log, outside = _scaled("logpdf", x, b, loc, scale)
    return fnp.where(outside, -math.inf, fnp.log(b) - fnp.log(scale) - (b + 1) * log)


def logsf(x, b, loc=0, scale=1):
    """The logarithm of one minus the distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import pareto
    >>> round(pareto.logsf(2.0, 1.0), 6)
    -0.693147
    """
    b, _, log, _ = _scaled("logsf", x, b, loc, scale)
    return 0.0 - b * log


def cdf(x, b, loc=0, scale=1):
    """The distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import pareto
    >>> pareto.cdf(1.0, 1.0)
    0.0
    """
    return 0.0 - fnp.expm1(logsf(x, b, loc, scale))


pdf = pdf_of(logpdf)
sf = sf_of(logsf)
logcdf = logcdf_of(cdf)


def ppf(q, b, loc=0, scale=1):
    """The inverse of `cdf`; NaN where `q` is no probability.

    Examples
    --------
    >>> from fgrad.scipy.stats import pareto
    >>> pareto.ppf(0.5, 1.0).round(6)
    np.float64(2.0)
    """
    q, b, loc, scale = real("pareto.ppf", q=q, b=b, loc=loc, scale=scale)
    outside = (q < 0) | (q > 1)
    log = fnp.log1p(-fnp.where(outside, 0.5, q))
    return fnp.where(outside, math.nan, loc + scale * fnp.exp(-log / b))
