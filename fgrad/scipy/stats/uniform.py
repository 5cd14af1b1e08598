"""The uniform distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.stats._derived import pdf_of


def logpdf(x, loc=0, scale=1):
    """The logarithm of the density.

    Parameters
    ----------
    x : array-like
    loc, scale : array-like
        Where the interval begins, and its length.

    Examples
    --------
    >>> from fgrad.scipy.stats import uniform
    >>> uniform.logpdf(0.5)
    0.0
    """
    x, loc, scale = real("uniform.logpdf", x=x, loc=loc, scale=scale)
    outside = (x < loc) | (x > loc + scale)
    inside = fnp.where(outside, 0.0, x)  # NaN stays NaN
    return fnp.where(outside, -math.inf, 0 * inside - fnp.log(scale))


pdf = pdf_of(logpdf)


def cdf(x, loc=0, scale=1):
    """The distribution function.

    Examples
    --------
    >>> from fgrad.scipy.stats import uniform
    >>> uniform.cdf(0.5)
    0.5
    """
    x, loc, scale = real("uniform.cdf", x=x, loc=loc, scale=scale)
    return fnp.clip((x - loc) / scale, 0, 1)


def ppf(q, loc=0, scale=1):
    """The inverse of `cdf`; NaN where `q` is no probability.

    Examples
    --------
    >>> from fgrad.scipy.stats import uniform
    >>> uniform.ppf(0.5)
    0.5
    """
    q, loc, scale = real("uniform.ppf", q=q, loc=loc, scale=scale)
    return fnp.where((q < 0) | (q > 1), math.nan, loc + scale * q)
