"""Products of groups of rows."""

import fgrad.numpy as fnp
from fgrad.core.source import located


def ragged_dot(lhs, rhs, group_sizes, precision=None, preferred_element_type=None):
    """Products of groups of rows, each with a matrix of its own.

    Parameters
    ----------
    lhs : array of shape (m, k)
        The rows, group after group.
    rhs : array of shape (g, k, n)
        The matrix of each group.
    group_sizes : integer array of shape (g,)
        How many rows each group has; the products of those that are left over are zero.
    precision : optional
        Accepted for compatibility.
    preferred_element_type : dtype-like, optional
        What to compute in.

    Returns
    -------
    array of shape (m, n)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.ragged_dot(fnp.ones((3, 1)), fnp.array([[[1.0]], [[2.0]]]), fnp.array([1, 2]))
    Array([[1.],
           [2.],
           [2.]])
    """
    x, y, sizes = map(fnp.asarray, (lhs, rhs, group_sizes))
    shapes = x.shape, y.shape, sizes.shape
    if (x.ndim, y.ndim, sizes.ndim) != (2, 3, 1) or x.shape[1:] + sizes.shape != y.shape[1::-1]:
        raise ValueError(
            located(f"ragged_dot: wanted shapes (m, k), (g, k, n) and (g,); got {shapes}")
        )
    if preferred_element_type is not None:
        x, y = x.astype(preferred_element_type), y.astype(preferred_element_type)
    ends = fnp.cumsum(sizes)[:, None]
    rows = fnp.arange(x.shape[0])
    of_group = (rows >= ends - sizes[:, None]) & (rows < ends)
    return fnp.einsum("gmk,gkn->mn", fnp.where(of_group[..., None], x, 0), y)
