"""custom_vjp: functions whose reverse derivative is given by a pair of rules."""

import functools

import numpy as np

from fgrad.core.array import as_eager
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Undefined, as_value, get_aval
from fgrad.core.tree import explain_mismatch, tree_flatten, tree_map
from fgrad.primitives.define import set_rules
from fgrad.primitives.reduce import reduce_sum
from fgrad.transforms.custom import (
    Call,
    SymbolicZero,
    argnums_of,
    batched_call,
    bind_nondiff,
    call_avals,
    flat_values,
    for_user,
    front_axes,
    positional,
    stage_call,
)
from fgrad.transforms.face import as_argument, as_results, check_callable, function_name
from fgrad.transforms.linear import instantiate
from fgrad.transforms.vmap import vmap_again


def _custom_lin_impl(*args, call, out_avals, n):
    raise TypeError(
        located(
            f"{call.name} has a custom VJP rule, so it has no forward-mode derivative (jvp, "
            "jacfwd, hessian): use custom_jvp, or reverse mode"
        )
    )


def _custom_lin_transpose(cts, *args, call, out_avals, n):
    res, hollow = args[:n], args[n:]
    zero = SymbolicZero if call.symbolic_zeros else functools.partial(instantiate, None)
    cts = [zero(a) if c is None else c for c, a in zip(cts, out_avals, strict=True)]
    found = call.rules[1](tuple(res), cts)
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
custom_lin.symbolic_zeros = True


class CustomVJPPrimal:
    """An argument as the `fwd` rule gets it that asked for symbolic zeros.

    Parameters
    ----------
    value : array
    perturbed : bool
        Whether it is differentiated by.
    """

    __slots__ = ("perturbed", "value")

    def __init__(self, value, perturbed):
        self.value = value
        self.perturbed = perturbed

    def __repr__(self):
        return f"CustomVJPPrimal({self.value!r}, perturbed={self.perturbed})"


def custom_vjp_primal_tree_values(tree):
    """The values in a pytree of `CustomVJPPrimal`.

    Raises
    ------
    TypeError
        If a leaf is none.

    Examples
    --------
    >>> from fgrad.custom_derivatives import CustomVJPPrimal, custom_vjp_primal_tree_values
    >>> custom_vjp_primal_tree_values([CustomVJPPrimal(1.0, True)])
    [1.0]
    """

    def value(leaf):
        if type(leaf) is not CustomVJPPrimal:
            raise TypeError(
                located(
                    "custom_vjp_primal_tree_values: wanted a pytree of CustomVJPPrimal; a leaf is "
                    f"a {type(leaf).__name__}"
                )
            )
        return leaf.value

    return tree_map(value, tree)


def _vjp_linearize(primals, tangents, *, call):
    given = primals
    if call.symbolic_zeros:
        given = [CustomVJPPrimal(p, t is not None) for p, t in zip(primals, tangents, strict=True)]
    outs, res = call.rules[0](*given)
    out_avals = tuple([get_aval(o) for o in outs])
    full = [
        instantiate(t, get_aval(p)) if get_aval(p).inexact else np.zeros(get_aval(p).shape)
        for p, t in zip(primals, tangents, strict=True)
    ]
    tangent_outs = custom_lin(*res, *full, call=call, out_avals=out_avals, n=len(res))
    return outs, [t if a.inexact else None for t, a in zip(tangent_outs, out_avals, strict=True)]


