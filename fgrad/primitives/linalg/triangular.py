"""Triangular systems."""

from fgrad.core.avals import result_aval
from fgrad.core.source import located
from fgrad.core.trace import Primitive
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import neg, sub
from fgrad.primitives.linalg import kernels
from fgrad.primitives.linalg.matrices import conjugate, matmul, mH, mT, stacked, tril, triu


def _impl(a, b, *, left, lower, op, unit):
    return kernels.triangular_solve(a, b, left=left, lower=lower, op=op, unit=unit)


def _aval(a, b, *, left, lower, op, unit):
    n = b.shape[-2 if left else -1] if b.ndim >= 2 else None
    if a.ndim < 2 or a.shape[-2:] != (n, n) or a.shape[:-2] != b.shape[:-2] or a.dtype != b.dtype:
        raise ValueError(
            located(f"triangular_solve: {a} and {b} are no stacks of square systems of one dtype")
        )
    return result_aval(b.shape, (b,))


def _jvp(primals, tangents, *, left, lower, op, unit):
    (a, b), (ta, tb) = primals, tangents
    params = {"left": left, "lower": lower, "op": op, "unit": unit}
    x = triangular_solve(a, b, **params)
    terms = [] if tb is None else [tb]
    if ta is not None:
        ta = tril(ta, -1 if unit else 0) if lower else triu(ta, 1 if unit else 0)
        ta = {"N": lambda t: t, "T": mT, "C": mH}[op](ta)
        product = matmul(ta, x) if left else matmul(x, ta)
        terms.append(product)
    if ta is None:
        rhs = tb
    else:
        rhs = neg(product) if tb is None else sub(tb, product)
    return x, triangular_solve(a, rhs, **params)


def _transpose(ct, a, b, *, left, lower, op, unit):
    params = {"left": left, "lower": lower, "unit": unit}
    if op == "C":  # the transpose of the inverse of a conjugate transpose
        return None, conjugate(triangular_solve(a, conjugate(ct), op="N", **params))
    return None, triangular_solve(a, ct, op="T" if op == "N" else "N", **params)


def _batch(args, dims, size, **params):
    return triangular_solve(*stacked(args, dims, size), **params), 0


triangular_solve = Primitive("triangular_solve")
triangular_solve.blas = True
set_rules(
    triangular_solve,
    impl=_impl,
    abstract_eval=_aval,
    jvp=_jvp,
    linear=(False, True),
    transpose=_transpose,
    batch=_batch,
)
