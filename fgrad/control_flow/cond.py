"""cond and switch: one of several programs, chosen by a number.

The primitive ``cond(index, *operands)`` holds one jaxpr for each branch, all of the same types.
Its derivative is a choice between derivatives; a batched choice computes every branch.
"""

import numpy as np

from fgrad import compiler
from fgrad.control_flow.stage import as_carry_aval, closed_over, strong, taking
from fgrad.core.source import located
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import Primitive, Undefined, get_aval
from fgrad.core.tree import explain_mismatch, tree_flatten, tree_unflatten
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import clamp, eq
from fgrad.primitives.parts import select
from fgrad.primitives.shape import broadcast_to, convert_element_type, reshape
from fgrad.transforms.face import as_argument, as_results, check_callable, function_name, leaf_path
from fgrad.transforms.jaxprs import (
    batch_jaxpr,
    batch_to_front,
    jvp_jaxpr,
    linearize_jaxpr,
    transpose_jaxpr,
)
from fgrad.transforms.jit import jit_is_disabled
from fgrad.transforms.linear import instantiate
from fgrad.transforms.programs import rearranged, with_outputs
from fgrad.transforms.split import split_program
from fgrad.transforms.stage import stage_function


def _impl(index, *args, branches):
    return compiler.compiled(branches[index])(*args)


def _jvp(primals, tangents, *, branches):
    index, *args = primals
    _, *tangents = tangents
    nonzero = tuple([t is not None for t in tangents])
    found = [jvp_jaxpr(b, nonzero)[1] for b in branches]
    force = tuple([any(flags) for flags in zip(*found, strict=True)])
    both = tuple([jvp_jaxpr(b, nonzero, force)[0] for b in branches])
    outs = cond_p(index, *args, *(t for t in tangents if t is not None), branches=both)
    n = len(force)
    rest = iter(outs[n:])
    return outs[:n], [next(rest) if nz else None for nz in force]


def _linearize(primals, tangents, *, branches):
    index, *args = primals
    _, *tangents = tangents
    nonzero = tuple([t is not None for t in tangents])
    found = [linearize_jaxpr(b, nonzero)[2] for b in branches]
    force = tuple([any(flags) for flags in zip(*found, strict=True)])
    parts = [linearize_jaxpr(b, nonzero, force) for b in branches]
    n = len(force)
    avals, places = _shared_residuals([primal.out_avals[n:] for primal, *_ in parts])
    primal = [_padded(p, n, avals, k) for (p, *_), k in zip(parts, places, strict=True)]
    linear = [_reading(p, avals, k) for (_, p, *_), k in zip(parts, places, strict=True)]
    outs = cond_p(index, *args, branches=tuple(primal))
    if not any(force):
        return outs[:n], [None] * n
    given = [t for t in tangents if t is not None]
    rest = iter(cond_p(index, *outs[n:], *given, branches=tuple(linear)))
    return outs[:n], [next(rest) if nz else None for nz in force]


def _shared_residuals(groups):
    """Places for the residuals of all branches: those of one type share theirs.

    Returns
    -------
    list of ShapedArray
        Of the places.
    list of list of int
        For each branch the places of its residuals.
    """
    avals, places = [], []
    for group in groups:
        free = list(range(len(avals)))
        mine = []
        for aval in group:
            aval = aval.strong()
            place = next((k for k in free if avals[k] == aval), None)
            if place is None:
                place = len(avals)
                avals.append(aval)
            else:
                free.remove(place)
            mine.append(place)
        places.append(mine)
    return avals, places


def _padded(closed, n, avals, places):
    """The branch with its residuals at their places, and zeros at those of others."""

    def run(*args):
        outs = closed(*args)
        residuals = [np.zeros(a.shape, a.dtype)[()] for a in avals]
        for k, r in zip(places, outs[n:], strict=True):
            residuals[k] = strong(r)
        return [*outs[:n], *residuals]

    return trace_to_jaxpr(run, closed.in_avals, closed.jaxpr.debug_name)


def _reading(closed, avals, places):
    """The linear branch, which takes the residuals of all."""
    tangents = closed.in_avals[len(places) :]

    def run(*args):
        return closed(*(args[k] for k in places), *args[len(avals) :])

    return trace_to_jaxpr(run, [*avals, *tangents], closed.jaxpr.debug_name)


