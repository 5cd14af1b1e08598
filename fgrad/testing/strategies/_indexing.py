"""Axes and indices: everything that NumPy takes."""

import math

import numpy as np

from fgrad.testing._hypothesis import hnp, st


@st.composite
def axes(draw, ndim, *, several=True):
    """Arguments for ``axis=``.

    Parameters
    ----------
    ndim : int
        Of the array; there is no single axis to draw for 0.
    several : bool
        Whether None (all axes) and tuples may be drawn, and not only integers.

    Returns
    -------
    strategy of int, tuple of int or None

    Examples
    --------
    >>> from hypothesis import find
    >>> from fgrad.testing.strategies import axes
    >>> find(axes(3), lambda axis: axis is not None)
    ()
    """
    if not several and not ndim:
        raise ValueError("axes: an array of no axes has no single one to draw")
    either = lambda a: draw(st.sampled_from([a, a - ndim]))
    kinds = [int] if not several else [None, tuple, *([int] if ndim else [])]
    kind = draw(st.sampled_from(kinds))
    if kind is None:
        return None
    if kind is int:
        return either(draw(st.integers(0, ndim - 1)))
    chosen = draw(st.lists(st.integers(0, ndim - 1), unique=True)) if ndim else []
    return tuple([either(a) for a in chosen])


@st.composite
def indices(draw, shape, *, advanced=True, masks=True, newaxis=True):
    """Whatever may stand in ``x[...]``.

    Integers, slices with any step, ``...``, ``np.newaxis``, integer arrays that are broadcast with
    each other (with repeated and negative numbers), and boolean masks over one axis or several.

    Parameters
    ----------
    shape : tuple of int
        Of the array.
    advanced, masks, newaxis : bool
        Whether there may be integer arrays, masks, new axes.

    Returns
    -------
    strategy of index
        It fits the shape: nothing is out of bounds.

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing.strategies import indices
    >>> x = np.arange(6).reshape(2, 3)
    >>> x[find(indices(x.shape), lambda index: x[index].ndim == 1)]
    array([0, 1, 2])
    """
    if masks and shape and draw(st.integers(0, 5)) == 5:
        # One that covers the leading axes, alone.
        over = draw(st.integers(1, len(shape)))
        return draw(hnp.arrays(bool, shape[:over], elements=st.booleans(), fill=st.nothing()))
    common = draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3))
    skipped = draw(st.none() | st.integers(0, len(shape)))
    stop = len(shape) if skipped is None else draw(st.integers(skipped, len(shape)))
    out = []
    for axis, n in enumerate(shape):
        if axis == skipped:
            out.append(...)
        if skipped is not None and skipped <= axis < stop:
            continue
        if newaxis and draw(st.integers(0, 7)) == 7:
            out.append(None)
        out.append(draw(_along(n, common, advanced, masks)))
    if skipped == len(shape):
        out.append(...)
    kept = draw(st.integers(0, len(out))) if skipped is None else len(out)
    out = out[:kept]
    return out[0] if len(out) == 1 and draw(st.booleans()) else tuple(out)


def _along(n, common, advanced, masks):
    """An index of one axis of length `n`; arrays are broadcast to the shape `common`."""
    kinds = [st.slices(n)]
    if n:
        kinds.append(st.integers(-n, n - 1))
    if advanced and (n or math.prod(common) == 0):
        elements = st.integers(-n, n - 1) if n else st.nothing()
        kinds.append(_shapes_under(common).flatmap(lambda s: _integers(s, elements)))
    if masks and advanced and len(common) == 1 and common[0] <= n:
        ordered = st.permutations([True] * common[0] + [False] * (n - common[0]))
        kinds.append(ordered.map(lambda m: np.array(m, bool)))
    return st.one_of(kinds)


def _shapes_under(common):
    """Shapes that are broadcast to another one."""
    ones = st.tuples(*[st.sampled_from(sorted({1, n})) for n in common])
    return st.builds(lambda shape, drop: shape[drop:], ones, st.integers(0, len(common))).filter(
        lambda s: math.prod(common) != 0 or 0 in s or not s
    )


def _integers(shape, elements):
    if 0 in shape:
        return st.just(np.zeros(shape, int))
    return hnp.arrays(int, shape, elements=elements, fill=st.nothing())
