"""Padding: values put around an array."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, concrete, public, value
from fgrad.numpy._rearrange import flip_values
from fgrad.numpy._reduce import mean_values, reduced
from fgrad.primitives import elementwise as ew
from fgrad.primitives import shape as sh
from fgrad.primitives.index import gather
from fgrad.primitives.reduce import reduce_max, reduce_min


def _pairs(given, ndim, name):
    """One (before, after) pair for each axis."""
    try:
        return np.broadcast_to(given, (ndim, 2)).tolist()
    except ValueError:
        raise ValueError(
            located(f"pad: {name} {given!r} does not fit an array of {ndim} axes")
        ) from None


def _value_pairs(given, ndim, dtype):
    """Pairs of values in the array's dtype; they may be traced."""
    x = sh.astype(value(given, "pad: the values"), dtype)
    full = sh.broadcast_to(x, (ndim, 2))
    return [
        [sh.slice(full, index=(i, j)) for j in (0, 1)]
        for i in range(ndim)
    ]  # fmt: skip


def _around(x, axis, before, after):
    """`x` between two parts (None for nothing) along an axis."""
    return sh.concatenate(*(p for p in (before, x, after) if p is not None), dimension=axis)


def _filled(x, axis, count, number):
    """`count` copies of a number, in the shape of `x` along the other axes."""
    shape = list(get_aval(x).shape)
    shape[axis] = count
    return sh.broadcast_to(number, tuple(shape))


def _repeated(x, axis, count):
    """`count` copies of a part of length one."""
    shape = list(get_aval(x).shape)
    shape[axis] = count
    return sh.broadcast_to(x, tuple(shape))


def _edge(x, axis, last):
    n = get_aval(x).shape[axis]
    return sh.slice_axis(x, n - 1, n, axis) if last else sh.slice_axis(x, 0, 1, axis)


def _pad_constant(x, widths, constant_values=0):
    shape, dtype = get_aval(x).shape, get_aval(x).dtype
    if isinstance(constant_values, int | float) and constant_values == 0:
        sizes = tuple(b + n + a for (b, a), n in zip(widths, shape, strict=True))
        index = tuple((b, b + n, 1) for (b, _), n in zip(widths, shape, strict=True))
        return sh.pad(x, shape=sizes, index=index)
    numbers = _value_pairs(constant_values, len(shape), dtype)
    for axis, ((b, a), (left, right)) in enumerate(zip(widths, numbers, strict=True)):
        before = _filled(x, axis, b, left) if b else None
        after = _filled(x, axis, a, right) if a else None
        x = _around(x, axis, before, after)
    return x


def _pad_by_places(mode):
    """Modes that copy elements: NumPy pads the places 0, 1, 2, ... instead."""

    def pad_axes(x, widths):
        for axis, width in enumerate(widths):
            n = get_aval(x).shape[axis]
            if width == [0, 0]:
                continue
            if n == 0:
                raise ValueError(
                    located(f"pad: axis {axis} is empty; mode {mode!r} has nothing to copy")
                )
            places = np.pad(np.arange(n), width, mode)
            x = gather(x, places, axes=(axis,), out_axis=axis)
        return x

    return pad_axes


