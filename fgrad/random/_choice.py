"""Picking from what is given: permutations, choices, categories."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, concrete, public, shape_of, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.primitives import elementwise as ew
from fgrad.primitives import random as rp
from fgrad.primitives.index import gather, take_along_axis
from fgrad.primitives.parts import select
from fgrad.primitives.reduce import argmax, cumsum
from fgrad.primitives.shape import (
    astype,
    expand_dims,
    moveaxis,
    reshape,
    slice_axis,
    transpose,
)
from fgrad.primitives.sort import argsort, searchsorted
from fgrad.random._arguments import fitting_shape, single_key
from fgrad.random._inverse import gumbel_values
from fgrad.random._uniform import randint_values, split_values, uniform_values

_INT = np.dtype(int)


@public
def permutation(key, x, axis=0, independent=False):
    """The elements along an axis in a random order.

    Parameters
    ----------
    key : key
    x : array-like, or int
        An int stands for ``arange(x)``.
    axis : int
    independent : bool
        Whether every vector along the axis gets an order of its own.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.permutation(fgrad.random.key(0), 5)
    Array([0, 1, 4, 3, 2])
    """
    return permutation_values(single_key(key, "permutation"), x, axis, independent)


def permutation_values(key, x, axis, independent=False):
    """`permutation` as a value."""
    x = value(x, "permutation: x")
    aval = get_aval(x)
    axis = axis_of(axis, aval.ndim or 1)
    if not aval.ndim:
        return _shuffled(key, np.arange(_number(x, "permutation: x")), 0)
    if independent or aval.ndim == 1:
        return _shuffled(key, x, axis)
    order = _shuffled(key, np.arange(aval.shape[axis]), 0)
    return gather(x, order, axes=(axis,), out_axis=axis)


def _number(x, what):
    """An argument that stands for a range."""
    if get_aval(x).dtype.kind not in "iu":
        raise TypeError(located(f"{what} must be an integer or an array; got {get_aval(x)}"))
    return int(concrete(x, what))


def _shuffled(key, x, axis):
    """Sorted by random numbers, so often that ties do not count: three digits of 32 bits decide
    between as many elements as there are pairs of pairs.
    """
    aval = get_aval(x)
    rounds = math.ceil(3 * math.log(max(1, aval.size)) / math.log(2**32 - 1))
    for _ in range(rounds):
        key, sort_key = split_values(key, 2)
        ranks = rp.random_bits(sort_key, shape=aval.shape, dtype=np.dtype(np.uint32))
        x = take_along_axis(x, argsort(ranks, dimension=axis), axis)
    return x


@public
def choice(key, a, shape=(), replace=True, p=None, axis=0, mode=None):
    """A random sample of the elements along an axis.

    Parameters
    ----------
    key : key
    a : array-like, or int
        An int stands for ``arange(a)``.
    shape : tuple of int
        Takes the place of the axis.
    replace : bool
        Whether an element may be drawn again.
    p : array-like, optional
        A vector of probabilities, one for each element; all the same unless given.
    axis : int
    mode : {"low", "high"}, optional
        See `gumbel`; for drawing with `p` and without replacement.

    Raises
    ------
    ValueError
        If there are not enough elements, or `p` does not fit them.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.choice(fgrad.random.key(0), 10, (4,), replace=False)
    Array([0, 1, 8, 5])
    """
    key = single_key(key, "choice")
    shape = shape_of(shape, "choice: shape")
    a = value(a, "choice: a")
    aval = get_aval(a)
    if aval.ndim:
        axis = axis_of(axis, aval.ndim)
        n = aval.shape[axis]
        outer = aval.shape[:axis], aval.shape[axis + 1 :]
    else:
        n, axis, outer = _number(a, "choice: a"), 0, ((), ())
    out_shape = (*outer[0], *shape, *outer[1])
    draws = math.prod(shape)
    if not draws:
        return np.zeros(out_shape, aval.dtype)
    if n <= 0:
        raise ValueError(located("choice: there is nothing to choose from"))
    if not replace and draws > n:
        raise ValueError(
            located(f"choice: cannot draw {draws} of {n} elements without replacement")
        )
    if p is None and not replace:
        all_of_it = permutation_values(key, a, axis)
        return reshape(slice_axis(all_of_it, 0, draws, axis), new_sizes=out_shape)
    if p is None:
        chosen = randint_values(key, shape, np.int64(0), np.int64(n), _INT)
    else:
        chosen = _chosen(key, p, n, shape, replace, mode)
    return gather(a, chosen, axes=(axis,), out_axis=axis) if aval.ndim else chosen


def _chosen(key, p, n, shape, replace, mode):
    """Which elements, by their probabilities."""
    p = as_inexact(value(p, "choice: p"))
    aval = get_aval(p)
    if aval.shape != (n,):
        raise ValueError(
            located(f"choice: p must have shape {(n,)}, one for each element; got {aval.shape}")
        )
    if replace:
        sums = cumsum(p, axis=0, reverse=False)
        r = sums[-1] * (1 - uniform_values(key, shape, aval.dtype))
        return searchsorted(sums, r, side="left", batched=0)
    # M. F. Kool, H. van Hoof, M. Welling, Stochastic beams and where to find them (2019)
    possible = ew.gt(p, 0)
    log_p = select(possible, ew.log(select(possible, p, 1)), -math.inf)
    scores = gumbel_values(key, (n,), aval.dtype, mode) + log_p
    return reshape(_largest(scores, math.prod(shape)), new_sizes=shape)


def _largest(scores, k):
    """Where the `k` largest along the last axis are, in order."""
    axis = get_aval(scores).ndim - 1
    return slice_axis(argsort(-scores, dimension=axis), 0, k, axis)


@public
def categorical(key, logits, axis=-1, shape=None, replace=True, mode=None):
    """Numbers of categories, given the logarithms of what their probabilities are proportional to.

    Parameters
    ----------
    key : key
    logits : array-like
    axis : int
        The axis of the categories.
    shape : tuple of int, optional
        What the shape of `logits` without the axis broadcasts to; that unless given.
    replace : bool
        Whether a category may be drawn again along the axes that `shape` adds.
    mode : {"low", "high", "highest"}, optional
        See `gumbel`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.categorical(fgrad.random.key(0), [0.0, 5.0, 0.0], shape=(4,))
    Array([1, 1, 1, 1])
    """
    key = single_key(key, "categorical")
    logits = value(logits, "categorical: logits")
    aval = get_aval(logits)
    if aval.dtype.kind != "f":
        raise TypeError(located(f"categorical: the logits must be floats; got {aval}"))
    axis = axis_of(axis, aval.ndim)
    batch = aval.shape[:axis] + aval.shape[axis + 1 :]
    shape = batch if shape is None else fitting_shape("categorical", shape, batch)
    prefix = shape[: len(shape) - len(batch)]
    if replace:
        n = aval.shape[axis]
        inner = list(shape[len(prefix) :])
        inner.insert(axis, n)
        noise = gumbel_values(key, (*prefix, *inner), aval.dtype, mode)
        logits = expand_dims(logits, tuple(range(len(prefix)))) if prefix else logits
        return argmax(noise + logits, axis=len(prefix) + axis, index_dtype=_INT)
    k = math.prod(prefix)
    if k > aval.shape[axis]:
        raise ValueError(
            located(f"categorical: cannot draw {k} of {aval.shape[axis]} without replacement")
        )
    scores = logits + gumbel_values(key, aval.shape, aval.dtype, mode)
    chosen = _largest(moveaxis(scores, axis, len(batch)), k)
    order = (len(batch), *range(len(batch)))
    chosen = reshape(transpose(chosen, permutation=order), new_sizes=shape)
    return astype(chosen, np.dtype(np.int32))
