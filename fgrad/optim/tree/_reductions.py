"""One number from all leaves of a pytree."""

import functools
import math
import operator

import fgrad.numpy as fnp
import fgrad.tree as pytree

from ._arithmetic import abs_sq
from ._map import map_present

__all__ = ["allclose", "max", "min", "norm", "size", "sum", "vdot"]


def sum(tree, associative_reduction=False):
    """The sum of all numbers.

    Parameters
    ----------
    tree : pytree of arrays
    associative_reduction : bool
        Whether to add the leaves' sums in pairs, for less rounding over many leaves.

    Returns
    -------
    scalar
        0 where there are no leaves.

    Examples
    --------
    >>> from fgrad import optim
    >>> float(optim.tree.sum({"w": [1.0, 2.0], "b": 3.0}))
    6.0
    """
    sums = [fnp.sum(x) for x in pytree.leaves(tree)]
    if associative_reduction:
        return pytree.reduce_associative(operator.add, sums, identity=0)
    return functools.reduce(operator.add, sums, 0)


def max(tree):
    """The largest number.

    Parameters
    ----------
    tree : pytree of arrays

    Returns
    -------
    scalar
        Minus infinity where there are no numbers.
    """
    largest = [fnp.max(x) for x in pytree.leaves(tree) if fnp.size(x)]
    return functools.reduce(fnp.maximum, largest, -math.inf)


def min(tree):
    """The smallest number.

    Parameters
    ----------
    tree : pytree of arrays

    Returns
    -------
    scalar
        Infinity where there are no numbers.
    """
    smallest = [fnp.min(x) for x in pytree.leaves(tree) if fnp.size(x)]
    return functools.reduce(fnp.minimum, smallest, math.inf)


def size(tree):
    """How many numbers there are.

    Parameters
    ----------
    tree : pytree of arrays

    Returns
    -------
    int

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.tree.size({"w": np.ones((2, 3)), "b": 1.0})
    7
    """
    return functools.reduce(operator.add, [fnp.size(x) for x in pytree.leaves(tree)], 0)


def vdot(tree_x, tree_y):
    r"""The inner product of two trees, each taken as one vector.

    .. math:: \langle x, y \rangle = \textstyle\sum_i \bar x_i\, y_i

    Parameters
    ----------
    tree_x, tree_y : pytree of arrays
        Of one structure. What is None in the first does not count.

    Returns
    -------
    scalar

    Examples
    --------
    >>> from fgrad import optim
    >>> float(optim.tree.vdot({"w": [1.0, 2.0], "b": 3.0}, {"w": [4.0, 5.0], "b": 6.0}))
    32.0
    """
    products = map_present(fnp.vdot, tree_x, tree_y)
    return functools.reduce(operator.add, pytree.leaves(products), 0)


def norm(tree, ord=None, squared=False):
    r"""The norm of all numbers, taken as one vector.

    .. math:: \|x\|_2 = \sqrt{\textstyle\sum_i |x_i|^2}, \qquad
        \|x\|_1 = \textstyle\sum_i |x_i|, \qquad \|x\|_\infty = \max_i |x_i|

    Parameters
    ----------
    tree : pytree of arrays
    ord : {None, 2, 1, inf, "inf", "infinity"}
        None means 2.
    squared : bool
        Whether to return the square of the norm.

    Returns
    -------
    scalar

    Examples
    --------
    >>> from fgrad import optim
    >>> float(optim.tree.norm({"w": [3.0, 0.0], "b": 4.0}))
    5.0
    """
    leaves = pytree.leaves(tree)
    if ord is None or ord == 2:
        square = sum([abs_sq(x) for x in leaves])
        return square if squared else fnp.sqrt(square)
    if ord == 1:
        result = sum([fnp.abs(x) for x in leaves])
    elif ord in (math.inf, "inf", "infinity"):
        result = max([fnp.abs(x) for x in leaves])
    else:
        raise ValueError(f"tree.norm: `ord` must be None, 1, 2 or inf, got {ord!r}")
    return result * result if squared else result


def allclose(a, b, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether two trees hold the same numbers within tolerances.

    Parameters
    ----------
    a, b : pytree of arrays
        Of one structure.
    rtol, atol : scalar
        As in `fgrad.numpy.allclose`.
    equal_nan : bool
        Whether NaN equals NaN.

    Returns
    -------
    bool scalar
    """
    close = pytree.map(
        lambda x, y: fnp.allclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan), a, b
    )
    return functools.reduce(operator.and_, pytree.leaves(close), True)
