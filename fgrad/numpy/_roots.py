"""Polynomials and their roots, and polynomials fitted to points."""

import numpy as np

from fgrad import numpy as fnp  # its linalg is imported when it is first asked for
from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._face import concrete, give, public, unweak, value
from fgrad.numpy._polynomial import convolve_values, vander
from fgrad.numpy._shape import concatenate_values, reshape_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives import shape as sh
from fgrad.primitives.reduce import reduce_sum


@public
def poly(seq_of_zeros):
    """The coefficients, highest power first, of the polynomial with given roots.

    Parameters
    ----------
    seq_of_zeros : array-like
        The roots, or a square matrix for its characteristic polynomial.

    Returns
    -------
    array
        Real if the roots are, or are known to come in conjugate pairs.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.poly([1.0, 2.0])
    Array([ 1., -3.,  2.])
    """
    x = unweak(value(seq_of_zeros, "poly"))
    shape = get_aval(x).shape
    if len(shape) == 2 and shape[0] == shape[1] and shape[0]:
        x = value(fnp.linalg.eigvals(give(x)))
    elif len(shape) > 1:
        raise ValueError(located(f"poly: wanted roots or a square matrix; got {get_aval(x)}"))
    x = ew.add(reshape_values(x, (get_aval(x).size,)), 0.0)
    n = get_aval(x).size
    if not n:
        return 1.0
    if get_aval(x).dtype == np.float16:
        x = sh.astype(x, np.dtype(float))
    dtype = get_aval(x).dtype
    out = np.ones(1, dtype)
    for i in range(n):
        root = sh.slice(x, index=((i, i + 1, 1),))
        factor = concatenate_values([np.ones(1, dtype), ew.neg(root)], 0)
        out = convolve_values(out, factor, "full")
    known = dtype.kind == "c" and not isinstance(x, Tracer)
    paired = known and np.all(np.sort(x) == np.sort(np.conjugate(x)))
    return parts.real(out) if paired else out


@public
def roots(p, *, strip_zeros=True):
    """The roots of a polynomial: the eigenvalues of its companion matrix.

    Parameters
    ----------
    p : array-like
        The coefficients, highest power first.
    strip_zeros : bool
        Whether to leave out zeros at both ends first, whose number must be known; without it the
        first coefficient must not be zero.

    Returns
    -------
    array
        Complex, as JAX's: NumPy gives real numbers where all roots are real.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.round(fnp.roots([1.0, -3.0, 2.0]), 6)
    Array([2.+0.j, 1.+0.j])
    """
    x = unweak(value(p, "roots"))
    x = reshape_values(x, (1,)) if not get_aval(x).shape else x
    if get_aval(x).ndim != 1:
        raise ValueError(located(f"roots: wanted one axis; got {get_aval(x)}"))
    zeros = 0
    if strip_zeros:
        what = "roots: the zeros at its ends (or give strip_zeros=False)"
        places = np.flatnonzero(concrete(x, what))
        if not len(places):
            return np.zeros(0)
        zeros = get_aval(x).size - 1 - int(places[-1])
        x = sh.slice_axis(x, int(places[0]), int(places[-1]) + 1, 0)
    x = ew.add(x, 0.0)
    n = get_aval(x).size - 1
    if n < 1:
        return np.zeros(zeros, get_aval(x).dtype)
    first, rest = sh.slice(x, index=(0,)), sh.slice_axis(x, 1, n + 1, 0)
    below = np.eye(n, k=-1, dtype=get_aval(x).dtype)
    row = reshape_values(ew.neg(ew.div(rest, first)), (1, n))
    companion = concatenate_values([row, sh.slice_axis(below, 1, n, 0)], 0)
    found = value(fnp.linalg.eigvals(give(companion)))
    return concatenate_values([found, np.zeros(zeros, get_aval(found).dtype)], 0)


@public
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    """The polynomial that fits points best, by least squares.

    Parameters
    ----------
    x, y : array-like
        The points; `y` may have several columns.
    deg : int
        The degree.
    rcond : float, optional
        Singular values below this part of the largest one are left out.
    full : bool
        Whether to give also the residuals, the rank, the singular values and `rcond`.
    w : array-like, optional
        The weights of the residuals (not of their squares).
    cov : bool or 'unscaled'
        Whether to give also the covariance matrix.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.round(fnp.polyfit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1), 6)
    Array([2., 1.])
    """
    x, y = (unweak(value(v, "polyfit")) for v in (x, y))
    x, y = (ew.add(v, 0.0) for v in (x, y))
    deg = deg.__index__()
    a, b = get_aval(x), get_aval(y)
    if deg < 0 or a.ndim != 1 or not a.size or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise ValueError(
            located(f"polyfit: a degree of {deg} and points {a}, {b} do not fit: wanted vectors of "
                    "equal length, not empty, and a degree that is not negative")
        )  # fmt: skip
    rcond = a.size * np.finfo(a.dtype).eps if rcond is None else rcond
    lhs, rhs = value(vander(give(x), deg + 1)), y
    if w is not None:
        w = ew.add(unweak(value(w, "polyfit: w")), 0.0)
        if get_aval(w).shape != a.shape:
            raise ValueError(located(f"polyfit: the weights {get_aval(w)} do not fit {a}"))
        column = reshape_values(w, (-1, 1))
        lhs, rhs = ew.mul(lhs, column), ew.mul(rhs, w if b.ndim == 1 else column)
    scale = ew.sqrt(reduce_sum(ew.mul(lhs, lhs), axes=(0,)))
    lhs = ew.div(lhs, scale)
    c, residuals, rank, s = fnp.linalg.lstsq(give(lhs), give(rhs), rcond)
    c = ew.div(value(c), scale if b.ndim == 1 else reshape_values(scale, (-1, 1)))
    if full:
        return c, residuals, rank, s, rcond
    if not cov:
        return c
    base = value(fnp.linalg.inv(give(value(lhs)).T @ give(lhs)))
    base = ew.div(base, ew.mul(reshape_values(scale, (-1, 1)), scale))
    factor = 1.0
    if cov != "unscaled":
        if a.size <= deg + 1:
            raise ValueError(located("polyfit: cov= needs more points than coefficients"))
        factor = ew.div(value(residuals), a.size - deg - 1)
    if b.ndim == 1:
        return c, ew.mul(base, factor)
    return c, ew.mul(reshape_values(base, (*get_aval(base).shape, 1)), factor)
