"""Step sizes from the distance travelled, for each array."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp
import fgrad.tree as tree

from .. import tree as trees
from .._base import GradientTransformation, Params, Scalar, Updates, check_params
from ..tree._arithmetic import abs_sq, scaled
from ..tree._dtypes import dtype_of
from ..tree._map import map_several

__all__ = ["ScaleByDistanceOverGradientsState", "scale_by_distance_over_gradients"]


class ScaleByDistanceOverGradientsState(NamedTuple):
    """For each array, its largest distance from the start, its sum of squares, and the start."""

    max_dist: Updates
    grad_sum_of_squares: Updates
    init_params: Params


def scale_by_distance_over_gradients(
    reps_rel: Scalar = 1e-6,
    eps: Scalar = 1e-8,
    param_dtype: Any = None,
    global_scale: Scalar = 1.0,
) -> GradientTransformation:
    r"""Scale the update of each array by the distance it has come over its gradients' norm.

    .. math:: u_t \leftarrow s\, \frac{\max_{i \le t} \|\theta_i - \theta_0\|}
        {\sqrt{\sum_{i \le t} \|u_i\|^2 + \varepsilon}}\, u_t

    Parameters
    ----------
    reps_rel : scalar
        The distance before the first step, over one plus the parameters' norm.
    eps : scalar
        :math:`\varepsilon`.
    param_dtype : dtype, optional
        Of the parameters kept from the start; by default their own.
    global_scale : scalar
        :math:`s`.

    Returns
    -------
    GradientTransformation

    References
    ----------
    Ivgi, Hinder, Carmon, "DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule",
    https://arxiv.org/abs/2302.12022, 2023.
    """

    def init(params):
        return ScaleByDistanceOverGradientsState(
            max_dist=tree.map(lambda p: reps_rel * (1 + trees.norm(p)), params),
            grad_sum_of_squares=tree.map(lambda p: fnp.zeros(1, dtype_of(p)), params),
            init_params=trees.cast(params, param_dtype),
        )

    def step(g, p, distance, squares, start):
        distance = fnp.maximum(distance, trees.norm(p - start))
        squares = squares + fnp.sum(abs_sq(g))
        factor = global_scale * (distance / fnp.sqrt(squares[0] + eps))
        return scaled(factor, g), distance, squares

    def update(updates, state, params=None):
        check_params(params, "scale_by_distance_over_gradients")
        new_updates, distance, squares = map_several(step, 3, updates, params, *state)
        new_state = ScaleByDistanceOverGradientsState(distance, squares, state.init_params)
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformation(init, update)
