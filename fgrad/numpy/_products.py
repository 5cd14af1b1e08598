"""Products of vectors and matrices beyond matmul and dot."""

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._contract import _tensordot
from fgrad.numpy._einsum import einsum_values
from fgrad.numpy._face import axis_of, public, refuse, unweak, value
from fgrad.numpy._gufunc import generalized
from fgrad.numpy._rearrange import moveaxis_values
from fgrad.numpy._shape import reshape_values
from fgrad.primitives.define import broadcast_shapes
from fgrad.primitives.elementwise import mul, neg, sub
from fgrad.primitives.parts import conj
from fgrad.primitives.shape import broadcast_to, concatenate, slice


def _operands(name, *given):
    return [unweak(value(g, name)) for g in given]


def _conjugate(x):
    return conj(x) if get_aval(x).dtype.kind == "c" else x


def _axis_list(axes, ndim):
    axes = (axes,) if hasattr(axes, "__index__") else tuple(axes)
    return tuple(axis_of(a, ndim, "axes") for a in axes)


@public
def tensordot(a, b, axes=2, *, precision=None, preferred_element_type=None):
    """The sum of products over chosen axes of two arrays.

    Parameters
    ----------
    a, b : array-like
    axes : int or pair of sequences of int
        How many of the last axes of `a` and the first of `b`; or which axes of each.

    Returns
    -------
    array
        Its axes are the others of `a`, then the others of `b`.

    Raises
    ------
    ValueError
        If the axes do not pair up.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.tensordot(fnp.ones((2, 3)), fnp.ones((3, 4)), 1).shape
    (2, 4)
    """
    x, y = _operands("tensordot", a, b)
    m, n = get_aval(x).ndim, get_aval(y).ndim
    if hasattr(axes, "__index__"):
        count = axes.__index__()
        if not 0 <= count <= min(m, n):
            raise ValueError(located(f"tensordot: cannot sum over {count} axes of {m} and {n}"))
        pairs = tuple(range(m - count, m)), tuple(range(count))
    else:
        pairs = _axis_list(axes[0], m), _axis_list(axes[1], n)
        if len(pairs[0]) != len(pairs[1]):
            raise ValueError(located(f"tensordot: the axes {axes} do not pair up"))
    return _tensordot(x, y, *pairs)


@public
def vdot(a, b, *, precision=None, preferred_element_type=None):
    """The dot product of flattened arrays, the first conjugated.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.vdot(fnp.array([1j, 2.0]), fnp.array([1j, 1.0]))
    np.complex128(3+0j)
    """
    x, y = (reshape_values(v, (-1,)) for v in _operands("vdot", a, b))
    return _tensordot(_conjugate(x), y, (0,), (0,))


@public
def inner(a, b, *, precision=None, preferred_element_type=None):
    """The sum of products over the last axis of both arrays.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.inner(fnp.array([1.0, 2.0]), fnp.array([3.0, 4.0]))
    np.float64(11.0)
    """
    x, y = _operands("inner", a, b)
    m, n = get_aval(x).ndim, get_aval(y).ndim
    return _tensordot(x, y, (m - 1,), (n - 1,)) if m and n else mul(x, y)


@public
def outer(a, b, out=None):
    """All products of an element of one array with one of another.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.outer([1, 2], [3, 4])
    Array([[3, 4],
           [6, 8]])
    """
    refuse("outer", out=out)
    x, y = _operands("outer", a, b)
    return mul(reshape_values(x, (-1, 1)), reshape_values(y, (1, -1)))


@public
def kron(a, b):
    """The Kronecker product: each element of `a` times the whole of `b`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.kron([1, 2], [1, 10])
    Array([ 1, 10,  2, 20])
    """
    x, y = _operands("kron", a, b)
    ndim = max(get_aval(x).ndim, get_aval(y).ndim)
    m, n = ((1,) * (ndim - len(s)) + s for s in (get_aval(x).shape, get_aval(y).shape))
    x = reshape_values(x, tuple(k for size in m for k in (size, 1)))
    y = reshape_values(y, tuple(k for size in n for k in (1, size)))
    return reshape_values(mul(x, y), tuple(i * j for i, j in zip(m, n, strict=True)))


