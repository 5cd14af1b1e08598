"""Functions given to loops and branches as jaxprs, and the checks of what they return."""

import numpy as np

from fgrad.core.jaxpr import eval_jaxpr
from fgrad.core.source import located
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import Tracer, as_value, get_aval
from fgrad.core.tree import explain_mismatch, tree_unflatten
from fgrad.primitives.shape import convert_element_type
from fgrad.transforms.face import function_name, leaf_path
from fgrad.transforms.jaxprs import consts_as_inputs
from fgrad.transforms.stage import stage_function


def stage_open(fun, args, name):
    """The jaxpr of ``fun(*args)`` with the tracers it closes over as its first inputs.

    Returns
    -------
    list
        Those tracers.
    ClosedJaxpr
    PyTreeDef
        The structure of the result.
    """
    closed, _, out_tree = stage_function(fun, args, {}, name)
    outer = [c for c in closed.consts if isinstance(c, Tracer)]
    return outer, consts_as_inputs(closed), out_tree


def closed_over(programs):
    """The tracers that programs close over, each once."""
    return list({id(c): c for p in programs for c in p.consts if isinstance(c, Tracer)}.values())


def taking(closed, outer, out_avals):
    """The program with `outer`, tracers that it may close over, as its first inputs.

    Its results take the types `out_avals`, from which they may differ in being weak alone.
    """
    numbers = {id(c): k for k, c in enumerate(outer)}

    def run(*args):
        consts = [args[numbers[id(c)]] if id(c) in numbers else c for c in closed.consts]
        outs = eval_jaxpr(closed.jaxpr, consts, *args[len(outer) :])
        return [as_carry(as_value(o), a) for o, a in zip(outs, out_avals, strict=True)]

    avals = [*(get_aval(c) for c in outer), *closed.in_avals]
    return trace_to_jaxpr(run, avals, closed.jaxpr.debug_name)


def stage_carry(name, fun, carry_tree, avals, rest, split):
    """Stage a function of a carry, with the types that weak values of the carry grow into.

    Parameters
    ----------
    name, fun
        For messages, and the function.
    carry_tree : PyTreeDef
    avals : list of ShapedArray
        Of the first carry.
    rest : tuple
        More arguments, or avals of them.
    split : callable
        ``split(out_tree)``: from the structure of the result that of the new carry.

    Returns
    -------
    list of ShapedArray
        Of the carry.
    list, ClosedJaxpr, PyTreeDef
        As of `stage_open`.
    """
    while True:
        carry = tree_unflatten(carry_tree, avals)
        outer, closed, out_tree = stage_open(fun, (carry, *rest), name)
        got_tree = split(out_tree)
        check_same_structure(name, fun, got_tree, carry_tree)
        got = closed.out_avals[: len(avals)]
        grown = [_grown(a, o) for a, o in zip(avals, got, strict=True)]
        if grown == avals:
            break
        avals = grown
    outs = [as_carry_aval(o, a) for o, a in zip(got, avals, strict=True)]
    check_same_types(name, fun, carry_tree, outs, avals)
    return avals, outer, _converted(closed, avals), out_tree


def _grown(a, o):
    """The aval of a carry of which the body makes `o`."""
    if not a.weak_type or o.shape:
        return a
    if o.weak_type:
        return max(a, o, key=lambda w: "iufc".index(w.dtype.kind))
    return o if np.result_type(o.dtype, a.dtype.type(0).item()) == o.dtype else a


def as_carry_aval(have, want):
    """The aval a value takes where `want` is wanted: `want`, if it is weak and no wider."""
    if have.weak_type and not want.shape and have != want:
        number = have.dtype.type(0).item()
        if want.weak_type or np.result_type(want.dtype, number) == want.dtype:
            return want
    return want if have.strong() == want.strong() else have


def as_carry(x, aval):
    """A value as one of that aval, which differs in being weak alone."""
    have = get_aval(x)
    if have == aval or as_carry_aval(have, aval) != aval:
        return x
    weak = {"weak_type": True} if aval.weak_type else {}
    return convert_element_type(x, new_dtype=aval.dtype, **weak)


def strong(x):
    """A value as one that is not weak."""
    aval = get_aval(x)
    return convert_element_type(x, new_dtype=aval.dtype) if aval.weak_type else x


def _converted(closed, avals):
    """The program with its first results as those avals."""
    if all(o == a for o, a in zip(closed.out_avals, avals, strict=False)):
        return closed

    def run(*args):
        outs = closed(*args)
        return [*map(as_carry, outs, avals), *outs[len(avals) :]]

    return trace_to_jaxpr(run, closed.in_avals, closed.jaxpr.debug_name)


def check_same_structure(name, fun, got, want):
    """Refuse a new carry whose pytree is not that of the old one."""
    if got != want:
        trees = [tree_unflatten(t, [0.0] * t.num_leaves) for t in (got, want)]
        difference = explain_mismatch(*trees, "the carry it gives", "the carry it takes")
        text = f"{name}: {function_name(fun)} must give a carry like the one it takes: {difference}"
        raise TypeError(located(text))


def check_same_types(name, fun, tree, got, want):
    """Refuse a new carry of other types than the old one; all differences are named."""
    wrong = [
        f"{leaf_path(tree, i) or 'it'} goes in as {w} and comes out as {g}"
        for i, (g, w) in enumerate(zip(got, want, strict=True))
        if g != w
    ]
    if wrong:
        raise TypeError(
            located(
                f"{name}: {function_name(fun)} must give a carry of the types it takes: "
                + "; ".join(wrong)
            )
        )


def check_condition(fun, closed, out_tree):
    """Refuse a condition that is no boolean scalar."""
    if out_tree.num_leaves != 1 or out_tree.node_data() is not None:
        given = tree_unflatten(out_tree, [0.0] * out_tree.num_leaves)
        raise TypeError(
            located(
                f"while_loop: {function_name(fun)} must give a boolean scalar; "
                f"it gave a pytree {given!r}"
            )
        )
    (aval,) = closed.out_avals
    if aval.shape or aval.dtype.kind != "b":
        raise TypeError(
            located(f"while_loop: {function_name(fun)} must give a boolean scalar; it gave {aval}")
        )
