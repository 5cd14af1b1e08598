"""while_loop: a loop whose body decides whether to go on.

The primitive ``while(goes_on, *consts, *init)`` gives the last carry; its body maps constants and
carry to whether to go on and the new carry. So the condition is part of the body, and is asked once
ahead of the loop.
"""

import numpy as np

from fgrad.control_flow.hoist import expand_while
from fgrad.control_flow.scan import alone, fixpoint
from fgrad.control_flow.stage import as_carry, check_condition, stage_carry, stage_open
from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import Primitive, get_aval
from fgrad.core.tree import tree_flatten, tree_unflatten
from fgrad.primitives.define import set_rules
from fgrad.primitives.parts import select
from fgrad.primitives.reduce import reduce_or
from fgrad.primitives.shape import broadcast_to, reshape
from fgrad.transforms.face import as_argument, as_results, check_callable
from fgrad.transforms.jaxprs import batch_jaxpr, batch_to_front, jvp_jaxpr
from fgrad.transforms.jit import jit_is_disabled
from fgrad.transforms.linear import instantiate
from fgrad.transforms.programs import memoized, rearranged


def _tangent_body(jaxpr, tangents, num_consts):
    """The body of values and tangents; flags of the constants and carries that have tangents."""
    consts, carry, _ = fixpoint(
        lambda nonzero, force: jvp_jaxpr(jaxpr, nonzero, (False, *force))[1][1:],
        [t is not None for t in tangents],
        num_consts,
        len(tangents) - num_consts,
    )
    both, _ = jvp_jaxpr(jaxpr, (*consts, *carry), (False, *carry))
    n, nc = len(tangents), sum(consts)
    inputs = (
        *range(num_consts), *range(n, n + nc), *range(num_consts, n),
        *range(n + nc, n + nc + sum(carry)),
    )  # fmt: skip
    return rearranged(both, inputs, range(len(both.out_avals))), consts, carry


def _both(primals, tangents, jaxpr, num_consts):
    """Operands of the loop of values and tangents, its body, and the flags of the carries."""
    goes_on, *primals = primals
    _, *tangents = tangents
    body, consts, carry = _tangent_body(jaxpr, tangents, num_consts)
    init = [
        instantiate(t, get_aval(p))
        for t, p, f in zip(tangents[num_consts:], primals[num_consts:], carry, strict=True)
        if f
    ]
    given = [t for t, f in zip(tangents, consts, strict=False) if f]
    return [goes_on, *primals[:num_consts], *given, *primals[num_consts:], *init], body, carry


def _jvp(primals, tangents, *, jaxpr, num_consts):
    args, body, carry = _both(primals, tangents, jaxpr, num_consts)
    num = len(args) - 1 - len(carry) - sum(carry)
    outs = while_p(*args, jaxpr=body, num_consts=num)
    found = iter(outs[len(carry) :])
    return outs[: len(carry)], [next(found) if c else None for c in carry]


def _linearize(primals, tangents, *, jaxpr, num_consts):
    outs = while_p(*primals, jaxpr=jaxpr, num_consts=num_consts)
    args, body, carry = _both(primals, tangents, jaxpr, num_consts)
    num = len(args) - 1 - len(carry) - sum(carry)
    found = iter(while_tangent(*args, jaxpr=body, num_consts=num, num_values=len(carry)))
    return outs, [next(found) if c else None for c in carry]


def _batch(args, dims, size, *, jaxpr, num_consts):
    from fgrad.control_flow.checkify import batch_checked, has_checks  # which knows this one

    if has_checks(jaxpr):
        return batch_checked(while_p, args, dims, size, jaxpr=jaxpr, num_consts=num_consts)
    goes_on, *args = args
    on_dim, *dims = dims
    num_carry = len(args) - num_consts
    flags = [d is not None for d in dims]
    consts, carry, _ = fixpoint(
        lambda flags, force: batch_jaxpr(jaxpr, size, flags, (False, *force))[1][1:],
        flags, num_consts, num_carry,
    )  # fmt: skip
    body, mapped = batch_jaxpr(jaxpr, size, (*consts, *carry), (False, *carry))
    if mapped[0] or on_dim is not None:  # each goes on as long as it wants; the others stand still
        carry = (True,) * num_carry
        body, mapped = batch_jaxpr(jaxpr, size, (*consts, *carry), (True, *carry))
        body = _while_any(body, num_consts, size)
        goes_on = broadcast_to(goes_on, (size,)) if on_dim is None else goes_on
    values = batch_to_front(args, dims)
    for k, (d, m) in enumerate(zip(dims, (*consts, *carry), strict=True)):
        if m and d is None:
            values[k] = broadcast_to(values[k], (size, *get_aval(values[k]).shape))
    if mapped[0]:
        outs = while_p(
            reduce_or(goes_on, axes=(0,)), *values[:num_consts], goes_on, *values[num_consts:],
            jaxpr=body, num_consts=num_consts,
        )[1:]  # fmt: skip
    else:
        outs = while_p(goes_on, *values, jaxpr=body, num_consts=num_consts)
    return outs, [0 if c else None for c in carry]


