"""Arrays of any number of axes as matrices, for optimizers of matrices."""

import math

import fgrad.numpy as fnp
import fgrad.tree as tree


def _axes(axes, ndim):
    return tuple(a % ndim for a in ((axes,) if isinstance(axes, int) else axes))


def axes_of(dims, ndim, name):
    """The axes that a matrix multiplies over, those of its results, and the others."""
    reduction, output = _axes(dims.reduction_axis, ndim), _axes(dims.output_axis, ndim)
    if ndim < 2 or set(reduction) & set(output):
        raise ValueError(
            f"{name}: a parameter must have at least two axes, and `reduction_axis` and "
            f"`output_axis` none in common; got {dims} for a parameter of {ndim} axes"
        )
    others = tuple(a for a in range(ndim) if a not in reduction + output)
    return reduction, output, others


def matrix_views(x, dims, name):
    """Functions from an array like `x` to a batch of matrices, and back."""
    shape = fnp.shape(x)
    reduction, output, others = axes_of(dims, len(shape), name)
    order = others + reduction + output
    inverse = tuple(order.index(a) for a in range(len(order)))
    length = lambda axes: math.prod(shape[a] for a in axes)
    flat = (length(others), length(reduction), length(output))

    def to_matrices(y):
        return fnp.reshape(fnp.transpose(y, order), flat)

    def from_matrices(y):
        return fnp.transpose(fnp.reshape(y, tuple(shape[a] for a in order)), inverse)

    return to_matrices, from_matrices


def dimension_numbers(spec, like, kind, default):
    """One for each leaf of `like`, or None where a leaf is no matrix.

    `spec` is what users give: a `kind` for all leaves, a pytree of them (or None) that `like` may
    extend, a function that returns one, or None for `default` of the leaf.
    """
    leaves = tree.leaves(like)
    if callable(spec):
        spec = spec(like)
    if spec is None:
        return [default(x) for x in leaves]
    spread = []
    tree.map(
        lambda dims, part: spread.extend([dims] * len(tree.leaves(part))),
        spec,
        like,
        is_leaf=lambda x: x is None or isinstance(x, kind),
    )
    return spread


def map_with(f, dims, first, *rest):
    """``f(dims, *leaves)`` for the leaves of trees of one structure."""
    return map_pairs_with(lambda *leaf: (f(*leaf), None), dims, first, *rest)[0]


def map_pairs_with(f, dims, first, *rest):
    """`map_with` for a function with two results: as two trees."""
    structure = tree.structure(first)
    columns = [tree.leaves(t) for t in (first, *rest)]
    pairs = [f(d, *row) for d, *row in zip(dims, *columns, strict=True)]
    return tuple(tree.unflatten(structure, [pair[i] for pair in pairs]) for i in range(2))
