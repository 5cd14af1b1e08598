"""SM3: AdaGrad whose memory is one number for each row and each column."""

import functools
from typing import Any, NamedTuple

import fgrad.numpy as fnp
import fgrad.tree as tree

from .. import tree as trees
from .._base import GradientTransformation, GradientTransformationExtraArgs, Scalar, Updates
from .._scaling import scale
from ..transforms import chain
from ..tree._dtypes import astype, dtype_of
from ..tree._map import map_several
from .adagrad import over_root_or_zero

__all__ = ["ScaleBySM3State", "scale_by_sm3", "sm3"]


class ScaleBySM3State(NamedTuple):
    """For each parameter, bounds of its accumulator along each axis; and the momentum."""

    mu: Any
    nu: Updates


def _along(axis, bound, ndim):
    """A vector as an array that broadcasts along all other axes."""
    return fnp.reshape(bound, (1,) * axis + (-1,) + (1,) * (ndim - axis - 1))


def scale_by_sm3(b1: Scalar = 0.9, b2: Scalar = 1.0, eps: Scalar = 1e-8) -> GradientTransformation:
    r"""Divide updates by the root of a bound of the sum of their squares.

    For a matrix, with one number for each row and one for each column:

    .. math::

        v_{ij} &= \min(r_i, c_j) + u_{ij}^2, \qquad
        r_i \leftarrow \max_j v_{ij}, \quad c_j \leftarrow \max_i v_{ij} \\
        m_{ij} &\leftarrow \beta_1 m_{ij} + (1 - \beta_1)\, u_{ij} / \sqrt{v_{ij} + \varepsilon},
        \qquad u_{ij} \leftarrow m_{ij}

    and so for arrays of any number of axes.

    Parameters
    ----------
    b1 : scalar
        How fast the momentum forgets, :math:`\beta_1`.
    b2 : scalar
        The weight of the past in the sum of squares; if it is not 1, squares have the weight
        ``1 - b2``.
    eps : scalar
        :math:`\varepsilon`.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    ValueError
        From ``init``, if a parameter is complex.

    References
    ----------
    Anil, Gupta, Koren, Singer, "Memory-Efficient Adaptive Optimization",
    https://arxiv.org/abs/1901.11150, 2019.
    """

    def bounds(p):
        # A number has one bound, as a vector of one element has.
        return [fnp.zeros(n, dtype_of(p)) for n in fnp.shape(p) or (1,)]

    def step(g, old):
        x: Any = fnp.atleast_1d(g)
        past = functools.reduce(fnp.minimum, [_along(i, b, x.ndim) for i, b in enumerate(old)])
        total = (1.0 if b2 == 1.0 else 1.0 - b2) * x * x + b2 * past
        axes = range(x.ndim)
        new = [fnp.max(total, axis=tuple(a for a in axes if a != i)) for i in axes]
        scaled = fnp.reshape(over_root_or_zero(x, total, eps), fnp.shape(g))
        return scaled, [astype(b, o.dtype) for b, o in zip(new, old, strict=True)]

    def init(params):
        if any(dtype_of(p).kind == "c" for p in tree.leaves(params)):
            raise ValueError("scale_by_sm3: `params` must be real, got complex numbers")
        return ScaleBySM3State(mu=tree.map(bounds, params), nu=trees.zeros_like(params))

    def update(updates, state, params=None):
        del params
        scaled, mu = map_several(step, 2, updates, state.mu)
        nu = trees.update_moment(scaled, state.nu, b1, 1)
        return nu, ScaleBySM3State(mu=mu, nu=trees.cast_like(nu, state.nu))

    return GradientTransformation(init, update)


def sm3(learning_rate: Scalar, momentum: Scalar = 0.9) -> GradientTransformationExtraArgs:
    """SM3: `scale_by_sm3`, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar
        The step size.
    momentum : scalar
        How fast the momentum forgets.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(scale_by_sm3(momentum), scale(-learning_rate))
