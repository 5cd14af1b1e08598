"""Updates of windows of an array at computed places."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fgrad.control_flow.while_loop import while_loop
from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.lax._places import GatherScatterMode, Windows, places_of, result_order
from fgrad.numpy._face import public, shape_of, unweak, value
from fgrad.numpy._shape import reshape_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import index
from fgrad.primitives import shape as sh
from fgrad.primitives.parts import select
from fgrad.primitives.reduce import reduce_max
from fgrad.transforms.vmap import vmap


class ScatterDimensionNumbers(NamedTuple):
    """Which axes are which in `scatter`, as in XLA.

    Attributes
    ----------
    update_window_dims : sequence of int
        The axes of the updates that are axes of the windows, in ascending order.
    inserted_window_dims : sequence of int
        Axes of the operand that the windows do not have; their size there is one.
    scatter_dims_to_operand_dims : sequence of int
        For each number along the last axis of the indices the axis of the operand it belongs to.
    operand_batching_dims, scatter_indices_batching_dims : sequence of int
        Axes of the operand, of size one in the windows, and axes of the indices that go along with
        them.
    """

    update_window_dims: Sequence[int]
    inserted_window_dims: Sequence[int]
    scatter_dims_to_operand_dims: Sequence[int]
    operand_batching_dims: Sequence[int] = ()
    scatter_indices_batching_dims: Sequence[int] = ()


def _windows(name, x, indices, update_shape, numbers):
    """The `Windows` that updates of a shape are."""
    own = tuple(numbers.operand_batching_dims)
    squeezed = (*numbers.inserted_window_dims, *own)
    window_axes = tuple(numbers.update_window_dims)
    ndim = get_aval(x).ndim
    kept = [a for a in range(ndim) if a not in squeezed]
    fits = len(window_axes) == len(kept) and list(window_axes) == sorted(
        {a for a in window_axes if 0 <= a < len(update_shape)}
    )
    others = tuple(n for i, n in enumerate(update_shape) if i not in window_axes)
    if not fits or others != get_aval(indices).shape[:-1]:
        raise TypeError(
            located(
                f"{name}: updates of shape {update_shape} do not hold, at the axes {window_axes}, "
                f"windows of {len(kept)} axes, one for each of the indices {get_aval(indices)}"
            )
        )
    sizes = [1] * ndim
    for axis, update_axis in zip(kept, window_axes, strict=True):
        sizes[axis] = update_shape[update_axis]
    windows = Windows(
        tuple(sizes),
        squeezed,
        tuple(numbers.scatter_dims_to_operand_dims),
        own,
        tuple(numbers.scatter_indices_batching_dims),
    )
    windows.check(name, get_aval(x).shape, get_aval(indices))
    return windows


class _Target(NamedTuple):
    """Where updates go: index arrays, what makes the operand ready and takes the result out."""

    params: dict
    arrays: tuple
    padded: tuple
    shape: tuple
    order: tuple

    def scatter(self, updates, x, op):
        """`x` with updates, whose axes are those of the user, combined into it."""
        full = sh.reshape(x, new_sizes=self.shape)
        whole = tuple([(0, n, 1) for n in self.shape])
        if self.padded != self.shape:
            full = sh.pad(full, shape=self.padded, index=whole)
        updates = sh.transpose(updates, permutation=self.order)
        out = index.scatter(updates, full, *self.arrays, op=op, **self.params)
        if self.padded != self.shape:
            out = sh.slice(out, index=whole)
        return sh.reshape(out, new_sizes=get_aval(x).shape)


def _target(name, x, indices, update_shape, numbers, mode):
    windows = _windows(name, x, indices, update_shape, numbers)
    mode = GatherScatterMode.from_any(mode)
    places = places_of(get_aval(x).shape, indices, windows, mode)
    padded = list(places.shape)
    if places.valid is not None and mode is not GatherScatterMode.PROMISE_IN_BOUNDS:
        padded[places.axes[places.marked]] += 1  # what is dropped falls there
    return _Target(
        {"axes": places.axes, "out_axis": 0},
        tuple(places.beyond()),
        tuple(padded),
        places.shape,
        result_order(len(update_shape), tuple(numbers.update_window_dims), places.order),
    )


def _operands(name, operand, indices):
    return unweak(value(operand, name)), unweak(value(indices, f"{name}: scatter_indices"))


def _scatter(name, op, text, call, result):
    """A public function that combines updates by an operation of the primitive `scatter`."""

    def fun(
        operand,
        scatter_indices,
        updates,
        dimension_numbers,
        *,
        indices_are_sorted=False,
        unique_indices=False,
        mode=None,
    ):
        x, indices = _operands(name, operand, scatter_indices)
        u, dtype = value(updates, f"{name}: updates"), get_aval(x).dtype
        if not get_aval(u).weak_type and get_aval(u).dtype != dtype:
            raise TypeError(located(f"{name}: updates must have dtype {dtype}; got {get_aval(u)}"))
        u = sh.astype(u, dtype)
        target = _target(name, x, indices, get_aval(u).shape, dimension_numbers, mode)
        if op == "sub":
            return target.scatter(ew.neg(u), x, "add")
        return target.scatter(u, x, op)

    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = f"""{text}

    Parameters
    ----------
    operand : array-like
    scatter_indices : array-like of int
        The last axis holds the numbers that say where a window starts.
    updates : array-like
        Of the dtype of the operand. Its axes are those of the indices but the last, and at
        `update_window_dims` those of the windows.
    dimension_numbers : ScatterDimensionNumbers
    indices_are_sorted, unique_indices : bool
        Accepted for compatibility.
    mode : str or GatherScatterMode, optional
        ``'clip'`` moves windows inside the operand; ``'drop'``, the default, leaves out those that
        are not; ``'promise_in_bounds'`` is an error.

    Returns
    -------
    array
        Like the operand.

    Raises
    ------
    TypeError
        If the dimension numbers do not fit.
    IndexError
        If a window is outside of the operand although it was promised not to be.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> numbers = fgrad.lax.ScatterDimensionNumbers((), (0,), (0,))
    >>> x, i, u = fnp.array([4, 4, 4]), fnp.array([[0], [2], [5]]), fnp.array([1, 7, 9])
    >>> fgrad.lax.{name}{call}
    {result}
    """
    return public(fun)


_CALL = "(x, i, u, numbers)"
scatter = _scatter(
    "scatter",
    "set",
    "An array with windows of it replaced; of several at one place the last stays.",
    _CALL,
    "Array([1, 4, 7])",
)
scatter_add = _scatter(
    "scatter_add", "add", "An array with windows added to it.", _CALL, "Array([ 5,  4, 11])"
)
scatter_sub = _scatter(
    "scatter_sub", "sub", "An array with windows subtracted from it.", _CALL, "Array([ 3,  4, -3])"
)
scatter_mul = _scatter(
    "scatter_mul", "mul", "An array with windows multiplied into it.", _CALL, "Array([ 4,  4, 28])"
)
scatter_min = _scatter(
    "scatter_min", "min", "The smaller of an array and windows.", _CALL, "Array([1, 4, 4])"
)
scatter_max = _scatter(
    "scatter_max", "max", "The larger of an array and windows.", _CALL, "Array([4, 4, 7])"
)


@public
def scatter_apply(
    operand,
    scatter_indices,
    func,
    dimension_numbers,
    *,
    update_shape=(),
    indices_are_sorted=False,
    unique_indices=False,
    mode=None,
):
    """An array with a function applied to the elements in windows of it.

    Parameters
    ----------
    operand : array-like
    scatter_indices : array-like of int
    func : callable
        Of one number; applied as often to an element as windows hold it.
    dimension_numbers : ScatterDimensionNumbers
    update_shape : tuple of int
        The shape that the updates of `scatter` would have.
    indices_are_sorted : bool
        Accepted for compatibility.
    unique_indices : bool
        Whether no element is in two windows, which saves counting.
    mode : str or GatherScatterMode, optional
        As for `scatter`.

    Returns
    -------
    array
        Like the operand. In reverse mode the indices must be known, or `unique_indices` true.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> numbers = fgrad.lax.ScatterDimensionNumbers((), (0,), (0,))
    >>> i = fnp.array([[0], [2], [2]])
    >>> fgrad.lax.scatter_apply(
    ...     fnp.array([4, 4, 4]), i, lambda v: 2 * v, numbers, update_shape=(3,)
    ... )
    Array([ 8,  4, 16])
    """
    x, indices = _operands("scatter_apply", operand, scatter_indices)
    aval = get_aval(x)
    shape = shape_of(update_shape, "update_shape")
    target = _target("scatter_apply", x, indices, shape, dimension_numbers, mode)
    count = target.scatter(np.ones(shape, np.intp), np.zeros(aval.shape, np.intp), "add")

    def once(v, done):
        new = vmap(func)(reshape_values(v, (aval.size,))) if aval.size else v
        new = reshape_values(sh.astype(value(new), aval.dtype), aval.shape)
        return select(ew.lt(done, count), new, v)

    if unique_indices:
        return once(x, 0)
    if not isinstance(count, Tracer):
        for done in range(int(np.max(count, initial=0))):
            x = once(x, done)
        return x
    most = reduce_max(count, axes=tuple(range(aval.ndim)))
    return value(
        while_loop(
            lambda carry: carry[1] < most,
            lambda carry: (once(value(carry[0]), carry[1]), carry[1] + 1),
            (x, np.intp(0)),
        )[0]
    )
