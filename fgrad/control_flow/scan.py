"""The scan primitive: a loop of known length with a carry, over stacked inputs.

``scan(*consts, *init, *xs)`` gives ``(*carry, *ys)``; its body maps constants, carry and a row of
each stacked input to the new carry and a row of each stacked output. Every transformation of it is
a scan of the transformed body.
"""

from fgrad import compiler
from fgrad.control_flow.hoist import expand_scan
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import Primitive, Undefined, get_aval, thread
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add
from fgrad.primitives.shape import broadcast_to, moveaxis
from fgrad.transforms.jaxprs import batch_jaxpr, jvp_jaxpr, linearize_jaxpr, transpose_jaxpr
from fgrad.transforms.linear import instantiate
from fgrad.transforms.programs import memoized, rearranged, with_outputs
from fgrad.transforms.saving import twice
from fgrad.transforms.split import split_program


def _grouped(items, num_consts, num_carry):
    """Constants, carry and the rest."""
    items, end = list(items), num_consts + num_carry
    return items[:num_consts], items[num_consts:end], items[end:]


def _aval(*avals, jaxpr, num_carry, length, **_):
    carry, rows = jaxpr.out_avals[:num_carry], jaxpr.out_avals[num_carry:]
    return [*carry, *(a.update(shape=(length, *a.shape)).strong() for a in rows)]


@memoized
def _alone(closed, primitive, in_avals, params):
    # staged by name: a loop that has no operands would be evaluated
    return trace_to_jaxpr(
        lambda *args: thread.trace.stage(primitive, args, {"jaxpr": closed, **dict(params)}),
        in_avals,
        closed.jaxpr.debug_name,
    )


def alone(primitive, args, params):
    """The compiled program that is nothing but one loop."""
    in_avals = tuple([get_aval(a) for a in args])
    rest = {k: v for k, v in params.items() if k != "jaxpr"}
    return compiler.compiled(_alone(params["jaxpr"], primitive, in_avals, tuple(rest.items())))


def fixpoint(transform, start, num_consts, num_carry):
    """Flags of the carries, grown until a step of the body keeps them.

    Parameters
    ----------
    transform : callable
        ``transform(flags of inputs, flags of carries)``: flags of the outputs.
    start : sequence of bool
        For each input.
    """
    consts, carry, xs = _grouped(start, num_consts, num_carry)
    while True:
        outs = transform((*consts, *carry, *xs), tuple(carry))
        grown = [a or b for a, b in zip(carry, outs, strict=False)]
        if grown == carry:
            return tuple(consts), tuple(carry), tuple(xs)
        carry = grown


def _is_some(items):
    return [t is not None for t in items]


def _given(items):
    return [t for t in items if t is not None]


def _started(init, flags, avals):
    """Tangents of the first carry, zeros where one is wanted that is zero."""
    return [instantiate(t, a) if f else None for t, f, a in zip(init, flags, avals, strict=True)]


def _jvp(primals, tangents, *, jaxpr, num_consts, num_carry, **params):
    consts, carry, xs = fixpoint(
        lambda nonzero, force: jvp_jaxpr(jaxpr, nonzero, force)[1],
        _is_some(tangents), num_consts, num_carry,
    )  # fmt: skip
    both, out_nonzero = jvp_jaxpr(jaxpr, (*consts, *carry, *xs), carry)
    n, m = len(primals), len(out_nonzero)
    c, i, x = _grouped(range(n), num_consts, num_carry)
    nc, ni, nx = sum(consts), sum(carry), sum(xs)
    tc, ti, tx = _grouped(range(n, n + nc + ni + nx), nc, ni)
    body = rearranged(
        both,
        (*c, *tc, *i, *ti, *x, *tx),
        (*range(num_carry), *range(m, m + ni),
         *range(num_carry, m), *range(m + ni, m + sum(out_nonzero))),
    )  # fmt: skip
    pc, pi, px = _grouped(primals, num_consts, num_carry)
    tc, ti, tx = _grouped(tangents, num_consts, num_carry)
    ti = _started(ti, carry, [get_aval(p) for p in pi])
    outs = scan(
        *pc, *_given(tc), *pi, *_given(ti), *px, *_given(tx),
        jaxpr=body, num_consts=num_consts + nc, num_carry=num_carry + ni, **params,
    )  # fmt: skip
    ny = m - num_carry
    carries, tangent_carries, rest = _grouped(outs, num_carry, ni)
    found = iter([*tangent_carries, *rest[ny:]])
    return [*carries, *rest[:ny]], [next(found) if nz else None for nz in out_nonzero]