def _odd(x, widths, mode):
    """Point reflections at the edge: twice the edge minus the mirrored elements."""
    skip = int(mode == "reflect")  # whether the edge itself is left out of the mirror image
    for axis, width in enumerate(widths):
        period = get_aval(x).shape[axis] - skip
        for last, count in enumerate(width):
            while count:
                n = get_aval(x).shape[axis]
                if period < 1:
                    new = _repeated(_edge(x, axis, last), axis, count)
                    x = _around(x, axis, *((None, new) if last else (new, None)))
                    break
                # whole periods, so that the new edge can be a mirror too
                part = min(count, (n - skip) // period * period)
                start = n - skip - part if last else skip
                mirrored = flip_values(sh.slice_axis(x, start, start + part, axis), (axis,))
                edge = _edge(x, axis, last)
                new = ew.sub(ew.mul(edge, 2), mirrored)
                x = _around(x, axis, *((None, new) if last else (new, None)))
                count -= part
    return x


def _pad_mirror(mode):
    even = _pad_by_places(mode)

    def pad_axes(x, widths, reflect_type="even"):
        if reflect_type not in ("even", "odd"):
            raise ValueError(
                located(f"pad: reflect_type must be 'even' or 'odd'; got {reflect_type!r}")
            )
        return even(x, widths) if reflect_type == "even" else _odd(x, widths, mode)

    return pad_axes


def _pad_ramp(x, widths, end_values=0):
    dtype = get_aval(x).dtype
    numbers = _value_pairs(end_values, len(widths), dtype)
    for axis, (width, ends) in enumerate(zip(widths, numbers, strict=True)):
        parts = [None, None]
        for last, (count, end) in enumerate(zip(width, ends, strict=True)):
            if not count:
                continue
            shape = [1] * get_aval(x).ndim
            shape[axis] = count
            steps = np.arange(count, dtype=float).reshape(shape)
            edge = _edge(x, axis, last)
            wide = sh.astype(edge, np.result_type(dtype, float))
            ramp = ew.add(end, ew.mul(steps, ew.div(ew.sub(wide, end), count)))
            if dtype.kind in "iu":
                ramp = ew.floor(ramp)
            ramp = sh.astype(ramp, dtype)
            parts[last] = flip_values(ramp, (axis,)) if last else ramp
        if width != [0, 0]:
            x = _around(x, axis, *parts)
    return x


def _median(x, axis):
    from fgrad.numpy._quantile import quantile_values

    return quantile_values(x, 0.5, (axis,), keepdims=True)


_STATISTICS = {
    "maximum": lambda x, axis: reduced(reduce_max, x, axis, True),
    "minimum": lambda x, axis: reduced(reduce_min, x, axis, True),
    "mean": lambda x, axis: mean_values(x, axis, True),
    "median": _median,
}


def _pad_statistic(mode):
    def pad_axes(x, widths, stat_length=None):
        dtype = get_aval(x).dtype
        lengths = [[None, None]] * len(widths)
        if stat_length is not None:
            lengths = _pairs(stat_length, len(widths), "stat_length")
        for axis, (width, length) in enumerate(zip(widths, lengths, strict=True)):
            n = get_aval(x).shape[axis]
            parts = [None, None]
            for last in (0, 1):
                if not width[last]:
                    continue
                k = n if length[last] is None else min(length[last], n)
                if k < 1:
                    raise ValueError(
                        located(f"pad: mode {mode!r} needs at least one element along axis {axis}")
                    )
                part = sh.slice_axis(x, n - k, n, axis) if last else sh.slice_axis(x, 0, k, axis)
                number = _STATISTICS[mode](part, axis)
                if dtype.kind in "iu" and get_aval(number).dtype.kind == "f":
                    number = ew.round(number)
                parts[last] = _repeated(sh.astype(number, dtype), axis, width[last])
            if width != [0, 0]:
                x = _around(x, axis, *parts)
        return x

    return pad_axes


_MODES = {
    "constant": _pad_constant,
    "empty": _pad_constant,
    "edge": _pad_by_places("edge"),
    "wrap": _pad_by_places("wrap"),
    "reflect": _pad_mirror("reflect"),
    "symmetric": _pad_mirror("symmetric"),
    "linear_ramp": _pad_ramp,
    **{mode: _pad_statistic(mode) for mode in _STATISTICS},
}


@public
def pad(array, pad_width, mode="constant", **kwargs):
    """An array with values put around it.

    Parameters
    ----------
    array : array-like
    pad_width : int, pair of int, sequence of pairs, or dict
        How many elements before and after, for each axis; a dict names the axes.
    mode : str
        'constant' (`constant_values`), 'edge', 'wrap', 'reflect' and 'symmetric' (`reflect_type`),
        'linear_ramp' (`end_values`), 'maximum', 'minimum', 'mean' and 'median' (`stat_length`), or
        'empty', which pads with zeros.
    **kwargs
        The option of the mode, as in NumPy.

    Returns
    -------
    array
        Of the dtype of the input.

    Raises
    ------
    ValueError
        If there is no such mode or option, or a width is negative.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.pad(fnp.array([1.0, 2.0]), 1)
    Array([0., 1., 2., 0.])
    """
    x = value(array, "pad")
    x = sh.astype(x, get_aval(x).dtype)
    ndim = get_aval(x).ndim
    if isinstance(pad_width, dict):
        named, pad_width = pad_width, [(0, 0)] * ndim
        for axis, width in named.items():
            pad_width[axis_of(axis, ndim)] = (
                (width, width) if hasattr(width, "__index__") else width
            )
    given = concrete(pad_width, "pad: the width")
    if given.size and (given.dtype.kind not in "iu" or given.min() < 0):
        raise ValueError(located(f"pad: widths must be non-negative integers; got {pad_width!r}"))
    widths = _pairs(given, ndim, "pad_width")
    pad_axes = _MODES.get(mode)
    if pad_axes is None:
        raise ValueError(located(f"pad: mode must be one of {sorted(_MODES)}; got {mode!r}"))
    try:
        return pad_axes(x, widths, **kwargs)
    except TypeError as e:
        if "unexpected keyword" not in str(e):
            raise
        raise ValueError(
            located(f"pad: mode {mode!r} does not take the options {sorted(kwargs)}")
        ) from None
