"""Arithmetic on pytrees, leaf by leaf. Where a tree holds None, so does the result."""

import operator

import fgrad.numpy as fnp
import fgrad.tree as pytree

from ._dtypes import astype, dtype_of
from ._map import map_present

__all__ = [
    "add",
    "add_scale",
    "batch_shape",
    "clip",
    "conj",
    "div",
    "full_like",
    "mul",
    "ones_like",
    "real",
    "scale",
    "sub",
    "where",
    "zeros_like",
]


def scaled(factor, x):
    """``factor * x``, in the dtype of `x` where that is a floating one.

    Schedules compute in float64 whatever the dtype of the parameters; their values must not
    promote float32 updates.
    """
    # Python numbers are weak already.
    if hasattr(factor, "dtype"):
        dtype = dtype_of(x)
        if dtype.kind == "c" or (dtype.kind == "f" and factor.dtype.kind != "c"):
            factor = astype(factor, dtype)
    return factor * x


def abs_sq(x):
    """``|x|**2``, real also for complex `x`."""
    return fnp.real(x * fnp.conj(x)) if dtype_of(x).kind == "c" else x * x


def add(tree_x, tree_y, *other_trees):
    """The sum of trees of one structure.

    Parameters
    ----------
    tree_x, tree_y, *other_trees : pytree of arrays

    Returns
    -------
    pytree of arrays

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.tree.add({"w": 1.0}, {"w": 2.0}, {"w": 3.0})
    {'w': 6.0}
    """

    def total(x, *others):
        for y in others:
            x = x + y
        return x

    return map_present(total, tree_x, tree_y, *other_trees)


def sub(tree_x, tree_y):
    """The difference of two trees of one structure.

    Parameters
    ----------
    tree_x, tree_y : pytree of arrays

    Returns
    -------
    pytree of arrays
    """
    return map_present(operator.sub, tree_x, tree_y)


def mul(tree_x, tree_y):
    """The product, element by element, of two trees of one structure.

    Parameters
    ----------
    tree_x, tree_y : pytree of arrays

    Returns
    -------
    pytree of arrays
    """
    return map_present(operator.mul, tree_x, tree_y)


def div(tree_x, tree_y):
    """The quotient, element by element, of two trees of one structure.

    Parameters
    ----------
    tree_x, tree_y : pytree of arrays

    Returns
    -------
    pytree of arrays
    """
    return map_present(fnp.divide, tree_x, tree_y)


def scale(scalar, tree):
    """A tree times a number.

    Parameters
    ----------
    scalar : scalar
    tree : pytree of arrays

    Returns
    -------
    pytree of arrays
        Floating leaves keep their dtype.

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.tree.scale(2.0, {"w": 1.5, "b": None})
    {'b': None, 'w': 3.0}
    """
    return map_present(lambda x: scaled(scalar, x), tree)


def add_scale(tree_x, scalar, tree_y):
    """A tree plus a number times another tree.

    Parameters
    ----------
    tree_x : pytree of arrays
    scalar : scalar
    tree_y : pytree of arrays
        Like `tree_x`.

    Returns
    -------
    pytree of arrays

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.tree.add_scale({"w": 1.0}, 0.5, {"w": 4.0})
    {'w': 3.0}
    """
    return map_present(lambda x, y: x + scaled(scalar, y), tree_x, tree_y)


def conj(tree):
    """The complex conjugate of every leaf.

    Parameters
    ----------
    tree : pytree of arrays

    Returns
    -------
    pytree of arrays
    """
    return map_present(fnp.conj, tree)


def real(tree):
    """The real part of every leaf.

    Parameters
    ----------
    tree : pytree of arrays

    Returns
    -------
    pytree of arrays
    """
    return map_present(fnp.real, tree)


def clip(tree, min_value=None, max_value=None):
    """Every number moved into an interval.

    Parameters
    ----------
    tree : pytree of arrays
    min_value, max_value : scalar, optional

    Returns
    -------
    pytree of arrays
    """
    return map_present(lambda x: fnp.clip(x, min_value, max_value), tree)


def where(condition, tree_x, tree_y):
    """One tree or the other.

    Parameters
    ----------
    condition : bool scalar, or array that fits all leaves
    tree_x, tree_y : pytree of arrays
        Of one structure: the result where the condition holds, and where it does not.

    Returns
    -------
    pytree of arrays
    """
    return map_present(lambda x, y: fnp.where(condition, x, y), tree_x, tree_y)


def zeros_like(tree, dtype=None):
    """Zeros in the shapes of a tree's leaves.

    Parameters
    ----------
    tree : pytree of arrays
    dtype : dtype, optional
        By default that of each leaf.

    Returns
    -------
    pytree of arrays
    """
    return pytree.map(lambda x: fnp.zeros_like(x, dtype=dtype), tree)


def ones_like(tree, dtype=None):
    """Ones in the shapes of a tree's leaves.

    Parameters
    ----------
    tree : pytree of arrays
    dtype : dtype, optional
        By default that of each leaf.

    Returns
    -------
    pytree of arrays
    """
    return pytree.map(lambda x: fnp.ones_like(x, dtype=dtype), tree)


def full_like(tree, fill_value, dtype=None):
    """A number in the shapes of a tree's leaves.

    Parameters
    ----------
    tree : pytree of arrays
    fill_value : scalar
    dtype : dtype, optional
        By default that of each leaf.

    Returns
    -------
    pytree of arrays
    """
    return pytree.map(lambda x: fnp.full_like(x, fill_value, dtype=dtype), tree)


def batch_shape(tree, shape=()):
    """Every leaf repeated along new leading axes.

    Parameters
    ----------
    tree : pytree of arrays
    shape : tuple of int
        Of the new axes.

    Returns
    -------
    pytree of arrays

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.tree.batch_shape({"w": [1.0, 2.0]}, (3,))["w"][1].shape
    (3,)
    """
    return pytree.map(lambda x: fnp.broadcast_to(x, (*shape, *fnp.shape(x))), tree)
