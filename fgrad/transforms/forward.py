"""Forward mode for users: jvp."""

import numpy as np

from fgrad.core.array import as_eager
from fgrad.core.avals import float0
from fgrad.core.source import located, user_source
from fgrad.core.trace import get_aval, thread
from fgrad.core.tree import explain_mismatch, tree_flatten, tree_unflatten
from fgrad.transforms.face import as_argument, as_results, check_callable, leaf_path, split_aux
from fgrad.transforms.jvp import JVPTrace, JVPTracer
from fgrad.transforms.linear import instantiate


def check_tangents(name, avals, in_tree, tangents):
    """Tangent leaves that fit the primals (None for an integer's), or an error."""
    leaves, treedef = tree_flatten(tuple(tangents))
    if treedef != in_tree:
        raise TypeError(
            located(
                f"{name}: the tangents must have the structure of the primals: "
                + explain_mismatch(in_tree, treedef, "the primals", "the tangents")
            )
        )
    out = []
    for i, (t, aval) in enumerate(zip(leaves, avals, strict=True)):
        if not aval.inexact:
            if getattr(t, "dtype", None) != float0:
                have = get_aval(as_argument(t, f"{name}: the tangent", treedef, i))
                raise TypeError(
                    located(
                        f"{name}: the tangent{leaf_path(treedef, i)} of an integer or boolean must "
                        f"be of dtype float0; got {have}"
                    )
                )
            out.append(None)
            continue
        t = as_argument(t, f"{name}: the tangent", treedef, i)
        have = get_aval(t)
        if have.shape != aval.shape or (have.dtype != aval.dtype and not have.weak_type):
            raise TypeError(
                located(
                    f"{name}: the tangent{leaf_path(treedef, i)} must be like the primal, {aval}; "
                    f"got {have}"
                )
            )
        out.append(t if have.dtype == aval.dtype else aval.dtype.type(t))
    return out


def jvp(fun, primals, tangents, has_aux=False):
    """The value of a function and the derivative along a direction.

    Parameters
    ----------
    fun : callable
        A pure function.
    primals, tangents : tuple or list
        Where, and along what: one entry for each positional argument. A tangent has the shape and
        dtype of its primal; that of an integer has dtype float0.
    has_aux : bool
        Whether `fun` returns ``(value, aux)``.

    Returns
    -------
    value, tangent
        ``fun(*primals)`` and its derivative; then aux, if `has_aux`.

    Raises
    ------
    TypeError
        If the tangents do not fit the primals.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.jvp(fnp.sin, (0.0,), (2.0,))
    (np.float64(0.0), np.float64(2.0))
    """
    check_callable(fun, "jvp")
    for name, x in (("primals", primals), ("tangents", tangents)):
        if not isinstance(x, tuple | list):
            raise TypeError(
                located(f"jvp: {name} must be a tuple of arguments; got {type(x).__name__}")
            )
    leaves, in_tree = tree_flatten(tuple(primals))
    values = [as_argument(x, "jvp", in_tree, i) for i, x in enumerate(leaves)]
    ts = check_tangents("jvp", [get_aval(v) for v in values], in_tree, tangents)
    trace = JVPTrace(thread.trace, fun)
    trace.source = user_source()
    inputs = [
        as_eager(v) if t is None else JVPTracer(trace, v, t)
        for v, t in zip(values, ts, strict=True)
    ]
    with trace:
        out = fun(*tree_unflatten(in_tree, inputs))
    aux = ()
    if has_aux:
        out, aux = split_aux(out, "jvp")
        aux_leaves, aux_tree = tree_flatten(aux)
        values_of_aux = [trace.split(as_argument(a, "aux"))[0] for a in aux_leaves]
        aux = (as_results(aux_tree, values_of_aux, [*values, *aux_leaves]),)
    out_leaves, out_tree = tree_flatten(out)
    pairs = [
        trace.split(as_argument(o, "jvp: an output", out_tree, i)) for i, o in enumerate(out_leaves)
    ]
    out_tangents = []
    for p, t in pairs:
        aval = get_aval(p)
        zero = np.zeros(aval.shape, float0)
        out_tangents.append(instantiate(t, aval) if aval.inexact else zero)
    value = as_results(out_tree, [p for p, _ in pairs], [*values, *out_leaves])
    return value, as_results(out_tree, out_tangents, ts), *aux
