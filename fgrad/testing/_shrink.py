"""A smaller input that fails a check in the same way."""

import time

import numpy as np

from fgrad.core.tree import tree_flatten, tree_unflatten

SECONDS = 3.0


def smallest(args, fails, seconds=SECONDS):
    """Cut down arguments while a check of them fails.

    Axes are cut (one length everywhere at once, since shapes depend on each other), numbers become
    zero, one, or have fewer digits.

    Parameters
    ----------
    args : tuple of pytrees
    fails : callable
        ``fails(args)`` gives the failure, or None; what raises anything else does not fail.
    seconds : float
        When to stop.

    Returns
    -------
    args, failure
        The failure is None if nothing smaller fails.
    """
    end = time.monotonic() + seconds
    leaves, treedef = tree_flatten(tuple(args))
    failure = None
    progress = True
    while progress:
        progress = False
        for candidate in _simpler(leaves):
            if time.monotonic() > end:
                break
            try:
                found = fails(tree_unflatten(treedef, candidate))
            except Exception:
                continue
            if found is not None:
                leaves, failure, progress = candidate, found, True
                break
    return tree_unflatten(treedef, leaves), failure


def _simpler(leaves):
    """Lists of leaves that are each simpler than `leaves`, boldest first."""
    lengths = sorted({n for x in leaves for n in np.shape(x) if n > 1}, reverse=True)
    for length in lengths:
        for new in sorted({1, length // 2, length - 1}):
            yield [_cut(x, length, new) for x in leaves]
    for make in (_zero, _one, _whole, _tenth):
        yield from _one_changed(leaves, make)
    for i, x in enumerate(leaves):
        if 1 < np.size(x) <= 64:
            for index in np.ndindex(np.shape(x)):
                for make in (_zero, _one, _whole, _tenth):
                    new = np.array(x)
                    new[index] = make(new[index])
                    if not np.array_equal(new, x):
                        yield [*leaves[:i], new, *leaves[i + 1 :]]


def _one_changed(leaves, make):
    for i, x in enumerate(leaves):
        new = make(x)
        if not np.array_equal(new, x):
            yield [*leaves[:i], new, *leaves[i + 1 :]]


def _cut(x, length, new):
    """The array with the axes of one length shortened."""
    if length not in np.shape(x):
        return x
    return np.asarray(x)[tuple(slice(new if n == length else None) for n in np.shape(x))]


def _of_its_type(x, new):
    if type(x) in (bool, int, float, complex):
        return type(x)(new)
    return np.asarray(new).astype(np.asarray(x).dtype)[()]


def _zero(x):
    return _of_its_type(x, np.zeros(np.shape(x)))


def _one(x):
    # Zeros stay: they are simpler.
    return _of_its_type(x, np.where(np.asarray(x) == 0, 0, 1))


def _whole(x):
    return _rounded(x, 0)


def _tenth(x):
    return _rounded(x, 1)


def _rounded(x, digits):
    return _of_its_type(x, np.round(x, digits)) if np.asarray(x).dtype.kind in "fc" else x
