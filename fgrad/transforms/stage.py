"""Looking at programs: make_jaxpr, eval_shape, and functions of pytrees as jaxprs."""

import operator
from functools import wraps
from typing import Any

import numpy as np

from fgrad.core.avals import ShapedArray, shaped_array
from fgrad.core.errors import ConcretizationTypeError, InconclusiveDimensionOperation
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

    Raises
    ------
    InconclusiveDimensionOperation
        If a dimension is no integer.

    Examples
    --------
    >>> ShapeDtypeStruct((2, 3), "float32")
    ShapeDtypeStruct(shape=(2, 3), dtype=float32)
    """

    __slots__ = ("dtype", "shape", "weak_type")

    def __init__(self, shape, dtype, *, weak_type=False):
        self.shape = tuple(map(_dimension, shape))
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


def _dimension(n):
    try:
        return operator.index(n)
    except ConcretizationTypeError:
        raise
    except TypeError:
        raise InconclusiveDimensionOperation(
            f"ShapeDtypeStruct: a dimension must be an integer; got {n!r}. There are no symbolic "
            "shapes: trace the function for each shape it is called with"
        ) from None


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
        return (closed, tree_unflatten(out_tree, shapes_of(closed))) if return_shape else closed

    return make


def shapes_of(closed) -> list[Any]:
    """The shapes and dtypes of a program's outputs."""
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
    return tree_unflatten(out_tree, shapes_of(closed))
