"""The multinomial distribution."""

import math

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.scipy._arguments import real
from fgrad.scipy.special import gammaln, xlogy
from fgrad.scipy.stats._derived import pmf_of


def logpmf(x, n, p):
    """The logarithm of the probability, by SciPy.

    Parameters
    ----------
    x : array of int of shape (..., k)
        How often each of k things happened.
    n : array-like of int
        The number of trials.
    p : array of shape (..., k)
        The probabilities.

    Examples
    --------
    >>> from fgrad.scipy.stats import multinomial
    >>> multinomial.logpmf([1, 0], 1, [1.0, 0.0])
    np.float64(0.0)
    """
    for name, v in (("x", x), ("n", n)):
        dtype = fnp.asarray(v).dtype
        if dtype.kind not in "iu":
            raise ValueError(
                located(f"multinomial.logpmf: {name} must be made of integers; got {dtype}")
            )
    p = fnp.asarray(real("multinomial.logpmf", p=p))
    x, n = (fnp.asarray(v).astype(p.dtype) for v in (x, n))
    size = gammaln(n + 1) + (xlogy(x, p) - gammaln(x + 1)).sum(-1)
    return fnp.where(x.sum(-1) == n, size, -math.inf)


pmf = pmf_of(logpmf)
