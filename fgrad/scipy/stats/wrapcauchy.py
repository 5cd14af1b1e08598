"""The Cauchy distribution wrapped round a circle."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.stats._derived import pdf_of


def logpdf(x, c):
    """The logarithm of the density of an angle.

    Parameters
    ----------
    x : array-like
        From zero to ``2 pi``.
    c : array-like
        How narrow it is; NaN comes of numbers that are not between zero and one.

    Examples
    --------
    >>> from fgrad.scipy.stats import wrapcauchy
    >>> round(wrapcauchy.logpdf(0.0, 0.5), 6)
    -0.739265
    """
    x, c = real("wrapcauchy.logpdf", x=x, c=c)
    c = fnp.where((c > 0) & (c < 1), c, math.nan)
    size = fnp.log1p(-c * c) - fnp.log1p(c * c - 2 * c * fnp.cos(x)) - math.log(2 * math.pi)
    outside = (x < 0) | (x > 2 * math.pi)
    return fnp.where(outside & (c == c), -math.inf, size)


pdf = pdf_of(logpdf)
