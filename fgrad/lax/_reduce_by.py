"""Reductions with a Python function."""

import operator

import numpy as np

from fgrad import numpy as fnp
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.core.tree import tree_flatten, tree_unflatten
from fgrad.lax import _elementwise as lax
from fgrad.numpy._face import axes_of, give, unweak, value
from fgrad.numpy._shape import reshape_values, transpose_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import reduce as primitives
from fgrad.primitives.shape import astype, broadcast_to, concatenate, slice_axis
from fgrad.transforms.vmap import vmap

# The functions that a primitive reduces by, and the primitive of the function itself.
_KNOWN = {
    function: (reduction, primitive)
    for reduction, primitive, functions in (
        (primitives.reduce_sum, ew.add, (lax.add, fnp.add, np.add, operator.add)),
        (primitives.reduce_prod, ew.mul, (lax.mul, fnp.multiply, np.multiply, operator.mul)),
        (primitives.reduce_max, ew.max, (lax.max, fnp.maximum, np.maximum)),
        (primitives.reduce_min, ew.min, (lax.min, fnp.minimum, np.minimum)),
        (primitives.reduce_and, ew.bitwise_and, (lax.bitwise_and, np.bitwise_and, operator.and_)),
        (primitives.reduce_or, ew.bitwise_or, (lax.bitwise_or, np.bitwise_or, operator.or_)),
        (primitives.reduce_xor, ew.bitwise_xor, (lax.bitwise_xor, np.bitwise_xor, operator.xor)),
    )
    for function in functions
}


def reduce(operands, init_values, computation, dimensions):
    """What is left of arrays when a function has combined all their elements along axes.

    Parameters
    ----------
    operands : array, or a pytree of arrays of one shape
    init_values : scalar, or a pytree of scalars
        Of the same structure and dtypes. Combined with anything they give it back.
    computation : callable
        ``computation(x, y)`` of scalars, or of two pytrees of them, gives the same. It must be
        associative: the elements are combined in pairs, the results in pairs, and so on.
    dimensions : sequence of int
        The axes to reduce.

    Returns
    -------
    array, or a pytree of arrays

    Raises
    ------
    TypeError
        If the structures, or the types that `computation` gives, differ.
    ValueError
        If the shapes of the arrays differ.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.reduce(fgrad.numpy.arange(4.0), 0.0, lambda x, y: x + y, (0,))
    np.float64(6.0)
    """
    leaves, structure = tree_flatten(operands)
    starts, other = tree_flatten(init_values)
    if structure != other:
        raise TypeError(
            located(f"reduce: operands have the structure {structure}, init_values {other}")
        )
    xs = [unweak(value(x, "reduce: an operand")) for x in leaves]
    shapes = {get_aval(x).shape for x in xs}
    if len(shapes) != 1:
        raise ValueError(located(f"reduce: operands must have one shape; got {sorted(shapes)}"))
    (shape,) = shapes
    starts = [start_value(v, x) for v, x in zip(starts, xs, strict=True)]
    axes = axes_of(tuple(dimensions), len(shape), "dimensions")
    kept = tuple([i for i in range(len(shape)) if i not in axes])
    rest = tuple([shape[i] for i in kept])
    if 0 in shape:
        out = [broadcast_to(v, rest) for v in starts]
    elif len(xs) == 1 and (known := known_reduction(computation)) is not None:
        reduction, primitive = known
        out = [primitive(starts[0], reduction(xs[0], axes=axes))]
    else:
        xs = [reshape_values(transpose_values(x, (*axes, *kept)), (-1, *rest)) for x in xs]
        out = _by_pairs(computation, structure, xs, starts)
    return give(tree_unflatten(structure, [give(x) for x in out]))


def known_reduction(computation):
    """The primitives that reduce by a function, and that are the function; or None."""
    try:
        return _KNOWN.get(computation)
    except TypeError:  # it is not hashable
        return None


def start_value(v, x):
    """An initial value as a scalar of the dtype of an array."""
    v = value(v, "reduce: an initial value")
    have, want = get_aval(v), get_aval(x).dtype
    if have.shape or (have.dtype != want and not have.weak_type):
        raise TypeError(
            located(f"reduce: an initial value must be a scalar of dtype {want}; got {have}")
        )
    return astype(v, want)


def combiner(computation, structure):
    """``combine(xs, ys)`` of lists of arrays, element by element by a function of scalars."""

    def combine(*leaves):
        n = len(leaves) // 2
        x, y = leaves[:n], leaves[n:]
        out = computation(tree_unflatten(structure, x), tree_unflatten(structure, y))
        found, other = tree_flatten(out)
        found = [value(v, "reduce: a result of computation") for v in found]
        want = [get_aval(v) for v in x]
        have = [get_aval(v) for v in found]
        if other != structure or [(a.shape, a.dtype) for a in have] != [
            (a.shape, a.dtype) for a in want
        ]:
            raise TypeError(
                located(
                    f"reduce: computation must give {structure} of {want}; got {other} of {have}"
                )
            )
        return found

    def step(xs, ys):
        shape = get_aval(ys[0]).shape
        elements = [reshape_values(v, (-1,)) for v in (*xs, *ys)]
        return [reshape_values(value(v), shape) for v in vmap(combine)(*elements)]

    return step


def _by_pairs(computation, structure, xs, starts):
    """The elements along the first axis combined, and the initial values with the result."""
    step = combiner(computation, structure)
    rest = get_aval(xs[0]).shape[1:]
    while (n := get_aval(xs[0]).shape[0]) > 1:
        even = [slice_axis(x, 0, n - n % 2, 0, 2) for x in xs]
        odd = [slice_axis(x, 1, n, 0, 2) for x in xs]
        last = [slice_axis(x, n - n % 2, n, 0) for x in xs]
        xs = [concatenate(*pair, dimension=0) for pair in zip(step(even, odd), last, strict=True)]
    starts = [broadcast_to(v, (1, *rest)) for v in starts]
    return [reshape_values(x, rest) for x in step(starts, xs)]
