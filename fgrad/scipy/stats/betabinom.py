"""The beta-binomial distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import betaln
from fgrad.scipy.stats._derived import pmf_of


def logpmf(k, n, a, b, loc=0):
    """The logarithm of the probability, by SciPy; NaN where a parameter is not positive.

    Parameters
    ----------
    k : array-like
    n : array-like
        The number of trials.
    a, b : array-like
        The parameters of the beta distribution of the probability.
    loc : array-like

    Examples
    --------
    >>> from fgrad.scipy.stats import betabinom
    >>> betabinom.logpmf(0.0, 0.0, 1.0, 1.0)
    0.0
    """
    k, n, a, b, loc = real("betabinom.logpmf", k=k, n=n, a=a, b=b, loc=loc)
    y = fnp.floor(k) - loc
    outside = (y < 0) | (y > n)
    y = fnp.where(outside, 0.0, y)
    ways = -fnp.log1p(n) - betaln(n - y + 1, y + 1)
    size = ways + betaln(y + a, n - y + b) - betaln(a, b)
    valid = (n >= 0) & (a > 0) & (b > 0)
    return fnp.where(valid, fnp.where(outside, -math.inf, size), math.nan)


pmf = pmf_of(logpmf)
