"""Eigenvalues and eigenvectors.

Where eigenvalues are repeated, eigenvectors have no derivative: it comes out infinite or NaN there.
That of symmetric functions of the eigenvalues does not (`vectors=False`).
"""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import div, mul, sub
from fgrad.primitives.index import take_along_axis
from fgrad.primitives.linalg.matrices import (
    as_row,
    diagonal,
    differences,
    hermitian_part,
    matmul,
    mH,
    stacked,
)
from fgrad.primitives.linalg.solve import lu, solve
from fgrad.primitives.parts import abs, complex, conj, imag, real
from fgrad.primitives.reduce import argmax, reduce_sum
from fgrad.primitives.shape import convert_element_type, stop_gradient


def _check(name, a):
    if a.ndim < 2 or a.shape[-1] != a.shape[-2] or not a.inexact:
        raise ValueError(located(f"{name}: wanted square matrices of floats; got {a}"))


def _real(dtype):
    return np.dtype(dtype.char.lower())


def _complex(dtype):
    return np.result_type(dtype, np.complex64)


# -- eigh: Hermitian matrices, read from their lower triangle --------------------------------------


def _eigh_impl(a, *, vectors):
    return list(np.linalg.eigh(a)) if vectors else [np.linalg.eigvalsh(a)]


def _eigh_aval(a, *, vectors):
    _check("eigh", a)
    return [shaped_array(a.shape[:-1], _real(a.dtype)), a][: 1 + vectors]


def _eigh_jvp(primals, tangents, *, vectors):
    """With ``M = V^H dA V``: ``dw = diag(M)``, ``dV = V (M / (w[j] - w[i]))``.

    J. R. Magnus, On differentiating eigenvalues and eigenvectors, Econometric Theory 1 (1985).
    """
    t = hermitian_part(*tangents)
    w, v = eigh(*primals, vectors=True)
    m = matmul(mH(v), matmul(t, v))
    if not vectors:
        return [w], [real(diagonal(m))]
    return [w, v], [real(diagonal(m)), matmul(v, mul(differences(w), m))]


eigh = Primitive("eigh", multiple_results=True)
eigh.blas = True
set_rules(
    eigh,
    impl=_eigh_impl,
    abstract_eval=_eigh_aval,
    jvp=_eigh_jvp,
    batch=lambda args, dims, size, *, vectors: (
        eigh(*stacked(args, dims, size), vectors=vectors),
        [0, 0][: 1 + vectors],
    ),
)

# -- eig -------------------------------------------------------------------------------------------


def _eig_impl(a, *, vectors):
    found = np.linalg.eig(a) if vectors else [np.linalg.eigvals(a)]
    return [x.astype(_complex(a.dtype)) for x in found]


def _eig_aval(a, *, vectors):
    _check("eig", a)
    dtype = _complex(a.dtype)
    return [shaped_array(a.shape[:-1], dtype), shaped_array(a.shape, dtype)][: 1 + vectors]


def _eig_jvp(primals, tangents, *, vectors):
    """With ``M = V^-1 dA V``: ``dw = diag(M)``, ``dV = V (M / (w[j] - w[i]) + D)``.

    The diagonal D keeps LAPACK's scaling of the vectors: norm one, the largest component real.
    """
    (t,) = tangents
    w, v = eig(*primals, vectors=True)
    factors, _, permutation = lu(stop_gradient(v))
    t = convert_element_type(t, new_dtype=get_aval(v).dtype)
    m = solve(v, factors, permutation, matmul(t, v), transposed=False)
    if not vectors:
        return [w], [diagonal(m)]
    dv = matmul(v, mul(differences(w), m))
    ndim = get_aval(v).ndim
    along = reduce_sum(real(mul(conj(v), dv)), axes=(ndim - 2,))
    largest = as_row(argmax(abs(v), axis=ndim - 2, index_dtype=np.dtype(np.intp)))
    at_largest = div(take_along_axis(dv, largest, ndim - 2), take_along_axis(v, largest, ndim - 2))
    scale = complex(as_row(along), imag(at_largest))
    return [w, v], [diagonal(m), sub(dv, mul(v, scale))]


eig = Primitive("eig", multiple_results=True)
eig.blas = True
set_rules(
    eig,
    impl=_eig_impl,
    abstract_eval=_eig_aval,
    jvp=_eig_jvp,
    batch=lambda args, dims, size, *, vectors: (
        eig(*stacked(args, dims, size), vectors=vectors),
        [0, 0][: 1 + vectors],
    ),
)
