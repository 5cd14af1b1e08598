"""What the forward pass of a function saves for the backward pass."""

import inspect

from fgrad.core.jaxpr import Literal
from fgrad.core.tree import keystr, tree_flatten_with_path
from fgrad.primitives.name import name as name_p
from fgrad.transforms.face import check_callable, function_name
from fgrad.transforms.jaxprs import linearize_jaxpr
from fgrad.transforms.saving import inlined
from fgrad.transforms.stage import stage_function


def saved_residuals(fun, *args, **kwargs):
    """The values that reverse mode keeps of a function, as pairs of a type and where it is from.

    Parameters are those of `print_saved_residuals`.

    Returns
    -------
    list of (ShapedArray, str)
    """
    check_callable(fun, "saved_residuals")
    closed, _, _ = stage_function(fun, args, kwargs, "saved_residuals")
    by = tuple([a.inexact for a in closed.in_avals])
    primal, _, out_nonzero, _ = linearize_jaxpr(closed, by)
    jaxpr = inlined(primal).jaxpr
    found = dict.fromkeys(jaxpr.outvars[len(out_nonzero) :])
    origins = dict.fromkeys(jaxpr.constvars, "from a constant")
    for v, path in zip(jaxpr.invars, _names(fun, args, kwargs), strict=True):
        origins[v] = f"from the argument {path}"
    for eqn in jaxpr.eqns:
        where = f" from {eqn.source}" if eqn.source else ""
        named = eqn.primitive is name_p
        what = f"named {eqn.params['name']!r}" if named else f"output of {eqn.primitive}"
        origins.update((v, what + where) for v in eqn.outvars)
    order = [v for v in origins if v in found]
    literals = [(v.aval, "from a literal") for v in found if type(v) is Literal]
    return literals + [(v.aval, origins[v]) for v in order]


def _names(fun, args, kwargs):
    """The parameter of each leaf of the arguments, and where in it the leaf stands."""
    try:
        names = list(inspect.signature(fun).parameters)
    except (TypeError, ValueError):
        names = []
    for path, _ in tree_flatten_with_path((args, kwargs))[0]:
        by_name, key = path[0].idx, path[1]
        if by_name:
            head = key.key
        else:
            head = names[key.idx] if key.idx < len(names) else f"{function_name(fun)}[{key.idx}]"
        yield f"{head}{keystr(path[2:])}"


def print_saved_residuals(fun, *args, **kwargs):
    """Print what reverse mode keeps of a function: one line a value, with its type and origin.

    Parameters
    ----------
    fun : callable
        A pure function.
    *args, **kwargs
        Its arguments, or `ShapeDtypeStruct` in their place.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> from fgrad.ad_checkpoint import print_saved_residuals
    >>> f = lambda w, x: fnp.sum(fnp.sin(w @ x))
    >>> print_saved_residuals(fgrad.checkpoint(f), fnp.ones((2, 3)), fnp.ones(3))
    f64[2,3] from the argument w
    f64[3] from the argument x
    """
    for aval, origin in saved_residuals(fun, *args, **kwargs):
        print(aval, origin)
