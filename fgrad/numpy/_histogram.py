"""Histograms: edges, the bin of each element, and a sum for each bin."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._differences import diff_values
from fgrad.numpy._dtypes import result_type
from fgrad.numpy._face import concrete, public, unweak, value
from fgrad.numpy._ranges import linspace, ravel_places
from fgrad.numpy._shape import reshape_values, transpose_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import shape as sh
from fgrad.primitives.index import scatter
from fgrad.primitives.parts import select
from fgrad.primitives.reduce import reduce_max, reduce_min, reduce_sum
from fgrad.primitives.sort import searchsorted


def _data(name, a):
    """The data in one axis; booleans as NumPy counts them."""
    x = unweak(value(a, name))
    x = reshape_values(x, (get_aval(x).size,))
    return sh.astype(x, np.dtype(np.uint8)) if get_aval(x).dtype.kind == "b" else x


def _bounds(name, x, span):
    """The first and the last edge."""
    if span is not None:
        low, high = (value(v, f"{name}: range") for v in span)
        if not isinstance(low, Tracer) and not isinstance(high, Tracer) and low > high:
            raise ValueError(located(f"{name}: the range must ascend; got {span}"))
    elif get_aval(x).size == 0:
        low, high = 0, 1
    else:
        low, high = reduce_min(x, axes=(0,)), reduce_max(x, axes=(0,))
    for v in (low, high):
        if not isinstance(v, Tracer) and not np.isfinite(v):
            raise ValueError(located(f"{name}: the range [{low}, {high}] is not finite"))
    flat = ew.eq(low, high)
    if not isinstance(flat, Tracer):
        return (ew.sub(low, 0.5), ew.add(high, 0.5)) if flat else (low, high)
    return select(flat, ew.sub(low, 0.5), low), select(flat, ew.add(high, 0.5), high)


def _edges(name, x, bins, span, weights=None):
    """The edges of the bins of data in one axis."""
    if isinstance(bins, str):
        if weights is not None:
            raise TypeError(located(f"{name}: bins={bins!r} takes no weights"))
        known = concrete(x, f"{name}: bins={bins!r} (give a number of bins)")
        bins = len(np.histogram_bin_edges(known, bins, span)) - 1
    if not isinstance(bins, list | tuple) and np.ndim(bins) == 0:
        if not hasattr(bins, "__index__"):
            raise TypeError(
                located(f"{name}: bins must be an integer, edges or a name; got {bins}")
            )
        bins = bins.__index__()
        if bins < 1:
            raise ValueError(located(f"{name}: bins must be positive; got {bins}"))
        low, high = _bounds(name, x, span)
        dtype = result_type(low, high, x)
        dtype = dtype if dtype.kind in "fc" else np.result_type(dtype, float)
        return value(linspace(low, high, bins + 1, dtype=dtype))
    edges = unweak(value(bins, f"{name}: bins"))
    if get_aval(edges).ndim != 1:
        raise ValueError(located(f"{name}: bins must have one axis; got {get_aval(edges)}"))
    if not isinstance(edges, Tracer) and np.any(edges[:-1] > edges[1:]):
        raise ValueError(located(f"{name}: bins must ascend"))
    return edges


def _bin(x, edges):
    """The bin of each element; the last one holds its right edge. One past the end for none."""
    n = get_aval(edges).size
    above = searchsorted(edges, x, side="right", batched=0)
    last = ew.eq(x, sh.slice(edges, index=(n - 1,)))
    above = select(last, n - 1, above)
    return select(ew.eq(above, 0), n - 1, ew.sub(above, 1))


def _counts(places, weights, size):
    """The sum of the weights at each place; those past the end are left out."""
    zeros = np.zeros(size + 1, get_aval(weights).dtype)
    out = scatter(weights, zeros, places, axes=(0,), out_axis=0, op="add")
    return sh.slice_axis(out, 0, size, 0)


@public
def histogram_bin_edges(a, bins=10, range=None, weights=None):
    """The edges of the bins of `histogram`, whose parameters these are.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.histogram_bin_edges([0.0, 4.0], bins=2)
    Array([0., 2., 4.])
    """
    name = "histogram_bin_edges"
    return _edges(name, _data(name, a), bins, range, weights)


def _weights(name, weights, shape):
    if weights is None:
        return np.ones(int(np.prod(shape)), np.intp)
    w = unweak(value(weights, f"{name}: weights"))
    if get_aval(w).shape != shape:
        raise ValueError(
            located(f"{name}: weights of shape {get_aval(w).shape} do not fit {shape}")
        )
    return reshape_values(w, (get_aval(w).size,))


@public
def histogram(a, bins=10, range=None, weights=None, density=None):
    """How many elements fall into each bin.

    Parameters
    ----------
    a : array-like
        Flattened.
    bins : int, array-like or str
        Their number, their edges, or one of NumPy's rules for their number, for which the elements
        must have values.
    range : pair of numbers, optional
        The outermost edges; by default the smallest and the largest element.
    weights : array-like, optional
        Of the shape of `a`: what each element adds to its bin.
    density : bool
        Whether to divide so that the integral is one.

    Returns
    -------
    hist : array
        Integers, or of the dtype of the weights; differentiable in those and, as a density, in the
        edges.
    edges : array
        Differentiable.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.histogram([0.0, 1.0, 4.0], bins=2)
    (Array([2, 1]), Array([0., 2., 4.]))
    """
    x = _data("histogram", a)
    edges = _edges("histogram", x, bins, range, weights)
    w = _weights("histogram", weights, get_aval(value(a)).shape)
    counts = _counts(_bin(x, edges), w, get_aval(edges).size - 1)
    if not density:
        return counts, edges
    widths = sh.astype(diff_values(edges, 0), np.dtype(float))
    return ew.div(ew.div(counts, widths), reduce_sum(counts, axes=(0,))), edges


@public
def histogramdd(sample, bins=10, range=None, density=None, weights=None):
    """How many points fall into each box of a grid.

    Parameters
    ----------
    sample : array-like or sequence of array-like
        An array with a point in each row, or a sequence of arrays with their coordinates.
    bins : int, or sequence of int or of array-like
        As for `histogram`, for all axes or for each.
    range : sequence of pairs or None, optional
        For each axis.
    weights, density
        As for `histogram`.

    Returns
    -------
    hist : array
    edges : list of arrays

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.histogramdd(fnp.array([[0.0, 0.0], [1.0, 3.0]]), bins=2)[0]
    Array([[1., 0.],
           [0., 1.]])
    """
    x = unweak(value(sample, "histogramdd"))
    if isinstance(sample, list | tuple) or get_aval(x).ndim == 1:
        x = transpose_values(reshape_values(x, (-1, get_aval(x).shape[-1])))
    if get_aval(x).ndim != 2:
        raise ValueError(located(f"histogramdd: wanted a point in each row; got {get_aval(x)}"))
    n, d = get_aval(x).shape
    if not isinstance(bins, list | tuple) and np.ndim(bins) == 0:
        bins = [bins] * d
    spans = [None] * d if range is None else list(range)
    if len(bins) != d or len(spans) != d:
        raise ValueError(located(f"histogramdd: bins= and range= must have {d} entries"))
    places, outside, edges = [], np.zeros(n, bool), []
    for i, (b, span) in enumerate(zip(bins, spans, strict=True)):
        column = _data("histogramdd", sh.slice(x, index=((0, n, 1), i)))
        edges.append(_edges("histogramdd", column, b, span))
        places.append(_bin(column, edges[-1]))
        outside = ew.logical_or(outside, ew.eq(places[-1], get_aval(edges[-1]).size - 1))
    shape = tuple(get_aval(e).size - 1 for e in edges)
    size = int(np.prod(shape))
    places = select(outside, size, ravel_places(places, shape))
    w = sh.astype(_weights("histogramdd", weights, (n,)), np.dtype(float))
    hist = reshape_values(_counts(places, w, size), shape)
    if density:
        total = reduce_sum(hist, axes=tuple(i for i, _ in enumerate(edges)))
        for i, e in enumerate(edges):
            along = tuple(-1 if k == i else 1 for k, _ in enumerate(edges))
            hist = ew.div(hist, reshape_values(diff_values(e, 0), along))
        hist = ew.div(hist, total)
    return hist, edges


@public
def histogram2d(x, y, bins=10, range=None, density=None, weights=None):
    """How many points of the plane fall into each box of a grid; see `histogramdd`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.histogram2d([0.0, 1.0], [0.0, 3.0], bins=2)[0]
    Array([[1., 0.],
           [0., 1.]])
    """
    if np.shape(x) != np.shape(y):
        raise ValueError(located(f"histogram2d: x {np.shape(x)} and y {np.shape(y)} differ"))
    if isinstance(bins, list | tuple) or np.ndim(bins):
        bins = bins if len(bins) == 2 else [bins[0], bins[0]] if len(bins) == 1 else [bins, bins]
    hist, edges = histogramdd([x, y], bins, range, density, weights)
    return hist, *edges
