"""closure_convert: what a function closes over becomes arguments."""

from fgrad.core.jaxpr import eval_jaxpr
from fgrad.core.source import located
from fgrad.core.trace import Tracer
from fgrad.core.tree import tree_flatten
from fgrad.transforms.face import as_argument, as_results, check_callable
from fgrad.transforms.stage import stage_function


def closure_convert(fun, *example_args):
    """Make the values that a function closes over into arguments.

    Parameters
    ----------
    fun : callable
        A function that may close over values being differentiated.
    *example_args
        Arguments it will be called with, for their shapes.

    Returns
    -------
    callable
        ``converted(*args, *closed_over)``.
    list
        The values closed over that are being transformed.

    Examples
    --------
    >>> import fgrad
    >>> def f(w):
    ...     g, hoisted = fgrad.closure_convert(lambda x: w * x, 1.0)
    ...     return g(3.0, *hoisted)
    >>> fgrad.grad(f)(2.0)
    np.float64(3.0)
    """
    check_callable(fun, "closure_convert")
    closed, in_tree, out_tree = stage_function(fun, example_args, {}, "closure_convert")
    hoisted = [c for c in closed.consts if isinstance(c, Tracer)]
    n = len(hoisted)

    def converted(*args):
        given = iter(args[len(args) - n :])
        consts = [next(given) if isinstance(c, Tracer) else c for c in closed.consts]
        leaves, tree = tree_flatten((args[: len(args) - n], {}))
        if tree != in_tree:
            raise TypeError(
                located(f"closure_convert: wanted arguments like {in_tree}; got {tree}")
            )
        values = [as_argument(x, "closure_convert", tree, i) for i, x in enumerate(leaves)]
        outs = eval_jaxpr(closed.jaxpr, consts, *values)
        return as_results(out_tree, outs, [*consts, *values])

    return converted, hoisted
