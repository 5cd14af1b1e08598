"""Statistics beyond mean and variance."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._contract import matmul_values
from fgrad.numpy._diagonal import diag_values
from fgrad.numpy._face import axes_of, concrete, public, refuse, unweak, value
from fgrad.numpy._reduce import mean_values, reduced
from fgrad.numpy._shape import concatenate_values, reshape_values, transpose_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts, reduce
from fgrad.primitives.index import scatter
from fgrad.primitives.shape import astype, broadcast_to, slice_axis


@public
def ptp(a, axis=None, out=None, keepdims=False):
    """The largest element less the smallest, along axes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.ptp(fnp.array([1.0, 4.0]))
    np.float64(3.0)
    """
    refuse("ptp", out=out)
    x = unweak(value(a, "ptp"))
    return ew.sub(
        reduced(reduce.reduce_max, x, axis, keepdims), reduced(reduce.reduce_min, x, axis, keepdims)
    )


@public
def count_nonzero(a, axis=None, keepdims=False):
    """The number of elements along axes that are not zero.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.count_nonzero(fnp.array([0.0, 1.0, 2.0]))
    np.int64(2)
    """
    x = value(a, "count_nonzero")
    ones = astype(ew.ne(x, 0), np.dtype(np.intp))
    return reduced(reduce.reduce_sum, ones, axis, keepdims)


@public
def average(a, axis=None, weights=None, returned=False, keepdims=False):
    """The weighted mean along axes.

    Parameters
    ----------
    a : array-like
    axis : int, tuple of int or None
    weights : array-like, optional
        Of the shape of `a`, or of its shape along `axis`.
    returned : bool
        Whether to give the sum of the weights too.
    keepdims : bool

    Raises
    ------
    TypeError, ValueError
        If the shape of the weights does not fit.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.average(fnp.array([1.0, 3.0]), weights=[3.0, 1.0])
    np.float64(1.5)
    """
    x = unweak(value(a, "average"))
    shape = get_aval(x).shape
    axes = axes_of(axis, len(shape))
    if weights is None:
        mean = mean_values(x, axes, keepdims)
        count = get_aval(mean).dtype.type(math.prod(shape[i] for i in axes))
        return (mean, broadcast_to(count, get_aval(mean).shape)) if returned else mean
    w = unweak(value(weights, "average: weights"))
    dtype = np.result_type(get_aval(x).dtype, get_aval(w).dtype)
    dtype = np.result_type(dtype, np.float64) if get_aval(x).dtype.kind in "biu" else dtype
    have = get_aval(w).shape
    if have != shape:
        given = axis if isinstance(axis, tuple | list) else (axis,)
        if axis is None or have != tuple(shape[i] for i in given):
            raise ValueError(
                located(f"average: weights of shape {have} do not fit shape {shape}, axis {axis}")
            )
        order = sorted(range(len(given)), key=lambda i: given[i] % len(shape))
        w = reshape_values(
            transpose_values(w, order), tuple(n if i in axes else 1 for i, n in enumerate(shape))
        )
        w = broadcast_to(w, shape)
    x, w = astype(x, dtype), astype(w, dtype)
    total = reduced(reduce.reduce_sum, w, axes, keepdims)
    mean = ew.div(reduced(reduce.reduce_sum, ew.mul(x, w), axes, keepdims), total)
    return (mean, total) if returned else mean


def _cov(name, m, y, rowvar, ddof, dtype, fweights=None, aweights=None):
    """The covariance matrix of the variables."""
    x = unweak(value(m, name))
    others = [] if y is None else [unweak(value(y, f"{name}: y"))]
    for v in (x, *others):
        if get_aval(v).ndim > 2:
            raise ValueError(located(f"{name}: wanted at most two axes; got {get_aval(v)}"))
    dtype = np.result_type(
        *(get_aval(v).dtype for v in (x, *others)), np.float64
    ) if dtype is None else np.dtype(dtype)  # fmt: skip
    if dtype.kind not in "fc":
        raise TypeError(located(f"{name}: wanted an inexact dtype; got {dtype}"))

    def rows(v, columns):
        v = reshape_values(v, (1,) * (2 - get_aval(v).ndim) + get_aval(v).shape)
        return astype(transpose_values(v) if columns else v, dtype)

    x = rows(x, not rowvar and get_aval(x).ndim == 2)
    if get_aval(x).shape[0] == 0:
        return np.zeros((0, 0))
    # a single row of y is a variable, even where the variables of m are columns
    others = [rows(v, not rowvar and get_aval(v).shape[:-1] not in ((), (1,))) for v in others]
    x = concatenate_values([x, *others], 0)
    weights = None
    for given in (fweights, aweights):
        if given is not None:
            w = astype(value(given, f"{name}: weights"), np.dtype(float))
            if get_aval(w).shape != get_aval(x).shape[1:]:
                raise ValueError(
                    located(f"{name}: wanted a weight for each observation of {get_aval(x)}; got "
                            f"{get_aval(w)}")
                )  # fmt: skip
            if given is fweights and not isinstance(w, Tracer) and np.any(w != np.rint(w)):
                raise TypeError(located(f"{name}: fweights must be whole numbers; got {given}"))
            weights = w if weights is None else ew.mul(weights, w)
    if weights is None:
        count = get_aval(x).shape[1]
        mean = mean_values(x, (1,), True)
    else:
        count = reduce.reduce_sum(weights, axes=(0,))
        mean = ew.div(reduced(reduce.reduce_sum, ew.mul(x, weights), 1, True), count)
    factor = ew.sub(count, ddof)
    if aweights is not None:
        a = unweak(value(aweights, f"{name}: weights"))
        squares = reduce.reduce_sum(ew.mul(weights, a), axes=(0,))
        factor = ew.sub(count, ew.div(ew.mul(ddof, squares), count))
    centered = astype(ew.sub(x, mean), dtype)
    other = transpose_values(parts.conj(centered) if dtype.kind == "c" else centered)
    if weights is not None:
        centered = ew.mul(centered, weights)
    total = matmul_values(centered, other)
    # too few observations: not a negative number of them
    factor = ew.max(astype(factor, np.dtype(float)), 0.0)
    return astype(ew.div(total, factor), get_aval(total).dtype)


@public
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None, dtype=None):
    """The covariance matrix of variables.

    Parameters
    ----------
    m, y : array-like
        Each row a variable, each column an observation; the other way round without `rowvar`.
    bias : bool
        Whether to divide by the number of observations instead of one less.
    ddof : int, optional
        How many to divide by less than the number of observations.
    fweights, aweights : array-like, optional
        How often each observation was made, and how reliable it is.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.cov(fnp.array([[0.0, 2.0], [1.0, 5.0]]))
    Array([[2., 4.],
           [4., 8.]])
    """
    ddof = int(not bias) if ddof is None else ddof
    if not isinstance(ddof, int):
        raise ValueError(located(f"cov: ddof must be an integer; got {ddof!r}"))
    out = _cov("cov", m, y, rowvar, ddof, dtype, fweights, aweights)
    return reshape_values(out, ()) if get_aval(out).shape == (1, 1) else out


@public
def corrcoef(x, y=None, rowvar=True, dtype=None):
    """The matrix of correlation coefficients of variables; parameters are those of `cov`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.corrcoef(fnp.array([[0.0, 2.0], [1.0, 5.0]]))
    Array([[1., 1.],
           [1., 1.]])
    """
    c = _cov("corrcoef", x, y, rowvar, 1, dtype)
    if get_aval(c).shape == (1, 1):
        c = reshape_values(c, ())
        return ew.div(c, c)
    n = get_aval(c).shape[0]
    deviation = ew.sqrt(parts.real(diag_values(c)))
    c = ew.div(c, reshape_values(deviation, (n, 1)))
    c = ew.div(c, reshape_values(deviation, (1, n)))
    if get_aval(c).dtype.kind == "c":
        real, imag = (ew.min(ew.max(p, -1), 1) for p in (parts.real(c), parts.imag(c)))
        c = parts.complex(real, imag)
    else:
        c = ew.min(ew.max(c, -1), 1)
    return c


@public
def bincount(x, /, weights=None, minlength=0, *, length=None):
    """How often each number 0, 1, 2, ... occurs, or the sum of the weights where it does.

    Parameters
    ----------
    x : array-like of int
        Of one axis, not negative.
    weights : array-like, optional
    minlength : int
        The least length of the result.
    length : int, optional
        The length of the result, if the numbers are traced; larger ones are left out.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.bincount(fnp.array([0, 2, 2]))
    Array([1, 0, 2])
    """
    i = unweak(value(x, "bincount"))
    aval = get_aval(i)
    if aval.ndim != 1 or aval.dtype.kind not in "iub":
        raise TypeError(located(f"bincount: wanted integers along one axis; got {aval}"))
    if minlength < 0:
        raise ValueError(located(f"bincount: minlength must not be negative; got {minlength}"))
    if length is None:
        known = concrete(i, "bincount: the largest number (or give length=)")
        if known.size and known.min() < 0:
            raise ValueError(located("bincount: the numbers must not be negative"))
        length = max(int(known.max()) + 1 if known.size else 0, minlength)
    w = np.ones(aval.shape, np.intp) if weights is None else unweak(value(weights, "weights"))
    if get_aval(w).dtype.kind == "c":
        raise TypeError(located(f"bincount: weights must be real; got {get_aval(w)}"))
    w = w if weights is None else astype(w, np.dtype(float))
    if get_aval(w).shape != aval.shape:
        raise ValueError(
            located(f"bincount: weights of shape {get_aval(w).shape} do not fit {aval.shape}")
        )
    # one more place takes what is out of bounds
    outside = ew.logical_or(ew.lt(i, 0), ew.ge(i, length))
    i = parts.select(outside, length, i)
    total = np.zeros(length + 1, get_aval(w).dtype)
    total = scatter(w, total, i, axes=(0,), out_axis=0, op="add")
    return slice_axis(total, 0, length, 0)
