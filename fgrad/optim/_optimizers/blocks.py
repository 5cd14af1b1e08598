"""Scaling each array by a norm of its own."""

import fgrad.numpy as fnp

from .. import tree as trees
from .._base import GradientTransformation, Scalar, check_params, stateless
from .._numerics import safe_norm, safe_root_mean_squares
from ..tree._arithmetic import scaled
from ..tree._map import map_present

__all__ = [
    "centralize",
    "normalize_by_update_norm",
    "scale_by_param_block_norm",
    "scale_by_param_block_rms",
]


def scale_by_param_block_norm(min_scale: Scalar = 1e-3) -> GradientTransformation:
    r"""Multiply the update of each array of parameters by the array's norm.

    .. math:: u \leftarrow u \cdot \max(\|\theta\|, s_{min})

    Parameters
    ----------
    min_scale : scalar
        The smallest factor, :math:`s_{min}`.

    Returns
    -------
    GradientTransformation
    """

    def apply(updates, params):
        check_params(params, "scale_by_param_block_norm")
        return map_present(lambda u, p: scaled(safe_norm(p, min_scale), u), updates, params)

    return stateless(apply)


def scale_by_param_block_rms(min_scale: Scalar = 1e-3) -> GradientTransformation:
    r"""Multiply the update of each array of parameters by the array's root mean square.

    .. math:: u \leftarrow u \cdot \max(\mathrm{rms}(\theta), s_{min})

    Parameters
    ----------
    min_scale : scalar
        The smallest factor, :math:`s_{min}`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Shazeer, Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost",
    https://arxiv.org/abs/1804.04235, 2018.
    """

    def apply(updates, params):
        check_params(params, "scale_by_param_block_rms")
        return map_present(
            lambda u, p: scaled(safe_root_mean_squares(p, min_scale), u), updates, params
        )

    return stateless(apply)


def centralize() -> GradientTransformation:
    r"""Subtract from the update of each output unit its mean over the inputs.

    .. math:: u_{i j \dots} \leftarrow u_{i j \dots} - \mathrm{mean}_{j \dots}(u_{i j \dots})

    Vectors and numbers stay as they are.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Yong et al., "Gradient Centralization: A New Optimization Technique for Deep Neural Networks",
    https://arxiv.org/abs/2004.01461, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.centralize().update(np.array([[1.0, 2.0], [3.0, 5.0]]), optim.EmptyState())[0]
    Array([[-0.5,  0.5],
           [-1. ,  1. ]])
    """

    def centred(u):
        axes = tuple(range(1, fnp.ndim(u)))
        return u - fnp.mean(u, axis=axes, keepdims=True) if axes else u

    return stateless(lambda updates, params: map_present(centred, updates))


def normalize_by_update_norm(
    scale_factor: Scalar = 1.0, eps: Scalar = 1e-6
) -> GradientTransformation:
    r"""Divide updates by their global norm.

    .. math:: u \leftarrow \frac{s\, u}{\|u\| + \varepsilon}

    Parameters
    ----------
    scale_factor : scalar
        The norm to give them, :math:`s`.
    eps : scalar
        :math:`\varepsilon`, against division by zero.

    Returns
    -------
    GradientTransformation
    """
    return stateless(
        lambda updates, params: trees.scale(scale_factor / (trees.norm(updates) + eps), updates)
    )
