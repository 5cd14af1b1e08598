"""The transpose of a linear function."""

from fgrad.core.source import located
from fgrad.core.trace import get_aval, thread
from fgrad.core.tree import tree_flatten, tree_unflatten
from fgrad.transforms.face import as_results, check_callable
from fgrad.transforms.grad import check_cotangent
from fgrad.transforms.linear import LinearTrace, LinearTracer, instantiate
from fgrad.transforms.stage import abstract


def linear_transpose(fun, *primals, reduce_axes=()):
    """The transpose of a linear function.

    Parameters
    ----------
    fun : callable
        A function that is linear in its arguments.
    *primals
        Arrays or `ShapeDtypeStruct`: only their shapes and dtypes are used.
    reduce_axes : tuple
        Accepted for compatibility.

    Returns
    -------
    callable
        Takes a cotangent like the output of `fun`, gives a tuple of cotangents like `primals`.

    Raises
    ------
    TypeError
        If `fun` is not linear, or an argument is not of a floating dtype.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> transposed = fgrad.linear_transpose(lambda x: 3 * x[0], fnp.ones(2))
    >>> transposed(1.0)
    (Array([3., 0.]),)
    """
    check_callable(fun, "linear_transpose")
    leaves, in_tree = tree_flatten(primals)
    avals = [abstract(x, "linear_transpose", in_tree, i).strong() for i, x in enumerate(leaves)]
    if not all(a.inexact for a in avals):
        raise TypeError(
            located(
                "linear_transpose needs floating-point arguments; got " + ", ".join(map(str, avals))
            )
        )

    def transposed(ct):
        trace = LinearTrace(thread.trace, fun)
        inputs = [trace.input(a) for a in avals]
        variables = [x.variable for x in inputs]
        with trace:
            outs, out_tree = tree_flatten(fun(*tree_unflatten(in_tree, inputs)))
        cts, ct_tree = tree_flatten(ct)
        if ct_tree != out_tree:
            raise TypeError(
                located(
                    f"linear_transpose: the cotangent must have the structure of the output, "
                    f"{out_tree}; got {ct_tree}"
                )
            )
        seeds = []
        for i, (o, c) in enumerate(zip(outs, cts, strict=True)):
            c = check_cotangent(c, get_aval(o), ct_tree, i)
            if type(o) is LinearTracer and o._trace is trace:
                seeds.append((o.variable, c))
        table = trace.backward(seeds)
        found = [instantiate(table[v], a) for v, a in zip(variables, avals, strict=True)]
        return as_results(in_tree, found, cts)

    return transposed
