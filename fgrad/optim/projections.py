"""The nearest point of a convex set, for pytrees taken as one vector.

>>> import numpy as np
>>> from fgrad import optim
>>> optim.projections.projection_simplex(np.array([1.0, 2.0, -1.0]))
Array([0., 1., 0.])
"""

import fgrad.numpy as fnp
import fgrad.tree as pytree
from fgrad import custom_jvp, lax
from fgrad.flatten_util import ravel_pytree

from . import tree as trees

__all__ = [
    "projection_box",
    "projection_halfspace",
    "projection_hypercube",
    "projection_hyperplane",
    "projection_l1_ball",
    "projection_l1_sphere",
    "projection_l2_ball",
    "projection_l2_sphere",
    "projection_linf_ball",
    "projection_non_negative",
    "projection_simplex",
    "projection_vector",
]


def projection_non_negative(tree):
    r"""Onto the numbers that are not negative.

    .. math:: \{p : p_i \ge 0\}

    Parameters
    ----------
    tree : pytree of arrays

    Returns
    -------
    pytree of arrays
        Like `tree`.

    Examples
    --------
    >>> from fgrad import optim
    >>> float(optim.projections.projection_non_negative({"w": -1.0})["w"])
    0.0
    """
    return pytree.map(lambda x: fnp.maximum(x, 0), tree)


def projection_box(tree, lower, upper):
    r"""Onto a box.

    .. math:: \{p : l_i \le p_i \le u_i\}

    Parameters
    ----------
    tree : pytree of arrays
    lower, upper : pytree of arrays, or scalar
        :math:`l` and :math:`u`: like `tree`, or one number for all.

    Returns
    -------
    pytree of arrays
        Like `tree`.
    """
    whole = pytree.structure(tree)
    spread = lambda bound: (
        bound if pytree.structure(bound) == whole else pytree.map(lambda _: bound, tree)
    )
    return pytree.map(fnp.clip, tree, spread(lower), spread(upper))


def projection_hypercube(tree, scale=1):
    r"""Onto a cube with a corner at the origin.

    .. math:: \{p : 0 \le p_i \le s\}

    Parameters
    ----------
    tree : pytree of arrays
    scale : scalar
        :math:`s`.

    Returns
    -------
    pytree of arrays
        Like `tree`.
    """
    return projection_box(tree, 0, scale)


@custom_jvp
def _unit_simplex(values):
    descending = -fnp.sort(-values)
    count = fnp.arange(1, values.shape[0] + 1)
    means = (fnp.cumsum(descending) - 1) / count
    # The last number that is larger than what would have to be taken from each.
    last = fnp.sum(descending > means) - 1
    return fnp.maximum(values - means[last], 0)


@_unit_simplex.defjvp
def _unit_simplex_jvp(primals, tangents):
    (values,), (dvalues,) = primals, tangents
    projected = _unit_simplex(values)
    support = fnp.astype(projected > 0, dvalues.dtype)
    mean = fnp.sum(support * dvalues) / fnp.sum(support)
    return projected, support * (dvalues - mean)


def projection_simplex(tree, scale=1):
    r"""Onto the simplex.

    .. math:: \{p : p_i \ge 0,\ \textstyle\sum_i p_i = s\}

    Parameters
    ----------
    tree : pytree of arrays
    scale : scalar
        :math:`s`, positive.

    Returns
    -------
    pytree of arrays
        Like `tree`.

    References
    ----------
    Duchi et al., "Efficient projections onto the l1-ball for learning in high dimensions",
    https://stanford.edu/~jduchi/projects/DuchiShSiCh08.pdf, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.projections.projection_simplex(np.array([0.5, 1.5]))
    Array([0., 1.])
    """
    values, unravel = ravel_pytree(tree)
    return unravel(fnp.multiply(scale, _unit_simplex(fnp.divide(values, scale))))


def projection_l1_sphere(tree, scale=1):
    r"""Onto the points of one l1 norm.

    .. math:: \{p : \|p\|_1 = s\}

    Parameters
    ----------
    tree : pytree of arrays
    scale : scalar
        :math:`s`, positive.

    Returns
    -------
    pytree of arrays
        Like `tree`.
    """
    sizes = projection_simplex(pytree.map(fnp.abs, tree), scale)
    return trees.mul(pytree.map(fnp.sign, tree), sizes)


def projection_l1_ball(tree, scale=1):
    r"""Onto the l1 ball.

    .. math:: \{p : \|p\|_1 \le s\}

    Parameters
    ----------
    tree : pytree of arrays
    scale : scalar
        :math:`s`, positive.

    Returns
    -------
    pytree of arrays
        Like `tree`.
    """
    tree = pytree.map(fnp.asarray, tree)
    return lax.cond(
        trees.norm(tree, ord=1) <= scale,
        lambda: tree,
        lambda: trees.cast_like(projection_l1_sphere(tree, scale), tree),
    )


def projection_l2_sphere(tree, scale=1):
    r"""Onto the points of one Euclidean norm.

    .. math:: \{p : \|p\|_2 = s\}

    Parameters
    ----------
    tree : pytree of arrays
        Not all zero.
    scale : scalar
        :math:`s`.

    Returns
    -------
    pytree of arrays
        Like `tree`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> np.round(optim.projections.projection_l2_sphere(np.array([3.0, 4.0])), 6)
    array([0.6, 0.8])
    """
    return trees.scale(scale / trees.norm(tree), tree)


def projection_l2_ball(tree, scale=1):
    r"""Onto the Euclidean ball.

    .. math:: \{p : \|p\|_2 \le s\}

    Parameters
    ----------
    tree : pytree of arrays
    scale : scalar
        :math:`s`.

    Returns
    -------
    pytree of arrays
        Like `tree`.
    """
    square = trees.norm(tree, squared=True)
    return trees.scale(scale / fnp.sqrt(fnp.maximum(square, scale**2)), tree)


def projection_linf_ball(tree, scale=1):
    r"""Onto the cube around the origin.

    .. math:: \{p : |p_i| \le s\}

    Parameters
    ----------
    tree : pytree of arrays
    scale : scalar
        :math:`s`.

    Returns
    -------
    pytree of arrays
        Like `tree`.
    """
    return projection_box(tree, -scale, scale)


def projection_vector(x, a):
    r"""Onto the line through a vector.

    .. math:: \{\lambda a : \lambda \in \mathbb{R}\}

    Parameters
    ----------
    x, a : pytree of arrays
        Of one structure; `a` is not all zero.

    Returns
    -------
    pytree of arrays
        Like `x`.
    """
    return trees.scale(trees.vdot(x, a) / trees.vdot(a, a), a)


def projection_hyperplane(x, a, b):
    r"""Onto a hyperplane.

    .. math:: \{p : \langle a, p \rangle = b\}

    Parameters
    ----------
    x, a : pytree of arrays
        Of one structure; `a` is not all zero.
    b : scalar

    Returns
    -------
    pytree of arrays
        Like `x`.
    """
    return trees.add_scale(x, (b - trees.vdot(x, a)) / trees.vdot(a, a), a)


def projection_halfspace(x, a, b):
    r"""Onto a half-space.

    .. math:: \{p : \langle a, p \rangle \le b\}

    Parameters
    ----------
    x, a : pytree of arrays
        Of one structure; `a` is not all zero.
    b : scalar

    Returns
    -------
    pytree of arrays
        Like `x`.
    """
    excess = (b - trees.vdot(x, a)) / trees.vdot(a, a)
    return trees.add_scale(x, fnp.minimum(excess, 0), a)