def _transpose(cts, index, *args, branches):
    linear = tuple([type(a) is Undefined for a in args])
    avals = [a.aval for a in args if type(a) is Undefined]
    transposed = []
    for branch in branches:
        closed, nonzero = transpose_jaxpr(branch, linear, (True,) * len(cts))

        def run(*xs, closed=closed, nonzero=nonzero):
            found = iter(closed(*xs))
            return [
                instantiate(next(found) if nz else None, a)
                for nz, a in zip(nonzero, avals, strict=True)
            ]

        transposed.append(trace_to_jaxpr(run, closed.in_avals, closed.jaxpr.debug_name))
    known = [a for a in args if type(a) is not Undefined]
    found = iter(cond_p(index, *known, *cts, branches=tuple(transposed)))
    return [None, *(next(found) if m else None for m in linear)]


def _split(linear, args, *, branches):
    """Compute the results in which the operands in question have no part in any branch."""
    index, *operands = args
    choice, *linear = linear
    linear = tuple(linear)
    parts = [split_program(b, linear) for b in branches]
    columns = zip(*(flags for *_, flags in parts), strict=True)
    depends = tuple([choice or any(column) for column in columns])
    if all(depends):
        return [], args, {"branches": branches}, depends
    known = []
    for program, _, flags in parts:
        outs = iter(program.jaxpr.outvars)
        of_one = [None if f else next(outs) for f in flags]
        kept = [v for v, d in zip(of_one, depends, strict=True) if not d]
        known.append(with_outputs(program, kept))
    keep = [k for k, d in enumerate(depends) if d]
    rest = tuple([rearranged(b, range(len(operands)), keep) for b in branches])
    values = [a for a, m in zip(operands, linear, strict=True) if not m]
    return cond_p(index, *values, branches=tuple(known)), args, {"branches": rest}, depends


def _batch(args, dims, size, *, branches):
    from fgrad.control_flow.checkify import batch_checked, has_checks  # which knows this one

    if dims[0] is not None and any(map(has_checks, branches)):
        return batch_checked(cond_p, args, dims, size, branches=branches)
    index, *args = args
    on, *dims = dims
    flags = tuple([d is not None for d in dims])
    args = batch_to_front(args, dims)
    if on is None:
        found = [batch_jaxpr(b, size, flags)[1] for b in branches]
        force = tuple([any(column) for column in zip(*found, strict=True)])
        batched = tuple([batch_jaxpr(b, size, flags, force)[0] for b in branches])
        outs = cond_p(index, *args, branches=batched)
        return outs, [0 if f else None for f in force]
    outs = None
    for k, branch in enumerate(branches):
        closed, _ = batch_jaxpr(branch, size, flags, True)
        mine = closed(*args)
        if outs is None:
            outs = mine
            continue
        chosen = eq(index, k)
        outs = [
            select(
                broadcast_to(
                    reshape(chosen, new_sizes=(size, *(1,) * (len(get_aval(m).shape) - 1))),
                    get_aval(m).shape,
                ),
                m,
                o,
            )
            for m, o in zip(mine, outs, strict=True)
        ]
    return outs, [0] * len(outs)


def _prune(used, *, branches):
    if all(used):
        return None
    keep = [k for k, u in enumerate(used) if u]
    everything = range(len(branches[0].in_avals))
    pruned = tuple([rearranged(b, everything, keep) for b in branches])
    return range(len(everything) + 1), keep, {"branches": pruned}


class Switch:
    """Compiled branches.

    Attributes
    ----------
    source : str
    """

    def __init__(self, branches):
        self._branches = [compiler.compiled(b) for b in branches]
        self.source = "\n\n".join(b.source for b in self._branches)

    def __call__(self, index, *args):
        return self._branches[index](*args)


cond_p = Primitive("cond", multiple_results=True)
set_rules(
    cond_p,
    impl=_impl,
    abstract_eval=lambda index, *avals, branches: branches[0].out_avals,
    jvp=_jvp,
    linear="args",
    transpose=_transpose,
    batch=_batch,
)
cond_p.linearize = _linearize
cond_p.split = _split
cond_p.prune = _prune
cond_p.lower = lambda branches: Switch(branches)


# -- the functions -------------------------------------------------------------------------------


