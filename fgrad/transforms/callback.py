"""Python functions called while a program runs: with numbers, also under ``jit``."""

import numpy as np

from fgrad.core.array import as_user
from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.tree import tree_flatten, tree_unflatten
from fgrad.primitives import callback as p
from fgrad.transforms.face import as_argument, as_results, function_name


def pure_callback(callback, result_shape_dtypes, *args, sharding=None, vmap_method=None, **kwargs):
    """Call a Python function without side effects when the program runs.

    Under ``jit`` it may be called once for equal calls, or not at all if its result is not used.

    Parameters
    ----------
    callback : callable
        ``callback(*args, **kwargs)``, called with arrays; its result is a pytree of array-likes.
    result_shape_dtypes : pytree
        Of values with ``shape`` and ``dtype``, such as `ShapeDtypeStruct`: what comes back.
    *args, **kwargs
        Pytrees of arrays.
    sharding : optional
        Accepted for compatibility.
    vmap_method : {None, 'sequential', 'sequential_unrolled', 'expand_dims', 'broadcast_all'}
        What ``vmap`` does: refuse; call once for each example; or once for all, with a leading axis
        of length 1 or of the number of examples on arguments that are not mapped.

    Returns
    -------
    pytree of arrays

    Raises
    ------
    ValueError
        If the function gives another structure, shape or dtype than announced; if it is
        differentiated.

    Examples
    --------
    >>> import numpy as np
    >>> import fgrad
    >>> @fgrad.jit
    ... def f(x):
    ...     return fgrad.pure_callback(np.cumsum, x, x) * 2
    >>> f(np.arange(4.0))
    Array([ 0.,  2.,  6., 12.])
    """
    if vmap_method is not None and vmap_method not in p.METHODS:
        raise ValueError(
            located(f"pure_callback: vmap_method must be None or one of {p.METHODS}, "
                    f"got {vmap_method!r}")
        )  # fmt: skip
    return _call(
        p.pure_callback, "pure_callback", callback, result_shape_dtypes, args, kwargs,
        vmap_method=vmap_method,
    )  # fmt: skip


def io_callback(callback, result_shape_dtypes, *args, sharding=None, ordered=False, **kwargs):
    """Call a Python function with side effects each time the program comes to it.

    Parameters
    ----------
    callback, result_shape_dtypes, *args, **kwargs
        As for `fgrad.pure_callback`.
    sharding : optional
        Accepted for compatibility.
    ordered : bool
        Calls keep the order of the program in any case; if true, ``vmap`` refuses.

    Returns
    -------
    pytree of arrays

    Examples
    --------
    >>> import fgrad
    >>> from fgrad.experimental import io_callback
    >>> seen = []
    >>> f = fgrad.jit(lambda x: (io_callback(seen.append, None, x), x + 1)[1])
    >>> f(1.0), f(2.0), [float(x) for x in seen]
    (np.float64(2.0), np.float64(3.0), [1.0, 2.0])
    """
    return _call(
        p.io_callback, "io_callback", callback, result_shape_dtypes, args, kwargs, ordered=ordered
    )


def debug_callback(callback, *args, ordered=False, partitioned=False, **kwargs):
    """Call a Python function when the program comes to it, whatever transforms the program.

    Its result is ignored. Under ``vmap`` it is called for each example; under ``grad`` with the
    values.

    Parameters
    ----------
    callback : callable
        ``callback(*args, **kwargs)``.
    *args, **kwargs
        Pytrees; what is no array is handed over as it is.
    ordered, partitioned : bool
        Accepted for compatibility: calls keep the order of the program.

    Examples
    --------
    >>> import fgrad
    >>> def f(x):
    ...     fgrad.debug.callback(lambda v: print("x is", v), x)
    ...     return x * x
    >>> float(fgrad.grad(f)(3.0))
    x is 3.0
    6.0
    """
    if not callable(callback):
        raise TypeError(
            located(f"debug.callback: the first argument must be a function, got {callback!r}")
        )
    leaves, treedef = tree_flatten((args, kwargs))
    numeric = [i for i, x in enumerate(leaves) if _is_numeric(x)]
    fixed = dict(enumerate(leaves))

    def call(*values):
        given = fixed | dict(zip(numeric, map(_for_user, values), strict=True))
        xs, kw = tree_unflatten(treedef, [given[i] for i in range(len(leaves))])
        callback(*xs, **kw)
        return []

    p.debug_callback(*[as_argument(leaves[i], "debug.callback") for i in numeric], callback=call)


def _is_numeric(x):
    try:
        as_argument(x, "")
    except TypeError:
        return False
    return True


def _for_user(x):
    """A copy: the memory of what a program computes serves again."""
    return as_user(np.array(x) if type(x) is np.ndarray else x)


def _call(primitive, name, callback, result_shape_dtypes, args, kwargs, **params):
    if not callable(callback):
        raise TypeError(located(f"{name}: the first argument must be a function, got {callback!r}"))
    leaves, treedef = tree_flatten((args, kwargs))
    wanted, out_tree = tree_flatten(result_shape_dtypes)
    try:
        avals = tuple([shaped_array(tuple(w.shape), np.dtype(w.dtype)) for w in wanted])
    except AttributeError:
        raise TypeError(
            located(f"{name}: result_shape_dtypes must hold values with a shape and a dtype, such "
                    f"as fgrad.ShapeDtypeStruct; got {result_shape_dtypes!r}")
        ) from None  # fmt: skip

    def call(*values):
        xs, kw = tree_unflatten(treedef, list(map(_for_user, values)))
        outs, tree = tree_flatten(callback(*xs, **kw))
        if tree != out_tree and wanted:
            raise ValueError(
                f"{name} of {function_name(callback)}: wanted a result of the structure "
                f"{out_tree}; got {tree}"
            )
        return outs if wanted else []

    values = [as_argument(x, name, treedef, i) for i, x in enumerate(leaves)]
    outs = primitive(*values, callback=call, avals=avals, **params)
    return as_results(out_tree, outs)
