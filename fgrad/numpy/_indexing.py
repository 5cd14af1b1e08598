"""Indexing as NumPy writes it, brought to the normal form of `primitives.index`."""

from typing import NamedTuple

import numpy as np

from fgrad.core.errors import NonConcreteBooleanIndexError
from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import public, value
from fgrad.primitives.elementwise import add, lt, max, min
from fgrad.primitives.index import gather, scatter
from fgrad.primitives.parts import real_part_like, select
from fgrad.primitives.shape import astype, broadcast_to, reshape, slice


class _Entry(NamedTuple):
    """One entry of an index: what it is and which axis it takes."""

    kind: str  # 'int', 'slice', 'array' or 'new'
    axis: int | None
    item: object


def _entries(shape, index):
    """The entries of an index, with the ellipsis and boolean masks written out."""
    items = list(index) if isinstance(index, tuple) else [index]
    items = [_as_item(i) for i in items]
    ellipses = [k for k, i in enumerate(items) if i is Ellipsis]
    if len(ellipses) > 1:
        raise IndexError(located("an index can have only one ellipsis (...)"))
    used = sum(_axes_taken(i) for i in items)
    if used > len(shape):
        raise IndexError(
            located(f"too many indices: {used} for an array of {len(shape)} axes, shape {shape}")
        )
    fill = [_builtin_slice(None)] * (len(shape) - used)
    at = ellipses[0] if ellipses else len(items)
    items = items[:at] + fill + items[at + bool(ellipses) :]
    entries, axis = [], 0
    for item in items:
        if item is None:
            entries.append(_Entry("new", None, None))
        elif isinstance(item, _builtin_slice):
            entries.append(_Entry("slice", axis, range(*_slice_bounds(item, shape[axis]))))
            axis += 1
        elif isinstance(item, int):
            entries.append(_Entry("int", axis, _checked(item, axis, shape)))
            axis += 1
        elif _is_mask(item):
            for i, where in enumerate(_mask_places(item, shape, axis)):
                entries.append(_Entry("array", axis + i, where))
            axis += item.ndim
        else:
            entries.append(_Entry("array", axis, item))
            axis += 1
    return entries


_builtin_slice = type(np.s_[:])


def _as_item(i):
    if i is None or i is Ellipsis or isinstance(i, _builtin_slice):
        return i
    if isinstance(i, bool | np.bool_):
        return np.asarray(i)
    if isinstance(i, int | np.integer):
        return int(i)
    i = value(i, "index")
    aval = get_aval(i)
    if aval.dtype.kind == "b":
        return i
    if aval.dtype.kind not in "iu":
        if aval.size == 0 and not isinstance(i, Tracer):
            return np.zeros(aval.shape, np.intp)
        raise IndexError(
            located(f"an index must be integers, booleans, slices, None or ...; got {aval}")
        )
    if aval.shape == () and not isinstance(i, Tracer):
        return int(i)
    return i


def _is_mask(item):
    return get_aval(item).dtype.kind == "b"


def _axes_taken(item):
    if item is None or item is Ellipsis:
        return 0
    if isinstance(item, int | _builtin_slice):
        return 1
    return get_aval(item).ndim if _is_mask(item) else 1


def _checked(i, axis, shape):
    n = shape[axis]
    if not -n <= i < n:
        raise IndexError(
            located(f"index {i} is out of bounds for axis {axis} of size {n}, shape {shape}")
        )
    return i % n


def _slice_bounds(s, n):
    """start, stop, step of a slice; its bounds may be concrete tracers."""
    parts = [None if p is None else p.__index__() for p in (s.start, s.stop, s.step)]
    if parts[2] == 0:
        raise ValueError(located("slice step cannot be zero"))
    return _builtin_slice(*parts).indices(n)


def _mask_places(mask, shape, axis):
    """A boolean mask as one integer array for each of its axes."""
    if isinstance(mask, Tracer):
        mask = mask.concrete(NonConcreteBooleanIndexError, "a boolean index")
    mask = np.asarray(mask)
    if mask.shape != shape[axis : axis + mask.ndim]:
        raise IndexError(
            located(f"a boolean index of shape {mask.shape} does not fit an array of shape {shape}")
        )
    return np.nonzero(mask)


def _static(r):
    """A range as a static index; an empty one needs care with its bounds."""
    if len(r) == 0:
        return (0, 0, 1)
    return (r.start, r[-1] + (1 if r.step > 0 else -1), r.step)