def _linearize(primals, tangents, *, jaxpr, num_consts, num_carry, **params):
    consts, carry, xs = fixpoint(
        lambda nonzero, force: linearize_jaxpr(jaxpr, nonzero, force)[2],
        _is_some(tangents), num_consts, num_carry,
    )  # fmt: skip
    nonzero = (*consts, *carry, *xs)
    primal, linear, out_nonzero, count = linearize_jaxpr(jaxpr, nonzero, carry)
    pc, pi, px = _grouped(primals, num_consts, num_carry)
    n_out = len(out_nonzero)
    # A residual that is the same in every step is computed once, and one that is a row of an input
    # is in a stack already.
    varying = (*(False for _ in pc), *(True for _ in (*pi, *px)))
    invariant, _, depends = split_program(primal, varying)
    fixed = iter(invariant(*pc)[sum(not d for d in depends[:n_out]) :])
    rows = dict(zip(primal.jaxpr.invars[num_consts + num_carry :], px, strict=True))
    stacked = []
    res_consts, res_rows, const_places, row_places = [], [], [], []
    for k in range(count):
        v = primal.jaxpr.outvars[n_out + k]
        if not depends[n_out + k]:
            res_consts.append(next(fixed))
            const_places.append(k)
        else:
            row_places.append(k)
            if v in rows:
                res_rows.append(rows[v])
            else:
                res_rows.append(None)
                stacked.append(n_out + k)
    everything = range(len(primals))
    body = rearranged(primal, everything, (*range(n_out), *stacked))
    outs = scan(*primals, jaxpr=body, num_consts=num_consts, num_carry=num_carry, **params)
    found = iter(outs[n_out:])
    res_rows = [next(found) if r is None else r for r in res_rows]

    tc, ti, tx = _grouped(tangents, num_consts, num_carry)
    ti = _started(ti, carry, [get_aval(p) for p in pi])
    nc, ni, nx = sum(consts), sum(carry), sum(xs)
    c, i, x = _grouped(range(count, count + nc + ni + nx), nc, ni)
    body = rearranged(linear, (*const_places, *c, *i, *row_places, *x), range(sum(out_nonzero)))
    found = iter(
        scan(
            *res_consts, *_given(tc), *_given(ti), *res_rows, *_given(tx),
            jaxpr=body, num_consts=len(const_places) + nc, num_carry=ni, **params,
        )
        if any(out_nonzero) else ()
    )  # fmt: skip
    return outs[:n_out], [next(found) if nz else None for nz in out_nonzero]


