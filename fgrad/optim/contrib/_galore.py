"""GaLore: an optimizer of gradients that are projected onto a few directions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import fgrad.numpy as fnp
import fgrad.tree as tree
from fgrad import lax

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    OptState,
    Scalar,
    ScalarOrSchedule,
    Updates,
)
from .._numerics import safe_increment, zero_count
from .._optimizers.adam import scale_by_adam
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain
from ..tree._arithmetic import scaled
from ..tree._dtypes import dtype_of
from ._matrices import axes_of, dimension_numbers, map_pairs_with, map_with, matrix_views

__all__ = ["GaLoreDimensionNumbers", "GaLoreState", "galore", "scale_by_galore"]


class GaLoreDimensionNumbers(NamedTuple):
    """Which axes of a parameter make it a matrix: all belong to one or the other.

    Attributes
    ----------
    reduction_axis : int or sequence of int
        The axes that are multiplied over.
    output_axis : int or sequence of int
        The axes of the result.
    """

    reduction_axis: Sequence[int] | int = 0
    output_axis: Sequence[int] | int = 1


class GaLoreState(NamedTuple):
    """The number of steps, the optimizer's state, and the directions of each matrix."""

    count: Scalar  # int32
    base_optimizer_state: OptState
    projector: Updates


def scale_by_galore(
    rank: int = 128,
    update_proj_gap: int = 200,
    scale: float = 1.0,
    base_optimizer: GradientTransformation | None = None,
    weight_dimension_numbers: Any = None,
) -> GradientTransformation:
    r"""Let an optimizer see matrices projected onto their first singular vectors.

    .. math:: u \leftarrow s\, P\, \rho(P^\top u)

    with :math:`P` the first left singular vectors of the gradient every so many steps, or the
    right ones for a wide matrix.

    Parameters
    ----------
    rank : int
        How many singular vectors.
    update_proj_gap : int
        For how many steps they are kept.
    scale : float
        :math:`s`.
    base_optimizer : GradientTransformation, optional
        :math:`\rho`; by default `scale_by_adam`.
    weight_dimension_numbers : pytree of GaLoreDimensionNumbers or None, or callable, optional
        How parameters are matrices, and None for those that are not. By default those with two
        axes are.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    TypeError, ValueError
        If `rank` is not a positive integer, or axes of a parameter are not accounted for.

    References
    ----------
    Zhao et al., "GaLore: Memory-Efficient LLM Training by Gradient Low-Rank Projection",
    https://arxiv.org/abs/2403.03507, 2024.
    """
    if not isinstance(rank, int):
        raise TypeError(f"scale_by_galore: `rank` must be an int, got {type(rank).__name__}")
    if rank <= 0:
        raise ValueError(f"scale_by_galore: `rank` must be positive, got {rank}")
    inner = scale_by_adam() if base_optimizer is None else base_optimizer
    everything = GaLoreDimensionNumbers()

    def dims_of(like):
        spec = weight_dimension_numbers
        if isinstance(spec, GaLoreDimensionNumbers):
            return [spec if fnp.ndim(x) >= 2 else None for x in tree.leaves(like)]
        default = lambda x: everything if fnp.ndim(x) == 2 else None
        return dimension_numbers(spec, like, GaLoreDimensionNumbers, default)

    def views(dims, x):
        if axes_of(dims, fnp.ndim(x), "scale_by_galore")[2]:
            raise ValueError(
                f"scale_by_galore: all axes must be in {dims}, got a parameter of "
                f"{fnp.ndim(x)} axes"
            )
        to_matrices, back = matrix_views(x, dims, "scale_by_galore")
        matrix: Any = lambda y: fnp.squeeze(to_matrices(y), axis=0)
        return matrix, lambda y: back(y[None])

    def empty(dims, p):
        dtype = dtype_of(p)
        if dims is None:
            return fnp.zeros((0, 0), dtype), fnp.zeros_like(p)
        m, n = fnp.shape(views(dims, p)[0](p))
        few = min(rank, m, n)
        shapes = ((m, few), (few, n)) if m >= n else ((n, few), (m, few))
        return tuple(fnp.zeros(shape, dtype) for shape in shapes)

    def project(fresh, dims, g, projector):
        if dims is None:
            return g, projector
        matrix = views(dims, g)[0](g)
        m, n = fnp.shape(matrix)
        few = min(rank, m, n)
        precise = fnp.result_type(dtype_of(g), fnp.float32)

        def directions():
            factors: Any = fnp.linalg.svd(fnp.astype(matrix, precise), full_matrices=False)
            u, _, vh = factors
            vectors = u[:, :few] if m >= n else fnp.swapaxes(vh[:few], 0, 1)
            return fnp.astype(vectors, projector.dtype)

        projector = lax.cond(fresh, directions, lambda: projector)
        return (projector.T @ matrix if m >= n else matrix @ projector), projector

    def restore(dims, g, low, projector):
        if dims is None:
            return low
        to_matrix, back = views(dims, g)
        m, n = fnp.shape(to_matrix(g))
        return scaled(scale, back(projector @ low if m >= n else low @ projector.T))

    def init(params):
        if not tree.leaves(params):
            return GaLoreState(zero_count(), inner.init(params), params)
        projector, low = map_pairs_with(empty, dims_of(params), params)
        return GaLoreState(zero_count(), inner.init(low), projector)

    def update(updates, state, params=None):
        del params
        fresh = state.count % update_proj_gap == 0
        dims = dims_of(updates)
        low, projector = map_pairs_with(
            lambda *args: project(fresh, *args), dims, updates, state.projector
        )
        low, inner_state = inner.update(low, state.base_optimizer_state, None)
        new_updates = map_with(restore, dims, updates, low, projector)
        new_state = GaLoreState(safe_increment(state.count), inner_state, projector)
        return trees.cast_like(new_updates, updates), trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def galore(
    learning_rate: ScalarOrSchedule,
    rank: int = 128,
    update_proj_gap: int = 200,
    scale: float = 1.0,
    base_optimizer: GradientTransformation | None = None,
    weight_decay: Scalar = 0.0,
    mask: MaskOrFn = None,
    weight_dimension_numbers: Any = None,
) -> GradientTransformationExtraArgs:
    """GaLore: `scale_by_galore`, weight decay, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    rank, update_proj_gap, scale, base_optimizer, weight_dimension_numbers
        See `scale_by_galore`.
    weight_decay, mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs
    """
    return chain(
        scale_by_galore(rank, update_proj_gap, scale, base_optimizer, weight_dimension_numbers),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
