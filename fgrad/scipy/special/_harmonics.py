"""Spherical harmonics."""

import math
import operator

import numpy as np

import fgrad.numpy as fnp
from fgrad import lax
from fgrad.core.source import located
from fgrad.numpy._face import concrete
from fgrad.scipy._arguments import real


def _legendre(degree, theta):
    """The normalized associated Legendre functions of the cosine of an angle.

    By recurrence in the degree: T. Limpanuparb, J. Milthorpe, Associated Legendre polynomials and
    spherical harmonics computation for chemistry applications (2014), arXiv:1410.1748.

    Returns
    -------
    array of shape (degree + 1, degree + 1, n)
        By degree and order; zero where the order is the larger.
    """
    x, s = fnp.cos(theta), fnp.sin(theta)
    zero = fnp.zeros_like(x)
    rows = [[zero] * (degree + 1) for _ in range(degree + 1)]
    diagonal = zero + math.sqrt(1 / (4 * math.pi))
    for m in range(degree + 1):
        rows[m][m] = diagonal
        if m < degree:
            rows[m + 1][m] = math.sqrt(2 * m + 3) * x * diagonal
        for n in range(m + 2, degree + 1):
            a = math.sqrt((4 * n * n - 1) / (n * n - m * m))
            b = math.sqrt(((n - 1) ** 2 - m * m) / (4 * (n - 1) ** 2 - 1))
            rows[n][m] = a * (x * rows[n - 1][m] - b * rows[n - 2][m])
        diagonal = -math.sqrt((2 * m + 3) / (2 * m + 2)) * s * diagonal
    return fnp.stack([fnp.stack(row) for row in rows])


def sph_harm_y(n, m, theta, phi, diff_n=None, n_max=None):
    """Spherical harmonics.

    Parameters
    ----------
    n, m : array of int
        Degrees and orders, with ``|m| <= n``.
    theta, phi : array
        Polar and azimuthal angles, one-dimensional and as many as there are degrees.
    diff_n : None
        Not supported.
    n_max : int, optional
        The largest degree; needed where `n` is traced.

    Returns
    -------
    complex array

    Examples
    --------
    >>> import numpy as np, fgrad.scipy.special as special
    >>> y = special.sph_harm_y(np.array([1]), np.array([0]), np.array([0.0]), np.array([0.0]))
    >>> y.round(3)
    Array([0.489+0.j])
    """
    if diff_n is not None:
        raise NotImplementedError(located("sph_harm_y: diff_n is not supported; leave it None"))
    n, m = (fnp.atleast_1d(v) for v in (n, m))
    for name, v in (("n", n), ("m", m)):
        if v.dtype.kind not in "iu":
            raise TypeError(located(f"sph_harm_y: {name} must be made of integers; got {v.dtype}"))
    theta, phi = (fnp.atleast_1d(v) for v in real("sph_harm_y", theta=theta, phi=phi))
    if n_max is None:
        n_max = np.max(concrete(n, "sph_harm_y: the largest degree, unless n_max is given,"))
    n, m, theta, phi = fnp.broadcast_arrays(n, m, theta, phi)
    order = fnp.abs(m)
    table = _legendre(operator.index(n_max), theta)
    size = table[n, order, np.arange(n.shape[0])]
    turns = m.astype(theta.dtype) * phi
    size = fnp.where((m < 0) & (order % 2 == 1), -size, size)
    return lax.complex(size * fnp.cos(turns), size * fnp.sin(turns))
