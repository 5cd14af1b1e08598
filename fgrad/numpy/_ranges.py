"""Evenly spaced numbers, and grids."""

import math

import numpy as np

from fgrad.core.avals import result_aval
from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import axis_of, give, public, shape_of, unweak, value
from fgrad.numpy._inplace import copied
from fgrad.numpy._rearrange import moveaxis_values
from fgrad.numpy._shape import concatenate_values, reshape_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives.define import broadcast_shapes
from fgrad.primitives.shape import astype, broadcast_to, expand_dims, slice_axis


def linspace_values(start, stop, num, endpoint, dtype, axis):
    """NumPy's linspace of values or tracers, and the step."""
    gaps = num - 1 if endpoint else num
    wide = np.result_type(result_aval((), (get_aval(start), get_aval(stop))).dtype, float(num))
    start, stop = (astype(v, wide) for v in (start, stop))
    shape = broadcast_shapes("linspace", [get_aval(v).shape for v in (start, stop)])
    start, stop = (expand_dims(broadcast_to(v, shape), (0,)) for v in (start, stop))
    delta = ew.sub(stop, start)
    steps = np.arange(num, dtype=np.finfo(wide).dtype).reshape(num, *(1,) * len(shape))
    step = ew.div(delta, gaps) if gaps > 0 else ew.mul(delta, math.nan)
    out = ew.add(ew.mul(steps, ew.div(delta, gaps) if gaps > 0 else delta), start)
    if endpoint and num > 1:
        out = concatenate_values([slice_axis(out, 0, num - 1, 0), stop], 0)
    if dtype is not None:
        dtype = np.dtype(dtype)
        out = astype(ew.floor(out) if dtype.kind in "iu" else out, dtype)
    out = moveaxis_values(out, 0, axis)
    return out, reshape_values(step, shape)


def _count(name, num):
    try:
        num = num.__index__()
    except AttributeError:
        raise TypeError(located(f"{name}: num must be an integer; got {num!r}")) from None
    if num < 0:
        raise ValueError(located(f"{name}: num must not be negative; got {num}"))
    return num


@public
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    """Evenly spaced numbers from `start` to `stop`.

    Parameters
    ----------
    start, stop : array-like
        They may be traced.
    num : int
        How many.
    endpoint : bool
        Whether `stop` is the last of them.
    retstep : bool
        Whether to give the distance too.
    dtype : dtype-like, optional
    axis : int
        Where in the result the numbers stand, if `start` or `stop` are arrays.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.linspace(0.0, 1.0, 3)
    Array([0. , 0.5, 1. ])
    """
    num = _count("linspace", num)
    a, b = value(start, "linspace: start"), value(stop, "linspace: stop")
    if not (isinstance(a, Tracer) or isinstance(b, Tracer)):
        axis_of(axis, 1 + max(np.ndim(a), np.ndim(b)))
        return np.linspace(a, b, num, endpoint, retstep, dtype, axis)
    out, step = linspace_values(a, b, num, endpoint, dtype, axis)
    return (out, step) if retstep else out


@public
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    """Powers of a base whose exponents are evenly spaced; parameters are those of `linspace`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.logspace(0.0, 2.0, 3)
    Array([  1.,  10., 100.])
    """
    num = _count("logspace", num)
    given = [unweak(value(v, "logspace")) for v in (start, stop)]
    base = value(base, "logspace: base")
    if not any(isinstance(v, Tracer) for v in (*given, base)):
        return np.logspace(*given, num, endpoint, base, dtype, axis)
    shape = broadcast_shapes("logspace", [get_aval(v).shape for v in (*given, base)])
    a, b = (broadcast_to(v, shape) for v in given)
    exponents, _ = linspace_values(a, b, num, endpoint, None, 0)
    out = moveaxis_values(ew.pow(base, exponents), 0, axis) if shape else ew.pow(base, exponents)
    return out if dtype is None else astype(out, np.dtype(dtype))


@public
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """Numbers with equal ratios from `start` to `stop`; parameters are those of `linspace`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.geomspace(1.0, 4.0, 3)
    Array([1., 2., 4.])
    """
    num = _count("geomspace", num)
    a, b = unweak(value(start, "geomspace")), unweak(value(stop, "geomspace"))
    if not (isinstance(a, Tracer) or isinstance(b, Tracer)):
        return np.geomspace(a, b, num, endpoint, dtype, axis)
    wide = np.result_type(get_aval(a).dtype, get_aval(b).dtype, float(num))
    a, b = (astype(v, wide) for v in (a, b))
    if wide.kind == "c":
        raise TypeError(located("geomspace of traced complex numbers is not supported"))
    # both of one sign: computed for positive numbers
    sign = parts.sign(a)
    logs = (ew.log(ew.mul(v, sign)) for v in (a, b))
    exponents, _ = linspace_values(*logs, num, endpoint, None, 0)
    out = ew.mul(ew.exp(exponents), sign)
    shape = get_aval(out).shape[1:]
    if num:
        inner = slice_axis(out, 1, num - 1 if endpoint and num > 1 else num, 0)
        first = broadcast_to(expand_dims(broadcast_to(a, shape), (0,)), (1, *shape))
        ends = [broadcast_to(b, (1, *shape))] if endpoint and num > 1 else []
        out = concatenate_values([first, inner, *ends], 0)
    out = moveaxis_values(out, 0, axis) if shape else out
    return out if dtype is None else astype(out, np.dtype(dtype))


