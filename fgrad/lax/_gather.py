"""Windows of an array at computed places."""

from typing import NamedTuple

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.lax._places import GatherScatterMode, Windows, places_of, result_order
from fgrad.numpy._face import public, shape_of, unweak, value
from fgrad.primitives import index
from fgrad.primitives import shape as sh
from fgrad.primitives.parts import select


class GatherDimensionNumbers(NamedTuple):
    """Which axes are which in `gather`, as in XLA.

    Attributes
    ----------
    offset_dims : tuple of int
        The axes of the result that are axes of the windows, in ascending order.
    collapsed_slice_dims : tuple of int
        Axes of the operand that the windows do not have; their size there is one.
    start_index_map : tuple of int
        For each number along the last axis of the indices the axis of the operand it belongs to.
    operand_batching_dims, start_indices_batching_dims : tuple of int
        Axes of the operand, of size one in the windows, and axes of the indices that go along with
        them.
    """

    offset_dims: tuple[int, ...]
    collapsed_slice_dims: tuple[int, ...]
    start_index_map: tuple[int, ...]
    operand_batching_dims: tuple[int, ...] = ()
    start_indices_batching_dims: tuple[int, ...] = ()


def _fill(fill_value, dtype):
    if fill_value is not None:
        return sh.astype(value(fill_value, "gather: fill_value"), dtype)
    if dtype.kind == "b":
        return np.True_
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return dtype.type(info.min if dtype.kind == "i" else info.max)
    return dtype.type(np.nan)


@public
def gather(
    operand,
    start_indices,
    dimension_numbers,
    slice_sizes,
    *,
    unique_indices=False,
    indices_are_sorted=False,
    mode=None,
    fill_value=None,
):
    """Windows of one size, each at its own place in an array.

    Parameters
    ----------
    operand : array-like
    start_indices : array-like of int
        The last axis holds the numbers that say where a window starts.
    dimension_numbers : GatherDimensionNumbers
    slice_sizes : sequence of int
        The size of the windows along each axis of the operand.
    unique_indices, indices_are_sorted : bool
        Accepted for compatibility.
    mode : str or GatherScatterMode, optional
        ``'clip'`` moves windows inside the operand; ``'fill'`` gives `fill_value` for those that
        are not; ``'promise_in_bounds'``, the default, is an error.
    fill_value : scalar, optional
        Without, NaN; of integers the lowest, if unsigned the highest number; of booleans True.

    Returns
    -------
    array
        Its axes are those of the indices but the last, and at `offset_dims` those of the windows.

    Raises
    ------
    TypeError
        If the dimension numbers do not fit.
    IndexError
        If a window is outside of the operand although it was promised not to be.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> numbers = fgrad.lax.GatherDimensionNumbers((1,), (), (0,))
    >>> fgrad.lax.gather(fnp.arange(5), fnp.array([[0], [3]]), numbers, (2,))
    Array([[0, 1],
           [3, 4]])
    """
    x, indices = unweak(value(operand, "gather")), unweak(value(start_indices, "start_indices"))
    mode = GatherScatterMode.from_any("promise_in_bounds" if mode is None else mode)
    numbers = dimension_numbers
    own = tuple(numbers.operand_batching_dims)
    windows = Windows(
        shape_of(slice_sizes, "slice_sizes"),
        (*numbers.collapsed_slice_dims, *own),
        tuple(numbers.start_index_map),
        own,
        tuple(numbers.start_indices_batching_dims),
    )
    windows.check("gather", get_aval(x).shape, get_aval(indices))
    offsets = tuple(numbers.offset_dims)
    kept = get_aval(x).ndim - len(windows.squeezed)
    ndim = get_aval(indices).ndim - 1 + kept
    if len(offsets) != kept or list(offsets) != sorted({o for o in offsets if 0 <= o < ndim}):
        raise TypeError(
            located(
                f"gather: offset_dims must be {kept} of the {ndim} axes of the result, in order; "
                f"got {offsets}"
            )
        )
    places = places_of(get_aval(x).shape, indices, windows, mode)
    promised = mode is GatherScatterMode.PROMISE_IN_BOUNDS
    arrays = places.beyond() if promised else places.arrays
    out = index.gather(sh.reshape(x, new_sizes=places.shape), *arrays, axes=places.axes, out_axis=0)
    if places.valid is not None and not promised:
        whole = tuple(range(get_aval(places.valid).ndim, ndim))
        valid = sh.expand_dims(places.valid, whole)
        out = select(valid, out, _fill(fill_value, get_aval(x).dtype))
    order = result_order(ndim, offsets, places.order)
    return sh.transpose(out, permutation=tuple(np.argsort(order).tolist()))
