"""Functions with derivative rules of their own: what they share, custom_jvp, stop_gradient.

In eager code such a function runs as Python, on whatever values there are; staged, it becomes an
equation that holds its jaxpr and still knows its rule.
"""

import functools
import inspect

import numpy as np

from fgrad.core.array import as_eager
from fgrad.core.avals import float0
from fgrad.core.jaxpr import eval_jaxpr
from fgrad.core.source import located
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import Primitive, Tracer, as_value, get_aval
from fgrad.core.tree import explain_mismatch, tree_flatten, tree_map, tree_unflatten
from fgrad.primitives.define import set_rules
from fgrad.primitives.shape import broadcast_to
from fgrad.primitives.shape import stop_gradient as stop_gradient_p
from fgrad.transforms.face import as_argument, as_results, check_callable, function_name
from fgrad.transforms.jaxprs import batch_jaxpr, batch_to_front, consts_as_inputs
from fgrad.transforms.linear import LinearTracer, instantiate
from fgrad.transforms.vmap import vmap_again


def stop_gradient(x):
    """`x`, seen by every derivative as a constant.

    Parameters
    ----------
    x : pytree of arrays

    Examples
    --------
    >>> import fgrad
    >>> fgrad.grad(lambda x: x * fgrad.lax.stop_gradient(x))(3.0)
    np.float64(3.0)
    """

    def stop(v):
        return stop_gradient_p(v) if isinstance(v, Tracer) else v

    return tree_map(stop, x)


class SymbolicZero:
    """A tangent or cotangent that is zero whatever the numbers are, for rules that ask for it.

    Parameters
    ----------
    aval : ShapedArray
        Of the value that it is a tangent or cotangent of.

    Examples
    --------
    >>> from fgrad.custom_derivatives import SymbolicZero
    >>> zero = SymbolicZero.from_primal_value(2.0)
    >>> zero.shape, zero.dtype
    ((), dtype('float64'))
    """

    __slots__ = ("aval",)

    def __init__(self, aval):
        self.aval = aval

    shape = property(lambda self: self.aval.shape)
    ndim = property(lambda self: self.aval.ndim)
    size = property(lambda self: self.aval.size)

    @property
    def dtype(self):
        """np.dtype: that of the value, or float0."""
        return self.aval.dtype if self.aval.inexact else float0

    @staticmethod
    def from_primal_value(value):
        """The zero tangent of a value."""
        return SymbolicZero(get_aval(as_argument(value, "SymbolicZero")))

    def __repr__(self):
        return f"SymbolicZero({self.aval})"


def zero_from_primal(val, symbolic_zeros=False):
    """The zero tangent of a pytree.

    Parameters
    ----------
    val : pytree of arrays
    symbolic_zeros : bool
        Whether to give `SymbolicZero`, not arrays.

    Examples
    --------
    >>> from fgrad.custom_derivatives import zero_from_primal
    >>> zero_from_primal([1.0, 2.0], symbolic_zeros=True)
    [SymbolicZero(f64[]~), SymbolicZero(f64[]~)]
    """

    def zero(x):
        symbolic = SymbolicZero.from_primal_value(x)
        return symbolic if symbolic_zeros else as_eager(np.zeros(symbolic.shape, symbolic.dtype))

    return tree_map(zero, val)


class Call:
    """A flat function and its rule, as a parameter of an equation.

    Attributes
    ----------
    fun : callable
        Flat values to a list of values; None once it is staged.
    jaxpr : ClosedJaxpr or None
        The function, once it is staged.
    rules : tuple of callables
        ``(jvp,)`` or ``(fwd, bwd)``, on flat values.
    symbolic_zeros : bool
        Whether the rules get `SymbolicZero`.
    """

    __slots__ = ("fun", "jaxpr", "name", "rules", "symbolic_zeros")

    def __init__(self, fun, rules, name, jaxpr=None, symbolic_zeros=False):
        self.fun = fun
        self.rules = rules
        self.name = name
        self.jaxpr = jaxpr
        self.symbolic_zeros = symbolic_zeros

    def __repr__(self):
        return self.name

    def replace(self, fun, rules, jaxpr):
        """The call with another function and rules for it."""
        return Call(fun, rules, self.name, jaxpr, self.symbolic_zeros)

    def run(self, *args):
        """The function itself."""
        if self.jaxpr is not None:
            return eval_jaxpr(self.jaxpr.jaxpr, self.jaxpr.consts, *args)
        return self.fun(*args)


def stage_call(primitive):
    """Staging a custom call: its function becomes a jaxpr, its rules stay."""

    def stage(trace, args, params):
        call = params["call"]
        if call.jaxpr is not None:
            return trace.stage(primitive, args, params)
        closed = trace_to_jaxpr(call.fun, [get_aval(a) for a in args], call.name)
        outer = [c for c in closed.consts if isinstance(c, Tracer)]
        staged = call.replace(None, _behind(call.rules, len(outer)), consts_as_inputs(closed))
        return trace.stage(primitive, [*outer, *args], {"call": staged})

    return stage


