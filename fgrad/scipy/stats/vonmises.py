"""Von Mises's distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import i0e
from fgrad.scipy.stats._derived import pdf_of


def logpdf(x, kappa):
    """The logarithm of the density of an angle.

    Parameters
    ----------
    x : array-like
    kappa : array-like
        How narrow it is; NaN comes of numbers that are not positive.

    Examples
    --------
    >>> from fgrad.scipy.stats import vonmises
    >>> vonmises.logpdf(0.0, 1.0).round(6)
    np.float64(-1.073791)
    """
    x, kappa = real("vonmises.logpdf", x=x, kappa=kappa)
    kappa = fnp.where(kappa > 0, kappa, math.nan)
    return kappa * (fnp.cos(x) - 1) - fnp.log(2 * math.pi * i0e(kappa))


pdf = pdf_of(logpdf)
