"""The transformations of whole jaxprs, for operations that hold programs (jit, checkpoint, loops).

Each result is remembered on the jaxpr it was made from, so that a jitted function is differentiated
or batched once, however often it is called.
"""

from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, eval_jaxpr
from fgrad.core.staging import StagingTrace
from fgrad.core.trace import Tracer, Undefined, as_value, get_aval, thread
from fgrad.primitives.shape import broadcast_to, moveaxis
from fgrad.transforms.jvp import JVPTrace, JVPTracer
from fgrad.transforms.linear import LinearTrace, instantiate
from fgrad.transforms.linearize import LinearizeTrace
from fgrad.transforms.programs import memoized
from fgrad.transforms.vmap import BatchTrace, BatchTracer


def _stage(closed, avals):
    """A staging trace and tracers for inputs of those avals."""
    trace = StagingTrace(thread.trace)
    return trace, [trace.input(a) for a in avals]


@memoized
def jvp_jaxpr(closed, nonzero: tuple, force: tuple = ()):
    """The program of values and tangents.

    Parameters
    ----------
    closed : ClosedJaxpr
    nonzero : tuple of bool
        Which inputs have a tangent.
    force : tuple of bool, optional
        Outputs, from the first, that shall have a tangent even if it is zero.

    Returns
    -------
    ClosedJaxpr
        (primals, the nonzero tangents) -> (outputs, their nonzero tangents)
    tuple of bool
        Which outputs have a tangent.
    """
    avals = closed.in_avals
    tangent_avals = [a.strong() for a, n in zip(avals, nonzero, strict=True) if n]
    stage, inputs = _stage(closed, [*avals, *tangent_avals])
    with stage:
        trace = JVPTrace(stage)
        tangents = iter(inputs[len(avals) :])
        args = [
            JVPTracer(trace, x, next(tangents)) if n else x
            for x, n in zip(inputs, nonzero, strict=False)
        ]
        with trace:
            outs = eval_jaxpr(closed.jaxpr, closed.consts, *args)
        values, tangents = zip(*map(trace.split, outs), strict=True) if outs else ((), ())
        tangents = list(tangents)
        for i, forced in enumerate(force):
            if forced and tangents[i] is None:
                tangents[i] = instantiate(None, get_aval(values[i]))
        out_tangents = [t for t in tangents if t is not None]
        result = stage.close(
            [t.variable for t in inputs], [*values, *out_tangents], closed.jaxpr.debug_name
        )
    return result, tuple([t is not None for t in tangents])


@memoized
def linearize_jaxpr(closed, nonzero: tuple, force: tuple = ()):
    """Split a program into its values with residuals, and its linear part.

    The parameters are those of `jvp_jaxpr`.

    Returns
    -------
    ClosedJaxpr
        primals -> (outputs, residuals)
    ClosedJaxpr
        (residuals, the nonzero tangents) -> nonzero tangents of the outputs
    tuple of bool
        Which outputs have a tangent.
    int
        The number of residuals.
    """
    avals = closed.in_avals
    name = closed.jaxpr.debug_name
    stage, inputs = _stage(closed, avals)
    with stage:
        trace = LinearizeTrace(stage)
        args = [trace.perturb(x, x.aval) if n else x for x, n in zip(inputs, nonzero, strict=True)]
        variables = [a.variable for a, n in zip(args, nonzero, strict=True) if n]
        with trace:
            outs = eval_jaxpr(closed.jaxpr, closed.consts, *args)
        pairs = [trace.split(o) for o in outs]
        for i, forced in enumerate(force):
            if forced and pairs[i][1] is None:
                pairs[i] = pairs[i][0], trace.input(get_aval(pairs[i][0])).variable
        drop_unused(trace, [v for _, v in pairs if v is not None])
        linear = StagingTrace(stage)
        tangents = [linear.input(trace.avals[v].strong()) for v in variables]
        with linear:
            values = trace.apply(dict(zip(variables, tangents, strict=True)))
            out_tangents = [
                instantiate(values.get(v), trace.avals[v]) for _, v in pairs if v is not None
            ]
            linear_jaxpr = linear.close([t.variable for t in tangents], out_tangents, name)
        residuals = [c for c in linear_jaxpr.consts if isinstance(c, Tracer)]
        linear_jaxpr = consts_as_inputs(linear_jaxpr)
        primal = stage.close([t.variable for t in inputs], [p for p, _ in pairs] + residuals, name)
    return primal, linear_jaxpr, tuple([v is not None for _, v in pairs]), len(residuals)