@generalized
def vecdot(x1, x2, /, *, precision=None, preferred_element_type=None):
    """The dot products of the vectors along an axis, the last by default, the first conjugated.

    NumPy's options ``axis=``, ``axes=`` and ``keepdims=`` say where the axis is.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.vecdot(fnp.ones((2, 3)), fnp.ones(3))
    Array([3., 3.])
    """
    x, y = _operands("vecdot", x1, x2)
    _check_vectors("vecdot", x, y, -1, -1)
    return einsum_values("...i,...i->...", _conjugate(x), y)


@generalized
def matvec(x1, x2, /):
    """The products of matrices with vectors, over stacks of both.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.matvec(fnp.ones((2, 3)), fnp.ones(3))
    Array([3., 3.])
    """
    x, y = _operands("matvec", x1, x2)
    _check_vectors("matvec", x, y, -1, -1)
    return einsum_values("...ij,...j->...i", x, y)


@generalized
def vecmat(x1, x2, /):
    """The products of conjugated vectors with matrices, over stacks of both.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.vecmat(fnp.ones(2), fnp.ones((2, 3)))
    Array([2., 2., 2.])
    """
    x, y = _operands("vecmat", x1, x2)
    _check_vectors("vecmat", x, y, -1, -2)
    return einsum_values("...i,...ij->...j", _conjugate(x), y)


def _check_vectors(name, x, y, i, j):
    """Refuse vectors of different lengths, also of length one, which einsum would stretch."""
    a, b = get_aval(x), get_aval(y)
    if a.ndim < -i or b.ndim < -j or a.shape[i] != b.shape[j]:
        raise ValueError(located(f"{name}: shapes {a.shape} and {b.shape} do not fit"))


def _component(x, i):
    """One component along the last axis."""
    shape = get_aval(x).shape
    return slice(x, index=(*((0, n, 1) for n in shape[:-1]), i))


def cross_values(x, y):
    """The cross product of values or tracers along their last axes."""
    m, n = get_aval(x).shape[-1], get_aval(y).shape[-1]
    batch = broadcast_shapes("cross", [get_aval(x).shape[:-1], get_aval(y).shape[:-1]])
    a, b = ([_component(v, i) for i in range(k)] for v, k in ((x, m), (y, n)))

    def minor(i, j):
        """a_i b_j - a_j b_i, where a third component that is not there is zero."""
        terms = [mul(a[p], b[q]) if p < m and q < n else None for p, q in ((i, j), (j, i))]
        if terms[1] is None:
            return terms[0]
        return neg(terms[1]) if terms[0] is None else sub(*terms)

    if m == n == 2:
        return minor(0, 1)
    parts = (minor(1, 2), minor(2, 0), minor(0, 1))
    parts = [reshape_values(broadcast_to(p, batch), (*batch, 1)) for p in parts]
    return concatenate(*parts, dimension=len(batch))


@public
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The cross product of vectors of three components; a missing third one is zero.

    Parameters
    ----------
    a, b : array-like
    axisa, axisb, axisc : int
        Where the components stand in `a`, `b` and the result.
    axis : int, optional
        All three at once.

    Returns
    -------
    array
        For two vectors of two components only the third component of the product.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    Array([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = _operands("cross", a, b)
    if not (get_aval(x).ndim and get_aval(y).ndim):
        raise ValueError(located("cross: both operands must have at least one axis"))
    x, y = moveaxis_values(x, axisa, -1), moveaxis_values(y, axisb, -1)
    sizes = get_aval(x).shape[-1], get_aval(y).shape[-1]
    if not {*sizes} <= {2, 3}:
        raise ValueError(located(f"cross: vectors must have 2 or 3 components; got {sizes}"))
    out = cross_values(x, y)
    return out if sizes == (2, 2) else moveaxis_values(out, -1, axisc)
