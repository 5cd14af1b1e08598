"""associative_scan: all prefixes of an associative operation, in a logarithmic number of steps."""

from fgrad.core.array import as_eager
from fgrad.core.source import located
from fgrad.core.trace import as_value, get_aval
from fgrad.core.tree import tree_flatten, tree_unflatten
from fgrad.primitives.elementwise import add
from fgrad.primitives.shape import concatenate, pad, slice_axis
from fgrad.transforms.face import as_argument, as_results, check_callable, function_name


def associative_scan(fn, elems, reverse=False, axis=0):
    """Combine the first one, two, three, ... elements along an axis.

    Parameters
    ----------
    fn : callable
        ``fn(a, b)``, associative, on pytrees like `elems` whose arrays have any length along
        `axis`: it combines element by element.
    elems : pytree of arrays
        With axes of one length.
    reverse : bool
        Whether to start from the end.
    axis : int

    Returns
    -------
    pytree
        Like `elems`.

    References
    ----------
    G. E. Blelloch, Prefix sums and their applications (1990).

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.associative_scan(fnp.multiply, fnp.arange(1.0, 5.0))
    Array([ 1.,  2.,  6., 24.])
    """
    check_callable(fn, "associative_scan")
    leaves, tree = tree_flatten(elems)
    values = [as_argument(x, "associative_scan", tree, i) for i, x in enumerate(leaves)]
    if not values:
        raise ValueError(located("associative_scan: elems has no arrays"))
    for x in values:
        if not -get_aval(x).ndim <= axis < get_aval(x).ndim:
            raise ValueError(located(f"associative_scan: {get_aval(x)} has no axis {axis}"))
    axes = [axis % get_aval(x).ndim for x in values]
    sizes = {get_aval(x).shape[a] for x, a in zip(values, axes, strict=True)}
    if len(sizes) > 1:
        raise ValueError(
            located(f"associative_scan: the arrays have different lengths along the axis: {sizes}")
        )

    def combine(a, b):
        first, second = (tree_unflatten(tree, [as_eager(x) for x in xs]) for xs in (a, b))
        if reverse:
            first, second = second, first
        outs, out_tree = tree_flatten(fn(first, second))
        if out_tree != tree:
            raise TypeError(
                located(
                    f"associative_scan: {function_name(fn)} must give a pytree like its arguments, "
                    f"{tree}; it gave {out_tree}"
                )
            )
        return [as_value(o) for o in outs]

    def cut(xs, start, stop, step=1):
        return [slice_axis(x, start, stop, a, step) for x, a in zip(xs, axes, strict=True)]

    def size(xs):
        return get_aval(xs[0]).shape[axes[0]]

    def interleave(xs, ys, n):
        """`xs` at the even places, `ys` at the odd ones."""
        out = []
        for x, y, a in zip(xs, ys, axes, strict=True):
            shape = list(get_aval(x).shape)
            shape[a] = n
            parts = []
            for start, z in enumerate((x, y)):
                index = [(0, m, 1) for m in shape]
                index[a] = (start, n, 2)
                parts.append(pad(z, shape=tuple(shape), index=tuple(index)))
            out.append(add(*parts))
        return out

    def prefixes(xs):
        n = size(xs)
        if n < 2:
            return xs
        pairs = combine(cut(xs, 0, n - 1, 2), cut(xs, 1, n, 2))
        odd = prefixes(pairs)
        even = combine(cut(odd, 0, (n - 1) // 2), cut(xs, 2, n, 2)) if n > 2 else None
        first = cut(xs, 0, 1)
        if even is not None:
            first = [
                concatenate(f, e, dimension=a) for f, e, a in zip(first, even, axes, strict=True)
            ]
        return interleave(first, odd, n)

    def turned(xs):
        return [
            slice_axis(x, get_aval(x).shape[a] - 1, -1, a, -1) if get_aval(x).shape[a] else x
            for x, a in zip(xs, axes, strict=True)
        ]

    outs = turned(prefixes(turned(values))) if reverse else prefixes(values)
    return as_results(tree, outs, values)
