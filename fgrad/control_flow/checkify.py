"""Checks as values: programs that say which of their checks failed first.

A checked program gives, behind its own results, the number of the first check that failed, or -1,
and the values that belong to each of its checks. The checks of a program inside an operation are
checks of the operation; a loop carries the number and the values from step to step.
"""

import functools
from contextlib import nullcontext

import numpy as np

from fgrad.control_flow.checks import NO_FAILURE, Error, Failure, check_error
from fgrad.control_flow.cond import cond_p
from fgrad.control_flow.scan import scan
from fgrad.control_flow.while_loop import while_p
from fgrad.core.avals import shaped_array
from fgrad.core.jaxpr import Literal, jaxprs_in_params
from fgrad.core.source import located
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import Tracer, get_aval, thread
from fgrad.core.tree import tree_flatten
from fgrad.primitives.check import check as check_p
from fgrad.primitives.elementwise import add, clamp, div, eq, ge, isnan, logical_or, lt
from fgrad.primitives.index import gather, scatter
from fgrad.primitives.parts import select
from fgrad.primitives.reduce import argmin, reduce_or
from fgrad.primitives.shape import reshape, stop_gradient
from fgrad.transforms.checkpoint import remat
from fgrad.transforms.custom import custom_jvp_call
from fgrad.transforms.custom_vjp import custom_vjp_call
from fgrad.transforms.face import as_argument, as_results, check_callable
from fgrad.transforms.jit import jit_call
from fgrad.transforms.programs import memoized, rearranged, with_outputs
from fgrad.transforms.stage import stage_function
from fgrad.transforms.vmap import BatchTrace, BatchTracer

user_checks = frozenset({"user"})
nan_checks = frozenset({"nan"})
div_checks = frozenset({"div"})
index_checks = frozenset({"index"})
float_checks = nan_checks | div_checks
automatic_checks = float_checks | index_checks
all_checks = automatic_checks | user_checks

_CODE = shaped_array((), np.dtype(np.int64))


# -- programs ------------------------------------------------------------------------------------


class _Checks:
    """The checks of a program, while it is run.

    Attributes
    ----------
    failures : list of Failure
    code : integer scalar
        The number of the first that failed, or -1.
    values : list
        Of all checks.
    """

    def __init__(self):
        self.failures = []
        self.code = NO_FAILURE
        self.values = []

    def add(self, failed, failure, values=()):
        """One more check."""
        self.include([failure], select(failed, np.int64(0), NO_FAILURE), values)

    def include(self, failures, code, values):
        """The checks of a part of the program."""
        if failures:
            moved = add(code, np.int64(len(self.failures)))
            moved = select(lt(code, 0), NO_FAILURE, moved)
            self.code = moved if not self.failures else select(lt(self.code, 0), moved, self.code)
            self.failures += failures
            self.values += values


def _run(closed, args, errors):
    """Carry a program out: its results and its checks."""
    j = closed.jaxpr
    env = dict(zip(j.constvars, closed.consts, strict=True))
    env.update(zip(j.invars, args, strict=True))
    read = lambda v: v.val if type(v) is Literal else env[v]
    checks = _Checks()
    outside = thread.source
    try:
        for eqn in j.eqns:
            thread.source = eqn.source or outside
            outs = _do(checks, errors, eqn, list(map(read, eqn.invars)))
            env.update(zip(eqn.outvars, outs, strict=True))
    finally:
        thread.source = outside
    return list(map(read, j.outvars)), checks


def _do(checks, errors, eqn, args):
    primitive, params = eqn.primitive, eqn.params
    if primitive is check_p:
        if "user" in errors:
            _add_user_check(checks, *args, **params)
        return []
    inside = _INSIDE.get(primitive)
    if inside is not None:
        return inside(checks, errors, args, **params)
    if any(map(has_checks, jaxprs_in_params(params))):
        raise NotImplementedError(
            located(f"checkify: a check inside {primitive.name} cannot be made a result")
        )
    if "index" in errors and primitive in (gather, scatter):
        args = _check_index(checks, eqn.source, 0 if primitive is gather else 1, args, **params)
    if "div" in errors and primitive is div:
        zero = eq(args[1], 0)
        checks.add(_any(zero), Failure(lambda _: "division by zero", where=eqn.source))
    out = primitive.bind(*args, **params)
    outs = out if primitive.multiple_results else [out]
    if "nan" in errors and primitive.name not in _MOVES:
        _check_nan(checks, primitive, eqn.source, outs)
    return outs


def has_checks(closed):
    """Whether a program has checks, itself or in programs inside it."""
    return closed.effectful and any(
        e.primitive is check_p or any(map(has_checks, jaxprs_in_params(e.params)))
        for e in closed.eqns
    )


def _any(mask):
    return reduce_or(mask, axes=tuple(range(get_aval(mask).ndim)))


def _first_false(flags):
    return argmin(flags, axis=0, index_dtype=np.dtype(np.int64))