def getitem(x, index):
    """``x[index]`` of a value or tracer."""
    shape = get_aval(x).shape
    entries = _entries(shape, index)
    if not any(e.kind == "array" for e in entries):
        return _basic(x, shape, entries)
    advanced = [e.kind in ("array", "int") for e in entries]
    first, last = advanced.index(True), len(advanced) - advanced[::-1].index(True)
    together = all(advanced[first:last])
    # slices first, so that only the axes with index arrays are left to gather
    static = [(0, n, 1) for n in shape]
    for e in entries:
        if e.kind == "slice":
            static[e.axis] = _static(e.item)
    if any(s != (0, n, 1) for s, n in zip(static, shape, strict=True)):
        x = slice(x, index=tuple(static))
    picked = [e for e in entries if e.kind in ("array", "int")]
    indices = [np.asarray(e.item) if e.kind == "int" else e.item for e in picked]
    before = [e for e in entries[:first] if e.kind == "slice"]
    out_axis = len(before) if together else 0
    out = gather(x, *indices, axes=tuple([e.axis for e in picked]), out_axis=out_axis)
    if not any(e.kind == "new" for e in entries):
        return out
    # put the new axes in
    block = get_aval(out).shape[
        out_axis : get_aval(out).ndim - (len(shape) - len(picked) - out_axis)
    ]
    rest = [1 if e.kind == "new" else len(e.item) for e in entries if e.kind in ("new", "slice")]
    at = sum(e.kind in ("new", "slice") for e in entries[:first]) if together else 0
    return reshape(out, new_sizes=(*rest[:at], *block, *rest[at:]))


def _basic(x, shape, entries):
    static = tuple(
        [
            e.item if e.kind == "int" else _static(e.item)
            for e in entries
            if e.kind in ("int", "slice")
        ]
    )
    if any(s != (0, n, 1) for s, n in zip(static, shape, strict=True)):
        x = slice(x, index=static)
    if any(e.kind == "new" for e in entries):
        sizes = [1 if e.kind == "new" else len(e.item) for e in entries if e.kind != "int"]
        x = reshape(x, new_sizes=tuple(sizes))
    return x


# -- .at -----------------------------------------------------------------------------------------


def _grid(shape, index):
    """An index for scatter: one array for each leading axis up to the last that is indexed.

    Returns
    -------
    list
        The index arrays; they broadcast to the shape of the indexed part.
    tuple of int
        The shape of ``x[index]`` without the untouched trailing axes.
    tuple of int
        The same without the axes that None made.
    """
    entries = _entries(shape, index)
    last = 0
    for e in entries:
        whole = e.kind == "slice" and e.item == range(shape[e.axis])
        if e.kind != "new" and not whole:
            last = e.axis + 1
    advanced = [e.kind == "array" for e in entries]
    counted = [e.kind in ("array", "int") for e in entries] if any(advanced) else advanced
    block_shape, together, first = (), True, 0
    if any(advanced):
        block_shape = np.broadcast_shapes(
            *(get_aval(e.item).shape for e in entries if e.kind == "array")
        )
        first = counted.index(True)
        stop = len(counted) - counted[::-1].index(True)
        together = all(counted[first:stop])
    # the places of the result's axes, new axes left out
    basic = [e for e in entries if e.kind == "slice" and e.axis < last]
    before = (
        [e for e in basic if e.axis < entries[first].axis] if any(advanced) and together else []
    )
    start = len(before) if any(advanced) and together else 0
    ndim = len(basic) + len(block_shape)
    result = [len(e.item) for e in basic]
    result[start:start] = block_shape
    arrays = {}
    for k, e in enumerate(basic):
        place = k if k < start else k + len(block_shape)
        arrays[e.axis] = np.arange(e.item.start, e.item.stop, e.item.step).reshape(
            [-1 if i == place else 1 for i in range(ndim)]
        )
    for e in entries:
        if e.kind == "int":
            arrays[e.axis] = np.asarray(e.item)
        elif e.kind == "array":
            own = get_aval(e.item).shape
            sizes = (*own, *(1,) * (ndim - start - len(block_shape)))
            arrays[e.axis] = reshape(e.item, new_sizes=sizes)
    full = []
    block_done = False
    for i, e in enumerate(entries):
        if any(advanced) and not block_done and (i == first if together else True):
            full += list(block_shape)
            block_done = True
        if e.kind == "new":
            full.append(1)
        elif e.kind == "slice":
            full.append(len(e.item))
    return [arrays[a] for a in range(last)], tuple(full), tuple(result)