def drop_unused(trace: LinearTrace, variables) -> None:
    """Take off the tape what `variables` do not depend on."""
    needed = set(variables)
    kept = []
    for entry in reversed(trace.tape):
        outs = entry[0] if isinstance(entry[0], list) else [entry[0]]
        if not needed.isdisjoint(outs):
            kept.append(entry)
            if len(entry) == 2:
                needed.update(t[0] for t in entry[1])
            else:
                needed.update(a.variable for a in entry[2] if type(a) is Undefined)
    trace.tape = kept[::-1]


def consts_as_inputs(closed: ClosedJaxpr) -> ClosedJaxpr:
    """The same program with those constants that are tracers as its first inputs."""
    jaxpr = closed.jaxpr
    pairs = list(zip(jaxpr.constvars, closed.consts, strict=True))
    moved = [v for v, c in pairs if isinstance(c, Tracer)]
    kept = [(v, c) for v, c in pairs if not isinstance(c, Tracer)]
    return ClosedJaxpr(
        Jaxpr(
            [v for v, _ in kept],
            [*moved, *jaxpr.invars],
            jaxpr.outvars,
            jaxpr.eqns,
            jaxpr.debug_name,
        ),
        [c for _, c in kept],
    )


@memoized
def transpose_jaxpr(closed, linear: tuple, given: tuple):
    """The transpose of a program by its linear inputs.

    Parameters
    ----------
    closed : ClosedJaxpr
    linear : tuple of bool
        Which inputs the program is linear in.
    given : tuple of bool
        Which outputs have a cotangent; that of the others is zero.

    Returns
    -------
    ClosedJaxpr
        (the other inputs, the given cotangents) -> cotangents of the linear inputs that have one
    tuple of bool
        For each linear input whether its cotangent may be nonzero.
    """
    avals = closed.in_avals
    known = [a for a, m in zip(avals, linear, strict=True) if not m]
    ct_avals = [a.strong() for a, g in zip(closed.out_avals, given, strict=True) if g]
    stage, inputs = _stage(closed, [*known, *ct_avals])
    with stage:
        trace = LinearTrace(stage, strict=False)
        values = iter(inputs)
        args = [trace.input(a) if m else next(values) for a, m in zip(avals, linear, strict=True)]
        with trace:
            outs = eval_jaxpr(closed.jaxpr, closed.consts, *args)
        cts = iter(values)
        seeds = []
        for out, g in zip(outs, given, strict=True):
            ct = next(cts) if g else None
            if ct is not None and getattr(out, "_trace", None) is trace:
                seeds.append((out.variable, ct))
        table = trace.backward(seeds)
        found = [table[a.variable] for a, m in zip(args, linear, strict=True) if m]
        result = stage.close(
            [t.variable for t in inputs],
            [c for c in found if c is not None],
            closed.jaxpr.debug_name,
        )
    return result, tuple([c is not None for c in found])


@memoized
def batch_jaxpr(closed, size: int, batched: tuple, force: tuple | bool = False):
    """The program over a batch: mapped inputs and outputs carry it as their first axis.

    Parameters
    ----------
    closed : ClosedJaxpr
    size : int
    batched : tuple of bool
        Which inputs are mapped.
    force : bool or tuple of bool
        Outputs that shall be mapped even if they do not depend on a mapped input.

    Returns
    -------
    ClosedJaxpr
    tuple of bool
        Which outputs are mapped.
    """
    avals = [
        a.update(shape=(size, *a.shape), weak_type=False) if b else a
        for a, b in zip(closed.in_avals, batched, strict=True)
    ]
    stage, inputs = _stage(closed, avals)
    with stage:
        trace = BatchTrace(stage, None, size)
        args = [BatchTracer(trace, x, 0) if b else x for x, b in zip(inputs, batched, strict=True)]
        with trace:
            outs = eval_jaxpr(closed.jaxpr, closed.consts, *args)
        pairs = [trace.split(as_value(o)) for o in outs]
        force = (force,) * len(pairs) if isinstance(force, bool) else force
        values = []
        for (value, dim), forced in zip(pairs, force, strict=True):
            if dim is None and forced:
                value = broadcast_to(value, (size, *get_aval(value).shape))
            values.append(value if dim is None else moveaxis(value, dim, 0))
        result = stage.close([t.variable for t in inputs], values, closed.jaxpr.debug_name)
    mapped = [d is not None or f for (_, d), f in zip(pairs, force, strict=True)]
    return result, tuple(mapped)


def batch_to_front(args, dims):
    """Arguments with their batch axes first."""
    return [a if d is None else moveaxis(a, d, 0) for a, d in zip(args, dims, strict=True)]
