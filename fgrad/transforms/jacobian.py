"""Whole Jacobians and Hessians: a product with every unit vector, batched."""

from functools import wraps

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.core.tree import tree_flatten, tree_unflatten
from fgrad.primitives.shape import moveaxis, reshape
from fgrad.transforms.face import as_argument, as_results, check_callable, leaf_path
from fgrad.transforms.forward import jvp
from fgrad.transforms.grad import vjp
from fgrad.transforms.vmap import vmap


def _basis(avals):
    """For each leaf a stack of unit vectors over all leaves together."""
    total = sum(a.size for a in avals)
    out, start = [], 0
    for a in avals:
        b = np.zeros((total, a.size), a.dtype)
        b[start : start + a.size] = np.eye(a.size, dtype=a.dtype)
        out.append(b.reshape(total, *a.shape))
        start += a.size
    return out


def _unstack(x, avals):
    """Cut the leading axis of `x` into one block a leaf."""
    blocks, start = [], 0
    for a in avals:
        part = x[start : start + a.size]
        blocks.append(reshape(part, new_sizes=(*a.shape, *get_aval(x).shape[1:])))
        start += a.size
    return blocks


def _arguments(fun, args, argnums):
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    chosen = tuple([args[i] for i in numbers])
    chosen = chosen[0] if isinstance(argnums, int) else chosen

    def restricted(x, kwargs):
        full = list(args)
        for i, v in zip(numbers, (x,) if isinstance(argnums, int) else x, strict=True):
            full[i] = v
        return fun(*full, **kwargs)

    return restricted, chosen


def _input_avals(x, name, holomorphic, allow_int):
    leaves, treedef = tree_flatten(x)
    avals = [get_aval(as_argument(v, name, treedef, i)) for i, v in enumerate(leaves)]
    for i, a in enumerate(avals):
        if holomorphic and a.dtype.kind != "c":
            raise TypeError(
                located(
                    f"{name} with holomorphic=True needs complex inputs; the input"
                    f"{leaf_path(treedef, i)} is {a}"
                )
            )
        if not holomorphic and a.dtype.kind != "f" and not (allow_int and not a.inexact):
            hint = " Use holomorphic=True." if a.dtype.kind == "c" else " Give a float."
            raise TypeError(
                located(
                    f"{name} differentiates by real floating-point numbers; the input"
                    f"{leaf_path(treedef, i)} is {a}.{hint}"
                )
            )
    return avals, treedef


def jacfwd(fun, argnums=0, has_aux=False, holomorphic=False):
    """The Jacobian of a function, column by column in forward mode.

    Best where there are fewer inputs than outputs.

    Parameters
    ----------
    fun : callable
        A pure function of arrays.
    argnums : int or sequence of int
        The positional arguments to differentiate by.
    has_aux : bool
        Whether `fun` returns ``(value, aux)``.
    holomorphic : bool
        Whether `fun` is complex-differentiable.

    Returns
    -------
    callable
        Gives, for each leaf of the output a pytree like the argument, of arrays of shape
        ``output shape + input shape``.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.jacfwd(lambda x: x**2)(fnp.array([1.0, 2.0]))
    Array([[2., 0.],
           [0., 4.]])
    """
    check_callable(fun, "jacfwd")

    @wraps(fun)
    def jacobian(*args, **kwargs):
        restricted, x = _arguments(fun, args, argnums)
        avals, in_tree = _input_avals(x, "jacfwd", holomorphic, False)
        basis = [b.astype(a.dtype) for b, a in zip(_basis(avals), avals, strict=True)]

        def push(*tangents):
            t = tree_unflatten(in_tree, list(tangents))
            return jvp(lambda v: restricted(v, kwargs), (x,), (t,), has_aux)[1:]

        columns, *aux = vmap(push, out_axes=(0, None) if has_aux else 0)(*basis)
        leaves, out_tree = tree_flatten(columns)
        trees = []
        for leaf in leaves:
            parts = _unstack(leaf, avals)
            moved = [_to_back(p, a.ndim) for p, a in zip(parts, avals, strict=True)]
            trees.append(as_results(in_tree, moved))
        result = tree_unflatten(out_tree, trees)
        return (result, aux[0]) if has_aux else result

    return jacobian


def _to_back(x, n):
    """Move the first `n` axes behind the others."""
    for _ in range(n):
        x = moveaxis(x, 0, get_aval(x).ndim - 1)
    return x


def jacrev(fun, argnums=0, has_aux=False, holomorphic=False, allow_int=False):
    """The Jacobian of a function, row by row in reverse mode.

    Best where there are fewer outputs than inputs. Parameters and result are those of `jacfwd`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.jacrev(lambda x: x.sum())(fnp.array([1.0, 2.0]))
    Array([1., 1.])
    """
    check_callable(fun, "jacrev")

    @wraps(fun)
    def jacobian(*args, **kwargs):
        restricted, x = _arguments(fun, args, argnums)
        _, in_tree = _input_avals(x, "jacrev", holomorphic, allow_int)
        out, pull, *aux = vjp(lambda v: restricted(v, kwargs), x, has_aux=has_aux)
        out_avals, out_tree = _output_avals(out, holomorphic)
        basis = _basis(out_avals)
        (rows,) = vmap(lambda *cts: pull(tree_unflatten(out_tree, list(cts))))(*basis)
        leaves = tree_flatten(rows)[0]
        per_leaf = [_unstack(leaf, out_avals) for leaf in leaves]
        trees = [
            as_results(in_tree, [parts[i] for parts in per_leaf]) for i in range(len(out_avals))
        ]
        result = tree_unflatten(out_tree, trees)
        return (result, aux[0]) if has_aux else result

    return jacobian


def _output_avals(out, holomorphic):
    leaves, treedef = tree_flatten(out)
    avals = [get_aval(as_argument(o, "jacrev", treedef, i)) for i, o in enumerate(leaves)]
    for i, a in enumerate(avals):
        if (a.dtype.kind == "c") != holomorphic or not a.inexact:
            wanted = "complex" if holomorphic else "real floating-point"
            raise TypeError(
                located(f"jacrev needs {wanted} outputs; the output{leaf_path(treedef, i)} is {a}")
            )
    return avals, treedef


jacobian = jacrev


def hessian(fun, argnums=0, has_aux=False, holomorphic=False):
    """The Hessian of a scalar function: ``jacfwd(jacrev(fun))``.

    Parameters are those of `jacfwd`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.hessian(lambda x: (x**3).sum())(fnp.array([1.0, 2.0]))
    Array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacfwd(
        jacrev(fun, argnums, has_aux=has_aux, holomorphic=holomorphic),
        argnums,
        has_aux=has_aux,
        holomorphic=holomorphic,
    )
