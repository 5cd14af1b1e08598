"""Polynomials, piecewise linear functions and convolutions."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import concrete, public, unweak, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.numpy._rearrange import flip_values
from fgrad.numpy._shape import concatenate_values, reshape_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives import shape as sh
from fgrad.primitives.argsort import argsort
from fgrad.primitives.contract import einsum as contract
from fgrad.primitives.index import gather
from fgrad.primitives.reduce import cumprod
from fgrad.primitives.sort import searchsorted


def _vector(name, a):
    x = unweak(value(a, name))
    x = reshape_values(x, (1,)) if get_aval(x).ndim == 0 else x
    if get_aval(x).ndim != 1:
        raise ValueError(located(f"{name}: wanted one axis; got {get_aval(x)}"))
    return x


@public
def polyval(p, x, *, unroll=16):
    """The value of a polynomial.

    Parameters
    ----------
    p : array-like
        The coefficients, highest power first.
    x : array-like
    unroll : int
        Accepted for compatibility.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.polyval([1.0, 0.0, 2.0], 3.0)
    np.float64(11.0)
    """
    p, x = unweak(value(p, "polyval: p")), unweak(value(x, "polyval: x"))
    (n, *rest) = get_aval(p).shape or (1,)
    p = sh.reshape(p, new_sizes=(n, *rest)) if not get_aval(p).shape else p
    index = [(0, k, 1) for k in rest]
    total = np.zeros(get_aval(x).shape, get_aval(x).dtype)[()]
    for i in range(n):
        total = ew.add(ew.mul(total, x), sh.slice(p, index=(i, *index)))
    return total


@public
def polyadd(a1, a2):
    """The sum of two polynomials, given by their coefficients, highest power first.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.polyadd([1.0, 2.0], [3.0])
    Array([1., 5.])
    """
    x, y = _equal_length(_vector("polyadd", a1), _vector("polyadd", a2))
    return ew.add(x, y)


@public
def polysub(a1, a2):
    """The difference of two polynomials, given by their coefficients, highest power first.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.polysub([1.0, 2.0], [3.0])
    Array([ 1., -1.])
    """
    x, y = _equal_length(_vector("polysub", a1), _vector("polysub", a2))
    return ew.sub(x, y)


def _equal_length(x, y):
    n = max(get_aval(x).size, get_aval(y).size)
    return (sh.pad(v, shape=(n,), index=((n - get_aval(v).size, n, 1),)) for v in (x, y))


@public
def polymul(a1, a2, *, trim_leading_zeros=False):
    """The product of two polynomials, given by their coefficients, highest power first.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.polymul([1.0, 1.0], [1.0, -1.0])
    Array([ 1.,  0., -1.])
    """
    return convolve_values(_vector("polymul", a1), _vector("polymul", a2), "full")


@public
def polyder(p, m=1):
    """The derivative of a polynomial, given by its coefficients, highest power first.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.polyder([1.0, 2.0, 3.0])
    Array([2., 2.])
    """
    x = _vector("polyder", p)
    if m < 0:
        raise ValueError(located(f"polyder: m must not be negative; got {m}"))
    for _ in range(m):
        n = get_aval(x).size
        x = ew.mul(sh.slice_axis(x, 0, max(n - 1, 0), 0), np.arange(n - 1, 0, -1))
    return x


@public
def vander(x, N=None, increasing=False):
    """The matrix whose columns are the powers of a vector, highest first.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.vander([2.0, 3.0], 3)
    Array([[4., 2., 1.],
           [9., 3., 1.]])
    """
    v = unweak(value(x, "vander"))
    if get_aval(v).ndim != 1:
        raise ValueError(located(f"vander: wanted one axis; got {get_aval(v)}"))
    n = get_aval(v).size
    N = n if N is None else N.__index__()
    dtype = np.promote_types(get_aval(v).dtype, int)
    v = reshape_values(sh.astype(v, dtype), (n, 1))
    powers = [np.ones((n, min(N, 1)), dtype)]
    if N > 1:
        powers.append(sh.broadcast_to(v, (n, N - 1)))
    out = cumprod(concatenate_values(powers, 1), axis=1, reverse=False)
    return out if increasing else flip_values(out, (1,))


@public
def polyint(p, m=1, k=None):
    """The antiderivative of a polynomial, given by its coefficients, highest power first.

    Parameters
    ----------
    p : array-like
    m : int
        How often to integrate.
    k : array-like, optional
        The constants of integration; zeros by default.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.polyint([2.0, 2.0])
    Array([1., 2., 0.])
    """
    x, m = _vector("polyint", p), m.__index__()
    if m < 0:
        raise ValueError(located(f"polyint: m must not be negative; got {m}"))
    k = np.zeros(m) if k is None else _vector("polyint: k", k)
    if get_aval(k).size not in (1, m):
        raise ValueError(located(f"polyint: k must have one element, or {m}; got {get_aval(k)}"))
    for i in range(m):
        n = get_aval(x).size
        last = sh.slice(k, index=(i if get_aval(k).size > 1 else 0,))
        x = concatenate_values([ew.div(x, np.arange(n, 0, -1)), reshape_values(last, (1,))], 0)
    return x


@public
def polydiv(u, v, *, trim_leading_zeros=False):
    """The quotient and the remainder of two polynomials, highest power first.

    Parameters
    ----------
    u, v : array-like
        The coefficients; the first one of `v` must not be zero.
    trim_leading_zeros : bool
        Whether to leave out zeros at the head of the remainder, as NumPy does; its numbers must be
        known for that.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.polydiv([1.0, 0.0, -1.0], [1.0, 1.0])
    (Array([ 1., -1.]), Array([0., 0., 0.]))
    """
    u, v = (ew.add(_vector("polydiv", x), 0.0) for x in (u, v))
    dtype = np.result_type(get_aval(u).dtype, get_aval(v).dtype)
    rest, v = sh.astype(u, dtype), sh.astype(v, dtype)
    m, n = get_aval(rest).size, get_aval(v).size
    head, quotient = sh.slice(v, index=(0,)), []
    for i in range(m - n + 1):
        d = ew.div(sh.slice(rest, index=(i,)), head)
        quotient.append(reshape_values(d, (1,)))
        taken = sh.pad(ew.mul(d, v), shape=(m,), index=((i, i + n, 1),))
        rest = ew.sub(rest, taken)
    quotient = concatenate_values(quotient, 0) if quotient else np.zeros(1, dtype)
    if trim_leading_zeros:
        known = concrete(rest, "polydiv: the zeros at the head of the remainder")
        nonzero = np.flatnonzero(~np.isclose(known, 0, rtol=1e-14))
        rest = sh.slice_axis(rest, int(nonzero[0]) if len(nonzero) else m - 1, m, 0)
    return quotient, rest


# -- convolution ---------------------------------------------------------------------------------


def convolve_values(x, y, mode, mirrored=False):
    """NumPy's convolve of two vectors: windows of the longer times the shorter, reversed.

    `mirrored` takes the middle, if it is not the very middle, nearer to the end than to the start.
    """
    if get_aval(x).size < get_aval(y).size:
        x, y = y, x
    n, m = get_aval(x).size, get_aval(y).size
    if m == 0:
        raise ValueError(located("convolve: the vectors must not be empty"))
    first = {"full": 0, "same": (m - 1 + mirrored) // 2, "valid": m - 1}.get(
        mode
    )  # in the full one
    if first is None:
        raise ValueError(located(f"convolve: mode must be 'full', 'same' or 'valid'; got {mode!r}"))
    length = {"full": n + m - 1, "same": n, "valid": n - m + 1}[mode]
    left, total = m - 1 - first, length + m - 1
    x = sh.pad(x, shape=(total,), index=((left, left + n, 1),)) if total != n else x
    windows = gather(x, np.arange(length)[:, None] + np.arange(m), axes=(0,), out_axis=0)
    return contract(windows, flip_values(y, (0,)), subscripts="ab,b->a")


@public
def convolve(a, v, mode="full", *, precision=None, preferred_element_type=None):
    """The convolution of two vectors.

    Parameters
    ----------
    a, v : array-like
    mode : {'full', 'same', 'valid'}
        All of it, as much as the longer vector has elements, or only where they overlap wholly.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.convolve([1.0, 2.0], [1.0, 10.0])
    Array([ 1., 12., 20.])
    """
    return convolve_values(_vector("convolve", a), _vector("convolve", v), mode)


@public
def correlate(a, v, mode="valid", *, precision=None, preferred_element_type=None):
    """The cross-correlation of two vectors; parameters are those of `convolve`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.correlate([1.0, 2.0, 3.0], [0.0, 1.0])
    Array([2., 3.])
    """
    x, y = _vector("correlate", a), _vector("correlate", v)
    y = parts.conj(y) if get_aval(y).dtype.kind == "c" else y
    shorter = get_aval(x).size < get_aval(y).size
    return convolve_values(x, flip_values(y, (0,)), mode, mirrored=shorter)


# -- interpolation -------------------------------------------------------------------------------


@public
def interp(x, xp, fp, left=None, right=None, period=None):
    """A piecewise linear function through given points.

    Parameters
    ----------
    x : array-like
        Where to evaluate it.
    xp, fp : array-like
        The points, `xp` ascending.
    left, right : number, optional
        The value outside; by default that at the nearest point.
    period : number, optional
        Of a periodic function: then `xp` may stand in any order, and nothing lies outside.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.interp(1.5, [1.0, 2.0], [10.0, 20.0])
    np.float64(15.0)
    """
    x, xp, fp = (as_inexact(unweak(value(v, "interp"))) for v in (x, xp, fp))
    if get_aval(xp).ndim != 1 or get_aval(xp).shape != get_aval(fp).shape or not get_aval(xp).size:
        raise ValueError(
            located(
                "interp: xp and fp must be vectors of equal length, not empty; got "
                f"{get_aval(xp)} and {get_aval(fp)}"
            )
        )
    wide = np.result_type(get_aval(x).dtype, get_aval(xp).dtype, float)
    if wide.kind == "c":
        raise TypeError(located("interp: complex x and xp have no order"))
    x, xp = sh.astype(x, wide), sh.astype(xp, wide)
    fp = sh.astype(fp, np.result_type(get_aval(fp).dtype, float))
    if period is not None:
        x, xp, fp = _one_period(x, xp, fp, value(period, "period"))
        left = right = None
    n = get_aval(xp).size
    if get_aval(fp).dtype.kind != "c":
        for side in (left, right):
            if side is not None and get_aval(value(side, "interp")).dtype.kind == "c":
                raise TypeError(located("interp: outside of real points the value must be real"))

    def at(v, i):
        return gather(v, i, axes=(0,), out_axis=0)

    if n == 1:
        out = sh.broadcast_to(at(fp, 0), get_aval(x).shape)
    else:
        i = searchsorted(xp, x, side="right", batched=0)
        i = ew.sub(ew.min(ew.max(i, 1), n - 1), 1)
        many = get_aval(x).size >= n  # then all lines are computed, else those that are wanted
        x0, f0, x1, f1 = (
            sh.slice(v, index=((k, n - 1 + k, 1),)) if many else at(v, ew.add(i, k))
            for k in (0, 1)
            for v in (xp, fp)
        )
        width = ew.sub(x1, x0)
        flat = ew.eq(width, 0)
        slope = ew.div(ew.sub(f1, f0), parts.select(flat, 1, width))
        # at the end, where the last points stand one above the other, the very last one counts
        base, slope = parts.select(flat, f1, f0), parts.select(flat, 0, slope)
        if many:
            x0, base, slope = (at(v, i) for v in (x0, base, slope))
        out = ew.add(base, ew.mul(slope, ew.sub(x, x0)))
    first, last = (sh.slice(v, index=(i,)) for v, i in ((fp, 0), (fp, n - 1)))
    low, high = (sh.slice(xp, index=(i,)) for i in (0, n - 1))
    out = parts.select(ew.lt(x, low), first if left is None else value(left, "left"), out)
    return parts.select(ew.gt(x, high), last if right is None else value(right, "right"), out)


def _one_period(x, xp, fp, period):
    """Everything within one period, the points sorted, with the last and first once more beside."""
    if not isinstance(period, Tracer) and period == 0:
        raise ValueError(located("interp: period must not be zero"))
    period = parts.abs(period)
    x, xp = ew.remainder(x, period), ew.remainder(xp, period)
    order = argsort(xp, dimension=0)
    xp, fp = (gather(v, order, axes=(0,), out_axis=0) for v in (xp, fp))
    n = get_aval(xp).size
    (first, f_first), (last, f_last) = (
        [sh.slice_axis(v, i, i + 1, 0) for v in (xp, fp)] for i in (0, n - 1)
    )
    xp = sh.concatenate(ew.sub(last, period), xp, ew.add(first, period), dimension=0)
    return x, xp, sh.concatenate(f_last, fp, f_first, dimension=0)
