"""Arrays between their elements: `fgrad.scipy.ndimage`."""

import functools
import itertools
import math
import operator

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.scipy._arguments import inexact, real

__all__ = ["map_coordinates"]


def _mirror(index, size):
    """Turned back at the first and last element, which are not repeated."""
    last = size - 1
    return fnp.abs((index + last) % (2 * last) - last) if last else index * 0


_INTO_RANGE = {
    "constant": lambda index, size: fnp.clip(index, 0, size - 1),  # what is outside is masked
    "nearest": lambda index, size: fnp.clip(index, 0, size - 1),
    "wrap": lambda index, size: index % size,
    "mirror": _mirror,
    "reflect": lambda index, size: (_mirror(2 * index + 1, 2 * size + 1) - 1) // 2,
}


def _rounded(x):
    """Halves away from zero."""
    return fnp.sign(x) * fnp.floor(fnp.abs(x) + 0.5)


def _neighbours(x, order):
    """Indices of elements next to places, and their weights."""
    if order == 0:
        return [(_rounded(x).astype(int), fnp.ones_like(x))]
    lower = fnp.floor(x)
    index, weight = lower.astype(int), x - lower
    return [(index, 1 - weight), (index + 1, weight)]


def map_coordinates(input, coordinates, order, mode="constant", cval=0.0):
    """The values of an array at places between its elements.

    Parameters
    ----------
    input : array of n axes
    coordinates : sequence of n arrays
        The places, in units of indices; they broadcast.
    order : {0, 1}
        The nearest element, or linear interpolation.
    mode : {"constant", "nearest", "wrap", "mirror", "reflect"}
        How the array goes on beyond its ends.
    cval : number
        What is there in the mode "constant".

    Returns
    -------
    array
        Of the dtype of the input; integers are rounded.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.scipy.ndimage import map_coordinates
    >>> map_coordinates(np.array([0.0, 10.0]), [np.array([0.25])], order=1)
    Array([2.5])
    """
    x = fnp.asarray(input)
    if len(coordinates) != x.ndim:
        raise ValueError(
            located(
                f"map_coordinates: wanted {x.ndim} arrays of coordinates, one for each axis; got "
                f"{len(coordinates)}"
            )
        )
    if mode not in _INTO_RANGE:
        raise NotImplementedError(
            located(f"map_coordinates: mode must be one of {list(_INTO_RANGE)}; got {mode!r}")
        )
    if order not in (0, 1):
        raise NotImplementedError(located(f"map_coordinates: order must be 0 or 1; got {order}"))
    along_axes = []
    for place, size in zip(coordinates, x.shape, strict=True):
        place = fnp.asarray(real("map_coordinates", coordinates=place))
        along_axes.append(
            [
                (_INTO_RANGE[mode](i, size), (i >= 0) & (i < size), w)
                for i, w in _neighbours(place, order)
            ]
        )
    values = inexact("map_coordinates", input=x)
    total = 0.0
    for corner in itertools.product(*along_axes):
        indices, inside, weights = zip(*corner, strict=True)
        value = values[indices]
        if mode == "constant":
            value = fnp.where(functools.reduce(operator.and_, inside), value, cval)
        total = total + math.prod(weights) * value
    return (_rounded(total) if x.dtype.kind in "biu" else total).astype(x.dtype)
