"""Bounding updates."""

from typing import Any

import fgrad.numpy as fnp
import fgrad.tree as tree
from fgrad import vmap

from .. import tree as trees
from .._base import GradientTransformation, Scalar, Updates, check_params, stateless
from ..tree._arithmetic import abs_sq, scaled
from ..tree._map import map_present

__all__ = [
    "adaptive_grad_clip",
    "clip",
    "clip_by_block_rms",
    "clip_by_global_norm",
    "per_example_global_norm_clip",
    "per_example_layer_norm_clip",
    "unitwise_clip",
    "unitwise_norm",
]


def clip(max_delta: Scalar) -> GradientTransformation:
    r"""Clip every number in the updates to an interval.

    .. math:: u \leftarrow \min(\max(u, -\delta), \delta)

    Parameters
    ----------
    max_delta : scalar
        The largest absolute value, :math:`\delta`.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> updates, _ = optim.clip(1.0).update({"w": -3.0}, optim.EmptyState())
    >>> float(updates["w"])
    -1.0
    """
    return stateless(lambda updates, params: trees.clip(updates, -max_delta, max_delta))


def clip_by_block_rms(threshold: Scalar) -> GradientTransformation:
    r"""Shrink each array whose root mean square is larger than a threshold to it.

    .. math:: u \leftarrow u \Big/ \max\left(1,\ \sqrt{\mathrm{mean}(|u|^2)} \big/ d\right)

    Parameters
    ----------
    threshold : scalar
        The largest root mean square, :math:`d`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Shazeer, Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost",
    https://arxiv.org/abs/1804.04235, 2018.

    Examples
    --------
    >>> from fgrad import optim
    >>> updates, _ = optim.clip_by_block_rms(1.0).update({"w": -3.0}, optim.EmptyState())
    >>> float(updates["w"])
    -1.0
    """

    def clipped(u):
        return scaled(1.0 / fnp.maximum(1.0, fnp.sqrt(fnp.mean(abs_sq(u))) / threshold), u)

    return stateless(lambda updates, params: map_present(clipped, updates))


def clip_by_global_norm(max_norm: Scalar) -> GradientTransformation:
    r"""Shrink updates whose global norm is larger than `max_norm` to that norm.

    .. math:: u \leftarrow u \cdot \frac{m}{\max(\|u\|, m)}

    Parameters
    ----------
    max_norm : scalar
        The largest norm, :math:`m`, of all updates taken as one vector.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks",
    https://arxiv.org/abs/1211.5063, 2012.

    Examples
    --------
    >>> from fgrad import optim
    >>> updates, _ = optim.clip_by_global_norm(1.0).update({"w": 3.0, "b": 4.0}, optim.EmptyState())
    >>> round(float(updates["w"]), 6), round(float(updates["b"]), 6)
    (0.6, 0.8)
    """

    def clipped(updates, params):
        return trees.scale(max_norm / fnp.maximum(trees.norm(updates), max_norm), updates)

    return stateless(clipped)


def unitwise_norm(x, axis=None):
    """The norm of the weights of each output unit, in the shape of the array.

    Parameters
    ----------
    x : array
    axis : int or tuple of int, optional
        What to sum over. By default all of a vector (an array with at most one axis longer than
        1), the first axis of two or three, and all axes but the last of four or five.

    Returns
    -------
    array
        Of the shape of `x`.

    Raises
    ------
    ValueError
        If `axis` is not given and `x` has more than five axes.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.transforms.unitwise_norm(np.array([[3.0, 0.0], [4.0, 1.0]]))
    Array([[5., 1.],
           [5., 1.]])
    """
    ndim = fnp.ndim(x)
    if axis is None and sum(n != 1 for n in fnp.shape(x)) > 1:
        if ndim > 5:
            raise ValueError(
                f"unitwise_norm: `axis` must be given for `x` of more than five axes, got {ndim}"
            )
        axis = 0 if ndim <= 3 else tuple(range(ndim - 1))
    norm = fnp.sqrt(fnp.sum(abs_sq(x), axis=axis, keepdims=True))
    return fnp.broadcast_to(norm, fnp.shape(x))


def unitwise_clip(g_norm, max_norm, grad, div_eps=1e-6):
    """Shrink the units whose norm is too large to that norm.

    Parameters
    ----------
    g_norm, max_norm : array
        The norms and the largest ones allowed, in the shape of `grad`.
    grad : array
    div_eps : scalar
        The smallest norm to divide by.

    Returns
    -------
    array
    """
    return fnp.where(g_norm < max_norm, grad, grad * (max_norm / fnp.maximum(g_norm, div_eps)))


