"""The Bernoulli distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import xlog1py, xlogy
from fgrad.scipy.stats._derived import pmf_of


def logpmf(k, p, loc=0):
    """The logarithm of the probability.

    Parameters
    ----------
    k : array-like
    p : array-like
        The probability of one.
    loc : array-like

    Examples
    --------
    >>> from fgrad.scipy.stats import bernoulli
    >>> bernoulli.logpmf(1.0, 1.0)
    0.0
    """
    k, p, loc = real("bernoulli.logpmf", k=k, p=p, loc=loc)
    x = k - loc
    size = xlogy(x, p) + xlog1py(1 - x, -p)
    return fnp.where((x < 0) | (x > 1), -math.inf, size)


pmf = pmf_of(logpmf)


def _outside(p):
    return fnp.isnan(p) | (p < 0) | (p > 1)


def cdf(k, p):
    """The distribution function; NaN where `p` is no probability.

    Examples
    --------
    >>> from fgrad.scipy.stats import bernoulli
    >>> bernoulli.cdf(0.0, 0.25)
    0.75
    """
    k, p = real("bernoulli.cdf", k=k, p=p)
    size = fnp.where(k >= 1, 1.0, fnp.where(k < 0, 0.0, 1 - p))
    return fnp.where(fnp.isnan(k) | _outside(p), math.nan, size)


def ppf(q, p):
    """The inverse of `cdf`; NaN where a number is no probability.

    Examples
    --------
    >>> from fgrad.scipy.stats import bernoulli
    >>> bernoulli.ppf(0.5, 0.25)
    0.0
    """
    q, p = real("bernoulli.ppf", q=q, p=p)
    return fnp.where(_outside(q) | _outside(p), math.nan, fnp.where(q > 1 - p, 1.0, 0 * q))
