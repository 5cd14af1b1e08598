"""Indexing as NumPy writes it, brought to the normal form of `primitives.index`."""

from typing import NamedTuple

import numpy as np

from fgrad.core.errors import NonConcreteBooleanIndexError
from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import public, value
from fgrad.primitives.elementwise import add, div, lt, max, min, pow
from fgrad.primitives.index import gather, scatter
from fgrad.primitives.parts import real_part_like, select
from fgrad.primitives.shape import astype, broadcast_to, pad, reshape, slice


class _Entry(NamedTuple):
    """One entry of an index: what it is and which axis it takes."""

    kind: str  # 'int', 'slice', 'array' or 'new'
    axis: int | None
    item: object


def _entries(shape, index):
    """The entries of an index, with the ellipsis and boolean masks written out."""
    entries, axis = [], 0
    for item in _items(shape, index):
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


def _items(shape, index):
    """The items of an index, with the ellipsis written out."""
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
    return items[:at] + fill + items[at + bool(ellipses) :]


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


def _is_truth(i):
    """Whether an item of an index is one boolean: it takes no axis, and makes one of its own."""
    return isinstance(i, bool | np.bool_) or (
        isinstance(i, np.ndarray) and i.dtype.kind == "b" and not i.ndim
    )


def _with_truths(shape, index):
    """An index whose booleans are arrays along new axes of length one, and the shape with these."""
    items, sizes, axis = [], [], 0
    for item in _items(shape, index):
        if item is not None and not isinstance(item, _builtin_slice | int) and _is_truth(item):
            items.append(np.zeros(int(item), np.intp))
            sizes.append(1)
        else:
            taken = _axes_taken(item)
            items.append(item)
            sizes += shape[axis : axis + taken]
            axis += taken
    return tuple(items), tuple(sizes)


def _has_truth(index):
    return any(map(_is_truth, index if isinstance(index, tuple) else (index,)))


def getitem(x, index):
    """``x[index]`` of a value or tracer."""
    if _has_truth(index):
        index, shape = _with_truths(get_aval(x).shape, index)
        x = reshape(x, new_sizes=shape)
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

    @public
    def divide(self, values, **options):
        """A copy of x with ``x[index] /= values``; repeated indices divide by all their values."""
        x = value(self._x, "x")
        return astype(div(x, self._factors(values, options)), get_aval(x).dtype)

    @public
    def power(self, values, **options):
        """A copy of x with ``x[index] **= values``; at repeated indices one after the other."""
        x = value(self._x, "x")
        return astype(pow(x, self._factors(values, options)), get_aval(x).dtype)

    def _factors(self, values, options):
        """The product of the values at each place, one where there is none."""
        dtype = np.result_type(get_aval(value(values, "the value")).dtype, self._x.dtype)
        ones = AtIndex(np.ones(self._x.shape, dtype), self._index)
        return value(ones.multiply(values, **options))

    def apply(self, fun, *, unique_indices=False, **options):
        """A copy of x with ``x[index] = fun(x[index])``, as often as an index is repeated.

        Parameters
        ----------
        fun : callable
            Elementwise.
        unique_indices : bool
            A promise that no place is indexed twice; needed for indices that are not known while
            tracing.
        **options
            As of the other updates.
        """
        if not unique_indices:
            counts = AtIndex(np.zeros(self._x.shape, np.intp), self._index).add(1, **options)
            if isinstance(counts, Tracer):
                raise NonConcreteBooleanIndexError(
                    located(
                        ".at[].apply: these indices are not known while tracing, so how often one "
                        "is repeated is not either; say unique_indices=True if none is"
                    )
                )
            if np.size(counts) and np.max(counts) > 1:
                return self._apply_repeatedly(fun, np.asarray(counts))
        return self.set(fun(self.get(**options)), **options)

    def _apply_repeatedly(self, fun, counts):
        x = self._x
        for k in range(int(counts.max())):
            places = np.nonzero(counts > k)
            place = AtIndex(x, places)
            x = place.set(fun(place.get()))
        return x

    @public
    def get(self, *, indices_are_sorted=False, unique_indices=False, mode=None, fill_value=None):
        """``x[index]``.

        Parameters
        ----------
        indices_are_sorted, unique_indices : bool
            Accepted for compatibility.
        mode : {None, 'promise_in_bounds', 'clip', 'fill'}
            What an index out of bounds means: an error (None, and where JAX is promised that there
            is none), the nearest element, or `fill_value`.
        fill_value : scalar, optional
            NaN by default; of integers the least one, of unsigned ones the greatest.
        """
        mode = _mode_of(mode)
        x = value(self._x)
        shape = get_aval(x).shape
        if mode == "clip":
            return getitem(x, _clipped(shape, self._index))
        if mode in ("drop", "fill"):
            index, longer = _set_apart(shape, self._index)
            fill = _missing(get_aval(x).dtype) if fill_value is None else fill_value
            return getitem(_lengthened(x, longer, value(fill, "fill_value")), index)
        return getitem(x, self._index)

    @public
    def _scatter(self, op, values, mode):
        mode = _mode_of(mode)
        x = value(self._x, "x")
        shape = get_aval(x).shape
        if _is_unknown_mask(self._index):
            return _chosen(op, x, self._index, values)
        if mode == "clip":
            return _scattered(op, x, _clipped(shape, self._index), values)
        if mode in ("drop", "fill"):
            index, longer = _set_apart(shape, self._index)
            out = _scattered(op, _lengthened(x, longer, 0), index, values)
            return slice(out, index=tuple([(0, n, 1) for n in shape]))
        return _scattered(op, x, self._index, values)