@memoized
def _transposed_body(closed, linear, num_consts, num_carry):
    """The body of the transposed scan.

    Parameters
    ----------
    linear : tuple of bool
        Which inputs of `closed` it is linear in, all carries among them.

    Returns
    -------
    ClosedJaxpr
        Constants: the other constants. Carry: the cotangents of the linear constants, summed up,
        and of the carry. Stacked: the other inputs, and the cotangents of the outputs; as output,
        the cotangents of the linear inputs.
    """
    transposed, nonzero = transpose_jaxpr(closed, linear, (True,) * len(closed.out_avals))
    c, i, x = _grouped(zip(closed.in_avals, linear, strict=True), num_consts, num_carry)
    lc, lx = [a for a, m in c if m], [a for a, m in x if m]
    kc, kx = [a for a, m in c if not m], [a for a, m in x if not m]
    ct_carry, ct_ys, _ = _grouped(closed.out_avals, num_carry, len(closed.out_avals))
    in_avals = [*kc, *lc, *ct_carry, *kx, *ct_ys]

    def body(*args):
        args = iter(args)
        take = lambda avals: [next(args) for _ in avals]
        kc_, sums, cts, kx_, cy = map(take, (kc, lc, ct_carry, kx, ct_ys))
        found = iter(transposed(*kc_, *kx_, *cts, *cy))
        cts = [next(found) if nz else None for nz in nonzero]
        by_const, by_carry, by_x = _grouped(cts, len(lc), num_carry)
        sums = [s if t is None else add(s, t) for s, t in zip(sums, by_const, strict=True)]
        by_carry = map(instantiate, by_carry, [a for a, _ in i])
        by_x = map(instantiate, by_x, lx)
        return [*sums, *by_carry, *by_x]

    return trace_to_jaxpr(body, [a.strong() for a in in_avals], closed.jaxpr.debug_name)


def _transpose(cts, *args, jaxpr, num_consts, num_carry, length, reverse):
    hollow = [type(a) is Undefined for a in args]
    consts, init, xs = _grouped(args, num_consts, num_carry)
    linear = tuple([h or num_consts <= k < num_consts + num_carry for k, h in enumerate(hollow)])
    body = _transposed_body(jaxpr, linear, num_consts, num_carry)
    lc = [a for a in consts if type(a) is Undefined]
    kc = [a for a in consts if type(a) is not Undefined]
    kx = [a for a in xs if type(a) is not Undefined]
    outs = scan(
        *kc, *(instantiate(None, a.aval) for a in lc), *cts[:num_carry], *kx, *cts[num_carry:],
        jaxpr=body, num_consts=len(kc), num_carry=len(lc) + num_carry,
        length=length, reverse=not reverse,
    )  # fmt: skip
    by_const, by_carry, by_x = map(iter, _grouped(outs, len(lc), num_carry))
    return [
        *(next(by_const) if type(a) is Undefined else None for a in consts),
        *(next(by_carry) for _ in init),
        *(next(by_x) if type(a) is Undefined else None for a in xs),
    ]


def _split(linear, args, *, jaxpr, num_consts, num_carry, length, reverse):
    lc, li, lx = fixpoint(
        lambda flags, _: split_program(jaxpr, flags)[2], linear, num_consts, num_carry
    )
    known, _, found = split_program(jaxpr, (*lc, *li, *lx))
    depends = tuple([d or k < num_carry and li[k] for k, d in enumerate(found)])
    if all(depends):
        params = {"jaxpr": jaxpr, "num_consts": num_consts, "num_carry": num_carry}
        return [], args, {**params, "length": length, "reverse": reverse}, depends
    # The carries that do not depend on the linear operands run ahead; the rest reads their stacks.
    pick = lambda items, flags, want: [a for a, m in zip(items, flags, strict=True) if m == want]
    consts, init, xs = _grouped(args, num_consts, num_carry)
    kc, ki, kx = pick(consts, lc, False), pick(init, li, False), pick(xs, lx, False)
    before = known.jaxpr.invars[len(kc) : len(kc) + len(ki)]
    independent = iter(known.jaxpr.outvars)
    outvars = [v for d, v in [(d, next(independent)) for d, f in zip(depends, found, strict=True)
                              if not f] if not d]  # fmt: skip
    closed = with_outputs(known, [*outvars, *before])
    outs = scan(
        *kc, *ki, *kx, jaxpr=closed, num_consts=len(kc), num_carry=len(ki),
        length=length, reverse=reverse,
    )  # fmt: skip
    found, stacks = outs[: len(outs) - len(ki)], outs[len(outs) - len(ki) :]
    c, i, x = _grouped(range(len(args)), num_consts, num_carry)
    rest = rearranged(
        jaxpr,
        (*c, *pick(i, li, True), *pick(i, li, False), *x),
        [k for k, d in enumerate(depends) if d],
    )
    params = {"jaxpr": rest, "num_consts": num_consts, "num_carry": sum(li)}
    args = [*consts, *pick(init, li, True), *stacks, *xs]
    return found, args, {**params, "length": length, "reverse": reverse}, depends


