"""Functions with derivative rules of their own: custom_jvp, custom_vjp, stop_gradient.

In eager code such a function runs as Python, on whatever values there are; staged, it becomes an
equation that holds its jaxpr and still knows its rule.
"""

import functools
import inspect

import numpy as np

from fgrad.core.array import as_eager
from fgrad.core.jaxpr import eval_jaxpr
from fgrad.core.source import located
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import Primitive, Tracer, Undefined, as_value, get_aval
from fgrad.core.tree import explain_mismatch, tree_flatten, tree_map, tree_unflatten
from fgrad.primitives.define import set_rules
from fgrad.primitives.reduce import reduce_sum
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
    """

    __slots__ = ("fun", "jaxpr", "name", "rules")

    def __init__(self, fun, rules, name, jaxpr=None):
        self.fun = fun
        self.rules = rules
        self.name = name
        self.jaxpr = jaxpr

    def __repr__(self):
        return self.name

    def run(self, *args):
        """The function itself."""
        if self.jaxpr is not None:
            return eval_jaxpr(self.jaxpr.jaxpr, self.jaxpr.consts, args)
        return self.fun(*args)


def _stage(primitive):
    """Staging a custom call: its function becomes a jaxpr, its rules stay."""

    def stage(trace, args, params):
        call = params["call"]
        if call.jaxpr is not None:
            return trace.stage(primitive, args, params)
        closed = trace_to_jaxpr(call.fun, [get_aval(a) for a in args], call.name)
        outer = [c for c in closed.consts if isinstance(c, Tracer)]
        staged = Call(None, _behind(call.rules, len(outer)), call.name, consts_as_inputs(closed))
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


def _call_avals(*avals, call):
    return call.jaxpr.out_avals


def _vmapped(trace, fun, dims):
    """A flat function over the batch of a trace, every output mapped."""
    return vmap_again(trace, lambda *args: list(fun(*args)), tuple(dims))


def _given(treedef, values):
    """Values as users' functions get them."""
    return tree_unflatten(treedef, [as_eager(v) for v in values])


def _base(values):
    return [as_value(v) for v in values]


# -- custom_jvp ----------------------------------------------------------------------------------


def _jvp_rule(primals, tangents, *, call):
    (rule,) = call.rules
    linear = next((t for t in tangents if type(t) is LinearTracer), None)
    full = [
        _zero_tangent(get_aval(p), linear) if t is None else t
        for p, t in zip(primals, tangents, strict=True)
    ]
    return rule(tuple(primals), tuple(full))


def _zero_tangent(aval, linear):
    """Zeros; beside a linear value a linear value too, so that a rule may add the two."""
    if linear is not None and aval.inexact:
        return linear._trace.input(aval.strong())
    return instantiate(None, aval)


def _jvp_batch(args, dims, size, *, call, trace):
    (rule,) = call.rules
    axes = _front_axes(dims)

    def batched_rule(primals, tangents):
        n = len(primals)
        # a tangent is mapped whether or not its primal is
        full = [
            t if d is not None else broadcast_to(t, (size, *get_aval(t).shape))
            for t, d in zip(tangents, axes, strict=True)
        ]
        return _split_pair(
            vmap_again(
                trace,
                lambda *v: _join_pair(rule(v[:n], v[n:])),
                (*axes, *(0 for _ in full)),
            )(*primals, *full)
        )

    return _batched_call(custom_jvp_call, args, dims, trace, call, (batched_rule,))


def _front_axes(dims):
    """Batch axes once they stand first."""
    return tuple([None if d is None else 0 for d in dims])


def _join_pair(pair):
    return [list(pair[0]), list(pair[1])]


def _split_pair(pair):
    return _base(pair[0]), _base(pair[1])


def _batched_call(primitive, args, dims, trace, call, rules):
    """The call of a function over a batch, whose axis comes first in arguments and results."""
    args, axes = batch_to_front(args, dims), _front_axes(dims)
    if call.jaxpr is None:
        fun, batched = (lambda *a: _base(_vmapped(trace, call.fun, axes)(*a))), None
    else:
        mapped = tuple([d is not None for d in dims])
        fun, (batched, _) = None, batch_jaxpr(call.jaxpr, trace.size, mapped, True)
    outs = primitive(*args, call=Call(fun, rules, call.name, batched))
    return outs, [0] * len(outs)


custom_jvp_call = Primitive("custom_jvp_call", multiple_results=True)
set_rules(
    custom_jvp_call,
    impl=lambda *args, call: call.run(*args),
    abstract_eval=_call_avals,
    jvp=_jvp_rule,
    batch=_jvp_batch,
)
custom_jvp_call.stage = _stage(custom_jvp_call)


