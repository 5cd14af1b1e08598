"""The Dirichlet distribution."""

import math

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.scipy._arguments import real
from fgrad.scipy.special import gammaln, xlogy
from fgrad.scipy.stats._derived import pdf_of


def logpdf(x, alpha):
    """The logarithm of the density, by SciPy.

    Parameters
    ----------
    x : array of shape (n, ...) or (n - 1, ...)
        Positive numbers with the sum one along the first axis; the last may be left out.
    alpha : array of shape (n,)
        The parameters.

    Examples
    --------
    >>> from fgrad.scipy.stats import dirichlet
    >>> dirichlet.logpdf([0.5, 0.5], [1.0, 1.0])
    np.float64(0.0)
    """
    x, alpha = (fnp.asarray(v) for v in real("dirichlet.logpdf", x=x, alpha=alpha))
    if alpha.ndim != 1:
        raise ValueError(
            located(f"dirichlet.logpdf: alpha must have one axis; got shape {alpha.shape}")
        )
    n = len(alpha)
    if x.ndim == 0 or x.shape[0] not in (n, n - 1):
        raise ValueError(
            located(
                f"dirichlet.logpdf: x must have {n} or {n - 1} numbers along its first axis; "
                f"got shape {x.shape}"
            )
        )
    if x.shape[0] != n:
        x = fnp.concatenate([x, 1 - x.sum(0, keepdims=True)])
    inside = (x > 0).all(0) & (fnp.abs(x.sum(0) - 1) < 1e-6)
    powers = fnp.expand_dims(alpha, tuple(range(1, x.ndim))) - 1
    logs = xlogy(powers, fnp.where(x > 0, x, 1.0)).sum(0)
    size = logs - gammaln(alpha).sum() + gammaln(alpha.sum())
    return fnp.where(inside, size, -math.inf)


pdf = pdf_of(logpdf)
