"""Pytrees of what another strategy draws."""

from typing import Any

from fgrad.testing._hypothesis import st
from fgrad.testing.strategies._arrays import arrays


def pytrees(leaves: Any = None, *, max_leaves=5):
    """Pytrees of tuples, lists, dictionaries and None; a single leaf too.

    Parameters
    ----------
    leaves : strategy, optional
        Of the leaves; by default `arrays`.
    max_leaves : int
        About how many leaves there may be.

    Returns
    -------
    strategy of pytree

    Examples
    --------
    >>> import fgrad
    >>> from hypothesis import find, strategies as st
    >>> from fgrad.testing.strategies import pytrees
    >>> find(pytrees(st.just(1.0)), lambda tree: len(fgrad.tree.leaves(tree)) == 2)
    (1.0, 1.0)
    """
    keys = st.sampled_from(["a", "b", "c", "w"])

    def nodes(children):
        children = children | st.none()
        several = st.lists(children, max_size=3)
        return several.map(tuple) | several | st.dictionaries(keys, children, max_size=3)

    return st.recursive(arrays() if leaves is None else leaves, nodes, max_leaves=max_leaves)
