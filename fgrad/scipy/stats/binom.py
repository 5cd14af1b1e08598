"""The binomial distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import gammaln, xlog1py, xlogy
from fgrad.scipy.stats._derived import pmf_of


def logpmf(k, n, p, loc=0):
    """The logarithm of the probability, by SciPy.

    Parameters
    ----------
    k : array-like
    n, p : array-like
        The number of trials, and the probability of a success.
    loc : array-like

    Examples
    --------
    >>> from fgrad.scipy.stats import binom
    >>> binom.logpmf(0.0, 3.0, 0.0)
    0.0
    """
    k, n, p, loc = real("binom.logpmf", k=k, n=n, p=p, loc=loc)
    y = k - loc
    outside = (y < 0) | (y >= n + 1)
    y = fnp.where(outside, 0.0, y)
    ways = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
    size = ways + xlogy(y, p) + xlog1py(n - y, -p)
    return fnp.where(outside, -math.inf, size)


pmf = pmf_of(logpmf)
