"""Pytrees as flat vectors."""

from itertools import accumulate

import numpy as np

from fgrad.core.tree import tree_flatten

__all__ = ["ravel_pytree"]


def ravel_pytree(pytree):
    """Put all numbers of a pytree in one vector, and make the function that undoes it.

    Parameters
    ----------
    pytree : pytree of array-likes
        The tree.

    Returns
    -------
    flat : array, shape (n,)
        The raveled leaves one after the other, in the dtype to which they promote together.
    unravel : callable
        ``unravel(flat)`` gives a tree with the structure of `pytree` and leaves of its shapes. If
        the leaves differ in dtype, each gets its own back; otherwise they have the dtype of the
        vector. It raises ValueError for a vector of another shape and, if the leaves differ in
        dtype, TypeError for one of another dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.flatten_util import ravel_pytree
    >>> flat, unravel = ravel_pytree({"w": np.ones((2, 2)), "b": 0.5})
    >>> print(flat)
    [0.5 1.  1.  1.  1. ]
    >>> print(unravel(2 * flat)["w"])
    [[2. 2.]
     [2. 2.]]
    """
    # Here, because the package's NumPy is built on trees.
    import fgrad.numpy as fnp

    leaves, treedef = tree_flatten(pytree)
    if not leaves:
        return fnp.zeros(0), _unraveler(treedef, [], [], np.dtype(float))
    shapes = [fnp.shape(leaf) for leaf in leaves]
    dtypes = [fnp.result_type(leaf) for leaf in leaves]
    dtype = fnp.result_type(*leaves)
    flat = fnp.concatenate([fnp.astype(fnp.ravel(leaf), dtype) for leaf in leaves])
    return flat, _unraveler(treedef, shapes, dtypes, dtype)


def _unraveler(treedef, shapes, dtypes, dtype):
    ends = [*accumulate(int(np.prod(shape)) for shape in shapes)]
    size = ends[-1] if ends else 0
    mixed = any(leaf_dtype != dtype for leaf_dtype in dtypes)

    def unravel(flat):
        import fgrad.numpy as fnp

        if fnp.shape(flat) != (size,):
            raise ValueError(
                f"unravel: flat must be a vector of shape ({size},), for a tree of structure "
                f"{treedef}; got shape {fnp.shape(flat)}"
            )
        if mixed and fnp.result_type(flat) != dtype:
            raise TypeError(
                f"unravel: flat must have dtype {dtype}, to which the dtypes of the leaves "
                f"promote; got {fnp.result_type(flat)}"
            )
        if not shapes:
            return treedef.unflatten([])
        leaves = []
        pieces = fnp.split(fnp.asarray(flat), ends[:-1])
        for piece, shape, leaf_dtype in zip(pieces, shapes, dtypes, strict=True):
            if mixed and leaf_dtype != dtype:
                if leaf_dtype.kind != "c" and dtype.kind == "c":
                    piece = fnp.real(piece)
                piece = piece.astype(leaf_dtype)
            leaves.append(fnp.reshape(piece, shape))
        return treedef.unflatten(leaves)

    return unravel
