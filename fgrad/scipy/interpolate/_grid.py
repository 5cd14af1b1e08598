"""Interpolation of values on a grid."""

import itertools
import math

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.scipy._arguments import inexact, real
from fgrad.tree_util import register_pytree_node_class


@register_pytree_node_class
class RegularGridInterpolator:
    """A function given by its values on a grid.

    Parameters
    ----------
    points : sequence of array
        For each of n axes the coordinates of the grid, ascending.
    values : array of shape (len(points[0]), ..., len(points[n - 1]), ...)
    method : {"linear", "nearest"}
    bounds_error : bool
        Only False.
    fill_value : number or None
        What is outside of the grid; None goes on with the outermost pieces.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.scipy.interpolate import RegularGridInterpolator
    >>> f = RegularGridInterpolator((np.array([0.0, 1.0, 3.0]),), np.array([0.0, 1.0, 5.0]))
    >>> f(np.array([0.5, 2.0, 4.0]))
    Array([0.5, 3. , nan])
    """

    def __init__(
        self,
        points,
        values,
        method="linear",
        bounds_error=False,
        fill_value=math.nan,
    ):
        if bounds_error:
            raise NotImplementedError(
                located("RegularGridInterpolator: bounds_error must be False; compiled code cannot "
                        "raise")
            )  # fmt: skip
        self.method, self.bounds_error = self._checked(method), bounds_error
        self.grid = tuple(fnp.asarray(real("RegularGridInterpolator", points=p)) for p in points)
        self.values = fnp.asarray(inexact("RegularGridInterpolator", values=values))
        lengths = tuple(p.shape[0] if p.ndim == 1 else -1 for p in self.grid)
        if lengths != self.values.shape[: len(lengths)] or min(lengths, default=0) < 2:
            raise ValueError(
                located(
                    f"RegularGridInterpolator: values of shape {self.values.shape} and points of "
                    f"shapes {[p.shape for p in self.grid]} do not fit together"
                )
            )
        self.fill_value = fill_value

    @staticmethod
    def _checked(method):
        if method not in ("linear", "nearest"):
            raise ValueError(
                located(
                    f"RegularGridInterpolator: method must be 'linear' or 'nearest'; got {method!r}"
                )
            )
        return method

    def tree_flatten(self):
        """For the pytree registry."""
        return (self.grid, self.values, self.fill_value), (self.method, self.bounds_error)

    @classmethod
    def tree_unflatten(cls, aux_data, children):
        """For the pytree registry."""
        new = cls.__new__(cls)
        new.grid, new.values, new.fill_value = children
        new.method, new.bounds_error = aux_data
        return new

    def __call__(self, xi, method=None):
        """The values at places of shape (..., n), or at a tuple of n arrays of coordinates."""
        method = self.method if method is None else self._checked(method)
        n = len(self.grid)
        if isinstance(xi, tuple):
            xi = fnp.stack(fnp.broadcast_arrays(*(real("xi", xi=v) for v in xi)), -1)
        xi = fnp.asarray(real("RegularGridInterpolator", xi=xi))
        if xi.ndim == 1:
            xi = xi.reshape(-1, n)
        if xi.shape[-1] != n:
            raise ValueError(
                located(
                    f"RegularGridInterpolator: xi must have {n} coordinates along its last axis; "
                    f"got shape {xi.shape}"
                )
            )
        cells, outside = [], False
        for d, p in enumerate(self.grid):
            x = xi[..., d]
            left = fnp.clip(fnp.searchsorted(p, x) - 1, 0, p.shape[0] - 2)
            cells.append((left, (x - p[left]) / (p[left + 1] - p[left])))
            outside = outside | (x < p[0]) | (x > p[-1])
        rest = (...,) + (None,) * (self.values.ndim - n)
        if method == "nearest":
            index = tuple(fnp.where(t <= 0.5, left, left + 1) for left, t in cells)
            out = self.values[index]
        else:
            out = 0.0
            for corner in itertools.product(*([(i, 1 - t), (i + 1, t)] for i, t in cells)):
                index, weights = zip(*corner, strict=True)
                out = out + self.values[index] * math.prod(weights)[rest]
        if self.fill_value is not None:
            out = fnp.where(outside[rest], self.fill_value, out)
        return out
