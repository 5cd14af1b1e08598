"""Functions of matrices."""

import math

import numpy as np

import fgrad.numpy as fnp
from fgrad import lax
from fgrad.core.source import located
from fgrad.numpy._face import give, value
from fgrad.primitives.linalg import sylvester
from fgrad.scipy.linalg._matrices import square
from fgrad.scipy.linalg._similar import schur
from fgrad.scipy.linalg._solve import solve_triangular
from fgrad.transforms.custom import stop_gradient
from fgrad.transforms.forward import jvp

# The diagonal Padé approximants and how large a norm they serve: N. J. Higham, The scaling and
# squaring method for the matrix exponential revisited, SIAM Journal on Matrix Analysis and
# Applications 26 (2005), 1179-1193.
_PADE = {"d": (13, 5.371920351148152), "f": (7, 3.925724783138660)}


def _pade(a, degree):
    """The even and the odd part of the numerator of the approximant of the exponential."""
    f = math.factorial
    c = [f(2 * degree - k) * f(degree) / (f(2 * degree) * f(k) * f(degree - k))
         for k in range(degree + 1)]  # fmt: skip
    square = a @ a
    power = fnp.broadcast_to(fnp.eye(a.shape[-1], dtype=a.dtype), a.shape)
    even, odd = c[0] * power, c[1] * power
    for k in range(2, degree, 2):
        power = power @ square
        even, odd = even + c[k] * power, odd + c[k + 1] * power
    return even, a @ odd


def expm(A, *, upper_triangular=False, max_squarings=16):
    """The exponential of a matrix.

    Parameters
    ----------
    A : array of shape (..., n, n)
    upper_triangular : bool
        Whether it is upper triangular, which saves work.
    max_squarings : int
        The result is NaN where the norm would need more squarings than this.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.expm([[0.0, 1.0], [0.0, 0.0]])
    Array([[1., 1.],
           [0., 1.]])
    """
    a = square("expm", A)
    degree, largest = _PADE[a.real.dtype.char]
    norm = fnp.abs(stop_gradient(a)).sum(-2).max(-1, initial=0)
    squarings = fnp.maximum(0, fnp.ceil(fnp.log2(fnp.maximum(norm, largest) / largest)))
    squarings = fnp.where(norm >= 0, squarings, math.inf)[..., None, None]
    even, odd = _pade(a * fnp.exp2(-fnp.minimum(squarings, 1000)), degree)
    solve = solve_triangular if upper_triangular else fnp.linalg.solve
    result = solve(even - odd, even + odd)
    most = fnp.max(fnp.where(squarings <= max_squarings, squarings, 0), initial=0)

    def step(i, x):
        return lax.cond(i < most, lambda x: fnp.where(i < squarings, x @ x, x), lambda x: x, x)

    result = lax.fori_loop(0, max_squarings, step, result)
    return fnp.where(squarings <= max_squarings, result, math.nan)


def expm_frechet(A, E, *, method=None, compute_expm=True):
    """The derivative of `expm` at a matrix in a direction.

    Parameters
    ----------
    A, E : array of shape (..., n, n)
        The matrix and the direction.
    method : optional
        Accepted for compatibility.
    compute_expm : bool
        Whether to give the exponential before it.

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.expm_frechet([[0.0]], [[2.0]], compute_expm=False)
    Array([[2.]])
    """
    a, e = square("expm_frechet: A", A), square("expm_frechet: E", E)
    if a.shape != e.shape:
        raise ValueError(
            located(f"expm_frechet: A of shape {a.shape} and E of {e.shape} must be of one shape")
        )
    dtype = np.result_type(a.dtype, e.dtype)
    out = jvp(expm, (a.astype(dtype),), (e.astype(dtype),))
    return out if compute_expm else out[1]


def sqrtm(A, blocksize=1):
    """The square root of a matrix whose eigenvalues have no negative real part, by SciPy.

    Parameters
    ----------
    A : array of shape (..., n, n)
    blocksize : int
        Only 1.

    Returns
    -------
    complex array of shape (..., n, n)

    Examples
    --------
    >>> from fgrad.scipy import linalg
    >>> linalg.sqrtm([[4.0]])
    Array([[2.+0.j]])
    """
    if blocksize != 1:
        raise NotImplementedError(located(f"sqrtm: blocksize must be 1; got {blocksize}"))
    a = square("sqrtm", A)
    return give(sylvester.sqrtm(value(a.astype(np.result_type(a.dtype, np.complex64)))))


def funm(A, func, disp=True):
    """A function of a matrix, by its Schur form, from SciPy; that has no derivative.

    Parameters
    ----------
    A : array of shape (n, n)
        NaN comes of what would need a derivative of the function: of equal eigenvalues with too
        few eigenvectors.
    func : callable
        A function of a vector of complex numbers.
    disp : bool
        False gives an estimate of the relative error too.

    Returns
    -------
    complex array of shape (n, n)

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.scipy import linalg
    >>> linalg.funm([[0.0]], fnp.exp)
    Array([[1.+0.j]])

    References
    ----------
    Parlett's recurrence: G. H. Golub, C. F. Van Loan, Matrix computations, algorithm 9.1.1.
    """
    a = square("funm", A)
    if a.ndim != 2:
        raise ValueError(located(f"funm: wanted one matrix; got shape {a.shape}"))
    t, z = schur(a, "complex")
    n = a.shape[-1]
    f = fnp.diag(func(fnp.diagonal(t))).astype(t.dtype)
    eps = fnp.finfo(t.dtype).eps
    least = fnp.asarray(math.inf, t.real.dtype)
    for p in range(1, n):
        i, j = np.arange(n - p), np.arange(p, n)
        total = t[i, j] * (f[j, j] - f[i, i])
        for k in range(1, p):
            m = i + k
            total = total + t[i, m] * f[m, j] - f[i, m] * t[m, j]
        gap = t[j, j] - t[i, i]
        # a derivative of the function would be wanted here
        unknown = (gap == 0) & ((total != 0) | (t[i, j] != 0))
        entries = fnp.where(unknown, math.nan, total / fnp.where(gap == 0, 1, gap))
        f = f.at[i, j].set(entries)
        least = fnp.minimum(least, fnp.abs(gap).min())
    f = z @ f @ z.mT.conj()
    if disp:
        return f
    least = fnp.where(least == 0, eps, least)
    bound = fnp.maximum(eps, eps / least * fnp.abs(fnp.triu(t, 1)).sum(0).max(initial=0))
    return f, fnp.where(fnp.isfinite(f).all(), fnp.minimum(1, bound), math.inf)
