"""The generalized normal distribution."""

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import gammainc, gammaln
from fgrad.scipy.stats._derived import pdf_of


def logpdf(x, beta):
    """The logarithm of the density, by SciPy.

    Parameters
    ----------
    x : array-like
    beta : array-like
        The power of ``|x|`` in the exponent; positive.

    Examples
    --------
    >>> from fgrad.scipy.stats import gennorm
    >>> gennorm.logpdf(1.0, 1.0).round(6)
    np.float64(-1.693147)
    """
    x, beta = real("gennorm.logpdf", x=x, beta=beta)
    return fnp.log(0.5 * beta) - gammaln(1 / beta) - fnp.abs(x) ** beta


pdf = pdf_of(logpdf)


def cdf(x, beta):
    """The distribution function, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import gennorm
    >>> gennorm.cdf(0.0, 1.0)
    0.5
    """
    x, beta = real("gennorm.cdf", x=x, beta=beta)
    return 0.5 * (1 + fnp.sign(x) * gammainc(1 / beta, fnp.abs(x) ** beta))
