"""The dtypes of the leaves."""

import functools

import fgrad.numpy as fnp
import fgrad.tree as pytree

from ._map import map_present

__all__ = ["cast", "cast_like", "dtype"]


def dtype_of(x):
    """The dtype of an array, a traced value or a Python number."""
    return x.dtype if hasattr(x, "dtype") else fnp.result_type(x)


def astype(x, dtype):
    """`x` in `dtype`, without a copy where it has that dtype already."""
    return x if dtype_of(x) == dtype else fnp.asarray(x, dtype=dtype)


def cast(tree, dtype):
    """Give every leaf a dtype.

    Parameters
    ----------
    tree : pytree of arrays
    dtype : dtype or None
        None leaves them alone.

    Returns
    -------
    pytree of arrays

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.tree.cast({"w": 1.5}, "int64")["w"]
    np.int64(1)
    """
    return tree if dtype is None else map_present(lambda x: astype(x, dtype), tree)


def cast_like(tree, other_tree):
    """Give every leaf the dtype of its leaf in another tree.

    Parameters
    ----------
    tree, other_tree : pytree of arrays
        Of one structure.

    Returns
    -------
    pytree of arrays
    """
    return map_present(lambda x, other: astype(x, dtype_of(other)), tree, other_tree)


def _lower(a, b):
    promoted = fnp.promote_types(a, b)
    if promoted == a:
        return b
    if promoted == b:
        return a
    raise ValueError(f"tree.dtype: neither of {a} and {b} can be promoted to the other")


def _higher(a, b):
    return b if _lower(a, b) == a else a


_HANDLERS = {"promote": fnp.promote_types, "highest": _higher, "lowest": _lower}


def dtype(tree, mixed_dtype_handler=None):
    """The dtype that the leaves have in common.

    Parameters
    ----------
    tree : pytree of arrays
        Without leaves the answer is float64.
    mixed_dtype_handler : {None, "promote", "highest", "lowest"}
        What to make of different dtypes: an error, the dtype all can be promoted to, or the
        highest or lowest one among them.

    Returns
    -------
    dtype

    Raises
    ------
    ValueError
        If the dtypes differ and there is no handler, or if two of them cannot be ordered.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.tree.dtype({"w": np.float32(1.0), "b": np.float64(1.0)}, "lowest")
    dtype('float32')
    """
    if mixed_dtype_handler is not None and mixed_dtype_handler not in _HANDLERS:
        raise ValueError(
            "tree.dtype: `mixed_dtype_handler` must be None, 'promote', 'highest' or 'lowest', "
            f"got {mixed_dtype_handler!r}"
        )
    dtypes = [fnp.dtype(dtype_of(x)) for x in pytree.leaves(tree)]
    if not dtypes:
        return fnp.dtype("float64")
    if mixed_dtype_handler is None:
        if len(set(dtypes)) > 1:
            names = ", ".join(sorted({d.name for d in dtypes}))
            raise ValueError(f"tree.dtype: the leaves of `tree` must have one dtype, got {names}")
        return dtypes[0]
    return fnp.dtype(functools.reduce(_HANDLERS[mixed_dtype_handler], dtypes))
