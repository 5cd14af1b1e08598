"""The Cholesky factor of a matrix after a change of rank one."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add
from fgrad.primitives.linalg.matrices import as_column, as_row, masked, matmul, mT, stacked, triu
from fgrad.primitives.linalg.triangular import triangular_solve


def _impl(r, w):
    """By rotations of a row of the factor and the vector, which leave a zero in the vector.

    P. E. Gill et al., Methods for modifying matrix factorizations, Mathematics of Computation 28
    (1974).
    """
    r, w = np.triu(r), np.array(w)
    for k in range(r.shape[-1]):
        x, y = r[..., k, k], w[..., k]
        size = np.where(y == 0, x, np.hypot(x, y))
        nonzero = np.where(size == 0, 1, size)
        c, s = np.where(size == 0, 1, x / nonzero)[..., None], (y / nonzero)[..., None]
        row = r[..., k, k:].copy()
        r[..., k, k:] = c * row + s * w[..., k:]
        w[..., k:] = c * w[..., k:] - s * row
    return r


def _aval(r, w):
    if r.ndim < 2 or r.shape[-1] != r.shape[-2] or w.shape != r.shape[:-1]:
        raise ValueError(
            located(f"cholesky_update: {r} and {w} are no square matrices and vectors")
        )
    if r.dtype.kind != "f" or w.dtype != r.dtype:
        raise TypeError(
            located(f"cholesky_update: wanted real floats of one dtype; got {r} and {w}")
        )
    return r


def _jvp(primals, tangents):
    """``dR = phi(R^-T dA R^-1) R`` for ``A = R^T R``; phi takes the upper triangle and half the
    diagonal.

    I. Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527 (2016).
    """
    (r, w), (tr, tw) = primals, tangents
    new = cholesky_update(r, w)
    terms = []
    if tr is not None:
        terms.append(matmul(mT(triu(tr)), triu(r)))
    if tw is not None:
        terms.append(matmul(as_column(tw), as_row(w)))
    half = terms[0] if len(terms) == 1 else add(*terms)
    t = add(half, mT(half))
    options = {"lower": False, "unit": False}
    t = triangular_solve(new, t, left=True, op="T", **options)
    t = triangular_solve(new, t, left=False, op="N", **options)
    n = get_aval(r).shape[-1]
    return new, matmul(masked(t, np.tri(n).T - 0.5 * np.eye(n)), new)


cholesky_update = Primitive("cholesky_update")
set_rules(
    cholesky_update,
    impl=_impl,
    abstract_eval=_aval,
    jvp=_jvp,
    batch=lambda args, dims, size: (cholesky_update(*stacked(args, dims, size)), 0),
)
