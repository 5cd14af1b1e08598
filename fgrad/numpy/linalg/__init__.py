"""Linear algebra on arrays: `numpy.linalg`'s functions, transformable."""

from fgrad.numpy._contract import matmul
from fgrad.numpy._products import tensordot, vecdot
from fgrad.numpy._rearrange import matrix_transpose
from fgrad.numpy.linalg._determinants import SlogdetResult, cond, det, matrix_rank, slogdet
from fgrad.numpy.linalg._eigen import EighResult, EigResult, eig, eigh, eigvals, eigvalsh
from fgrad.numpy.linalg._factorizations import QRResult, SVDResult, cholesky, qr, svd, svdvals
from fgrad.numpy.linalg._matrices import LinAlgError
from fgrad.numpy.linalg._norms import matrix_norm, norm, vector_norm
from fgrad.numpy.linalg._products import cross, diagonal, matrix_power, multi_dot, outer, trace
from fgrad.numpy.linalg._solve import inv, lstsq, pinv, solve, tensorinv, tensorsolve
