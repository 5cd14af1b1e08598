"""The chi-squared distribution: the gamma distribution of half the degrees of freedom."""

from fgrad.scipy._arguments import real
from fgrad.scipy.stats import gamma
from fgrad.scipy.stats._derived import logcdf_of, logsf_of, pdf_of


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
    >>> from fgrad.scipy.stats import chi2
    >>> chi2.logpdf(2.0, 2.0).round(6)
    np.float64(-1.693147)
    """
    x, df, loc, scale = real("chi2.logpdf", x=x, df=df, loc=loc, scale=scale)
    return gamma.logpdf(x, 0.5 * df, loc, 2 * scale)


def cdf(x, df, loc=0, scale=1):
    """The distribution function, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import chi2
    >>> chi2.cdf(0.0, 2.0)
    0.0
    """
    x, df, loc, scale = real("chi2.cdf", x=x, df=df, loc=loc, scale=scale)
    return gamma.cdf(x, 0.5 * df, loc, 2 * scale)


def sf(x, df, loc=0, scale=1):
    """One minus the distribution function, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import chi2
    >>> chi2.sf(0.0, 2.0)
    1.0
    """
    x, df, loc, scale = real("chi2.sf", x=x, df=df, loc=loc, scale=scale)
    return gamma.sf(x, 0.5 * df, loc, 2 * scale)


pdf = pdf_of(logpdf)
logcdf = logcdf_of(cdf)
logsf = logsf_of(sf)
