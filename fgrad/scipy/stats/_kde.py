"""A density estimated from a sample, by Gaussian kernels."""

import math

import fgrad.numpy as fnp
from fgrad import nn, random
from fgrad.core.source import located
from fgrad.scipy._arguments import real
from fgrad.scipy.special import ndtr
from fgrad.scipy.stats import multivariate_normal
from fgrad.tree_util import register_pytree_node_class

_FACTORS = {
    "scott": lambda neff, d: neff ** (-1.0 / (d + 4)),
    "silverman": lambda neff, d: (neff * (d + 2) / 4.0) ** (-1.0 / (d + 4)),
}


@register_pytree_node_class
class gaussian_kde:
    """A sum of normal densities, one about each point of a sample.

    Parameters
    ----------
    dataset : array of shape (n,) or (d, n)
        The sample, of `n` points.
    bw_method : {"scott", "silverman"}, number or callable, optional
        By which factor the kernels are narrower than the sample; a callable gets this object.
    weights : array of shape (n,), optional

    Examples
    --------
    >>> from fgrad.scipy import stats
    >>> kde = stats.gaussian_kde([-1.0, 1.0], bw_method=1.0)
    >>> kde([0.0]).round(6)
    array([0.219696])
    """

    __slots__ = ("covariance", "dataset", "inv_cov", "neff", "weights")

    def __init__(self, dataset, bw_method=None, weights=None):
        dataset = fnp.atleast_2d(real("gaussian_kde", dataset=dataset))
        if dataset.size <= 1:
            raise ValueError(
                located(f"gaussian_kde: dataset must have several numbers; got {dataset.shape}")
            )
        d, n = dataset.shape
        if weights is None:
            weights = fnp.full(n, 1.0 / n, dtype=dataset.dtype)
        else:
            weights = fnp.atleast_1d(real("gaussian_kde", weights=weights))
            if weights.shape != (n,):
                raise ValueError(
                    located(f"gaussian_kde: weights must have shape {(n,)}; got {weights.shape}")
                )
            weights = weights / weights.sum()
        self.dataset, self.weights = dataset, weights
        self.neff = 1 / (weights * weights).sum()
        factor = self._factor("scott" if bw_method is None else bw_method)
        covariance = fnp.atleast_2d(fnp.cov(dataset, rowvar=True, bias=False, aweights=weights))
        self.covariance = covariance * factor**2
        self.inv_cov = fnp.linalg.inv(covariance) / factor**2

    def _factor(self, bw_method):
        if isinstance(bw_method, str) and bw_method in _FACTORS:
            return _FACTORS[bw_method](self.neff, self.d)
        if callable(bw_method):
            return bw_method(self)
        if not isinstance(bw_method, str) and fnp.ndim(bw_method) == 0:
            return bw_method
        raise ValueError(
            located(
                "gaussian_kde: bw_method must be 'scott', 'silverman', a number or a function; "
                f"got {bw_method!r}"
            )
        )

    def tree_flatten(self):
        """For the pytree registry."""
        return tuple(getattr(self, name) for name in self.__slots__), None

    @classmethod
    def tree_unflatten(cls, aux_data, children):
        """For the pytree registry."""
        kde = cls.__new__(cls)
        for name, child in zip(cls.__slots__, children, strict=True):
            setattr(kde, name, child)
        return kde

    @property
    def d(self):
        """The number of dimensions."""
        return self.dataset.shape[0]

    @property
    def n(self):
        """The number of points."""
        return self.dataset.shape[1]

    def logpdf(self, x):
        """The logarithm of the density at points of shape (d, m), or (m,) in one dimension."""
        points = self._points(x)
        factor = fnp.linalg.cholesky(self.inv_cov)
        near, far = factor.mT @ self.dataset, factor.mT @ points
        squares = ((far[:, :, None] - near[:, None, :]) ** 2).sum(0)
        size = fnp.log(fnp.diagonal(factor)).sum() - 0.5 * self.d * math.log(2 * math.pi)
        return nn.logsumexp(fnp.log(self.weights) - 0.5 * squares, axis=1) + size

    def evaluate(self, points):
        """The density at points, see `logpdf`."""
        return fnp.exp(self.logpdf(points))

    __call__ = pdf = evaluate

    def integrate_gaussian(self, mean, cov):
        """The integral of the density times that of a normal distribution."""
        mean, cov = fnp.atleast_1d(fnp.squeeze(mean)), fnp.atleast_2d(cov)
        if mean.shape != (self.d,) or cov.shape != (self.d, self.d):
            raise ValueError(
                located(
                    f"integrate_gaussian: mean and cov must be of {self.d} dimensions; got shapes "
                    f"{mean.shape} and {cov.shape}"
                )
            )
        sizes = multivariate_normal.pdf(self.dataset.T, mean, self.covariance + cov)
        return (sizes * self.weights).sum()

    def integrate_box_1d(self, low, high):
        """The integral of the density over an interval, in one dimension."""
        if self.d != 1:
            raise ValueError(located(f"integrate_box_1d: the density has {self.d} dimensions"))
        if fnp.ndim(low) != 0 or fnp.ndim(high) != 0:
            raise ValueError(located("integrate_box_1d: low and high must be numbers"))
        sigma = fnp.sqrt(self.covariance[0, 0])
        ends = [ndtr((end - self.dataset[0]) / sigma) for end in (low, high)]
        return (self.weights * (ends[1] - ends[0])).sum()

    def integrate_kde(self, other):
        """The integral of the product with another estimated density."""
        if other.d != self.d:
            raise ValueError(
                located(f"integrate_kde: densities of {self.d} and {other.d} dimensions")
            )
        cov = self.covariance + other.covariance
        sizes = multivariate_normal.pdf(self.dataset.T[:, None], other.dataset.T[None], cov)
        return self.weights @ sizes @ other.weights

    def resample(self, key, shape=()):
        """Draw points from the density, of shape (d, *shape)."""
        which, noise = random.split(key)
        index = random.choice(which, self.n, shape=shape, p=self.weights)
        zeros = fnp.zeros(self.d, self.covariance.dtype)
        moves = random.multivariate_normal(
            noise, zeros, self.covariance, shape=shape, dtype=self.dataset.dtype
        )
        return self.dataset[:, index] + fnp.moveaxis(moves, -1, 0)

    def integrate_box(self, low_bounds, high_bounds, maxpts=None):
        """Not supported; see `integrate_box_1d`."""
        raise NotImplementedError(
            located("integrate_box: only in one dimension; use integrate_box_1d")
        )

    def set_bandwidth(self, bw_method=None):
        """Not supported: make a new object."""
        raise NotImplementedError(
            located("set_bandwidth: nothing is changed in place; make a new gaussian_kde")
        )

    def _points(self, points):
        points = fnp.atleast_2d(real("gaussian_kde", points=points))
        if points.shape == (1, self.d):
            points = points.T
        if points.shape[0] != self.d:
            raise ValueError(
                located(
                    f"gaussian_kde: points must be of {self.d} dimensions; got shape {points.shape}"
                )
            )
        return points
