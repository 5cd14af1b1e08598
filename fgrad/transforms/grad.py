"""Reverse mode: linearize, then transpose. vjp, grad and value_and_grad."""

from functools import wraps

import numpy as np

from fgrad.core.array import as_eager, as_user
from fgrad.core.avals import float0
from fgrad.core.source import located, user_source
from fgrad.core.trace import get_aval, thread
from fgrad.core.tree import Partial, explain_mismatch, tree_flatten, tree_unflatten
from fgrad.transforms.face import (
    as_argument,
    as_results,
    check_callable,
    function_name,
    leaf_path,
    split_aux,
)
from fgrad.transforms.forward import check_tangents
from fgrad.transforms.linear import instantiate
from fgrad.transforms.linearize import LinearizeTrace, LinearizeTracer
from fgrad.transforms.record import Record


def grad(fun, argnums=0, has_aux=False, holomorphic=False, allow_int=False):
    """The gradient of a scalar function.

    Parameters
    ----------
    fun : callable
        A pure function with a real scalar output (a complex one if `holomorphic`).
    argnums : int or sequence of int
        The positional arguments to differentiate by.
    has_aux : bool
        Whether `fun` returns ``(value, aux)``; then so does the gradient: ``(gradient, aux)``.
    holomorphic : bool
        Whether `fun` is complex-differentiable; inputs and output must be complex then.
    allow_int : bool
        Whether to differentiate by integers and booleans too: their gradient is of dtype float0.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives a pytree like the argument (a tuple of them if `argnums`
        is a sequence), of the same shapes and dtypes.

    Raises
    ------
    TypeError
        If the output is not a scalar, or an input is not of a floating dtype.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.grad(lambda x: x**3)(2.0)
    np.float64(12.0)
    """
    both = value_and_grad(fun, argnums, has_aux, holomorphic, allow_int, _name="grad")

    @wraps(fun)
    def gradient(*args, **kwargs):
        value, g = both(*args, **kwargs)
        return (g, value[1]) if has_aux else g

    return gradient


def value_and_grad(
    fun, argnums=0, has_aux=False, holomorphic=False, allow_int=False, *, _name="value_and_grad"
):
    """The value of a scalar function and its gradient.

    Parameters are those of `grad`.

    Returns
    -------
    callable
        Gives ``(value, gradient)``, or ``((value, aux), gradient)`` if `has_aux`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.value_and_grad(lambda x: x**3)(2.0)
    (np.float64(8.0), np.float64(12.0))
    """
    check_callable(fun, _name)
    several = not isinstance(argnums, int)
    numbers = tuple(argnums) if several else (argnums,)
    options = (_name, holomorphic, allow_int)

    @wraps(fun)
    def evaluate(*args, **kwargs):
        args, chosen = _choose(fun, args, numbers, _name)
        leaves, treedef = tree_flatten(chosen if several else chosen[0])
        parent = thread.trace
        trace = LinearizeTrace(parent, fun)
        inputs = [_perturb(trace, x, options, treedef, i) for i, x in enumerate(leaves)]
        places = [_place(x) for x in inputs]  # `fun` may assign into its arguments
        new = tree_unflatten(treedef, inputs)
        for i, x in zip(numbers, new if several else (new,), strict=True):
            args[i] = x
        thread.trace = trace
        try:
            out = fun(*args, **kwargs)
        finally:
            thread.trace = parent
        aux = None
        if has_aux:
            out, aux = split_aux(out, _name)
        value, var, aval = _scalar_output(trace, out, options, fun)
        if var is None:
            table = None
        else:
            table = trace.backward(((var, aval.dtype.type(1)),))
        grads = [_cotangent(table, *place) for place in places]
        g = as_results(treedef, grads)
        if has_aux:
            return as_results(*_strip(trace, (value, aux), leaves)), g
        return as_user(value), g

    return evaluate


def _choose(fun, args, numbers, name):
    args = list(args)
    n = len(args)
    for i in numbers:
        if not -n <= i < n:
            raise TypeError(
                located(
                    f"{name}: argnums {i} asks for a positional argument that "
                    f"{function_name(fun)} was not given: it was called with {n}"
                )
            )
    return args, tuple([args[i] for i in numbers])


