"""Looking at programs: make_jaxpr, eval_shape, and functions of pytrees as jaxprs."""

from functools import wraps
from typing import Any

import numpy as np

from fgrad.core.avals import ShapedArray, shaped_array
from fgrad.core.source import located
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import Tracer, get_aval
from fgrad.core.tree import tree_flatten, tree_unflatten
from fgrad.transforms.face import as_argument, check_callable, function_name


class ShapeDtypeStruct:
    """The shape and dtype of an array, without its numbers.

    Parameters
    ----------
    shape : sequence of int
    dtype : dtype-like
    weak_type : bool

    Examples
    --------
    >>> ShapeDtypeStruct((2, 3), "float32")
    ShapeDtypeStruct(shape=(2, 3), dtype=float32)
    """

    __slots__ = ("dtype", "shape", "weak_type")

    def __init__(self, shape, dtype, *, weak_type=False):
        self.shape = tuple(int(n) for n in shape)
        self.dtype = np.dtype(dtype)
        self.weak_type = weak_type

    @property
    def ndim(self):
        """int"""
        return len(self.shape)

    @property
    def size(self):
        """int"""
        return int(np.prod(self.shape))

    def __len__(self):
        return self.shape[0]

    def __eq__(self, other):
        return isinstance(other, ShapeDtypeStruct) and (
            (self.shape, self.dtype, self.weak_type) == (other.shape, other.dtype, other.weak_type)
        )

    def __hash__(self):
        return hash((self.shape, self.dtype, self.weak_type))

    def __repr__(self):
        weak = ", weak_type=True" if self.weak_type else ""
        return f"ShapeDtypeStruct(shape={self.shape}, dtype={self.dtype}{weak})"


def abstract(x, name="argument", treedef=None, i=0) -> ShapedArray:
    """The aval of a value, a tracer, or anything with a shape and a dtype."""
    if isinstance(x, ShapeDtypeStruct):
        return shaped_array(x.shape, x.dtype, x.weak_type and not x.shape)
    if isinstance(x, ShapedArray):
        return x
    if (
        hasattr(x, "shape")
        and hasattr(x, "dtype")
        and not isinstance(x, np.ndarray | np.generic | Tracer)
        and not hasattr(x, "__array__")
    ):
        return shaped_array(tuple(x.shape), np.dtype(x.dtype))
    return get_aval(as_argument(x, name, treedef, i))


def flat_function(fun, in_tree, out_trees: list, name):
    """`fun` on flat leaves; the structure of its result is appended to `out_trees`."""

    def flat(*leaves):
        args, kwargs = tree_unflatten(in_tree, list(leaves))
        outs, out_tree = tree_flatten(fun(*args, **kwargs))
        out_trees.append(out_tree)
        return [as_argument(o, f"{name}: an output", out_tree, i) for i, o in enumerate(outs)]

    flat.__name__ = function_name(fun)
    return flat


def stage_function(fun, args, kwargs, name):
    """The jaxpr of ``fun(*args, **kwargs)``, and the structures of input and output."""
    leaves, in_tree = tree_flatten((args, kwargs))
    avals = [abstract(x, name, in_tree, i) for i, x in enumerate(leaves)]
    out_trees = []
    closed = trace_to_jaxpr(flat_function(fun, in_tree, out_trees, name), avals)
    closed.jaxpr.debug_name = function_name(fun)
    return closed, in_tree, out_trees[-1]


def bind_static(fun, static_argnums, args):
    """`fun` with its static positional arguments filled in, and the other arguments."""
    numbers = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums or ())
    if not numbers:
        return fun, args
    fixed = {n % len(args): args[n] for n in numbers if -len(args) <= n < len(args)}
    moving = tuple([a for i, a in enumerate(args) if i not in fixed])

    @wraps(fun)
    def bound(*rest, **kwargs):
        rest = iter(rest)
        full = [fixed[i] if i in fixed else next(rest) for i in range(len(args))]
        return fun(*full, **kwargs)

    return bound, moving


def make_jaxpr(fun, static_argnums=(), axis_env=None, return_shape=False, abstracted_axes=None):
    """The jaxpr of a function at given arguments, to look at.

    Parameters
    ----------
    fun : callable
        A pure function.
    static_argnums : int or sequence of int
        Positional arguments to take as constants of the program.
    axis_env, abstracted_axes : None
        Accepted for compatibility.
    return_shape : bool
        Whether to give the shape and dtype of the result too.

    Returns
    -------
    callable
        Takes the arguments of `fun`, or `ShapeDtypeStruct` in their place; gives a `ClosedJaxpr`,
        or a pair with a pytree of `ShapeDtypeStruct`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.make_jaxpr(lambda x: fnp.sin(x) + 1)(fnp.ones(3))
    { lambda ; a:f64[3]. let b:f64[3] = sin a; c:f64[3] = add b 1:i64[]~ in (c,) }
    """
    check_callable(fun, "make_jaxpr")

    @wraps(fun)
    def make(*args, **kwargs):
        bound, moving = bind_static(fun, static_argnums, args)
        closed, _, out_tree = stage_function(bound, moving, kwargs, "make_jaxpr")
        return (closed, tree_unflatten(out_tree, _shapes(closed))) if return_shape else closed

    return make


def _shapes(closed) -> list[Any]:
    return [ShapeDtypeStruct(a.shape, a.dtype, weak_type=a.weak_type) for a in closed.out_avals]


def eval_shape(fun, *args, **kwargs):
    """The shapes and dtypes a function would give, without computing anything.

    Parameters
    ----------
    fun : callable
        A pure function.
    *args, **kwargs
        Arrays, or anything with ``.shape`` and ``.dtype``.

    Returns
    -------
    pytree of ShapeDtypeStruct

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.eval_shape(fnp.dot, fnp.ones((2, 3)), fnp.ones(3))
    ShapeDtypeStruct(shape=(2,), dtype=float64)
    """
    check_callable(fun, "eval_shape")
    closed, _, out_tree = stage_function(fun, args, kwargs, "eval_shape")
    return tree_unflatten(out_tree, _shapes(closed))


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
    from fgrad.core.trace import thread
    from fgrad.transforms.face import as_results
    from fgrad.transforms.grad import check_cotangent
    from fgrad.transforms.linear import LinearTrace, LinearTracer, instantiate

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
                seeds.append((o.var, c))
        table = trace.backward(seeds)
        found = [instantiate(table[x.var], a) for x, a in zip(inputs, avals, strict=True)]
        return as_results(in_tree, found, cts)

    return transposed


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
    from fgrad.core.jaxpr import eval_jaxpr
    from fgrad.transforms.face import as_results

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
        outs = eval_jaxpr(closed.jaxpr, consts, values)
        return as_results(out_tree, outs, [*consts, *values])

    return converted, hoisted