def adaptive_grad_clip(
    clipping: Scalar, eps: Scalar = 1e-3, axis: int | tuple[int, ...] | None = None
) -> GradientTransformation:
    r"""Bound the norm of each unit's update by a fraction of the norm of its weights.

    .. math:: \|u_i\| \le \lambda\, \max(\|\theta_i\|, \varepsilon)

    Parameters
    ----------
    clipping : scalar
        The fraction :math:`\lambda`.
    eps : scalar
        :math:`\varepsilon`, so that weights of zero may move.
    axis : int or tuple of int, optional
        Along which axes the norms are taken; see `unitwise_norm`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Brock, De, Smith, Simonyan, "High-Performance Large-Scale Image Recognition Without
    Normalization", https://arxiv.org/abs/2102.06171, 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optimizer = optim.adaptive_grad_clip(0.1)
    >>> weights = np.array([3.0, 4.0])
    >>> optimizer.update(np.array([0.0, 2.0]), optimizer.init(weights), weights)[0]
    Array([0. , 0.5])
    """

    def clipped(u, p):
        max_norm = clipping * fnp.maximum(unitwise_norm(p, axis), eps)
        return unitwise_clip(unitwise_norm(u, axis), max_norm, u)

    def apply(updates, params):
        check_params(params, "adaptive_grad_clip")
        return map_present(clipped, updates, params)

    return stateless(apply)


def _check_batched(grads, name):
    sizes = {fnp.shape(g)[:1] for g in tree.leaves(grads)}
    if len(sizes) != 1 or () in sizes:
        shapes = [fnp.shape(g) for g in tree.leaves(grads)]
        raise ValueError(
            f"{name}: the first axis of every array in `grads` must be the batch, got {shapes}"
        )


def per_example_global_norm_clip(grads: Updates, l2_norm_clip: Scalar) -> tuple[Updates, Scalar]:
    """The sum over a batch of gradients that are each clipped by their global norm.

    Parameters
    ----------
    grads : pytree of arrays
        The first axis of each is the batch.
    l2_norm_clip : scalar
        The largest norm of one example's gradient.

    Returns
    -------
    clipped : pytree of arrays
        The sum, without the batch axis.
    num_clipped : int scalar
        How many examples' gradients were larger.

    Raises
    ------
    ValueError
        If the arrays do not have a batch axis in common.

    References
    ----------
    Abadi et al., "Deep Learning with Differential Privacy", https://arxiv.org/abs/1607.00133, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.per_example_global_norm_clip([np.array([[0.0, 4.0], [0.5, 0.0]])], 1.0)
    ([Array([0.5, 1. ])], np.int64(1))
    """
    _check_batched(grads, "per_example_global_norm_clip")
    norms = vmap(trees.norm)(grads)
    # Without the division by a norm of zero.
    factors: Any = fnp.where(
        norms > l2_norm_clip, l2_norm_clip / fnp.maximum(norms, l2_norm_clip), 1.0
    )
    clipped = tree.map(lambda g: fnp.tensordot(fnp.astype(factors, g.dtype), g, axes=1), grads)
    return clipped, fnp.sum(factors < 1.0)


def per_example_layer_norm_clip(
    grads: Updates, global_l2_norm_clip: Scalar, uniform: bool = True
) -> tuple[Updates, Updates]:
    r"""The sum over a batch of gradients that are each clipped array by array.

    Each array has a largest norm, such that all of them together bound the global norm by
    :math:`C`: :math:`C / \sqrt n` for each of :math:`n` arrays, or :math:`C \sqrt{d_i / d}` for
    an array that holds :math:`d_i` of :math:`d` parameters.

    Parameters
    ----------
    grads : pytree of arrays
        The first axis of each is the batch.
    global_l2_norm_clip : scalar
        :math:`C`.
    uniform : bool
        Whether all arrays have the same largest norm.

    Returns
    -------
    clipped : pytree of arrays
        The sums, without the batch axis.
    num_clipped : pytree of int scalars
        For each array, how many examples' gradients were larger.

    Raises
    ------
    ValueError
        If the arrays do not have a batch axis in common.

    References
    ----------
    McMahan et al., "Learning Differentially Private Recurrent Language Models",
    https://arxiv.org/abs/1710.06963, 2018.
    """
    _check_batched(grads, "per_example_layer_norm_clip")
    leaves, structure = tree.flatten(grads)
    sizes = [1 if uniform else fnp.size(g) // fnp.shape(g)[0] for g in leaves]
    results = [
        per_example_global_norm_clip(g, global_l2_norm_clip * (size / sum(sizes)) ** 0.5)
        for g, size in zip(leaves, sizes, strict=True)
    ]
    clipped, num_clipped = zip(*results, strict=True)
    return tree.unflatten(structure, clipped), tree.unflatten(structure, num_clipped)
