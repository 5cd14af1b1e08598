"""Factorizations and systems of equations of matrices and stacks of them: `fgrad.lax.linalg`."""

from fgrad.lax.linalg._eigen import (
    EighImplementation,
    EigImplementation,
    SvdAlgorithm,
    eig,
    eigh,
    svd,
)
from fgrad.lax.linalg._factorizations import (
    cholesky,
    cholesky_update,
    lu,
    lu_pivots_to_permutation,
    qr,
)
from fgrad.lax.linalg._reductions import (
    hessenberg,
    householder_product,
    ormqr,
    schur,
    symmetric_product,
    tridiagonal,
)
from fgrad.lax.linalg._solve import triangular_solve, tridiagonal_solve
