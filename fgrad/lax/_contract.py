"""Products of arrays, summed over axes."""

from collections.abc import Sequence

import numpy as np

from fgrad.core.letters import LOWERCASE, UPPERCASE
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._contract import dot_values
from fgrad.numpy._face import axis_of, public, unweak, value
from fgrad.numpy._shape import reshape_values
from fgrad.primitives.contract import einsum as contract
from fgrad.primitives.elementwise import mul
from fgrad.primitives.shape import astype

DotDimensionNumbers = tuple[
    tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]
]


def _operands(name, lhs, rhs, preferred_element_type):
    x, y = unweak(value(lhs, name)), unweak(value(rhs, name))
    if preferred_element_type is not None:
        dtype = np.dtype(preferred_element_type)
        x, y = astype(x, dtype), astype(y, dtype)
    return x, y


def _axes(given, ndim, name):
    return [axis_of(a, ndim, name) for a in given]


def dot_general_values(x, y, dimension_numbers):
    """The product of two values or tracers with JAX's dimension numbers."""
    (inner_x, inner_y), (batch_x, batch_y) = dimension_numbers
    m, n = get_aval(x).ndim, get_aval(y).ndim
    inner_x, batch_x = (_axes(a, m, "dot_general: an axis of lhs") for a in (inner_x, batch_x))
    inner_y, batch_y = (_axes(a, n, "dot_general: an axis of rhs") for a in (inner_y, batch_y))
    if len(inner_x) != len(inner_y) or len(batch_x) != len(batch_y):
        raise ValueError(
            located(
                f"dot_general: the axes of dimension_numbers {dimension_numbers} do not pair up"
            )
        )
    if len({*inner_x, *batch_x}) < len(inner_x + batch_x) or len({*inner_y, *batch_y}) < len(
        inner_y + batch_y
    ):
        raise ValueError(
            located(f"dot_general: dimension_numbers {dimension_numbers} name an axis twice")
        )
    letters = iter(LOWERCASE + UPPERCASE)
    a, b = [next(letters) for _ in range(m)], [next(letters) for _ in range(n)]
    for i, j in zip(inner_x + batch_x, inner_y + batch_y, strict=True):
        b[j] = a[i]
    out = [a[i] for i in batch_x]
    out += [c for i, c in enumerate(a) if i not in inner_x and i not in batch_x]
    out += [c for j, c in enumerate(b) if j not in inner_y and j not in batch_y]
    return contract(x, y, subscripts=f"{''.join(a)},{''.join(b)}->{''.join(out)}")


@public
def dot_general(lhs, rhs, dimension_numbers, precision=None, preferred_element_type=None):
    """Products of two arrays summed over pairs of axes, for pairs of batch axes.

    Parameters
    ----------
    lhs, rhs : array-like
    dimension_numbers : ((contracting, contracting), (batch, batch))
        Axes of `lhs` and of `rhs`.
    precision : None
        Accepted for compatibility.
    preferred_element_type : dtype-like, optional
        What to compute in.

    Returns
    -------
    array
        Its axes are the batch axes, the other axes of `lhs`, the other axes of `rhs`.

    Raises
    ------
    ValueError
        If the axes do not pair up or their sizes differ.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> x = fnp.ones((5, 2, 3))
    >>> fgrad.lax.dot_general(x, x, (((2,), (2,)), ((0,), (0,)))).shape
    (5, 2, 2)
    """
    x, y = _operands("dot_general", lhs, rhs, preferred_element_type)
    return dot_general_values(x, y, dimension_numbers)


@public
def dot(lhs, rhs, *, dimension_numbers=None, precision=None, preferred_element_type=None):
    """The product of vectors and matrices; with `dimension_numbers` that of `dot_general`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.dot([1.0, 2.0], [3.0, 4.0])
    np.float64(11.0)
    """
    x, y = _operands("dot", lhs, rhs, preferred_element_type)
    if dimension_numbers is not None:
        return dot_general_values(x, y, dimension_numbers)
    if not (1 <= get_aval(x).ndim <= 2 and 1 <= get_aval(y).ndim <= 2):
        raise TypeError(
            located(f"dot: wanted vectors or matrices; got {get_aval(x)} and {get_aval(y)}")
        )
    return dot_values(x, y)


@public
def batch_matmul(lhs, rhs, precision=None):
    """The products of stacks of matrices of equal leading axes.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.batch_matmul(fnp.ones((5, 2, 3)), fnp.ones((5, 3, 4))).shape
    (5, 2, 4)
    """
    x, y = _operands("batch_matmul", lhs, rhs, None)
    ndim = get_aval(x).ndim
    if ndim < 2 or get_aval(y).ndim != ndim:
        raise ValueError(
            located(f"batch_matmul: {get_aval(x)} and {get_aval(y)} do not fit together")
        )
    batch = tuple(range(ndim - 2))
    return dot_general_values(x, y, (((ndim - 1,), (ndim - 2,)), (batch, batch)))


@public
def scaled_dot(
    lhs,
    rhs,
    *,
    lhs_scale=None,
    rhs_scale=None,
    dimension_numbers=None,
    preferred_element_type=None,
):
    """The product of `dot_general` of two arrays stored with one scale for several numbers.

    Parameters
    ----------
    lhs, rhs : array-like
        Of as many axes.
    lhs_scale, rhs_scale : array-like, optional
        Of the same shape, but shorter along the contracted axes: one factor serves several
        neighbours.
    dimension_numbers : optional
        See `dot_general`; without, products of matrices, or of stacks of matrices if there are
        three axes.
    preferred_element_type : dtype-like, optional
        What to compute in; without, what NumPy promotes the arrays to (JAX: bfloat16).

    Raises
    ------
    TypeError
        If a scale does not fit.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> scale = fnp.array([[1.0, 10.0]])
    >>> fgrad.lax.scaled_dot(fnp.ones((1, 4)), fnp.ones((4, 1)), lhs_scale=scale)
    Array([[22.]])
    """
    x, y = _operands("scaled_dot", lhs, rhs, preferred_element_type)
    if dimension_numbers is None:
        ndim = get_aval(x).ndim
        if ndim not in (2, 3):
            raise TypeError(located(f"scaled_dot: of {get_aval(x)}, say the dimension_numbers"))
        batch = tuple(range(ndim - 2))
        dimension_numbers = (((ndim - 1,), (ndim - 2,)), (batch, batch))
    (inner_x, inner_y), _ = dimension_numbers
    x = _scaled("lhs", x, lhs_scale, inner_x)
    y = _scaled("rhs", y, rhs_scale, inner_y)
    return dot_general_values(x, y, dimension_numbers)


def _scaled(name, x, scale, contracted):
    """`x` times its scale, repeated along the contracted axes."""
    if scale is None:
        return x
    s = unweak(value(scale, f"scaled_dot: {name}_scale"))
    shape, have = get_aval(x).shape, get_aval(s).shape
    contracted = _axes(contracted, len(shape), f"scaled_dot: an axis of {name}")
    fits = len(have) == len(shape) and all(
        k > 0 and n % k == 0 and n // k >= 2 if i in contracted else n == k
        for i, (n, k) in enumerate(zip(shape, have, strict=True))
    )
    if not fits:
        raise TypeError(located(f"scaled_dot: {name}_scale {have} does not fit {name} {shape}"))
    split, spread = [], []
    for i, (n, k) in enumerate(zip(shape, have, strict=True)):
        split += [k, n // k] if i in contracted else [n]
        spread += [k, 1] if i in contracted else [n]
    product = mul(reshape_values(x, split), astype(reshape_values(s, spread), get_aval(x).dtype))
    return reshape_values(product, shape)