def _perturb(trace, x, options, treedef, i):
    """An input as a tracer; one that has no derivative stays as it is."""
    name, holomorphic, allow_int = options
    x = as_argument(x, name, treedef, i)
    aval = get_aval(x)
    kind = aval.dtype.kind
    if kind == "f" and not holomorphic:
        return trace.perturb(x, aval)
    where = leaf_path(treedef, i)
    where = f"the input{where}" if where else "the input"
    if holomorphic and kind != "c":
        raise TypeError(
            located(f"{name} with holomorphic=True needs complex inputs; {where} is {aval}")
        )
    if kind == "c":
        return trace.perturb(x, aval)
    if not allow_int:
        raise TypeError(
            located(
                f"{name} differentiates by floating-point numbers; {where} is {aval}. Give a float "
                "(3.0 instead of 3), or allow_int=True for a zero gradient of dtype float0."
            )
        )
    return as_eager(x)


def _scalar_output(trace, out, options, fun):
    """The value, tangent variable and aval of the one scalar a gradient needs."""
    name, holomorphic, _ = options
    try:
        out = as_argument(out, name)
    except TypeError:
        raise TypeError(
            located(
                f"{name} needs a function with a scalar output; {function_name(fun)} returned "
                f"{type(out).__name__}. Use has_aux=True for further results."
            )
        ) from None
    aval = get_aval(out)
    if aval.shape:
        raise TypeError(
            located(
                f"{name} needs a function with a scalar output; {function_name(fun)} returned "
                f"shape {aval.shape}. Sum or average it, or use jacrev or vjp."
            )
        )
    kind = aval.dtype.kind
    if holomorphic and kind != "c":
        raise TypeError(located(f"{name} with holomorphic=True needs a complex output; got {aval}"))
    if not holomorphic and kind != "f":
        hint = " Use holomorphic=True, or vjp." if kind == "c" else ""
        raise TypeError(
            located(
                f"{name} needs a real floating-point output; {function_name(fun)} returned "
                f"{aval}.{hint}"
            )
        )
    value, var = trace.split(out)
    return value, var, aval


def _place(x):
    """The variable of an input, or None if it has no derivative, and its aval."""
    return (x.variable, x.aval) if type(x) is LinearizeTracer else (None, get_aval(x))


def _cotangent(table, variable, aval):
    """The cotangent of an input: that of its variable, or zeros."""
    if variable is None:
        return np.zeros(aval.shape, float0)
    ct = None if table is None else table[variable]
    return np.zeros(aval.shape, aval.dtype)[()] if ct is None else ct


def _strip(trace, tree, inputs):
    """What `as_results` takes, for a result with this trace's tracers replaced by their values."""
    leaves, treedef = tree_flatten(tree)
    values = [trace.split(as_argument(x, "aux"))[0] for x in leaves]
    return treedef, values, [*inputs, *leaves]


def linearize(fun, *primals, has_aux=False):
    """The value of a function, and its derivative there as a linear function.

    Parameters
    ----------
    fun : callable
        A pure function.
    *primals
        Where to linearize: arrays or pytrees.
    has_aux : bool
        Whether `fun` returns ``(value, aux)``.

    Returns
    -------
    value
        ``fun(*primals)``.
    Partial
        Takes tangents like `primals`, gives the tangent of the value; it does not run `fun` again.
        As a pytree of the numbers it needs it may leave and enter transformed functions.
    aux
        If `has_aux`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> y, f_jvp = fgrad.linearize(lambda x: x**2, 3.0)
    >>> f_jvp(1.0)
    np.float64(6.0)
    """
    value, record = _record(fun, primals, has_aux, "linearize")
    f_jvp = Partial(_push, record)
    return (value[0], f_jvp, value[1]) if has_aux else (value, f_jvp)


def _push(record, *tangents):
    """The tangents of the outputs from those of the inputs."""
    ts = check_tangents("linearize", record.avals, record.in_tree, tangents)
    values = {
        v: t for v, t in zip(record.variables, ts, strict=True) if v is not None and t is not None
    }
    record.trace.apply(values)
    outs = [
        instantiate(None if v is None else values.get(v), a)
        if a.inexact
        else np.zeros(a.shape, float0)
        for v, a in zip(record.out_variables, record.out_avals, strict=True)
    ]
    return as_results(record.out_tree, outs, ts)


