"""LU factorization, and linear systems that share one."""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add, neg, sub
from fgrad.primitives.index import take_along_axis
from fgrad.primitives.linalg import kernels
from fgrad.primitives.linalg.matrices import matmul, mT, stacked, tril, triu
from fgrad.primitives.linalg.triangular import triangular_solve
from fgrad.primitives.shape import broadcast_to, expand_dims, pad, slice_axis

# -- lu: the two factors in one matrix, the exchanges of rows, and what these come to --------------


def _lu_aval(a):
    if a.ndim < 2 or a.dtype.char not in "fdFD":
        raise ValueError(located(f"lu: wanted matrices of floats; got {a}"))
    *stack, m, n = a.shape
    int32 = np.dtype(np.int32)
    return [a, shaped_array((*stack, min(m, n)), int32), shaped_array((*stack, m), int32)]


def _lu_jvp(primals, tangents):
    """With ``P A = L U`` and ``X = L^-1 P dA U^-1``: ``dL = L tril(X, -1)``, ``dU = triu(X) U``.

    Factors that are not square are continued by those of the identity.
    """
    (a,), (t,) = primals, tangents
    factors, pivots, permutation = lu(a)
    m, n = get_aval(a).shape[-2:]
    k = min(m, n)
    ndim = get_aval(a).ndim
    order = broadcast_to(expand_dims(permutation, (ndim - 1,)), get_aval(a).shape)
    t = take_along_axis(t, order, ndim - 2)
    l = _continued(slice_axis(factors, 0, k, ndim - 1), ndim - 1, m)
    u = _continued(slice_axis(factors, 0, k, ndim - 2), ndim - 2, n)
    x = triangular_solve(l, t, left=True, lower=True, op="N", unit=True)
    x = triangular_solve(u, x, left=False, lower=False, op="N", unit=False)
    dl = matmul(tril(l, -1), tril(x, -1))
    dl = add(dl, tril(x, -1))  # the unit diagonal of l
    du = matmul(triu(x), triu(u))
    return [factors, pivots, permutation], [add(dl, du), None, None]


def _continued(x, axis, size):
    """A factor as a square matrix with ones on the new diagonal."""
    shape = list(get_aval(x).shape)
    k = shape[axis]
    if k == size:
        return x
    shape[axis] = size
    index = [(0, n, 1) for n in get_aval(x).shape]
    x = pad(x, shape=tuple(shape), index=tuple(index))
    return add(x, np.diag(np.r_[np.zeros(k), np.ones(size - k)]).astype(get_aval(x).dtype))


lu = Primitive("lu", multiple_results=True)
lu.blas = True
set_rules(
    lu,
    impl=kernels.lu,
    abstract_eval=_lu_aval,
    jvp=_lu_jvp,
    batch=lambda args, dims, size: (lu(*stacked(args, dims, size)), [0, 0, 0]),
)

# -- solve: ``op(a) x = b``, given the factors of `a`; singular ones are refused if strict ---------


def _solve_impl(a, factors, permutation, b, *, transposed, strict=True):
    if strict and np.any(np.diagonal(factors, axis1=-2, axis2=-1) == 0):
        raise np.linalg.LinAlgError("Singular matrix")
    first = {"left": True, "lower": True, "unit": True}
    second = {"left": True, "lower": False, "unit": False}
    solve = kernels.triangular_solve
    if not transposed:
        x = b[permutation] if b.ndim == 2 else np.take_along_axis(b, permutation[..., None], -2)
        return solve(factors, solve(factors, x, op="N", **first), op="N", **second)
    y = solve(factors, solve(factors, b, op="T", **second), op="T", **first)
    x = np.empty_like(y)
    if y.ndim == 2:
        x[permutation] = y
    else:
        np.put_along_axis(x, permutation[..., None], y, -2)
    return x


def _solve_aval(a, factors, permutation, b, **_):
    if b.ndim < 2 or a.shape != (*b.shape[:-1], b.shape[-2]) or a.dtype != b.dtype:
        raise ValueError(
            located(f"solve: {a} and {b} are no stacks of square systems of one dtype")
        )
    return b.strong()


def _solve_jvp(primals, tangents, *, transposed, **params):
    """``dx = op(a)^-1 (db - op(da) x)``: the factors serve again, at any order."""
    a, factors, permutation, b = primals
    ta, _, _, tb = tangents
    x = solve(*primals, transposed=transposed, **params)
    if ta is None:
        rhs = tb
    else:
        product = matmul(mT(ta) if transposed else ta, x)
        rhs = neg(product) if tb is None else sub(tb, product)
    return x, solve(a, factors, permutation, rhs, transposed=transposed, **params)


def _solve_transpose(ct, a, factors, permutation, b, *, transposed, **params):
    ct_b = solve(a, factors, permutation, ct, transposed=not transposed, **params)
    return None, None, None, ct_b


solve = Primitive("solve")
solve.blas = True
set_rules(
    solve,
    impl=_solve_impl,
    abstract_eval=_solve_aval,
    jvp=_solve_jvp,
    linear=(False, False, False, True),
    transpose=_solve_transpose,
    batch=lambda args, dims, size, **params: (solve(*stacked(args, dims, size), **params), 0),
)