def cond(pred, true_fun, false_fun, *operands, operand=None):
    """``true_fun(*operands)`` if `pred` holds, else ``false_fun(*operands)``.

    Parameters
    ----------
    pred : bool scalar
        May be traced; a number counts as true unless it is zero.
    true_fun, false_fun : callable
        Pure, with results of the same structure, shapes and dtypes. Both are traced, one runs;
        under `vmap` of the predicate both run.
    *operands : pytrees of arrays
    operand : pytree, optional
        One operand, by name.

    Returns
    -------
    pytree

    Raises
    ------
    TypeError
        If the results of the branches differ in structure or types, or `pred` is no scalar.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> f = fgrad.jit(lambda x: fgrad.lax.cond(x > 0, fnp.sqrt, lambda x: -x, x))
    >>> f(4.0), f(-3.0)
    (np.float64(2.0), np.float64(3.0))
    """
    check_callable(true_fun, "cond")
    check_callable(false_fun, "cond")
    if operand is not None:
        operands = (*operands, operand)
    pred = as_argument(pred, "cond: pred")
    aval = get_aval(pred)
    if aval.shape or aval.dtype.kind not in "biuf":
        raise TypeError(located(f"cond: pred must be a boolean scalar; got {aval}"))
    if jit_is_disabled():
        return (true_fun if pred else false_fun)(*operands)
    index = convert_element_type(eq(pred, 0), new_dtype=_INDEX)
    return _choose("cond", index, (true_fun, false_fun), operands)


def switch(index, branches, *operands, operand=None):
    """``branches[index](*operands)``, the index moved into range.

    Parameters
    ----------
    index : integer scalar
        May be traced; below zero counts as the first branch, too large as the last.
    branches : sequence of callables
        As those of `cond`.
    *operands : pytrees of arrays
    operand : pytree, optional
        One operand, by name.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.switch(1, [lambda x: x, lambda x: 2 * x, lambda x: 3 * x], 5.0)
    np.float64(10.0)
    """
    branches = tuple(branches)
    if not branches:
        raise ValueError(located("switch: give at least one branch"))
    for b in branches:
        check_callable(b, "switch")
    if operand is not None:
        operands = (*operands, operand)
    index = as_argument(index, "switch: index")
    aval = get_aval(index)
    if aval.shape or aval.dtype.kind not in "iu":
        raise TypeError(located(f"switch: index must be an integer scalar; got {aval}"))
    index = clamp(0, index, len(branches) - 1)
    if jit_is_disabled():
        return branches[int(index)](*operands)
    if len(branches) == 1:
        return branches[0](*operands)
    return _choose("switch", index, branches, operands)


_INDEX = np.dtype(np.int64)


def _choose(name, index, branches, operands):
    leaves, tree = tree_flatten(operands)
    values = [as_argument(x, f"{name}: operand", tree, i) for i, x in enumerate(leaves)]
    avals = tree_unflatten(tree, [get_aval(v) for v in values])
    staged = [stage_function(b, avals, {}, name) for b in branches]
    out_tree = staged[0][2]
    for b, (_, _, other) in zip(branches[1:], staged[1:], strict=True):
        _check_structure(name, branches[0], b, out_tree, other)
    programs = [closed for closed, *_ in staged]
    out_avals = _joined(name, branches, out_tree, [p.out_avals for p in programs])
    outer = closed_over(programs)
    programs = tuple([taking(p, outer, out_avals) for p in programs])
    outs = cond_p(index, *outer, *values, branches=programs)
    return as_results(out_tree, outs, [*outer, *values])


def _check_structure(name, first, other, want, got):
    if got != want:
        trees = [tree_unflatten(t, [0.0] * t.num_leaves) for t in (want, got)]
        a, b = function_name(first), function_name(other)
        difference = explain_mismatch(*trees, f"the result of {a}", f"that of {b}")
        raise TypeError(located(f"{name}: all branches must give the same structure: {difference}"))


def _joined(name, branches, tree, groups):
    """The types of the results: those that are not weak decide."""
    joined = []
    for i, column in enumerate(zip(*groups, strict=True)):
        strong = [a for a in column if not a.weak_type]
        want = strong[0] if strong else max(column, key=lambda a: "biufc".index(a.dtype.kind))
        for b, a in zip(branches, column, strict=True):
            if as_carry_aval(a, want) != want:
                at = leaf_path(tree, i)
                first = function_name(branches[0])
                raise TypeError(
                    located(
                        f"{name}: all branches must give the same types: "
                        f"{'at ' + at + ', ' if at else ''}{first} gives {column[0]}, "
                        f"{function_name(b)} gives {a}"
                    )
                )
        joined.append(want)
    return joined
