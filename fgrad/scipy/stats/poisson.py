"""Poisson's distribution."""

import math

import fgrad.numpy as fnp
from fgrad.scipy._arguments import real
from fgrad.scipy.special import gammaincc, gammaln, xlogy
from fgrad.scipy.stats._derived import pmf_of


def logpmf(k, mu, loc=0):
    """The logarithm of the probability, by SciPy.

    Parameters
    ----------
    k : array-like
    mu : array-like
        The mean; not negative.
    loc : array-like

    Examples
    --------
    >>> from fgrad.scipy.stats import poisson
    >>> poisson.logpmf(0.0, 1.0)
    -1.0
    """
    k, mu, loc = real("poisson.logpmf", k=k, mu=mu, loc=loc)
    outside = (k < loc) | (fnp.abs(fnp.round(k) - k) > 0)
    x = fnp.where(outside, 0.0, k - loc)
    return fnp.where(outside, -math.inf, xlogy(x, mu) - gammaln(x + 1) - mu)


pmf = pmf_of(logpmf)


def cdf(k, mu, loc=0):
    """The distribution function, by SciPy.

    Examples
    --------
    >>> from fgrad.scipy.stats import poisson
    >>> poisson.cdf(0.0, 0.0)
    1.0
    """
    k, mu, loc = real("poisson.cdf", k=k, mu=mu, loc=loc)
    outside = k < loc
    x = fnp.where(outside, 0.0, k - loc)
    return fnp.where(outside, 0.0, gammaincc(fnp.floor(x) + 1, mu))


_SUMMED = 1000  # up to here the entropy is a sum; then its series is good to 1e-12


def entropy(mu, loc=0):
    """The entropy, by SciPy.

    Parameters
    ----------
    mu, loc : array-like
        As for `logpmf`.

    Examples
    --------
    >>> from fgrad.scipy.stats import poisson
    >>> round(poisson.entropy(1.0), 6)
    np.float64(1.304842)

    References
    ----------
    For large means R. J. Evans, J. Boersma, The entropy of a Poisson distribution, SIAM Review 30
    (1988), 314-317.
    """
    mu, loc = (fnp.asarray(v) for v in real("poisson.entropy", mu=mu, loc=loc))
    large, none = mu > _SUMMED, mu == 0
    few, many = fnp.where(large | none, 1.0, mu), fnp.where(large, mu, 1.0)
    k = fnp.arange(int(_SUMMED + 12 * math.sqrt(_SUMMED))).astype(mu.dtype)
    logs = logpmf(k, few[..., None])
    total = -(fnp.exp(logs) * logs).sum(-1)
    series = (
        0.5 * fnp.log(2 * math.pi * math.e * many)
        - (1 / 12 + (1 / 24 + 19 / 360 / many) / many) / many
    )
    size = fnp.where(none, 0.0, fnp.where(large, series, total))
    return fnp.broadcast_to(size, fnp.broadcast_shapes(mu.shape, loc.shape))