def _bind_nondiff(fun, args, nondiff):
    """The differentiable arguments, and a function of them alone."""
    moving = [i for i in range(len(args)) if i not in nondiff]

    def restricted(*rest):
        full = list(args)
        for i, v in zip(moving, rest, strict=True):
            full[i] = v
        return fun(*full)

    return restricted, tuple([args[i] for i in moving])


def _positional(fun, args, kwargs):
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
        self.nondiff_argnums = _argnums(fun, nondiff_argnums, nondiff_argnames)
        self.jvp = None

    def defjvp(self, jvp, symbolic_zeros=False):
        """Set the rule: ``jvp(*nondiff, primals, tangents) -> (value, tangent)``."""
        check_callable(jvp, "defjvp")
        self.jvp = jvp
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
        args = _positional(self.fun, args, kwargs)
        nondiff = {n % len(args) for n in self.nondiff_argnums}
        restricted, moving = _bind_nondiff(self.fun, args, nondiff)
        leaves, in_tree = tree_flatten(moving)
        values = [as_argument(x, name, in_tree, i) for i, x in enumerate(leaves)]
        out_trees, theirs = [], list(values)

        def flat(*vs):
            outs, tree = tree_flatten(restricted(*_given(in_tree, vs)))
            out_trees.append(tree)
            theirs.extend(outs)
            return _base(outs)

        fixed = [args[i] for i in sorted(nondiff)]

        def rule(primals, tangents):
            pair = self.jvp(*fixed, _given(in_tree, primals), _given(in_tree, tangents))
            return _check_jvp_rule(name, pair, out_trees)

        outs = custom_jvp_call(*values, call=Call(flat, (rule,), name))
        return as_results(out_trees[-1], outs, theirs)


def _argnums(fun, numbers, names):
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
    outs, tangents = _base(outs), _base(tangents)
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


# -- custom_vjp ----------------------------------------------------------------------------------


def _custom_lin_impl(*args, call, out_avals, n):
    raise TypeError(
        located(
            f"{call.name} has a custom VJP rule, so it has no forward-mode derivative (jvp, "
            "jacfwd, hessian): use custom_jvp, or reverse mode"
        )
    )


def _custom_lin_transpose(cts, *args, call, out_avals, n):
    res, hollow = args[:n], args[n:]
    found = call.rules[1](tuple(res), list(cts))
    return [*(None for _ in res), *(c if type(h) is Undefined else None
                                    for c, h in zip(found, hollow, strict=True))]  # fmt: skip


def _custom_lin_batch(args, dims, size, *, call, out_avals, n):
    raise NotImplementedError(
        located(f"{call.name} has a custom VJP rule: its linearization cannot be batched; use vjp")
    )


custom_lin = Primitive("custom_lin", multiple_results=True)
set_rules(
    custom_lin,
    impl=_custom_lin_impl,
    abstract_eval=lambda *avals, call, out_avals, n: list(out_avals),
    linear="args",
    transpose=_custom_lin_transpose,
    batch=_custom_lin_batch,
)


def _vjp_linearize(primals, tangents, *, call):
    outs, res = call.rules[0](*primals)
    out_avals = tuple([get_aval(o) for o in outs])
    full = [
        instantiate(t, get_aval(p)) if get_aval(p).inexact else np.zeros(get_aval(p).shape)
        for p, t in zip(primals, tangents, strict=True)
    ]
    tangent_outs = custom_lin(*res, *full, call=call, out_avals=out_avals, n=len(res))
    return outs, [t if a.inexact else None for t, a in zip(tangent_outs, out_avals, strict=True)]


def _vjp_batch(args, dims, size, *, call, trace):
    fwd, bwd = call.rules
    axes = _front_axes(dims)

    def batched_fwd(*vs):
        def one(*v):
            outs, res = fwd(*v)
            return [list(outs), list(res)]

        outs, res = vmap_again(trace, one, axes)(*vs)
        return _base(outs), _base(res)

    def batched_bwd(res, cts):
        def one(res, cts):
            return list(bwd(tuple(res), list(cts)))

        found = _base_or_none(vmap_again(trace, one)(list(res), list(cts)))
        # an argument that all elements share gets the sum of their cotangents
        return [
            reduce_sum(c, axes=(0,)) if c is not None and d is None else c
            for c, d in zip(found, axes, strict=True)
        ]

    rules = batched_fwd, batched_bwd
    return _batched_call(custom_vjp_call, args, dims, trace, call, rules)


def _base_or_none(values):
    return [None if v is None else as_value(v) for v in values]


custom_vjp_call = Primitive("custom_vjp_call", multiple_results=True)
set_rules(
    custom_vjp_call,
    impl=lambda *args, call: call.run(*args),
    abstract_eval=_call_avals,
    jvp=_vjp_linearize,
    batch=_vjp_batch,
)
custom_vjp_call.stage = _stage(custom_vjp_call)


