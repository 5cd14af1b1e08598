"""`fgrad.scipy.sparse`: solvers that know a matrix by its products."""

from fgrad.scipy.sparse import linalg
