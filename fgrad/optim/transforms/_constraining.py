"""Keeping parameters in their domain and updates free of NaN."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp
import fgrad.tree as tree

from .._base import GradientTransformation, check_params, stateless
from ..tree._map import map_present

__all__ = ["ZeroNansState", "keep_params_nonnegative", "zero_nans"]


def keep_params_nonnegative() -> GradientTransformation:
    r"""Let no update take a parameter below zero.

    .. math:: u \leftarrow \max(u, -\theta)

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.keep_params_nonnegative()
    >>> params = {"w": 1.0}
    >>> float(optimizer.update({"w": -3.0}, optimizer.init(params), params)[0]["w"])
    -1.0
    """

    def apply(updates, params):
        check_params(params, "keep_params_nonnegative")
        return map_present(lambda u, p: fnp.where(p + u < 0.0, -p, u), updates, params)

    return stateless(apply)


class ZeroNansState(NamedTuple):
    """For each parameter, whether its last update held a NaN."""

    found_nan: Any


def zero_nans() -> GradientTransformation:
    """Replace NaN in updates by zero.

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optimizer = optim.zero_nans()
    >>> updates, state = optimizer.update(np.array([1.0, np.nan]), optimizer.init(np.zeros(2)))
    >>> updates, bool(state.found_nan)
    (Array([1., 0.]), True)
    """

    def init(params):
        return ZeroNansState(tree.map(lambda p: fnp.zeros((), fnp.bool_), params))

    def update(updates, state, params=None):
        del state, params
        found = map_present(lambda u: fnp.any(fnp.isnan(u)), updates)
        new_updates = map_present(lambda u: fnp.where(fnp.isnan(u), fnp.zeros_like(u), u), updates)
        return new_updates, ZeroNansState(found)

    return GradientTransformation(init, update)