def _add_user_check(checks, pred, *values, failure):
    ndim, size = get_aval(pred).ndim, get_aval(pred).size
    if not size:
        return
    if ndim:  # of a batch, the first that fails
        pred = reshape(pred, new_sizes=(size,))
        first = _first_false(pred)
        values = [
            gather(
                reshape(v, new_sizes=(size, *get_aval(v).shape[ndim:])),
                first, axes=(0,), out_axis=0,
            )
            for v in values
        ]  # fmt: skip
        pred = gather(pred, first, axes=(0,), out_axis=0)
    checks.add(eq(pred, False), failure, values)


# What these give is no new number: a NaN of theirs was there before.
_MOVES = frozenset(
    ("reshape", "transpose", "broadcast_in_dim", "slice", "concatenate", "convert_element_type",
     "stop_gradient", "select", "real", "imag", "conj", "neg", "gather", "dynamic_slice", "sort")
)  # fmt: skip


def _check_nan(checks, primitive, source, outs):
    masks = [_any(isnan(o)) for o in outs if get_aval(o).inexact]
    if masks:
        text = f"nan generated by primitive: {primitive.name}."
        checks.add(functools.reduce(logical_or, masks), Failure(lambda _: text, where=source))


def _check_index(checks, source, place, args, *, axes, **_):
    """The arguments with their indices brought into bounds."""
    shape = get_aval(args[place]).shape
    before, indices = args[: place + 1], []
    for axis, index in zip(axes, args[place + 1 :], strict=True):
        n = shape[axis]
        wrong = logical_or(lt(index, -n), ge(index, n))
        size = get_aval(index).size
        if size and n:
            flat = reshape(index, new_sizes=(size,))
            first = _first_false(eq(reshape(wrong, new_sizes=(size,)), False))
            tell = lambda values, axis=axis, n=n: (
                f"out-of-bounds indexing for array of shape {shape}: index {values[0]} is out of "
                f"bounds for axis {axis} with size {n}."
            )
            worst = gather(flat, first, axes=(0,), out_axis=0)
            checks.add(_any(wrong), Failure(tell, [get_aval(worst)], source), [worst])
            index = clamp(-n, index, n - 1)
        indices.append(index)
    return [*before, *indices]


def _checked(closed, errors):
    """The checked program, and its failures."""
    found = _staged(closed, errors)
    return found[0], list(found[1])


@memoized
def _staged(closed, errors):
    failures = []

    def run(*args):
        outs, checks = _run(closed, args, errors)
        failures.extend(checks.failures)
        return [*outs, checks.code, *checks.values]

    return trace_to_jaxpr(run, closed.in_avals, closed.jaxpr.debug_name), tuple(failures)


def _avals(failures):
    return [a for f in failures for a in f.avals]


def _zeros(avals):
    return [np.zeros(a.shape, a.dtype)[()] for a in avals]


# -- operations that hold programs ---------------------------------------------------------------


def _call(primitive):
    def rule(checks, errors, args, *, jaxpr, **params):
        checked, failures = _checked(jaxpr, errors)
        outs = primitive.bind(*args, jaxpr=checked, **params)
        n = len(jaxpr.out_avals)
        checks.include(failures, outs[n], outs[n + 1 :])
        return outs[:n]

    return rule


def _custom(primitive):
    """The function keeps its derivative rules; its checks are made besides."""

    def rule(checks, errors, args, *, call):
        checked, failures = _checked(call.jaxpr, errors)
        n = len(call.jaxpr.out_avals)
        alone = with_outputs(checked, checked.jaxpr.outvars[:n])
        outs = primitive.bind(*args, call=call.replace(None, call.rules, alone))
        if failures:
            found = checked(*[stop_gradient(a) if isinstance(a, Tracer) else a for a in args])[n:]
            checks.include(failures, found[0], found[1:])
        return outs

    return rule


def _cond(checks, errors, args, *, branches):
    parts = [_checked(b, errors) for b in branches]
    n = len(branches[0].out_avals)
    every = [f for _, failures in parts for f in failures]
    if not every:
        return cond_p(*args, branches=tuple(p for p, _ in parts))[:n]
    padded, numbers, values = [], 0, 0
    for program, failures in parts:
        own = _avals(failures)

        def run(*xs, program=program, numbers=numbers, values=values, own=own):
            outs = program(*xs)
            code = select(lt(outs[n], 0), NO_FAILURE, add(outs[n], np.int64(numbers)))
            full = _zeros(_avals(every))
            full[values : values + len(own)] = outs[n + 1 :]
            return [*outs[:n], code, *full]

        padded.append(trace_to_jaxpr(run, program.in_avals, program.jaxpr.debug_name))
        numbers += len(failures)
        values += len(own)
    outs = cond_p(*args, branches=tuple(padded))
    checks.include(every, outs[n], outs[n + 1 :])
    return outs[:n]


