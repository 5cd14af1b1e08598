"""What every transformation does at its border with user code."""

import functools

import numpy as np

from fgrad.core.array import as_user
from fgrad.core.source import located
from fgrad.core.trace import Tracer, as_value
from fgrad.core.tree import keystr, tree_flatten_with_path, tree_unflatten


def check_callable(fun, name):
    """Refuse what is no function."""
    if not callable(fun):
        raise TypeError(located(f"{name}: expected a function; got {fun!r}"))


def function_name(fun) -> str:
    """The name of a function for messages."""
    while isinstance(fun, functools.partial):
        fun = fun.func
    return getattr(fun, "__name__", None) or type(fun).__name__


def leaf_path(treedef, i: int) -> str:
    """Where leaf `i` of a pytree stands."""
    tree = tree_unflatten(treedef, list(range(treedef.num_leaves)))
    return keystr(tree_flatten_with_path(tree)[0][i][0])


_FAST = frozenset((float, int, complex, np.float64, np.float32))


def as_argument(x, name, treedef=None, i=0):
    """A leaf as interpreters hold it, or an error that names it."""
    t = type(x)
    if t in _FAST:
        return x
    if isinstance(x, Tracer):
        if x._trace.stale:
            x._trace.refuse(x)
        return x
    try:
        return as_value(x)
    except TypeError as e:
        path = leaf_path(treedef, i) if treedef is not None else ""
        where = f" at {path}" if path else ""
        raise TypeError(f"{name}: {str(e).replace('argument', 'the value' + where, 1)}") from None


def as_results(treedef, leaves, theirs=()):
    """The pytree handed to the user.

    Arrays are `fgrad.Array` and own their memory; scalars are NumPy scalars. `theirs` are the
    caller's own arrays that might be among the leaves.
    """
    return tree_unflatten(treedef, [as_user(x) for x in own(leaves, theirs)])


def own(leaves, theirs=()):
    """Results that share memory neither with each other nor with anything else."""
    seen = {id(x) for x in theirs}
    out = []
    for x in leaves:
        if type(x) is np.ndarray:
            if x.base is not None or not x.flags.owndata or id(x) in seen:
                x = x.copy()
            seen.add(id(x))
        elif type(x) is np.void:  # NumPy's scalar of a random key, which is a view
            x = x.copy()
        out.append(x)
    return out


def split_aux(out, name):
    """The value and the aux of a function with has_aux, or an error."""
    if not isinstance(out, tuple) or len(out) != 2:
        raise TypeError(
            located(
                f"{name} with has_aux=True: the function must return a pair (value, aux); "
                f"got {type(out).__name__}"
            )
        )
    return out
