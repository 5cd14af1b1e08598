"""The geometric distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import xlog1py
from fgrad.scipy.stats._derived import pmf_of


def logpmf(k, p, loc=0):
    """The logarithm of the probability that the first success is the `k`-th trial.

    Parameters
    ----------
    k : array-like
    p : array-like
        The probability of a success.
    loc : array-like

    Examples
    --------
    >>> from fgrad.scipy.stats import geom
    >>> geom.logpmf(1.0, 1.0)
    0.0
    """
    k, p, loc = real("geom.logpmf", k=k, p=p, loc=loc)
    x = k - loc
    return fnp.where(x <= 0, -math.inf, xlog1py(x - 1, -p) + fnp.log(p))


pmf = pmf_of(logpmf)
