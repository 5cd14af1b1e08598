"""Linear equations whose matrix is known by its products with vectors.

Derivatives are those of the solution (`fgrad.lax.custom_linear_solve`), not of the iterations.
"""

import fgrad.numpy as fnp
from fgrad.control_flow.linear_solve import custom_linear_solve
from fgrad.control_flow.loops import fori_loop
from fgrad.control_flow.while_loop import while_loop
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.core.tree import explain_mismatch, tree_flatten
from fgrad.flatten_util import ravel_pytree
from fgrad.numpy._face import value
from fgrad.primitives.shape import stop_gradient


def cg(A, b, x0=None, *, tol=1e-5, atol=0.0, maxiter=None, M=None):
    """Solve ``A x = b`` with a Hermitian positive definite matrix, by conjugate gradients.

    Parameters
    ----------
    A : array of shape (n, n) or callable
        The matrix, or its product with a pytree like `b`.
    b : pytree of arrays
        The right-hand side.
    x0 : pytree like `b`, optional
        Where to begin: zero.
    tol, atol : float
        It ends when the norm of ``b - A x`` is at most ``max(tol * norm(b), atol)``.
    maxiter : int, optional
        How many products to take at most: ten times the size of `b`.
    M : array of shape (n, n) or callable, optional
        A preconditioner, about the inverse of `A`; it must be Hermitian and positive definite.

    Returns
    -------
    x : pytree like `b`
    info : None

    Raises
    ------
    TypeError, ValueError
        If `A` or `M` is neither a function nor a square matrix; if `x0` is not like `b`.

    References
    ----------
    M. R. Hestenes, E. Stiefel, Methods of conjugate gradients for solving linear systems, 1952.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.scipy.sparse.linalg import cg
    >>> x, _ = cg(lambda x: 2.0 * x, fnp.array([2.0, 4.0]))
    >>> x
    Array([1., 2.])
    """
    return _solve("cg", _cg, A, b, x0, M, tol, atol, maxiter, symmetric=True), None


def bicgstab(A, b, x0=None, *, tol=1e-5, atol=0.0, maxiter=None, M=None):
    """Solve ``A x = b`` by the stabilized method of biconjugate gradients.

    Parameters are those of `cg`; neither `A` nor `M` need be symmetric.

    Returns
    -------
    x : pytree like `b`
    info : None

    References
    ----------
    H. A. van der Vorst, Bi-CGSTAB, SIAM J. Sci. Stat. Comput. 13, 1992.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.scipy.sparse.linalg import bicgstab
    >>> x, _ = bicgstab(fnp.array([[0.0, 1.0], [2.0, 0.0]]), fnp.array([1.0, 2.0]))
    >>> x.round(6)
    array([1., 1.])
    """
    return _solve("bicgstab", _bicgstab, A, b, x0, M, tol, atol, maxiter), None


def gmres(
    A, b, x0=None, *, tol=1e-5, atol=0.0, restart=20, maxiter=None, M=None, solve_method="batched"
):
    """Solve ``A x = b`` by the least residual in Krylov spaces.

    Parameters are those of `cg`, and

    restart : int
        The dimension of a space; `maxiter` counts spaces.
    solve_method : {"batched", "incremental"}
        Accepted for compatibility.

    Returns
    -------
    x : pytree like `b`
    info : int
        0, or -1 if the solution is not finite.

    References
    ----------
    Y. Saad, M. H. Schultz, GMRES, SIAM J. Sci. Stat. Comput. 7, 1986.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.scipy.sparse.linalg import gmres
    >>> x, info = gmres(fnp.array([[0.0, 1.0], [2.0, 0.0]]), fnp.array([1.0, 2.0]))
    >>> x.round(6), int(info)
    (array([1., 1.]), 0)
    """
    if solve_method not in ("batched", "incremental"):
        raise ValueError(
            located(f"gmres: solve_method must be 'batched' or 'incremental'; got {solve_method!r}")
        )
    step = lambda *args: _gmres(*args, restart=restart)
    x = _solve("gmres", step, A, b, x0, M, tol, atol, maxiter)
    return x, fnp.where(fnp.all(fnp.isfinite(ravel_pytree(x)[0])), 0, -1)


# -- pytrees as vectors ----------------------------------------------------------------------------