def _behind(rules, n):
    """Rules that pass over `n` closed-over values put in front of the arguments."""
    if n == 0:
        return rules
    if len(rules) == 1:
        (jvp,) = rules
        return (lambda primals, tangents: jvp(primals[n:], tangents[n:]),)
    fwd, bwd = rules

    def backward(res, cts):
        return [*(None for _ in range(n)), *bwd(res, cts)]

    return lambda *args: fwd(*args[n:]), backward


def call_avals(*avals, call):
    """The avals of the results of a custom call."""
    return call.jaxpr.out_avals


def _vmapped(trace, fun, dims):
    """A flat function over the batch of a trace, every output mapped."""
    return vmap_again(trace, lambda *args: list(fun(*args)), tuple(dims))


def for_user(treedef, values):
    """Values as users' functions get them."""
    return tree_unflatten(treedef, [as_eager(v) for v in values])


def flat_values(values):
    """What a user's rule gave, as interpreters hold it."""
    return [as_value(v) for v in values]


# -- custom_jvp ----------------------------------------------------------------------------------


def _jvp_rule(primals, tangents, *, call):
    (rule,) = call.rules
    linear = next((t for t in tangents if type(t) is LinearTracer), None)
    zero = SymbolicZero if call.symbolic_zeros else functools.partial(_zero_tangent, linear)
    full = [zero(get_aval(p)) if t is None else t for p, t in zip(primals, tangents, strict=True)]
    return rule(tuple(primals), tuple(full))


def _zero_tangent(linear, aval):
    """Zeros; beside a linear value a linear value too, so that a rule may add the two."""
    if linear is not None and aval.inexact:
        return linear._trace.input(aval.strong())
    return instantiate(None, aval)


def _jvp_batch(args, dims, size, *, call, trace):
    (rule,) = call.rules
    axes = front_axes(dims)

    def batched_rule(primals, tangents):
        n = len(primals)
        # a tangent is mapped whether or not its primal is
        full = [
            t if d is not None else broadcast_to(t, (size, *get_aval(t).shape))
            for t, d in zip(tangents, axes, strict=True)
            if type(t) is not SymbolicZero
        ]

        def one(*vs):
            given = iter(vs[n:])
            ts = [
                SymbolicZero(get_aval(v)) if type(t) is SymbolicZero else next(given)
                for v, t in zip(vs, tangents, strict=False)
            ]
            return _join_pair(rule(vs[:n], tuple(ts)))

        return _split_pair(vmap_again(trace, one, (*axes, *(0 for _ in full)))(*primals, *full))

    return batched_call(custom_jvp_call, args, dims, trace, call, (batched_rule,))


def front_axes(dims):
    """Batch axes once they stand first."""
    return tuple([None if d is None else 0 for d in dims])


def _join_pair(pair):
    return [list(pair[0]), list(pair[1])]


def _split_pair(pair):
    return flat_values(pair[0]), flat_values(pair[1])


def batched_call(primitive, args, dims, trace, call, rules):
    """The call of a function over a batch, whose axis comes first in arguments and results."""
    args, axes = batch_to_front(args, dims), front_axes(dims)
    if call.jaxpr is None:
        fun, batched = (lambda *a: flat_values(_vmapped(trace, call.fun, axes)(*a))), None
    else:
        mapped = tuple([d is not None for d in dims])
        fun, (batched, _) = None, batch_jaxpr(call.jaxpr, trace.size, mapped, True)
    outs = primitive(*args, call=call.replace(fun, rules, batched))
    return outs, [0] * len(outs)


custom_jvp_call = Primitive("custom_jvp_call", multiple_results=True)
set_rules(
    custom_jvp_call,
    impl=lambda *args, call: call.run(*args),
    abstract_eval=call_avals,
    jvp=_jvp_rule,
    batch=_jvp_batch,
)
custom_jvp_call.stage = stage_call(custom_jvp_call)


def bind_nondiff(fun, args, nondiff):
    """The differentiable arguments, and a function of them alone."""
    moving = [i for i in range(len(args)) if i not in nondiff]

    def restricted(*rest):
        full = list(args)
        for i, v in zip(moving, rest, strict=True):
            full[i] = v
        return fun(*full)

    return restricted, tuple([args[i] for i in moving])


def positional(fun, args, kwargs):
    """Keyword arguments in their places."""
    if not kwargs:
        return args
    bound = inspect.signature(fun).bind(*args, **kwargs)
    bound.apply_defaults()
    return tuple(bound.args)


