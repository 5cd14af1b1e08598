"""Numbers that sum up a sample: the most frequent one, ranks, the error of the mean."""

import math
from typing import Any, NamedTuple

import numpy as np

import fgrad.numpy as fnp
from fgrad import lax
from fgrad.core.source import located
from fgrad.numpy._face import axis_of
from fgrad.scipy._arguments import inexact


class ModeResult(NamedTuple):
    """What `mode` gives."""

    mode: Any
    count: Any


def _check_policy(function, nan_policy):
    if nan_policy not in ("propagate", "omit", "raise"):
        raise ValueError(
            located(
                f"{function}: nan_policy must be 'propagate', 'omit' or 'raise'; got {nan_policy!r}"
            )
        )


def _only_propagate(function, nan_policy):
    _check_policy(function, nan_policy)
    if nan_policy != "propagate":
        raise NotImplementedError(
            located(f"{function}: only nan_policy='propagate' is supported; got {nan_policy!r}")
        )


def mode(a, axis=0, nan_policy="propagate", keepdims=False):
    """The most frequent number along an axis, the smallest of several, and how often it occurs.

    Parameters
    ----------
    a : array-like
    axis : int or None
        None for all numbers.
    nan_policy : str
        Only "propagate".
    keepdims : bool

    Returns
    -------
    ModeResult
        Of `mode` and `count`; NaN and zero of nothing.

    Examples
    --------
    >>> from fgrad.scipy import stats
    >>> stats.mode([3, 1, 3])
    ModeResult(mode=np.int64(3), count=np.int64(2))
    """
    _only_propagate("mode", nan_policy)
    x = fnp.atleast_1d(a)
    shape = x.shape
    x = x.ravel() if axis is None else fnp.moveaxis(x, axis_of(axis, x.ndim, "mode: axis"), 0)
    if x.shape[0] == 0:
        found, count = fnp.full(x.shape[1:], math.nan), fnp.zeros(x.shape[1:])
    else:
        x = fnp.sort(x, axis=0)
        places = np.arange(x.shape[0]).reshape(-1, *(1,) * (x.ndim - 1))
        begins = fnp.concatenate([fnp.ones_like(x[:1], bool), x[1:] != x[:-1]])
        runs = places - lax.cummax(fnp.where(begins, places, 0), axis=0) + 1
        last = fnp.argmax(runs, axis=0, keepdims=True)
        found, count = (fnp.take_along_axis(v, last, 0)[0] for v in (x, runs))
    if keepdims:
        gone = range(len(shape)) if axis is None else (axis % len(shape),)
        kept = tuple(1 if d in gone else n for d, n in enumerate(shape))
        found, count = found.reshape(kept), count.reshape(kept)
    return ModeResult(found, count)


_RANKS = {
    "average": lambda less, upto, _: 0.5 * (less + upto + 1),
    "min": lambda less, upto, _: less + 1.0,
    "max": lambda less, upto, _: 1.0 * upto,
    "dense": lambda less, upto, x: fnp.cumsum(
        fnp.concatenate([fnp.ones(1), 1.0 * (x[1:] != x[:-1])])
    )[less],
}


def rankdata(a, method="average", *, axis=None, nan_policy="propagate"):
    """The ranks of numbers in order, from one.

    Parameters
    ----------
    a : array-like
    method : {"average", "min", "max", "dense", "ordinal"}
        What equal numbers get: the mean, the least or the greatest of their ranks, one rank so
        that the next number has the next, or their ranks in the order in which they stand.
    axis : int or None
        None for all numbers, as a vector.
    nan_policy : str
        Only "propagate": a NaN makes all ranks NaN.

    Examples
    --------
    >>> from fgrad.scipy import stats
    >>> stats.rankdata([3, 1, 3])
    Array([2.5, 1. , 2.5])
    """
    _only_propagate("rankdata", nan_policy)
    if method not in (*_RANKS, "ordinal"):
        raise ValueError(
            located(f"rankdata: method must be one of {[*_RANKS, 'ordinal']}; got {method!r}")
        )
    a = fnp.asarray(a)
    if axis is not None:
        return fnp.apply_along_axis(lambda v: rankdata(v, method), axis, a)
    a = a.ravel()
    if a.shape[0] == 0:
        return fnp.zeros(0)
    if method == "ordinal":
        ranks = fnp.argsort(fnp.argsort(a, stable=True), stable=True) + 1.0
    else:
        x = fnp.sort(a)
        less, upto = (fnp.searchsorted(x, a, side=s) for s in ("left", "right"))
        ranks = _RANKS[method](less, upto, x)
    return fnp.where(fnp.isnan(a).any(), math.nan, ranks)


def sem(a, axis=0, ddof=1, nan_policy="propagate", *, keepdims=False):
    """The standard error of the mean.

    Parameters
    ----------
    a : array-like
    axis : int or None
    ddof : int
        What the number of numbers is lessened by in the variance.
    nan_policy : {"propagate", "omit"}
        Whether NaN counts.
    keepdims : bool

    Examples
    --------
    >>> from fgrad.scipy import stats
    >>> stats.sem([1.0, 3.0])
    np.float64(1.0)
    """
    _check_policy("sem", nan_policy)
    a = fnp.asarray(inexact("sem", a=a))
    if nan_policy == "raise":
        raise NotImplementedError(located("sem: nan_policy='raise' is not supported"))
    if nan_policy == "omit":
        count = (~fnp.isnan(a)).sum(axis, keepdims=keepdims)
        spread = fnp.nanstd(a, axis, ddof=ddof, keepdims=keepdims)
        return spread / fnp.sqrt(count).astype(spread.dtype)
    count = a.size if axis is None else a.shape[axis_of(axis, a.ndim, "sem: axis")]
    return a.std(axis, ddof=ddof, keepdims=keepdims) / math.sqrt(count)
