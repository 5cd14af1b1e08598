"""in_axes for vmap, and random keys."""

import numpy as np

from fgrad.core.tree import tree_leaves, tree_map
from fgrad.testing._hypothesis import hnp, st


@st.composite
def in_axes(draw, args):
    """Values of ``in_axes`` for a function of given arguments, at least one of them mapped.

    Parameters
    ----------
    args : tuple of pytrees of arrays
        Arguments for one example: an axis says where that of the batch is put.

    Returns
    -------
    strategy of int or tuple
        One axis for everything, or for each argument an axis, None, or a tree of these.

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing.strategies import in_axes
    >>> args = (np.ones(2), {"w": np.ones((2, 3))})
    >>> find(in_axes(args), lambda spec: isinstance(spec, tuple) and spec[0] is None)
    (None, 0)
    """
    if not tree_leaves(args):
        raise ValueError("in_axes: there is nothing to map in arguments without arrays")
    if draw(st.booleans()):
        return draw(_axis(args))
    spec = [draw(_spec(arg)) for arg in args]
    if all(a is None for a in tree_leaves(spec, is_leaf=lambda a: a is None)):
        mapped = draw(st.sampled_from([i for i, arg in enumerate(args) if tree_leaves(arg)]))
        spec[mapped] = draw(_axis(args[mapped]))
    return tuple(spec)


def _spec(arg):
    """An axis or None for a pytree, or for each of its leaves."""
    if not tree_leaves(arg):
        return st.none()
    one = st.none() | _axis(arg)
    if len(tree_leaves(arg)) == 1 and not isinstance(arg, tuple | list | dict):
        return one
    return one | st.composite(
        lambda draw: tree_map(lambda x: draw(st.none() | _axis(x)), arg)
    )()  # fmt: skip


def _axis(tree):
    """A place for one more axis in every leaf."""
    ndim = min(np.ndim(x) for x in tree_leaves(tree))
    return st.integers(0, ndim) | st.integers(-ndim - 1, -1)


def keys():
    """Random keys in their raw form: two 32-bit words.

    Returns
    -------
    strategy of array, shape (2,), dtype uint32

    Examples
    --------
    >>> from hypothesis import find
    >>> from fgrad.testing.strategies import keys
    >>> find(keys(), lambda key: True)
    array([0, 0], dtype=uint32)
    """
    return hnp.arrays(np.uint32, (2,), elements=st.integers(0, 2**32 - 1))