def _scattered(op, x, index, values):
    """A copy of `x` with values brought to the places of an index."""
    aval = get_aval(x)
    if _has_truth(index):
        index, shape = _with_truths(aval.shape, index)
        out = _scattered(op, reshape(x, new_sizes=shape), index, values)
        return reshape(out, new_sizes=aval.shape)
    updates = value(values, "the value")
    have = get_aval(updates)
    if have.dtype.kind == "c" and aval.dtype.kind != "c":
        raise TypeError(located(f"cannot put complex values, {have}, into {aval}"))
    indices, full, result = _grid(aval.shape, index)
    want = full
    try:
        updates = broadcast_to(_drop_leading_ones(updates, len(want)), want)
    except ValueError:
        raise ValueError(
            located(f"values of shape {have.shape} do not fit the indexed part, of shape {want}")
        ) from None
    rest = aval.shape[len(indices) :]
    updates = astype(real_part_like(reshape(updates, new_sizes=(*result, *rest)), aval),
                     aval.dtype)  # fmt: skip
    if not indices:  # the whole array
        return _whole(op, x, updates)
    return scatter(updates, x, *indices, axes=tuple(range(len(indices))), out_axis=0, op=op)


def _is_unknown_mask(index):
    """Whether an index is a mask whose places are not known while tracing."""
    if not isinstance(index, Tracer) or index.dtype.kind != "b":
        return False
    try:
        index.concrete(NonConcreteBooleanIndexError, "a boolean index")
    except NonConcreteBooleanIndexError:
        return True
    return False


def _chosen(op, x, mask, values):
    """A copy of `x` with values brought to where a mask holds; each place gets the same."""
    shape = get_aval(x).shape
    if mask.shape != shape[: mask.ndim]:
        raise IndexError(
            located(f"a boolean index of shape {mask.shape} does not fit an array of shape {shape}")
        )
    values = value(values, "the value")
    rest = shape[mask.ndim :]
    have = get_aval(values).shape
    try:
        np.broadcast_shapes(have, rest)
        values = broadcast_to(values, (*shape[: mask.ndim], *rest))
        fits = len(have) <= len(rest)
    except ValueError:
        fits = False
    if not fits:
        raise NonConcreteBooleanIndexError(
            located(
                f"values of shape {have} for a mask that is not known while tracing: wanted one "
                f"value for all its places, of shape {rest}. Use fgrad.numpy.where instead."
            )
        )
    values = astype(real_part_like(values, get_aval(x)), get_aval(x).dtype)
    mask = reshape(mask, new_sizes=(*mask.shape, *(1,) * len(rest)))
    return select(broadcast_to(mask, shape), _whole(op, x, values), x)


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


_MODES = (None, "promise_in_bounds", "clip", "drop", "fill")


def _mode_of(mode):
    """The mode as a string or None; those of `lax.GatherScatterMode` go by their names."""
    name = str(getattr(mode, "name", mode)).lower() if mode is not None else None
    name = "drop" if name == "fill_or_drop" else name
    if name not in _MODES:
        raise ValueError(
            located(f".at: mode must be one of {_MODES} (None: an IndexError); got {mode!r}")
        )
    return name


def _mapped(shape, index, integer, array):
    """An index with every integer and integer array replaced, given the size of its axis."""
    out, axis = [], 0
    for item in _items(shape, index):
        if isinstance(item, int):
            item = integer(item, axis)
        elif not (item is None or isinstance(item, _builtin_slice) or _is_mask(item)):
            item = array(item, axis)
        out.append(item)
        axis += _axes_taken(item)
    return tuple(out)


def _clipped(shape, index):
    """The index with every integer brought into bounds."""

    def integer(i, axis):
        n = shape[axis]
        return int(np.clip(i + n if i < 0 else i, 0, n - 1))

    def array(i, axis):
        n = shape[axis]
        return max(min(select(lt(i, 0), add(i, n), i), n - 1), 0)

    return _mapped(shape, index, integer, array)


def _set_apart(shape, index):
    """The index with every integer out of bounds made to point behind the end of its axis.

    Returns
    -------
    tuple
        The index.
    tuple of int
        The shape with these axes one longer.
    """
    longer = list(shape)

    def integer(i, axis):
        n = shape[axis]
        if -n <= i < n:
            return i % n
        longer[axis] = n + 1
        return n

    def array(i, axis):
        n = shape[axis]
        longer[axis] = n + 1
        i = astype(i, np.dtype(np.intp))
        i = select(lt(i, 0), add(i, n), i)
        return select(lt(i, 0), n, min(i, n))

    return _mapped(shape, index, integer, array), tuple(longer)


def _lengthened(x, shape, fill):
    """`x` in the corner of a larger array of one number."""
    have = get_aval(x).shape
    if have == shape:
        return x
    outside = np.ones(shape, bool)
    outside[tuple([_builtin_slice(n) for n in have])] = False
    index = tuple([(0, n, 1) for n in have])
    return select(outside, astype(fill, get_aval(x).dtype), pad(x, shape=shape, index=index))


def _missing(dtype):
    """What JAX gives for elements out of bounds."""
    if dtype.kind in "fc":
        return np.nan
    if dtype.kind == "b":
        return True
    return np.iinfo(dtype).min if dtype.kind == "i" else np.iinfo(dtype).max