def _vjp_batch(args, dims, size, *, call, trace):
    fwd, bwd = call.rules
    axes = front_axes(dims)

    def batched_fwd(*vs):
        perturbed = [v.perturbed for v in vs] if call.symbolic_zeros else ()
        vs = custom_vjp_primal_tree_values(vs) if call.symbolic_zeros else vs

        def one(*v):
            if call.symbolic_zeros:
                v = map(CustomVJPPrimal, v, perturbed)
            outs, res = fwd(*v)
            return [list(outs), list(res)]

        outs, res = vmap_again(trace, one, axes)(*vs)
        return flat_values(outs), flat_values(res)

    def batched_bwd(res, cts):
        def one(res, given):
            given = iter(given)
            each = [
                SymbolicZero(_of_one(c.aval)) if type(c) is SymbolicZero else next(given)
                for c in cts
            ]
            return list(bwd(tuple(res), each))

        given = [c for c in cts if type(c) is not SymbolicZero]
        found = _base_or_none(vmap_again(trace, one)(list(res), given))
        # an argument that all elements share gets the sum of their cotangents
        return [
            reduce_sum(c, axes=(0,)) if c is not None and d is None else c
            for c, d in zip(found, axes, strict=True)
        ]

    rules = batched_fwd, batched_bwd
    return batched_call(custom_vjp_call, args, dims, trace, call, rules)


def _of_one(aval):
    return aval.update(shape=aval.shape[1:])


def _base_or_none(values):
    return [None if v is None else as_value(v) for v in values]


custom_vjp_call = Primitive("custom_vjp_call", multiple_results=True)
set_rules(
    custom_vjp_call,
    impl=lambda *args, call: call.run(*args),
    abstract_eval=call_avals,
    jvp=_vjp_linearize,
    batch=_vjp_batch,
)
custom_vjp_call.stage = stage_call(custom_vjp_call)


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
        self.nondiff_argnums = argnums_of(fun, nondiff_argnums, nondiff_argnames)
        self.fwd = self.bwd = None
        self.symbolic_zeros = False

    def defvjp(self, fwd, bwd, symbolic_zeros=False, optimize_remat=False):
        """Set the rules.

        Parameters
        ----------
        fwd : callable
            ``fwd(*args) -> (value, residuals)``.
        bwd : callable
            ``bwd(*nondiff, residuals, cotangent) -> cotangents``, a tuple with one entry for each
            differentiable argument; None for zero.
        symbolic_zeros : bool
            Whether `fwd` gets its arguments as `CustomVJPPrimal`, which say whether they are
            differentiated by, and `bwd` a `SymbolicZero` where a cotangent is zero.
        optimize_remat : bool
            Accepted for compatibility.
        """
        check_callable(fwd, "defvjp")
        check_callable(bwd, "defvjp")
        self.fwd, self.bwd, self.symbolic_zeros = fwd, bwd, symbolic_zeros

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args, **kwargs):
        name = function_name(self.fun)
        if self.fwd is None:
            raise AttributeError(
                located(f"no VJP rule defined for custom_vjp function {name}: use {name}.defvjp")
            )
        args = positional(self.fun, args, kwargs)
        nondiff = {n % len(args) for n in self.nondiff_argnums}
        restricted, moving = bind_nondiff(self.fun, args, nondiff)
        restricted_fwd, _ = bind_nondiff(self.fwd, args, nondiff)
        leaves, in_tree = tree_flatten(moving)
        values = [as_argument(x, name, in_tree, i) for i, x in enumerate(leaves)]
        avals = [get_aval(v) for v in values]
        out_trees, res_trees, theirs = [], [], list(values)
        fixed = [args[i] for i in sorted(nondiff)]

        def flat(*vs):
            outs, tree = tree_flatten(restricted(*for_user(in_tree, vs)))
            out_trees.append(tree)
            theirs.extend(outs)
            return flat_values(outs)

        def fwd(*vs):
            if self.symbolic_zeros:
                vs = [CustomVJPPrimal(as_eager(v.value), v.perturbed) for v in vs]
            pair = restricted_fwd(*for_user(in_tree, vs))
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
            return flat_values(outs), flat_values(res)

        def bwd(res, cts):
            found = self.bwd(*fixed, for_user(res_trees[-1], res), for_user(out_trees[-1], cts))
            return _check_bwd(name, found, moving, avals)

        call = Call(flat, (fwd, bwd), name, symbolic_zeros=self.symbolic_zeros)
        outs = custom_vjp_call(*values, call=call)
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
                if not a.inexact or type(v) is SymbolicZero:
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
