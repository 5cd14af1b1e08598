"""Systems of equations."""

import math

import fgrad.numpy as fnp
from fgrad import lax
from fgrad.core.source import located
from fgrad.numpy._face import give
from fgrad.numpy.linalg import _matrices
from fgrad.primitives.linalg.sylvester import sylvester
from fgrad.scipy.linalg._factorizations import cho_factor
from fgrad.scipy.linalg._matrices import columns, matrices
from fgrad.transforms.custom import stop_gradient

_OPERATIONS = {0: "N", "N": "N", 1: "T", "T": "T", 2: "C", "C": "C"}


def _operation(function, trans):
    if trans not in _OPERATIONS:
        raise ValueError(
            located(f"{function}: trans must be 0, 1, 2, 'N', 'T' or 'C'; got {trans!r}")
        )
    return _OPERATIONS[trans]


def _stacked(*xs):
    """Matrices with their stacks broadcast."""
    stack = fnp.broadcast_shapes(*(x.shape[:-2] for x in xs))
    return [fnp.broadcast_to(x, (*stack, *x.shape[-2:])) for x in xs]


def _triangular(a, b, lower, operation="N", unit=False):
    return lax.linalg.triangular_solve(
        *_stacked(a, b),
        left_side=True,
        lower=lower,
        transpose_a=operation != "N",
        conjugate_a=operation == "C",
        unit_diagonal=unit,
    )


def solve_triangular(
    a,
    b,
    trans=0,
    lower=False,
    unit_diagonal=False,
    overwrite_b=False,
    debug=None,
    check_finite=True,
):
    """The solution of ``a @ x = b`` for a triangular matrix.

    Parameters
    ----------
    a : array of shape (..., n, n)
    b : array of shape (..., n, k) or (n,)
    trans : {0, 1, 2, "N", "T", "C"}
        Whether to take `a`, its transpose, or its conjugate transpose.
    lower : bool
        Which triangle of `a` is read.
    unit_diagonal : bool
        Whether to take its diagonal as ones.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.solve_triangular([[1.0, 1.0], [0.0, 2.0]], [3.0, 4.0])
    Array([1., 2.])
    """
    operation = _operation("solve_triangular", trans)
    a, b, result = columns("solve_triangular", a, b)
    return result(_triangular(a, b, lower, operation, unit_diagonal))


def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    """The solution of ``a @ x = b``, given what `cho_factor` gives of `a`.

    Parameters
    ----------
    c_and_lower : (array of shape (..., n, n), bool)
    b : array of shape (..., n, k) or (n,)

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.cho_solve(linalg.cho_factor([[4.0]]), [8.0])
    Array([2.])
    """
    c, lower = c_and_lower
    c, b, result = columns("cho_solve", c, b)
    first, second = ("N", "C") if lower else ("C", "N")
    return result(_triangular(c, _triangular(c, b, lower, first), lower, second))


def lu_solve(lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True):
    """The solution of ``a @ x = b``, given what `lu_factor` gives of `a`.

    Parameters
    ----------
    lu_and_piv : (array of shape (..., n, n), array of shape (..., n))
    b : array of shape (..., n, k) or (n,)
    trans : {0, 1, 2}
        Whether to take `a`, its transpose, or its conjugate transpose.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.lu_solve(linalg.lu_factor([[0.0, 2.0], [1.0, 0.0]]), [2.0, 3.0])
    Array([3., 1.])
    """
    lu, pivots = lu_and_piv
    operation = _operation("lu_solve", trans)
    lu, b, result = columns("lu_solve", lu, b)
    lu, b = _stacked(lu, b)
    order = lax.linalg.lu_pivots_to_permutation(fnp.asarray(pivots), lu.shape[-1])
    order = fnp.broadcast_to(order, lu.shape[:-1])
    if operation == "N":
        x = fnp.take_along_axis(b, order[..., None], -2)
        x = _triangular(lu, x, True, unit=True)
        return result(_triangular(lu, x, False))
    x = _triangular(lu, b, False, operation)
    x = _triangular(lu, x, True, operation, unit=True)
    return result(fnp.take_along_axis(x, fnp.argsort(order, axis=-1)[..., None], -2))


def solve(
    a,
    b,
    lower=False,
    overwrite_a=False,
    overwrite_b=False,
    debug=False,
    check_finite=True,
    assume_a="gen",
):
    """The solution of ``a @ x = b``.

    Parameters
    ----------
    a : array of shape (..., n, n)
    b : array of shape (..., n, k) or (n,)
    lower : bool
        Which triangle is read of a positive-definite matrix.
    assume_a : {"gen", "sym", "her", "pos"}
        What is known of `a`; "pos" is solved by `cho_factor`.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.solve([[4.0]], [8.0], assume_a="pos")
    Array([2.])
    """
    if assume_a not in ("gen", "sym", "her", "pos"):
        raise ValueError(
            located(f"solve: assume_a must be 'gen', 'sym', 'her' or 'pos'; got {assume_a!r}")
        )
    if assume_a == "pos":
        return cho_solve(cho_factor(a, lower), b)
    a, b, result = columns("solve", a, b)
    return result(fnp.linalg.solve(*_stacked(a, b)))


def inv(a, overwrite_a=False, check_finite=True):
    """The inverse of a matrix.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.inv([[4.0]])
    Array([[0.25]])
    """
    return fnp.linalg.inv(a)


def det(a, overwrite_a=False, check_finite=True):
    """The determinant of a matrix.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.det([[4.0]])
    np.float64(4.0)
    """
    return fnp.linalg.det(a)


def solve_sylvester(A, B, C, *, method="schur", tol=1e-8):
    """The solution of ``A @ X + X @ B = C``, by SciPy.

    Parameters
    ----------
    A : array of shape (..., m, m)
    B : array of shape (..., n, n)
    C : array of shape (..., m, n)
    method : {"schur", "eigen"}
        Accepted for compatibility: the first is used.
    tol : float
        If eigenvalues of `A` and `B` have a sum less than this, the result is NaN.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.solve_sylvester([[1.0]], [[2.0]], [[6.0]])
    Array([[2.]])
    """
    if method not in ("schur", "eigen"):
        raise ValueError(
            located(f"solve_sylvester: method must be 'schur' or 'eigen'; got {method!r}")
        )
    a, b, c = _stacked(*matrices("solve_sylvester", A, B, C))
    if (*a.shape[-2:], *b.shape[-2:]) != (c.shape[-2],) * 2 + (c.shape[-1],) * 2:
        raise ValueError(
            located(
                f"solve_sylvester: A of shape {a.shape}, B of {b.shape} and C of {c.shape} do not "
                "fit together"
            )
        )
    first, second = (fnp.linalg.eigvals(stop_gradient(x)) for x in (a, b))
    sums = fnp.abs(first[..., :, None] + second[..., None, :])
    singular = (sums < tol).any((-2, -1))[..., None, None]
    a = fnp.where(singular, fnp.eye(a.shape[-1], dtype=a.dtype), a)
    b = fnp.where(singular, fnp.eye(b.shape[-1], dtype=b.dtype), b)
    args = _matrices.matrices("solve_sylvester", a, b, c)
    return fnp.where(singular, math.nan, give(sylvester(*args)))