@memoized
def _while_any(closed, num_consts, size):
    """The body that goes on while any of the batch does; who does is a carry."""

    def body(*args):
        consts, on, carry = args[:num_consts], args[num_consts], args[num_consts + 1 :]
        again, *new = closed(*consts, *carry)
        kept = []
        for n, c in zip(new, carry, strict=True):
            mask = reshape(on, new_sizes=(size, *(1,) * (n.ndim - 1)))
            kept.append(select(broadcast_to(mask, n.shape), n, c))
        again = select(on, again, np.zeros(size, bool))
        return [reduce_or(again, axes=(0,)), again, *kept]

    avals = closed.in_avals
    on = shaped_array((size,), np.dtype(bool))
    return trace_to_jaxpr(
        body, [*avals[:num_consts], on, *avals[num_consts:]], closed.jaxpr.debug_name
    )


while_p = Primitive("while", multiple_results=True)
set_rules(
    while_p,
    impl=lambda *args, **params: alone(while_p, args, params)(*args),
    abstract_eval=lambda *avals, jaxpr, num_consts: jaxpr.out_avals[1:],
    jvp=_jvp,
    batch=_batch,
)
while_p.linearize = _linearize
while_p.expand = expand_while


# -- the tangents of a loop: linear, but with no transpose -----------------------------------------


def _tangent_impl(*args, jaxpr, num_consts, num_values):
    return while_p(*args, jaxpr=jaxpr, num_consts=num_consts)[num_values:]


def _no_transpose(cts, *args, **_):
    raise ValueError(
        located(
            "while_loop has no reverse-mode derivative: how many steps it takes is not known, so "
            "their values cannot be kept. Use scan, fori_loop with bounds that are Python numbers, "
            "or forward mode (jvp, jacfwd)."
        )
    )


def _tangent_jvp(primals, tangents, *, num_values, **params):
    outs, found = _jvp(primals, tangents, **params)
    return outs[num_values:], found[num_values:]


def _tangent_batch(args, dims, size, *, num_values, **params):
    outs, dims = _batch(args, dims, size, **params)
    return outs[num_values:], dims[num_values:]


while_tangent = Primitive("while_tangent", multiple_results=True)
set_rules(
    while_tangent,
    impl=_tangent_impl,
    abstract_eval=lambda *avals, jaxpr, num_consts, num_values: jaxpr.out_avals[1 + num_values :],
    jvp=_tangent_jvp,
    linear="args",
    transpose=_no_transpose,
    batch=_tangent_batch,
)
while_tangent.expand = _tangent_impl


# -- the function --------------------------------------------------------------------------------


def while_loop(cond_fun, body_fun, init_val):
    """``while cond_fun(val): val = body_fun(val)``.

    Parameters
    ----------
    cond_fun : callable
        ``cond_fun(val)``: a boolean scalar.
    body_fun : callable
        ``body_fun(val) -> val``, pure; the value keeps its structure, shapes and dtypes.
    init_val : pytree of arrays

    Returns
    -------
    pytree
        The first value for which the condition does not hold.

    Raises
    ------
    TypeError
        If the value changes its structure or a type, or the condition is no boolean scalar.
    ValueError
        If it is differentiated in reverse mode: the number of steps is not known.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.while_loop(lambda x: x < 100, lambda x: 2 * x, 3)
    np.int64(192)
    """
    check_callable(cond_fun, "while_loop")
    check_callable(body_fun, "while_loop")
    if jit_is_disabled():
        val = init_val
        while cond_fun(val):
            val = body_fun(val)
        return val
    leaves, tree = tree_flatten(init_val)
    init = [as_argument(x, "while_loop: init_val", tree, i) for i, x in enumerate(leaves)]
    avals, outer, body, _ = stage_carry(
        "while_loop", body_fun, tree, [get_aval(x) for x in init], (), lambda out_tree: out_tree
    )
    asked, condition, out_tree = stage_open(cond_fun, (tree_unflatten(tree, avals),), "while_loop")
    check_condition(cond_fun, condition, out_tree)
    init = [as_carry(x, a) for x, a in zip(init, avals, strict=True)]
    consts = [*asked, *outer]

    def step(*args):
        first, second = args[: len(asked)], args[len(asked) : len(consts)]
        new = body(*second, *args[len(consts) :])
        return [*condition(*first, *new), *new]

    in_avals = [get_aval(c) for c in consts] + avals
    closed = trace_to_jaxpr(step, in_avals, body.jaxpr.debug_name)
    (goes_on,) = condition(*asked, *init)
    outs = while_p(goes_on, *consts, *init, jaxpr=closed, num_consts=len(consts))
    return as_results(tree, outs, [*consts, *init])
