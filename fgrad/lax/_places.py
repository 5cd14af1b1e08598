"""XLA's dimension numbers as NumPy's index arrays, for gather and scatter.

Each of many windows of one size starts at its own place in an array. The axes that a window takes
whole are left alone; the others are indexed by arrays whose axes are those of the windows' numbers
(the batch), then those of the windows (the inner axes).
"""

import enum
from typing import Any, NamedTuple

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.primitives import elementwise as ew
from fgrad.primitives import shape as sh
from fgrad.primitives.parts import select


class GatherScatterMode(enum.Enum):
    """What becomes of windows that are not inside the array.

    ``CLIP`` moves them inside. ``FILL_OR_DROP`` and ``ONE_HOT`` read a fill value, and write
    nothing. ``PROMISE_IN_BOUNDS`` is an `IndexError`.
    """

    CLIP = enum.auto()
    FILL_OR_DROP = enum.auto()
    PROMISE_IN_BOUNDS = enum.auto()
    ONE_HOT = enum.auto()

    @staticmethod
    def from_any(s):
        """The mode of a name: ``'clip'``, ``'fill'``, ``'drop'``, ``'promise_in_bounds'``,
        ``'one_hot'``; None is ``'fill'``.
        """
        if isinstance(s, GatherScatterMode):
            return s
        name = "FILL_OR_DROP" if s in (None, "fill", "drop") else str(s).upper()
        if name not in GatherScatterMode.__members__ or name == s:
            raise ValueError(
                located(f"unknown mode {s!r}; wanted one of {list(GatherScatterMode)}")
            )
        return GatherScatterMode[name]


class Windows(NamedTuple):
    """Where many windows of one size stand.

    Attributes
    ----------
    sizes : tuple of int
        The size of a window along each axis of the array.
    squeezed : tuple of int
        The axes of the array, along which the size is one, that a window does not have.
    mapped : tuple of int
        For each number of an index the axis of the array it is a start along.
    own, batch : tuple of int
        Axes of the array, among the squeezed ones, each of which goes along with an axis of the
        indices.
    """

    sizes: tuple
    squeezed: tuple
    mapped: tuple
    own: tuple
    batch: tuple

    def check(self, name, shape, indices):
        """Refuse what does not fit together."""
        ndim, places = len(shape), indices.shape[:-1]
        problems = (
            (not indices.shape or indices.dtype.kind not in "iu", "indices of integers"),
            (len(self.sizes) != ndim, "a window size for each axis of the operand"),
            (not _distinct(self.squeezed, ndim), "squeezed axes of the operand, each once"),
            (
                not _distinct(self.mapped, ndim) or indices.shape[-1:] != (len(self.mapped),),
                "an axis of the operand, each once, for each number along the last axis of the "
                "indices",
            ),
            (set(self.own) & set(self.mapped), "batching axes that are not indexed"),
            (
                not _distinct(self.batch, len(places)) or len(self.batch) != len(self.own),
                "for each batching axis of the operand one of the indices",
            ),
        )
        for wrong, wanted in problems:
            if wrong:
                raise TypeError(
                    located(
                        f"{name}: wanted {wanted}; got shape {shape}, indices {indices}, {self}"
                    )
                )
        if not all(0 <= k <= n for k, n in zip(self.sizes, shape, strict=True)) or any(
            self.sizes[a] != 1 for a in self.squeezed
        ):
            raise TypeError(
                located(
                    f"{name}: windows of {self.sizes}, without axes {self.squeezed} of size one, "
                    f"do not fit shape {shape}"
                )
            )
        if any(shape[a] != places[b] for a, b in zip(self.own, self.batch, strict=True)):
            raise TypeError(
                located(
                    f"{name}: batching axes {self.own} of shape {shape} and {self.batch} of the "
                    f"indices, {indices}, differ in length"
                )
            )


def _distinct(axes, ndim):
    return len(set(axes)) == len(axes) and all(0 <= a < ndim for a in axes)


class Places(NamedTuple):
    """Index arrays for an array, in the normal form of the primitives.

    Attributes
    ----------
    shape : tuple of int
        Of the array; with an axis of length one in front if no axis of it is indexed.
    arrays, axes : tuple
        Index arrays of shape batch + inner, and the axes they index.
    order : tuple of int
        For the axes of a window in the order inner, whole, which they are.
    valid : array of bool or None
        For each window whether it is inside, with axes of length one for the inner ones; None if
        all are.
    marked : int
        The axis, among `axes`, along which a window outside is told from others.
    """

    shape: tuple
    arrays: tuple
    axes: tuple
    order: tuple
    valid: Any
    marked: int

    def beyond(self):
        """The index arrays, with windows that are not inside put behind the end of an axis."""
        if self.valid is None:
            return self.arrays
        arrays, k = list(self.arrays), self.marked
        arrays[k] = select(self.valid, arrays[k], self.shape[self.axes[k]])
        return arrays


def places_of(shape, indices, windows, mode):
    """The `Places` of windows in an array of that shape.

    Index arrays stay inside of it, but those of windows that were promised to.
    """
    sizes = windows.sizes
    *batch, _ = get_aval(indices).shape
    starts, valid = {}, None
    for k, axis in enumerate(windows.mapped):
        start = sh.slice(indices, index=(*((0, n, 1) for n in batch), k))
        start = sh.astype(start, np.dtype(np.intp))
        last = shape[axis] - sizes[axis]
        if mode is not GatherScatterMode.CLIP:
            inside = ew.logical_and(ew.le(0, start), ew.le(start, last))
            valid = inside if valid is None else ew.logical_and(valid, inside)
        if mode is not GatherScatterMode.PROMISE_IN_BOUNDS:
            start = ew.clamp(0, start, last)
        starts[axis] = start
    for axis, b in zip(windows.own, windows.batch, strict=True):
        starts[axis] = np.arange(batch[b]).reshape([-1 if i == b else 1 for i in range(len(batch))])
    partial = {a for a, (k, n) in enumerate(zip(sizes, shape, strict=True)) if k != n}
    axes = tuple(sorted(partial | starts.keys() | set(windows.squeezed)))
    inner = [a for a in axes if a not in windows.squeezed]
    behind = tuple(range(len(batch), len(batch) + len(inner)))
    arrays = []
    for axis in axes:
        start = starts.get(axis, np.zeros((1,) * len(batch), np.intp))
        start = sh.expand_dims(start, behind)
        if axis in inner:
            steps = np.arange(sizes[axis]).reshape([-1 if a == axis else 1 for a in inner])
            start = ew.add(start, steps)
        arrays.append(start)
    whole = [a for a in range(len(shape)) if a not in axes]
    order = tuple(sorted((*inner, *whole)).index(a) for a in (*inner, *whole))
    if not axes:
        shape, axes, arrays = (1, *shape), (0,), [np.zeros((), np.intp)]
    arrays[0] = sh.broadcast_to(arrays[0], (*batch, *(sizes[a] for a in inner)))
    if valid is None or (not isinstance(valid, Tracer) and np.all(valid)):
        return Places(shape, tuple(arrays), axes, order, None, 0)
    marked = axes.index(windows.mapped[0])
    return Places(shape, tuple(arrays), axes, order, sh.expand_dims(valid, behind), marked)


def result_order(ndim, window_axes, order):
    """For the axes batch, inner, whole where each stands in a result of `ndim` axes.

    `window_axes` are the places of the axes of windows in the result, in ascending order.
    """
    others = [i for i in range(ndim) if i not in window_axes]
    return (*others, *(window_axes[k] for k in order))
