"""Reductions of matrices to simpler ones, by SciPy's LAPACK. They have no derivatives."""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.extras import scipy
from fgrad.core.source import located
from fgrad.core.trace import Primitive
from fgrad.primitives.define import set_rules
from fgrad.primitives.linalg.matrices import stacked


def _reduction(name, impl, shapes, square=True):
    """A primitive of matrices with several results.

    Parameters
    ----------
    name : str
    impl : callable
        ``impl(a, **params)`` of one matrix.
    shapes : callable
        ``shapes(m, n, dtype, **params)``: shape and dtype of each result.
    """

    def aval(a, **params):
        if a.ndim < 2 or not a.inexact or (square and a.shape[-1] != a.shape[-2]):
            kind = "square matrices" if square else "matrices"
            raise ValueError(located(f"{name}: wanted {kind} of floats; got {a}"))
        *stack, m, n = a.shape
        return [shaped_array((*stack, *s), d) for s, d in shapes(m, n, a.dtype, **params)]

    def run(a, **params):
        *stack, m, n = a.shape
        out = [np.empty((*stack, *s), d) for s, d in shapes(m, n, a.dtype, **params)]
        if m and n:
            for i in np.ndindex(*stack):
                for o, found in zip(out, impl(a[i], **params), strict=True):
                    o[i] = found
        return out

    def jvp(primals, tangents, **params):
        raise NotImplementedError(
            located(f"{name} has no derivative; differentiate what does not depend on it instead")
        )

    primitive = Primitive(name, multiple_results=True)
    primitive.blas = True

    def batch(args, dims, size, **params):
        out = primitive(*stacked(args, dims, size), **params)
        return out, [0] * len(out)

    return set_rules(primitive, impl=run, abstract_eval=aval, jvp=jvp, batch=batch)


def _lapack(name, routine, a, **options):
    """What a LAPACK routine of SciPy gives, without its word that all went well."""
    (function,) = scipy("linalg", name).get_lapack_funcs((routine,), (a,))
    *out, info = function(a, **options)
    if info:
        raise np.linalg.LinAlgError(f"{name}: LAPACK's {routine} failed with {info}")
    return out


# -- hessenberg: ``q^H a q``, zero below the first subdiagonal; there q's reflectors ---------------


def _hessenberg(a):
    return _lapack("hessenberg", "gehrd", a) if len(a) > 1 else (a, a[0, :0])


hessenberg = _reduction(
    "hessenberg", _hessenberg, lambda m, n, dtype: (((n, n), dtype), ((max(n - 1, 0),), dtype))
)

# -- tridiagonal: the same of a Hermitian matrix ---------------------------------------------------


def _tridiagonal(a, *, lower):
    routine = "hetrd" if a.dtype.kind == "c" else "sytrd"
    return _lapack("tridiagonal", routine, a, lower=int(lower))


def _tridiagonal_shapes(m, n, dtype, *, lower):
    real, rest = np.dtype(dtype.char.lower()), (max(n - 1, 0),)
    return ((n, n), dtype), ((n,), real), (rest, real), (rest, dtype)


tridiagonal = _reduction("tridiagonal", _tridiagonal, _tridiagonal_shapes)

# -- schur: ``a = q t q^H``, t upper triangular; if real with blocks of two for complex pairs ------


def _schur(a, *, vectors):
    out = scipy("linalg", "schur").schur(a, output="complex" if a.dtype.kind == "c" else "real")
    return out[: 1 + vectors]


schur = _reduction(
    "schur", _schur, lambda m, n, dtype, *, vectors: (((n, n), dtype),) * (1 + vectors)
)

# -- qr_pivots: the order of columns in which each is the longest of what is left ------------------


def _qr_pivots(a):
    return scipy("linalg", "qr with pivoting").qr(a, mode="r", pivoting=True)[1:]


def _qr_pivots_shapes(m, n, dtype):
    return (((n,), np.dtype(np.int32)),)


qr_pivots = _reduction("qr_pivots", _qr_pivots, _qr_pivots_shapes, square=False)
qr_pivots.jvp = lambda primals, tangents: (qr_pivots(*primals), [None])