@public
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    """Coordinates of a grid: one array for each of the vectors that span it.

    Parameters
    ----------
    *xi : array-like
        Vectors.
    copy : bool
        Whether the arrays share no memory with the vectors.
    sparse : bool
        Whether to leave axes of length one.
    indexing : {'xy', 'ij'}
        Whether the first vector runs along the second axis, as in a drawing, or the first.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.meshgrid([1, 2], [3, 4])[1]
    Array([[3, 3],
           [4, 4]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(located(f"meshgrid: indexing must be 'xy' or 'ij'; got {indexing!r}"))
    xs = [unweak(value(x, "meshgrid")) for x in xi]
    places = list(range(len(xs)))
    if indexing == "xy" and len(xs) > 1:
        places[:2] = [1, 0]
    xs = [
        reshape_values(x, tuple(-1 if i == p else 1 for i in range(len(xs))))
        for x, p in zip(xs, places, strict=True)
    ]
    shape = np.broadcast_shapes(*(get_aval(x).shape for x in xs))
    out = xs if sparse else [broadcast_to(x, shape) for x in xs]
    return tuple(map(copied, out) if copy else out)


@public
def indices(dimensions, dtype=int, sparse=False):
    """The indices of a grid: one array for each axis.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.indices((1, 2))[1]
    Array([[0, 1]])
    """
    return np.indices(shape_of(dimensions, "dimensions"), np.dtype(dtype), sparse)


def _grid(name, grid, text, example):
    """NumPy's grid object, whose results are arrays of this namespace."""

    class Grid:
        def __getitem__(self, key):
            return give(grid[key])

    Grid.__name__ = Grid.__qualname__ = name
    Grid.__doc__ = f"{text}\n\nExamples\n--------\n>>> import fgrad.numpy as fnp\n{example}\n"
    return Grid()


mgrid = _grid("mgrid", np.mgrid, "A full grid from slices.", ">>> fnp.mgrid[0:2]\nArray([0, 1])")
ogrid = _grid("ogrid", np.ogrid, "An open grid from slices.", ">>> fnp.ogrid[0:2]\nArray([0, 1])")


def ravel_places(places, dims):
    """Several indices as one into the flattened array."""
    flat = 0
    for i, n in zip(places, dims, strict=True):
        flat = ew.add(ew.mul(flat, n), i)
    return flat


@public
def ravel_multi_index(multi_index, dims, mode="raise", order="C"):
    """Several indices into an array as one into its flattened form.

    Parameters
    ----------
    multi_index : sequence of array-like of int
        One for each axis.
    dims : tuple of int
        The shape of the array.
    mode : {'raise', 'wrap', 'clip'}
        What to do with indices out of bounds; they can be seen only where there are numbers.
    order : {'C', 'F'}

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.ravel_multi_index(([0, 1], [1, 2]), (2, 3))
    Array([1, 5])
    """
    places = [unweak(value(i, "ravel_multi_index")) for i in multi_index]
    dims = shape_of(dims, "dims")
    if not any(isinstance(i, Tracer) for i in places):
        return np.ravel_multi_index(tuple(places), dims, mode, order)
    if len(places) != len(dims):
        raise ValueError(
            located(f"ravel_multi_index: {len(places)} indices do not fit the shape {dims}")
        )
    if mode == "wrap":
        places = [ew.remainder(i, n) for i, n in zip(places, dims, strict=True)]
    elif mode == "clip":
        places = [ew.max(ew.min(i, n - 1), 0) for i, n in zip(places, dims, strict=True)]
    if order == "F":
        places, dims = places[::-1], dims[::-1]
    return ravel_places(places, dims)


@public
def unravel_index(indices, shape, order="C"):
    """Indices into a flattened array as one index for each of its axes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.unravel_index(5, (2, 3))
    (np.int64(1), np.int64(2))
    """
    rest = unweak(value(indices, "unravel_index"))
    shape = shape_of(shape)
    if not isinstance(rest, Tracer):
        return tuple(np.unravel_index(rest, shape, order))
    out = []
    for n in reversed(shape) if order == "C" else shape:
        out.append(ew.remainder(rest, n))
        rest = ew.floor_divide(rest, n)
    return tuple(out[::-1] if order == "C" else out)
