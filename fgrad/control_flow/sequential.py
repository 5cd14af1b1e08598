"""sequential_vmap: a batch done one example after the other."""

from fgrad.control_flow.loops import map as loop
from fgrad.core.tree import tree_flatten, tree_map, tree_unflatten
from fgrad.transforms.custom_batching import custom_vmap


def sequential_vmap(f):
    """A function that `vmap` calls for one example after the other, in a loop.

    Parameters
    ----------
    f : callable
        A pure function of pytrees of arrays.

    Returns
    -------
    custom_vmap

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> @fgrad.custom_batching.sequential_vmap
    ... def f(x):
    ...     fgrad.debug.print("{}", x)
    ...     return x + 1
    >>> fgrad.vmap(f)(fnp.arange(2))
    0
    1
    Array([1, 2])
    """
    f = custom_vmap(f)

    @f.def_vmap
    def rule(axis_size, in_batched, *args):
        leaves, tree = tree_flatten(list(args))
        flags, _ = tree_flatten(in_batched)

        def one(rows):
            rows = iter(rows)
            full = [next(rows) if m else x for x, m in zip(leaves, flags, strict=True)]
            return f(*tree_unflatten(tree, full))

        out = loop(one, [x for x, m in zip(leaves, flags, strict=True) if m])
        return out, tree_map(lambda _: True, out)

    return f