class At:
    """``x.at[index]``: changed copies of `x`, and the indexed part."""

    __slots__ = ("_x",)

    def __init__(self, x):
        self._x = x

    def __getitem__(self, index):
        return AtIndex(self._x, index)

    def __repr__(self):
        return f"At({self._x!r})"


def _updater(op, sentence):
    def update(self, values, *, indices_are_sorted=False, unique_indices=False, mode=None):
        return self._scatter(op, values, mode)

    update.__doc__ = f"A copy of x with ``{sentence}``; repeated indices act one after the other."
    return update


class AtIndex:
    """A place in an array; each method returns a changed copy of the whole array."""

    __slots__ = ("_index", "_x")

    def __init__(self, x, index):
        self._x = x
        self._index = index

    set = _updater("set", "x[index] = values")
    add = _updater("add", "x[index] += values")
    multiply = _updater("mul", "x[index] *= values")
    mul = multiply
    min = _updater("min", "x[index] = minimum(x[index], values)")
    max = _updater("max", "x[index] = maximum(x[index], values)")

    def subtract(self, values, **options):
        """A copy of x with ``x[index] -= values``."""
        return self.add(-value(values, "subtract"), **options)

    def divide(self, values, **options):
        """A copy of x with ``x[index] /= values``."""
        return self.apply(lambda part: part / values)

    def power(self, values, **options):
        """A copy of x with ``x[index] **= values``."""
        return self.apply(lambda part: part**values)

    def apply(self, fun, **options):
        """A copy of x with ``x[index] = fun(x[index])``."""
        return self.set(fun(self.get()), **options)

    @public
    def get(self, *, indices_are_sorted=False, unique_indices=False, mode=None, fill_value=None):
        """``x[index]``."""
        _check_mode(mode)
        return getitem(value(self._x), _clipped(self._x.shape, self._index, mode))

    @public
    def _scatter(self, op, values, mode):
        _check_mode(mode)
        x = value(self._x, "x")
        aval = get_aval(x)
        updates = value(values, "the value")
        have = get_aval(updates)
        if have.dtype.kind == "c" and aval.dtype.kind != "c":
            raise TypeError(located(f"cannot put complex values, {have}, into {aval}"))
        indices, full, result = _grid(aval.shape, _clipped(aval.shape, self._index, mode))
        want = full
        try:
            updates = broadcast_to(_drop_leading_ones(updates, len(want)), want)
        except ValueError:
            raise ValueError(
                located(
                    f"values of shape {have.shape} do not fit the indexed part, of shape {want}"
                )
            ) from None
        rest = aval.shape[len(indices) :]
        updates = astype(real_part_like(reshape(updates, new_sizes=(*result, *rest)), aval),
                         aval.dtype)  # fmt: skip
        if not indices:  # the whole array
            indices = []
            return _whole(op, x, updates)
        return scatter(updates, x, *indices, axes=tuple(range(len(indices))), out_axis=0, op=op)


def _whole(op, x, updates):
    if op == "set":
        return updates
    from fgrad.primitives import elementwise

    return getattr(elementwise, op)(x, updates)


def _drop_leading_ones(x, ndim):
    shape = get_aval(x).shape
    while len(shape) > ndim and shape[0] == 1:
        shape = shape[1:]
    return x if shape == get_aval(x).shape else reshape(x, new_sizes=shape)


_MODES = (None, "promise_in_bounds", "clip")


def _check_mode(mode):
    if mode not in _MODES:
        raise NotImplementedError(
            located(
                f".at: mode {mode!r} is not supported; use one of {_MODES} (None: an IndexError)"
            )
        )


def _clipped(shape, index, mode):
    """The index with every array brought into bounds, if `mode` says so."""
    if mode != "clip":
        return index
    items = index if isinstance(index, tuple) else (index,)
    out, axis = [], 0
    for item in map(_as_item, items):
        if isinstance(item, int):
            n = shape[axis]
            item = int(np.clip(item + n if item < 0 else item, 0, n - 1))
        elif not (
            item is None or item is Ellipsis or isinstance(item, _builtin_slice) or _is_mask(item)
        ):
            n = shape[axis]
            item = max(min(select(lt(item, 0), add(item, n), item), n - 1), 0)
        out.append(item)
        axis += _axes_taken(item)
    return tuple(out)
