"""Student's t distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import gammaln
from fgrad.scipy.stats._derived import pdf_of


def logpdf(x, df, loc=0, scale=1):
    """The logarithm of the density, by SciPy.

    Parameters
    ----------
    x : array-like
    df : array-like
        The degrees of freedom; positive.
    loc, scale : array-like

    Examples
    --------
    >>> from fgrad.scipy.stats import t
    >>> t.logpdf(0.0, 1.0).round(6)
    np.float64(-1.14473)
    """
    x, df, loc, scale = real("t.logpdf", x=x, df=df, loc=loc, scale=scale)
    z, half = (x - loc) / scale, 0.5 * (df + 1)
    size = gammaln(half) - gammaln(0.5 * df) - 0.5 * fnp.log(math.pi * df) - fnp.log(scale)
    return size - half * fnp.log1p(z * z / df)


pdf = pdf_of(logpdf)
