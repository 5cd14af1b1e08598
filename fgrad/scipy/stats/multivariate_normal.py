"""The normal distribution of several dimensions."""

import math

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.lax.linalg import triangular_solve
from fgrad.scipy._arguments import real
from fgrad.scipy.stats._derived import pdf_of


def logpdf(x, mean, cov, allow_singular=None):
    """The logarithm of the density.

    Parameters
    ----------
    x : array of shape (..., n)
    mean : array of shape (..., n), or a number
        A number makes a distribution of one dimension, of each element of `x`.
    cov : array of shape (..., n, n), or a number
        The covariances; a number stands for that multiple of the identity.
    allow_singular : None
        Not supported.

    Examples
    --------
    >>> from fgrad.scipy.stats import multivariate_normal
    >>> multivariate_normal.logpdf([0.0, 0.0], [0.0, 0.0], 1.0).round(6)
    np.float64(-1.837877)
    """
    if allow_singular is not None:
        raise NotImplementedError(
            located("multivariate_normal.logpdf: allow_singular is not supported; leave it None")
        )
    arguments = real("multivariate_normal.logpdf", x=x, mean=mean, cov=cov)
    x, mean, cov = (fnp.asarray(v) for v in arguments)
    y = x - mean
    if mean.ndim == 0:
        return -0.5 * (y * y / cov + math.log(2 * math.pi) + fnp.log(cov))
    n = mean.shape[-1]
    if cov.ndim == 0:
        squares = (y * y).sum(-1) / cov
        return -0.5 * (squares + n * (math.log(2 * math.pi) + fnp.log(cov)))
    if cov.ndim < 2 or cov.shape[-2:] != (n, n) or y.shape[-1] != n:
        raise ValueError(
            located(
                f"multivariate_normal.logpdf: x of shape {x.shape}, mean of {mean.shape} and cov "
                f"of {cov.shape} do not fit together"
            )
        )
    factor = fnp.linalg.cholesky(cov)
    stack = fnp.broadcast_shapes(y.shape[:-1], cov.shape[:-2])
    white = triangular_solve(
        fnp.broadcast_to(factor, (*stack, n, n)),
        fnp.broadcast_to(y, (*stack, n))[..., None],
        left_side=True,
        lower=True,
    )
    size = fnp.log(fnp.diagonal(factor, axis1=-2, axis2=-1)).sum(-1)
    return -0.5 * ((white * white).sum((-2, -1)) + n * math.log(2 * math.pi)) - size


pdf = pdf_of(logpdf)
