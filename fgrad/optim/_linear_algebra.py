"""Eigenvalues, roots of matrices and least squares by iteration."""

from collections.abc import Callable
from typing import Any

import fgrad.numpy as fnp
from fgrad import lax, random

from . import tree as trees
from ._base import Scalar

__all__ = ["matrix_inverse_pth_root", "nnls", "power_iteration"]


def _normalized(x):
    return trees.scale(1.0 / trees.norm(x), x)


def power_iteration(
    matrix: Any | Callable[[Any], Any],
    *,
    v0: Any = None,
    num_iters: Scalar = 100,
    error_tolerance: Scalar = 1e-6,
    key: Any = None,
) -> tuple[Scalar, Any]:
    r"""The eigenvalue of the largest absolute value, and its eigenvector.

    .. math:: v \leftarrow A v / \|A v\|, \qquad \lambda = \langle v, A v \rangle

    Parameters
    ----------
    matrix : array of shape (n, n), or callable
        A symmetric matrix, or a function from a pytree to its product with it.
    v0 : pytree of arrays, optional
        Where to begin; needed if `matrix` is a function. By default a random vector.
    num_iters : int
        How many products to take at most.
    error_tolerance : scalar
        The residual at which to stop, relative to the eigenvalue.
    key : key, optional
        Of the random vector; by default always the same one.

    Returns
    -------
    eigenvalue : scalar
    eigenvector : pytree of arrays
        Like `v0`, of norm 1.

    Raises
    ------
    ValueError
        If `matrix` is a function and `v0` is not given.

    References
    ----------
    Golub, Van Loan, "Matrix Computations", chapter 8.2, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> value, vector = optim.power_iteration(np.diag([1.0, 3.0]))
    >>> round(float(value), 6), np.round(np.abs(vector), 3)
    (3.0, array([0., 1.]))
    """
    if v0 is None:
        if callable(matrix):
            raise ValueError("power_iteration: `v0` must be given if `matrix` is a function")
        matrix = fnp.asarray(matrix)
        v0 = random.uniform(
            random.key(0) if key is None else key, matrix.shape[-1:], matrix.dtype, -1.0, 1.0
        )
    product = matrix if callable(matrix) else lambda v: fnp.matmul(matrix, v)

    def unfinished(carry):
        vector, image, value, count = carry
        residual = trees.norm(trees.sub(image, trees.scale(value, vector)))
        converged = residual < error_tolerance * fnp.abs(value)
        return ~converged & (count < num_iters)

    def iterate(carry):
        vector = _normalized(carry[1])
        image = product(vector)
        return trees.cast_like((vector, image, trees.vdot(vector, image), carry[3] + 1), carry)

    v0 = _normalized(v0)
    image = product(v0)
    start = (v0, trees.cast_like(image, v0), 0 * trees.vdot(v0, image), fnp.zeros((), int))
    _, image, value, _ = lax.while_loop(unfinished, iterate, start)
    return value, _normalized(image)


def matrix_inverse_pth_root(
    matrix: Any,
    p: int,
    num_iters: int = 100,
    ridge_epsilon: Scalar = 1e-6,
    error_tolerance: Scalar = 1e-6,
) -> tuple[Any, Scalar]:
    r"""One over the p-th root of a positive definite matrix, :math:`A^{-1/p}`.

    Newton's iteration, coupled so that it stays stable:

    .. math::

        T &= \left(1 + \tfrac1p\right) I - \tfrac1p M, \qquad
        M \leftarrow T^p M, \qquad H \leftarrow H\, T

    Parameters
    ----------
    matrix : array of shape (n, n)
    p : int
        Which root.
    num_iters : int
        How many iterations to do at most.
    ridge_epsilon : scalar
        What to add to the diagonal, over the largest eigenvalue.
    error_tolerance : scalar
        The largest entry of :math:`M - I` at which to stop.

    Returns
    -------
    root : array of shape (n, n)
    error : scalar
        The largest entry of :math:`M - I`.

    References
    ----------
    Guo, Higham, "A Schur-Newton Method for the Matrix p'th Root and its Inverse", section 3,
    https://doi.org/10.1137/050643374, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> root, _ = optim.matrix_inverse_pth_root(np.diag([1.0, 16.0]), 4)
    >>> np.round(np.diag(root), 4)
    array([1. , 0.5])
    """
    matrix = fnp.asarray(matrix)
    size = matrix.shape[0]
    largest, _ = power_iteration(matrix)
    ridge = ridge_epsilon * fnp.maximum(largest, 1e-16)
    if size == 1:
        return (matrix + ridge) ** (-1.0 / p), fnp.zeros((), matrix.dtype)
    identity = fnp.eye(size, dtype=matrix.dtype)

    def unfinished(carry):
        count, _, _, _, error, better = carry
        return (count < num_iters) & (error > error_tolerance) & better

    def iterate(carry):
        count, m, h, _, error, _ = carry
        t = (1 + 1 / p) * identity - m / p
        new_m = fnp.linalg.matrix_power(t, p) @ m
        new_error = fnp.max(fnp.abs(new_m - identity))
        return count + 1, new_m, h @ t, h, new_error, new_error < error * 1.2

    damped = matrix + ridge * identity
    z = (1 + p) / (2 * fnp.linalg.norm(damped))
    m, h = damped * z, identity * z ** (1 / p)
    start = (
        fnp.zeros((), int),
        m,
        h,
        h,
        fnp.max(fnp.abs(m - identity)),
        fnp.ones((), fnp.bool_),
    )
    _, m, h, previous, error, better = lax.while_loop(unfinished, iterate, start)
    return fnp.where(better, h, previous), error


def nnls(A: Any, b: Any, iters: int, unroll: int | bool = 1, L: Scalar | None = None) -> Any:
    r"""Least squares whose solution is not negative, by accelerated projected gradient descent.

    .. math:: \min_{x \ge 0} \tfrac12 \|A x - b\|^2

    Parameters
    ----------
    A : array of shape (m, n)
    b : array of shape (m,) or (m, k)
    iters : int
        How many steps to take.
    unroll : int or bool
        As in `fgrad.lax.scan`.
    L : scalar, optional
        An upper bound of the largest eigenvalue of :math:`A^\top A`.

    Returns
    -------
    array of shape (n,) or (n, k)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k^2)",
    1983.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> x = optim.nnls(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([3.0, -4.0]), iters=100)
    >>> np.round(x, 6)
    array([3., 0.])
    """
    A, b = fnp.asarray(A), fnp.asarray(b)
    if A.ndim != 2 or b.ndim not in (1, 2) or b.shape[0] != A.shape[0]:
        raise ValueError(
            "nnls: `A` must have shape (m, n) and `b` shape (m,) or (m, k), "
            f"got {A.shape} and {b.shape}"
        )
    square, target = A.T @ A, A.T @ b
    if L is None:
        columns = fnp.max(fnp.sum(fnp.abs(square), axis=0), initial=0)
        L = fnp.minimum(fnp.linalg.norm(square), columns)
    L = fnp.where(L == 0, 1.0, L)

    def step(carry, _):
        x, ahead, c = carry
        new_c = (1 + fnp.sqrt(1 + 4 * c**2)) / 2
        new_x = fnp.maximum(ahead - (square @ ahead - target) / L, 0)
        return (new_x, new_x + (c - 1) / new_c * (new_x - x), new_c), None

    x = fnp.zeros_like(target)
    start = (x, x, fnp.zeros((), x.dtype))
    return lax.scan(step, start, None, length=iters, unroll=unroll)[0][0]