class custom_vjp:
    """A function whose reverse derivative is given by a pair of rules.

    Parameters
    ----------
    fun : callable
        A pure function.
    nondiff_argnums : sequence of int
        Positional arguments that are no arrays, or are not to be differentiated; `bwd` gets them
        first.

    Examples
    --------
    >>> import fgrad
    >>> @fgrad.custom_vjp
    ... def f(x):
    ...     return x**2
    >>> f.defvjp(lambda x: (f(x), x), lambda x, ct: (100.0 * ct,))
    >>> fgrad.grad(f)(3.0)
    np.float64(100.0)
    """

    def __init__(self, fun, nondiff_argnums=(), nondiff_argnames=()):
        check_callable(fun, "custom_vjp")
        functools.update_wrapper(self, fun)
        self.fun = fun
        self.nondiff_argnums = _argnums(fun, nondiff_argnums, nondiff_argnames)
        self.fwd = self.bwd = None

    def defvjp(self, fwd, bwd, symbolic_zeros=False, optimize_remat=False):
        """Set the rules.

        Parameters
        ----------
        fwd : callable
            ``fwd(*args) -> (value, residuals)``.
        bwd : callable
            ``bwd(*nondiff, residuals, cotangent) -> cotangents``, a tuple with one entry for each
            differentiable argument; None for zero.
        """
        check_callable(fwd, "defvjp")
        check_callable(bwd, "defvjp")
        self.fwd, self.bwd = fwd, bwd

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args, **kwargs):
        name = function_name(self.fun)
        if self.fwd is None:
            raise AttributeError(
                located(f"no VJP rule defined for custom_vjp function {name}: use {name}.defvjp")
            )
        args = _positional(self.fun, args, kwargs)
        nondiff = {n % len(args) for n in self.nondiff_argnums}
        restricted, moving = _bind_nondiff(self.fun, args, nondiff)
        restricted_fwd, _ = _bind_nondiff(self.fwd, args, nondiff)
        leaves, in_tree = tree_flatten(moving)
        values = [as_argument(x, name, in_tree, i) for i, x in enumerate(leaves)]
        avals = [get_aval(v) for v in values]
        out_trees, res_trees, theirs = [], [], list(values)
        fixed = [args[i] for i in sorted(nondiff)]

        def flat(*vs):
            outs, tree = tree_flatten(restricted(*_given(in_tree, vs)))
            out_trees.append(tree)
            theirs.extend(outs)
            return _base(outs)

        def fwd(*vs):
            pair = restricted_fwd(*_given(in_tree, vs))
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise TypeError(
                    located(
                        f"the fwd rule of {name} must return a pair (value, residuals); "
                        f"got {type(pair).__name__}"
                    )
                )
            outs, tree = tree_flatten(pair[0])
            if out_trees and tree != out_trees[-1]:
                raise TypeError(
                    located(
                        f"the fwd rule of {name} must return a value of the structure {name} "
                        "returns: " + explain_mismatch(out_trees[-1], tree, name, "the rule")
                    )
                )
            out_trees.append(tree)
            res, res_tree = tree_flatten(pair[1])
            res_trees.append(res_tree)
            return _base(outs), _base(res)

        def bwd(res, cts):
            found = self.bwd(*fixed, _given(res_trees[-1], res), _given(out_trees[-1], cts))
            return _check_bwd(name, found, moving, avals)

        outs = custom_vjp_call(*values, call=Call(flat, (fwd, bwd), name))
        return as_results(out_trees[-1], outs, theirs)


def _check_bwd(name, found, moving, avals):
    """Flat cotangents for the arguments, or an error that says what the rule should return."""
    if isinstance(found, list):
        found = tuple(found)
    if not isinstance(found, tuple) or len(found) != len(moving):
        got = f"{len(found)} entries" if isinstance(found, tuple) else type(found).__name__
        raise TypeError(
            located(
                f"the bwd rule of {name} must return a tuple with one cotangent for each of its "
                f"{len(moving)} arguments; got {got}"
            )
        )
    out = []
    at = 0
    for i, (c, arg) in enumerate(zip(found, moving, strict=True)):
        leaves, tree = tree_flatten(arg)
        n = len(leaves)
        if c is None:
            out += [None] * n
        else:
            cts, ct_tree = tree_flatten(c)
            if ct_tree != tree:
                raise TypeError(
                    located(
                        f"the bwd rule of {name} must return for argument {i} a cotangent of its "
                        "structure: "
                        + explain_mismatch(tree, ct_tree, "the argument", "the cotangent")
                    )
                )
            for v, a in zip(cts, avals[at : at + n], strict=True):
                if not a.inexact:
                    out.append(None)
                    continue
                v = as_argument(v, f"the bwd rule of {name}")
                have = get_aval(v)
                if have.shape != a.shape:
                    raise ValueError(
                        located(
                            f"the bwd rule of {name} must return for argument {i} a cotangent like "
                            f"it, {a}; got {have}"
                        )
                    )
                out.append(v)
        at += n
    return out