def vjp(fun, *primals, has_aux=False):
    """The value of a function, and its vector-Jacobian product there.

    Parameters
    ----------
    fun : callable
        A pure function.
    *primals
        Where: arrays or pytrees.
    has_aux : bool
        Whether `fun` returns ``(value, aux)``.

    Returns
    -------
    value
        ``fun(*primals)``.
    Partial
        Takes a cotangent like the value, gives a tuple of cotangents, one for each of `primals`. As
        a pytree of the numbers it needs it may leave and enter transformed functions.
    aux
        If `has_aux`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> y, f_vjp = fgrad.vjp(lambda a, b: a * b, 2.0, 3.0)
    >>> f_vjp(1.0)
    (np.float64(3.0), np.float64(2.0))
    """
    value, record = _record(fun, primals, has_aux, "vjp")
    f_vjp = Partial(_pull, record)
    return (value[0], f_vjp, value[1]) if has_aux else (value, f_vjp)


def _pull(record, ct):
    """The cotangents of the inputs from those of the outputs."""
    leaves, treedef = tree_flatten(ct)
    if treedef != record.out_tree:
        raise ValueError(
            located(
                "vjp: the cotangent must have the structure of the output: "
                + explain_mismatch(record.out_tree, treedef, "the output", "the cotangent")
            )
        )
    seeds = []
    for i, (c, var, aval) in enumerate(
        zip(leaves, record.out_variables, record.out_avals, strict=True)
    ):
        c = check_cotangent(c, aval, treedef, i)
        if var is not None and c is not None:
            seeds.append((var, c))
    table = record.trace.backward(seeds)
    cts = [
        instantiate(None if v is None else table[v], a) if a.inexact else np.zeros(a.shape, float0)
        for v, a in zip(record.variables, record.avals, strict=True)
    ]
    return as_results(record.in_tree, cts, leaves)


def check_cotangent(c, aval, treedef, i):
    """A cotangent leaf of the right shape and dtype, or an error that names it."""
    if not aval.inexact:
        return None  # float0, or zeros
    c = as_argument(c, "vjp: the cotangent", treedef, i)
    have = get_aval(c)
    if have.shape != aval.shape or (have.dtype != aval.dtype and not have.weak_type):
        raise ValueError(
            located(
                f"vjp: the cotangent{leaf_path(treedef, i)} must be like the output, {aval}; "
                f"got {have}"
            )
        )
    return c if have.dtype == aval.dtype else aval.dtype.type(c)


def _record(fun, primals, has_aux, name):
    check_callable(fun, name)
    leaves, in_tree = tree_flatten(primals)
    trace = LinearizeTrace(thread.trace, fun)
    trace.source = user_source()
    record = Record()
    values = [as_argument(x, name, in_tree, i) for i, x in enumerate(leaves)]
    record.avals = [get_aval(v) for v in values]
    inputs = [
        trace.perturb(v, a) if a.inexact else as_eager(v)
        for v, a in zip(values, record.avals, strict=True)
    ]
    record.variables = [
        x.variable if a.inexact else None for x, a in zip(inputs, record.avals, strict=True)
    ]
    with trace:
        out = fun(*tree_unflatten(in_tree, inputs))
    aux = None
    if has_aux:
        out, aux = split_aux(out, name)
    out_leaves, out_tree = tree_flatten(out)
    pairs = [
        trace.split(as_argument(o, f"{name}: an output", out_tree, i))
        for i, o in enumerate(out_leaves)
    ]
    record.trace, record.in_tree, record.out_tree = trace, in_tree, out_tree
    record.out_variables = [v for _, v in pairs]
    record.out_avals = [get_aval(p) for p, _ in pairs]
    value = as_results(out_tree, [p for p, _ in pairs], [*values, *out_leaves])
    if has_aux:
        value = (value, as_results(*_strip(trace, aux, values)))
    return value, record