def _with_state(closed, n, avals):
    """A checked body that takes and gives the state of its checks: what failed first stays."""

    def body(*args):
        code, values = args[0], args[1 : 1 + len(avals)]
        outs = closed(*args[1 + len(avals) :])
        done = ge(code, 0)
        new = [select(done, old, v) for old, v in zip(values, outs[n + 1 :], strict=True)]
        return [*outs[:n], select(done, code, outs[n]), *new]

    in_avals = [_CODE, *avals, *closed.in_avals]
    return trace_to_jaxpr(body, in_avals, closed.jaxpr.debug_name)


def _scan(checks, errors, args, *, jaxpr, num_consts, num_carry, **params):
    checked, failures = _checked(jaxpr, errors)
    avals = [a.strong() for a in _avals(failures)]
    n, m, s = len(jaxpr.out_avals), len(jaxpr.in_avals), 1 + len(avals)
    end = num_consts + num_carry
    # the state comes behind the carry
    ins = (*range(s, s + end), *range(s), *range(s + end, s + m))
    outs = (*range(num_carry), *range(n, n + s), *range(num_carry, n))
    body = rearranged(_with_state(checked, n, avals), ins, outs)
    found = scan(
        *args[:end], NO_FAILURE, *_zeros(avals), *args[end:],
        jaxpr=body, num_consts=num_consts, num_carry=num_carry + s, **params,
    )  # fmt: skip
    checks.include(failures, found[num_carry], found[num_carry + 1 : num_carry + s])
    return [*found[:num_carry], *found[num_carry + s :]]


def _while(checks, errors, args, *, jaxpr, num_consts):
    checked, failures = _checked(jaxpr, errors)
    avals = [a.strong() for a in _avals(failures)]
    n, m, s = len(jaxpr.out_avals), len(jaxpr.in_avals), 1 + len(avals)
    body = rearranged(_with_state(checked, n, avals), (*range(s, s + m), *range(s)), range(n + s))
    found = while_p(*args, NO_FAILURE, *_zeros(avals), jaxpr=body, num_consts=num_consts)
    checks.include(failures, found[n - 1], found[n:])
    return found[: n - 1]


_INSIDE = {
    jit_call: _call(jit_call),
    remat: _call(remat),
    custom_jvp_call: _custom(custom_jvp_call),
    custom_vjp_call: _custom(custom_vjp_call),
    cond_p: _cond,
    scan: _scan,
    while_p: _while,
}


def batch_checked(primitive, args, dims, size, **params):
    """The batching of a loop or a choice with checks inside.

    A batch is taken through branches that are not those of all, and through steps that not all
    take: so the checks are made results first, and one check of these follows.
    """
    trace = BatchTrace(thread.trace, None, size)
    wrapped = [
        a if d is None else BatchTracer(trace, a, d) for a, d in zip(args, dims, strict=True)
    ]
    with trace:
        checks = _Checks()
        outs = _INSIDE[primitive](checks, user_checks, wrapped, **params)
        check_error(Error(checks.failures, checks.code, checks.values))
    values, dims = zip(*map(trace.split, outs), strict=True) if outs else ((), ())
    return list(values), list(dims)


# -- the function --------------------------------------------------------------------------------


def checkify(f, errors=user_checks):
    """Make the checks of a function part of its result.

    The function returned is pure: it can be transformed like any other.

    Parameters
    ----------
    f : callable
        A pure function, which may call `check`.
    errors : frozenset
        What to check: `user_checks` (calls of `check`), `nan_checks` (operations that make a NaN),
        `div_checks` (divisions by zero), `index_checks` (indices out of bounds), `float_checks`,
        `automatic_checks`, `all_checks`, or a union of them.

    Returns
    -------
    callable
        Gives ``(error, f(*args))``; `Error.get` and `Error.throw` say what failed first.

    Raises
    ------
    ValueError
        If `errors` holds something else.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.experimental import checkify
    >>> err, _ = checkify.checkify(fnp.log, errors=checkify.float_checks)(-1.0)
    >>> print(err.get().splitlines()[0])
    nan generated by primitive: log.
    """
    check_callable(f, "checkify")
    errors = frozenset(errors)
    if not errors <= all_checks:
        raise ValueError(
            located(f"checkify: errors must be a union of sets such as user_checks; got {errors}")
        )

    @functools.wraps(f)
    def checked(*args, **kwargs):
        leaves, in_tree = tree_flatten((args, kwargs))
        values = [as_argument(x, "checkify", in_tree, i) for i, x in enumerate(leaves)]
        closed, _, out_tree = stage_function(f, args, kwargs, "checkify")
        told = errors & float_checks  # then NumPy need not warn
        with np.errstate(invalid="ignore", divide="ignore") if told else nullcontext():
            outs, checks = _run(closed, values, errors)
        error = Error(checks.failures, checks.code, checks.values)
        error_leaves, error_tree = tree_flatten(error)
        return as_results(error_tree, error_leaves), as_results(out_tree, outs, values)

    return checked