def _solve(name, method, A, b, x0, M, tol, atol, maxiter, symmetric=False):
    flat, unravel = ravel_pytree(b)
    flat = flat if fnp.issubdtype(flat.dtype, fnp.inexact) else flat.astype(float)
    product = _operator(f"{name}: A", A, b, unravel)
    inverse = (lambda x: x) if M is None else _operator(f"{name}: M", M, b, unravel)
    start = fnp.zeros_like(flat) if x0 is None else stop_gradient(value(_like(name, x0, b)))
    maxiter = 10 * flat.size if maxiter is None else maxiter

    def solve(matvec, rhs):
        limit = fnp.maximum(tol * fnp.linalg.norm(rhs), atol)
        return method(matvec, rhs, start, inverse, limit, maxiter)

    return unravel(
        custom_linear_solve(
            product,
            flat,
            solve,
            transpose_solve=solve,
            symmetric=symmetric and flat.dtype.kind != "c",
        )
    )


def _operator(what, A, b, unravel):
    """The product with a matrix, or of a function on pytrees, on vectors."""
    if callable(A):
        return lambda v: _like(what, A(unravel(v)), b)
    shape = get_aval(value(A, what)).shape
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(
            located(f"{what} must be a function or a square matrix; got shape {shape}")
        )
    return lambda v: _like(what, A @ unravel(v), b)


def _like(what, x, b):
    """A pytree like `b` as a vector."""
    got, want = tree_flatten(x)[1], tree_flatten(b)[1]
    if got != want:
        raise ValueError(
            located(f"{what}: " + explain_mismatch(want, got, "b", "what it is to be like b"))
        )
    return ravel_pytree(x)[0]


# -- the methods -----------------------------------------------------------------------------------


def _norm2(x):
    return fnp.vdot(x, x).real


def _cg(A, b, x, M, limit, maxiter):
    def unfinished(state):
        _, r, _, _, k = state
        return (_norm2(r) > limit**2) & (k < maxiter)

    def step(state):
        x, r, p, gamma, k = state
        Ap = A(p)
        alpha = gamma / fnp.vdot(p, Ap)
        x, r = x + alpha * p, r - alpha * Ap
        z = M(r)
        new = fnp.vdot(r, z)
        return x, r, z + new / gamma * p, new, k + 1

    r = b - A(x)
    z = M(r)
    return while_loop(unfinished, step, (x, r, z, fnp.vdot(r, z), 0))[0]


def _bicgstab(A, b, x, M, limit, maxiter):
    def unfinished(state):
        _, r, *_, k = state
        return (_norm2(r) > limit**2) & (k < maxiter)

    def step(state):
        x, r, alpha, omega, rho, p, q, k = state
        new = fnp.vdot(shadow, r)
        p = r + new / rho * alpha / omega * (p - omega * q)
        y = M(p)
        q = A(y)
        alpha = new / fnp.vdot(shadow, q)
        s = r - alpha * q
        z = M(s)
        t = A(z)
        early = _norm2(s) <= limit**2  # t may be zero then
        omega = fnp.where(early, 0.0, fnp.vdot(t, s) / fnp.where(early, 1.0, _norm2(t)))
        return x + alpha * y + omega * z, s - omega * t, alpha, omega, new, p, q, k + 1

    shadow = r = b - A(x)
    one = fnp.ones((), b.dtype)
    zero = fnp.zeros_like(b)
    return while_loop(unfinished, step, (x, r, one, one, one, zero, zero, 0))[0]


def _gmres(A, b, x, M, limit, maxiter, restart):
    n = b.size
    m = min(restart, n)
    tiny = fnp.finfo(b.dtype).eps

    def residual(x):
        return b - A(x)

    def unfinished(state):
        _, r, k = state
        return (_norm2(r) > limit**2) & (k < maxiter)

    def cycle(state):
        x, r, k = state
        z = M(r)
        size = fnp.linalg.norm(z)

        def extend(j, basis_and_matrix):
            V, H = basis_and_matrix
            w = M(A(V[:, j]))
            before = fnp.linalg.norm(w)
            column = fnp.zeros_like(V[0])
            for _ in range(2):  # once more for what rounding left over
                h = V.conj().T @ w
                w = w - V @ h
                column = column + h
            norm = fnp.linalg.norm(w)
            grown = norm > tiny * before  # else the space holds the solution
            w = fnp.where(grown, w / fnp.where(grown, norm, 1.0), 0.0)
            column = column.at[j + 1].set(fnp.where(grown, norm, 0.0))
            return V.at[:, j + 1].set(w), H.at[:, j].set(column)

        V = fnp.zeros((n, m + 1), b.dtype).at[:, 0].set(z / fnp.where(size > 0, size, 1.0))
        V, H = fori_loop(0, m, extend, (V, fnp.zeros((m + 1, m), b.dtype)))
        e = fnp.zeros(m + 1, b.dtype).at[0].set(size)
        x = x + V[:, :m] @ fnp.linalg.lstsq(H, e)[0]
        return x, residual(x), k + 1

    return while_loop(unfinished, cycle, (x, residual(x), 0))[0]