class custom_jvp:
    """A function whose forward derivative is given by a rule.

    Parameters
    ----------
    fun : callable
        A pure function.
    nondiff_argnums : sequence of int
        Positional arguments that are no arrays, or are not to be differentiated; the rule gets
        them first.

    Examples
    --------
    >>> import fgrad
    >>> @fgrad.custom_jvp
    ... def f(x):
    ...     return x**2
    >>> @f.defjvp
    ... def f_jvp(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return f(x), 100.0 * t
    >>> fgrad.grad(f)(3.0)
    np.float64(100.0)
    """

    def __init__(self, fun, nondiff_argnums=(), nondiff_argnames=()):
        check_callable(fun, "custom_jvp")
        functools.update_wrapper(self, fun)
        self.fun = fun
        self.nondiff_argnums = argnums_of(fun, nondiff_argnums, nondiff_argnames)
        self.jvp = None
        self.symbolic_zeros = False

    def defjvp(self, jvp, symbolic_zeros=False):
        """Set the rule: ``jvp(*nondiff, primals, tangents) -> (value, tangent)``.

        With `symbolic_zeros` it gets, and may give, `SymbolicZero` for tangents that are zero.
        """
        check_callable(jvp, "defjvp")
        self.jvp, self.symbolic_zeros = jvp, symbolic_zeros
        return jvp

    def defjvps(self, *jvps):
        """Set a rule for each argument: ``rule(t, ans, *primals) -> tangent``; None for zero."""
        if self.nondiff_argnums:
            raise TypeError(located("defjvps cannot be used with nondiff_argnums; use defjvp"))

        def jvp(primals, tangents):
            ans = self(*primals)
            parts = [
                rule(t, ans, *primals)
                for rule, t in zip(jvps, tangents, strict=True)
                if rule is not None
            ]
            if not parts:
                return ans, tree_map(lambda a: a * 0, ans)
            return ans, tree_map(lambda *ts: functools.reduce(lambda a, b: a + b, ts), *parts)

        self.jvp = jvp

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args, **kwargs):
        name = function_name(self.fun)
        if self.jvp is None:
            raise AttributeError(
                located(f"no JVP rule defined for custom_jvp function {name}: use {name}.defjvp")
            )
        args = positional(self.fun, args, kwargs)
        nondiff = {n % len(args) for n in self.nondiff_argnums}
        restricted, moving = bind_nondiff(self.fun, args, nondiff)
        leaves, in_tree = tree_flatten(moving)
        values = [as_argument(x, name, in_tree, i) for i, x in enumerate(leaves)]
        out_trees, theirs = [], list(values)

        def flat(*vs):
            outs, tree = tree_flatten(restricted(*for_user(in_tree, vs)))
            out_trees.append(tree)
            theirs.extend(outs)
            return flat_values(outs)

        fixed = [args[i] for i in sorted(nondiff)]

        def rule(primals, tangents):
            pair = self.jvp(*fixed, for_user(in_tree, primals), for_user(in_tree, tangents))
            return _check_jvp_rule(name, pair, out_trees)

        call = Call(flat, (rule,), name, symbolic_zeros=self.symbolic_zeros)
        outs = custom_jvp_call(*values, call=call)
        return as_results(out_trees[-1], outs, theirs)


def argnums_of(fun, numbers, names):
    """The positions of arguments given by number or by name, one after the other."""
    numbers = (numbers,) if isinstance(numbers, int) else tuple(numbers)
    names = (names,) if isinstance(names, str) else tuple(names)
    parameters = list(inspect.signature(fun).parameters) if names else []
    return (*numbers, *(parameters.index(n) for n in names))


def _check_jvp_rule(name, pair, out_trees):
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise TypeError(
            located(f"the JVP rule of {name} must return a pair (value, tangent); got {type(pair)}")
        )
    outs, tree = tree_flatten(pair[0])
    tangents, t_tree = tree_flatten(pair[1])
    if tree != t_tree:
        raise TypeError(
            located(
                f"the JVP rule of {name} must return a tangent of the structure of the value: "
                + explain_mismatch(tree, t_tree, "the value", "the tangent")
            )
        )
    if out_trees and out_trees[-1] != tree:
        raise TypeError(
            located(
                f"the JVP rule of {name} must return a value of the structure {name} returns: "
                + explain_mismatch(out_trees[-1], tree, name, "the rule")
            )
        )
    outs = flat_values(outs)
    tangents = [
        instantiate(None, get_aval(o)) if type(t) is SymbolicZero else as_value(t)
        for o, t in zip(outs, tangents, strict=True)
    ]
    for o, t in zip(outs, tangents, strict=True):
        a, b = get_aval(o), get_aval(t)
        if a.shape != b.shape or (a.inexact and not b.inexact and not b.weak_type):
            raise TypeError(
                located(
                    f"the JVP rule of {name} must return a tangent like its value, {a}; got {b}"
                )
            )
    out_trees.append(tree)
    return outs, tangents
