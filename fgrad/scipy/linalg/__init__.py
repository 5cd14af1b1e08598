"""Linear algebra: `fgrad.scipy.linalg`."""

from fgrad.scipy.linalg._factorizations import (
    cho_factor,
    cholesky,
    lu,
    lu_factor,
    polar,
    qr,
    qr_multiply,
    svd,
)
from fgrad.scipy.linalg._functions import expm, expm_frechet, funm, sqrtm
from fgrad.scipy.linalg._made import (
    dft,
    hadamard,
    helmert,
    hilbert,
    invhilbert,
    invpascal,
    pascal,
)
from fgrad.scipy.linalg._similar import eigh, eigh_tridiagonal, hessenberg, rsf2csf, schur
from fgrad.scipy.linalg._solve import (
    cho_solve,
    det,
    inv,
    lu_solve,
    solve,
    solve_sylvester,
    solve_triangular,
)
from fgrad.scipy.linalg._structured import (
    block_diag,
    circulant,
    companion,
    convolution_matrix,
    fiedler,
    fiedler_companion,
    hankel,
    leslie,
    toeplitz,
)
