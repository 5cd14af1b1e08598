"""Systems of equations with triangular and tridiagonal matrices."""

from fgrad.numpy._face import public, value
from fgrad.numpy.linalg._matrices import in_common, matrices
from fgrad.primitives.linalg.matrices import conjugate
from fgrad.primitives.linalg.triangular import triangular_solve as triangular_solve_p
from fgrad.primitives.linalg.tridiagonal_solve import tridiagonal_solve as tridiagonal_solve_p


@public
def triangular_solve(
    a,
    b,
    *,
    left_side=False,
    lower=False,
    transpose_a=False,
    conjugate_a=False,
    unit_diagonal=False,
):
    """The solution of ``x @ op(a) = b``, or of ``op(a) @ x = b``, for triangular `a`.

    Parameters
    ----------
    a : array of shape (..., n, n)
    b : array of shape (..., m, n), or (..., n, m) if `left_side`
    left_side : bool
        Whether `a` stands left of the unknown.
    lower : bool
        Which triangle of `a` is read.
    transpose_a, conjugate_a : bool
        Whether to take the transpose, the conjugate.
    unit_diagonal : bool
        Whether to take the diagonal as ones.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> a = fnp.array([[2.0, 0.0], [1.0, 1.0]])
    >>> fgrad.lax.linalg.triangular_solve(a, fnp.array([[2.0], [3.0]]), left_side=True, lower=True)
    Array([[1.],
           [2.]])
    """
    a, b = matrices("triangular_solve", a, b)
    if conjugate_a and not transpose_a:
        a = conjugate(a)
    op = "N" if not transpose_a else "C" if conjugate_a else "T"
    return triangular_solve_p(
        a, b, left=bool(left_side), lower=bool(lower), op=op, unit=bool(unit_diagonal)
    )


@public
def tridiagonal_solve(dl, d, du, b, *, perturb_singular=False):
    """The solution of ``a @ x = b`` for a tridiagonal matrix.

    Parameters
    ----------
    dl : array of shape (..., n)
        The lower diagonal, ``dl[i] = a[i, i - 1]``; the first element is not read.
    d : array of shape (..., n)
        The diagonal.
    du : array of shape (..., n)
        The upper diagonal, ``du[i] = a[i, i + 1]``; the last element is not read.
    b : array of shape (..., n, k)
    perturb_singular : bool
        Whether to raise pivots that are nothing to a rounding of the largest, so that singular
        matrices have finite solutions.

    Raises
    ------
    LinAlgError
        If the matrix is singular.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> one, two = fnp.ones(3), 2 * fnp.ones(3)
    >>> fgrad.lax.linalg.tridiagonal_solve(one, two, one, fnp.array([[3.0], [4.0], [3.0]]))
    Array([[1.],
           [1.],
           [1.]])
    """
    name = "tridiagonal_solve"
    dl, d, du, b = in_common(name, *(value(v, name) for v in (dl, d, du, b)))
    return tridiagonal_solve_p(dl, d, du, b, perturb=bool(perturb_singular))
