"""Products: matmul, dot and their kin."""

from fgrad.core.letters import LOWERCASE, UPPERCASE
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import public, refuse, value
from fgrad.numpy._gufunc import generalized
from fgrad.primitives.contract import einsum as contract
from fgrad.primitives.contract import matmul_subscripts
from fgrad.primitives.elementwise import mul
from fgrad.primitives.shape import broadcast_to


def matmul_values(x, y):
    """NumPy's matrix product of two values or tracers."""
    a, b = get_aval(x), get_aval(y)
    m, n = a.ndim, b.ndim
    if m == n == 2 and a.shape[1] == b.shape[0]:
        return contract(x, y, subscripts="ab,bc->ac")
    if m == 0 or n == 0:
        raise ValueError(
            located(f"matmul: operands must have at least one axis; got {a} and {b}; use * instead")
        )
    if a.shape[-1] != b.shape[-2 if n > 1 else -1]:
        raise ValueError(
            located(
                f"matmul: shapes {a.shape} and {b.shape} do not fit: the last axis of the first, "
                f"{a.shape[-1]}, must equal the {'second last' if n > 1 else 'only'} axis of the "
                f"other, {b.shape[-2 if n > 1 else -1]}"
            )
        )
    batch_a, batch_b = a.shape[:-2], b.shape[:-2]
    if m > 2 and n > 2 and batch_a != batch_b:
        x, y = _broadcast_batches(x, y, batch_a, batch_b)
    lhs, rhs, out = matmul_subscripts(get_aval(x).ndim, get_aval(y).ndim)
    return contract(x, y, subscripts=f"{lhs},{rhs}->{out}")


def _broadcast_batches(x, y, batch_a, batch_b):
    from fgrad.primitives.define import broadcast_shapes

    batch = broadcast_shapes("matmul", [batch_a, batch_b])
    x = broadcast_to(x, (*batch[len(batch) - len(batch_a) :], *get_aval(x).shape[-2:]))
    y = broadcast_to(y, (*batch[len(batch) - len(batch_b) :], *get_aval(y).shape[-2:]))
    return x, y


@generalized
def matmul(a, b, *, precision=None, preferred_element_type=None):
    """The matrix product, over stacks of matrices in the leading axes.

    Parameters
    ----------
    a, b : array-like
        Of shapes ``(..., n, k)`` and ``(..., k, m)``; one-axis operands are vectors.
    precision, preferred_element_type : None
        Accepted for compatibility.

    Returns
    -------
    array
        Of shape ``(..., n, m)``.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.matmul(fnp.ones((2, 3)), fnp.ones(3))
    Array([3., 3.])
    """
    return matmul_values(value(a, "matmul"), value(b, "matmul"))


def dot_values(x, y):
    """NumPy's dot of two values or tracers."""
    a, b = get_aval(x), get_aval(y)
    if a.ndim == 0 or b.ndim == 0:
        return mul(x, y)
    if a.ndim <= 2 and b.ndim <= 2:
        return matmul_values(x, y)
    return _tensordot(x, y, (a.ndim - 1,), (max(b.ndim - 2, 0),))


def _tensordot(x, y, axes_x, axes_y):
    """The sum of products over pairs of axes; the free axes of `x`, then those of `y`."""
    a, b = get_aval(x), get_aval(y)
    if [a.shape[i] for i in axes_x] != [b.shape[j] for j in axes_y]:
        raise ValueError(
            located(f"axes {axes_x} of {a} and {axes_y} of {b} do not fit: their lengths differ")
        )
    letters = iter(LOWERCASE + UPPERCASE)
    lhs = [next(letters) for _ in range(a.ndim)]
    rhs = [next(letters) for _ in range(b.ndim)]
    for i, j in zip(axes_x, axes_y, strict=True):
        rhs[j] = lhs[i]
    out = [c for i, c in enumerate(lhs) if i not in axes_x]
    out += [c for j, c in enumerate(rhs) if j not in axes_y]
    return contract(x, y, subscripts=f"{''.join(lhs)},{''.join(rhs)}->{''.join(out)}")


@public
def dot(a, b, out=None, *, precision=None, preferred_element_type=None):
    """The dot product: over the last axis of `a` and the second last of `b`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.dot(fnp.array([1.0, 2.0]), fnp.array([3.0, 4.0]))
    np.float64(11.0)
    """
    refuse("dot", out=out)
    return dot_values(value(a, "dot"), value(b, "dot"))