def _twice(policy, *, jaxpr, length, **params):
    """What each step saves is stacked by the first run, and comes back row by row."""
    n, m = len(jaxpr.out_avals), len(jaxpr.in_avals)
    first, second = twice(jaxpr, policy, n, 0)
    saved = first.out_avals[n:]
    s = len(saved)
    second = rearranged(second, (*range(s, s + m), *range(s)), range(n))
    stacks = [a.update(shape=(length, *a.shape)).strong() for a in saved]
    params["length"] = length
    return {"jaxpr": first, **params}, {"jaxpr": second, **params}, stacks


def _batch(args, dims, size, *, jaxpr, num_consts, num_carry, **params):
    consts, carry, xs = fixpoint(
        lambda flags, force: batch_jaxpr(jaxpr, size, flags, _padded(force, jaxpr))[1],
        _is_some(dims), num_consts, num_carry,
    )  # fmt: skip
    body, mapped = batch_jaxpr(jaxpr, size, (*consts, *carry, *xs), _padded(carry, jaxpr))
    ac, ai, ax = _grouped(zip(args, dims, strict=True), num_consts, num_carry)
    front = lambda a, d, k: a if d is None else moveaxis(a, d, k)
    init = [
        broadcast_to(a, (size, *get_aval(a).shape)) if m and d is None else front(a, d, 0)
        for (a, d), m in zip(ai, carry, strict=True)
    ]
    outs = scan(
        *(front(a, d, 0) for a, d in ac), *init, *(front(a, d, 1) for a, d in ax),
        jaxpr=body, num_consts=num_consts, num_carry=num_carry, **params,
    )  # fmt: skip
    return outs, [(0 if k < num_carry else 1) if m else None for k, m in enumerate(mapped)]


def _padded(flags, jaxpr):
    return (*flags, *(False for _ in range(len(jaxpr.out_avals) - len(flags))))


def _prune(used, *, jaxpr, num_consts, num_carry, length, reverse):
    """Leave out stacked outputs that nothing reads, and carries that nothing needs."""
    carry = list(used[:num_carry])
    j = jaxpr.jaxpr
    ins = j.invars
    while True:
        wanted = [v for v, u in zip(j.outvars, [*carry, *used[num_carry:]], strict=True) if u]
        needed = _needed(j, wanted)
        grown = [c or v in needed for c, v in zip(carry, ins[num_consts:], strict=False)]
        if grown == carry:
            break
        carry = grown
    kept_in = [
        k for k, v in enumerate(ins)
        if (carry[k - num_consts] if num_consts <= k < num_consts + num_carry else v in needed)
    ]  # fmt: skip
    kept_out = [k for k, u in enumerate([*carry, *used[num_carry:]]) if u]
    if len(kept_in) == len(ins) and len(kept_out) == len(j.outvars):
        return None
    params = {
        "jaxpr": rearranged(jaxpr, kept_in, kept_out),
        "num_consts": sum(k < num_consts for k in kept_in),
        "num_carry": sum(carry),
        "length": length,
        "reverse": reverse,
    }
    return kept_in, kept_out, params


def _needed(j, outvars):
    """The variables that some results depend on."""
    needed = set(outvars)
    for eqn in reversed(j.eqns):
        if eqn.effectful or not needed.isdisjoint(eqn.outvars):
            needed.update(eqn.invars)
    return needed


scan = Primitive("scan", multiple_results=True)
set_rules(
    scan,
    impl=lambda *args, **params: alone(scan, args, params)(*args),
    abstract_eval=_aval,
    jvp=_jvp,
    linear="args",
    transpose=_transpose,
    batch=_batch,
)
scan.linearize = _linearize
scan.split = _split
scan.twice = _twice
scan.expand = expand_scan
scan.prune = _prune
