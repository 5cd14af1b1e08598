"""The negative binomial distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import gammaln, xlog1py, xlogy
from fgrad.scipy.stats._derived import pmf_of


def logpmf(k, n, p, loc=0):
    """The logarithm of the probability of `k` failures before the `n`-th success, by SciPy.

    Parameters
    ----------
    k : array-like
    n, p : array-like
        The number of successes, and the probability of one.
    loc : array-like

    Examples
    --------
    >>> from fgrad.scipy.stats import nbinom
    >>> nbinom.logpmf(0.0, 3.0, 1.0)
    0.0
    """
    k, n, p, loc = real("nbinom.logpmf", k=k, n=n, p=p, loc=loc)
    outside = k < loc
    y = fnp.where(outside, 0.0, k - loc)
    ways = gammaln(y + n) - gammaln(n) - gammaln(y + 1)
    return fnp.where(outside, -math.inf, ways + xlogy(n, p) + xlog1py(y, -p))


pmf = pmf_of(logpmf)
