"""Matrices with a property, made from numbers that are free; all shrink to the identity."""

from typing import Any

import numpy as np

from fgrad.testing._hypothesis import st
from fgrad.testing.strategies._arrays import arrays, one

SIZES = st.integers(1, 4)


@st.composite
def orthogonal_matrices(draw, n: Any = SIZES, dtype: Any = "float64", batch=()):
    """Orthogonal matrices, or unitary ones of a complex dtype.

    Made by Cayley's transform ``(1 - S)^-1 (1 + S)`` of a skew-symmetric S, with the signs of
    columns changed, since the transform alone gives no reflections.

    Parameters
    ----------
    n : int or strategy
        The size.
    dtype : dtype-like, sequence of them, or strategy
        Floating or complex; one of a sequence.
    batch : tuple of int
        Further axes in front.

    Returns
    -------
    strategy of array, shape (\\*batch, n, n)

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing.strategies import orthogonal_matrices
    >>> find(orthogonal_matrices(2), lambda q: True)
    array([[1., 0.],
           [0., 1.]])
    """
    n, dtype = draw(one(n)), np.dtype(draw(one(dtype)))
    wide = np.result_type(dtype, np.float64)
    x = np.asarray(draw(arrays(wide, (*batch, n, n), min_value=-2, max_value=2)))
    skew = x - x.swapaxes(-1, -2).conj()
    eye = np.eye(n)
    signs = draw(arrays(bool, (*batch, 1, n)))
    q = np.linalg.solve(eye - skew, eye + skew) * np.where(signs, -1, 1)
    return (q + 0.0).astype(dtype)  # no zero is negative


@st.composite
def well_conditioned_matrices(
    draw, n: Any = SIZES, dtype: Any = "float64", batch=(), *, condition=10.0
):
    """Square matrices that are far from singular.

    The product of an orthogonal matrix, singular values between one and `condition`, and another
    orthogonal matrix.

    Parameters
    ----------
    n : int or strategy
        The size.
    dtype : dtype-like, sequence of them, or strategy
        Floating or complex; one of a sequence.
    batch : tuple of int
        Further axes in front.
    condition : float
        The greatest condition number.

    Returns
    -------
    strategy of array, shape (\\*batch, n, n)

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing.strategies import well_conditioned_matrices
    >>> find(well_conditioned_matrices(2), lambda a: True)
    array([[1., 0.],
           [0., 1.]])
    """
    n, dtype = draw(one(n)), np.dtype(draw(one(dtype)))
    wide = np.result_type(dtype, np.float64)
    left, right = (draw(orthogonal_matrices(n, wide, batch)) for _ in range(2))
    return (left * _spread(draw, batch, n, condition) @ right).astype(dtype)


@st.composite
def positive_definite_matrices(
    draw, n: Any = SIZES, dtype: Any = "float64", batch=(), *, condition=10.0
):
    """Symmetric positive definite matrices, or Hermitian ones of a complex dtype.

    The product ``Q diag(e) Q^H`` with an orthogonal Q and eigenvalues between one and `condition`.

    Parameters
    ----------
    n : int or strategy
        The size.
    dtype : dtype-like, sequence of them, or strategy
        Floating or complex; one of a sequence.
    batch : tuple of int
        Further axes in front.
    condition : float
        The greatest condition number.

    Returns
    -------
    strategy of array, shape (\\*batch, n, n)

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing.strategies import positive_definite_matrices
    >>> find(positive_definite_matrices(2), lambda a: True)
    array([[1., 0.],
           [0., 1.]])
    """
    n, dtype = draw(one(n)), np.dtype(draw(one(dtype)))
    q = draw(orthogonal_matrices(n, np.result_type(dtype, np.float64), batch))
    transposed = q.swapaxes(-1, -2).conj()
    a = q * _spread(draw, batch, n, condition) @ transposed
    # Symmetric to the last bit, which the product is not.
    return ((a + a.swapaxes(-1, -2).conj()) / 2).astype(dtype)


def _spread(draw, batch, n, condition):
    """Factors for columns, from one to the condition number."""
    return np.asarray(draw(arrays("float64", (*batch, 1, n), min_value=1, max_value=condition)))
