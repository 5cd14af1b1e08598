"""checkpoint: compute again in the backward pass what would otherwise be kept for it.

The tangents are a program of few values, the inputs of the function and what its policy saves: in
reverse mode the transpose of this program runs the forward computation again.
"""

from functools import partial, wraps

from fgrad import compiler
from fgrad.core.jaxpr import eval_jaxpr
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import Primitive, Tracer, Undefined
from fgrad.core.tree import tree_flatten
from fgrad.primitives.define import set_rules
from fgrad.primitives.name import name as name_p
from fgrad.transforms.face import as_argument, as_results, check_callable
from fgrad.transforms.jaxprs import (
    batch_jaxpr,
    batch_to_front,
    consts_as_inputs,
    jvp_jaxpr,
    linearize_jaxpr,
    transpose_jaxpr,
)
from fgrad.transforms.jit import static_parameters
from fgrad.transforms.policies import nothing_saveable
from fgrad.transforms.programs import memoized, rearranged
from fgrad.transforms.saving import twice
from fgrad.transforms.split import split_call
from fgrad.transforms.stage import bind_static, stage_function


def _jvp(primals, tangents, *, jaxpr, policy):
    both, out_nonzero = jvp_jaxpr(jaxpr, tuple([t is not None for t in tangents]))
    given = [t for t in tangents if t is not None]
    outs = remat(*primals, *given, jaxpr=both, policy=policy)
    n = len(out_nonzero)
    found = iter(outs[n:])
    return outs[:n], [next(found) if nz else None for nz in out_nonzero]


@memoized
def _linearized(closed, nonzero: tuple, policy):
    """A program that saves what the policy says, and the tangents as a program of that.

    Returns
    -------
    ClosedJaxpr
        primals -> (outputs, saved values)
    ClosedJaxpr
        (saved values, the primals it needs, the nonzero tangents) -> nonzero tangents of outputs
    tuple of int
        The numbers of the primals it needs.
    tuple of bool
        Which outputs have a tangent.
    """
    primal, linear, out_nonzero, _ = linearize_jaxpr(closed, nonzero)
    n = len(out_nonzero)
    first, second = twice(primal, policy, n, n)
    read = {v for e in second.eqns for v in e.invars} | set(second.jaxpr.outvars)
    count = len(first.out_avals) - n
    needed = tuple([i for i, v in enumerate(second.jaxpr.invars[count:]) if v in read])
    second = rearranged(
        second, (*range(count), *(count + i for i in needed)), range(len(second.out_avals))
    )
    k = len(second.in_avals)

    def tangents(*args):
        return linear(*second(*args[:k]), *args[k:])

    avals = [a.strong() for a, nz in zip(closed.in_avals, nonzero, strict=True) if nz]
    rest = trace_to_jaxpr(tangents, [*second.in_avals, *avals], closed.jaxpr.debug_name)
    return first, rest, needed, out_nonzero


def _linearize(primals, tangents, *, jaxpr, policy):
    first, rest, needed, out_nonzero = _linearized(
        jaxpr, tuple([t is not None for t in tangents]), policy
    )
    outs = remat(*primals, jaxpr=first, policy=policy)
    n = len(out_nonzero)
    operands = [*outs[n:], *(primals[i] for i in needed), *(t for t in tangents if t is not None)]
    found = iter(remat(*operands, jaxpr=rest, policy=policy) if any(out_nonzero) else ())
    return outs[:n], [next(found) if nz else None for nz in out_nonzero]


def _transpose(cts, *args, jaxpr, policy):
    linear = tuple([type(a) is Undefined for a in args])
    transposed, nonzero = transpose_jaxpr(jaxpr, linear, (True,) * len(cts))
    known = [a for a in args if type(a) is not Undefined]
    found = iter(remat(*known, *cts, jaxpr=transposed, policy=policy))
    flags = iter(nonzero)
    return [next(found) if m and next(flags) else None for m in linear]


def _batch(args, dims, size, *, jaxpr, policy):
    batched, mapped = batch_jaxpr(jaxpr, size, tuple([d is not None for d in dims]))
    outs = remat(*batch_to_front(args, dims), jaxpr=batched, policy=policy)
    return outs, [0 if m else None for m in mapped]


remat = Primitive("checkpoint", multiple_results=True)
set_rules(
    remat,
    impl=lambda *args, jaxpr, policy: eval_jaxpr(jaxpr.jaxpr, jaxpr.consts, *args),
    abstract_eval=lambda *avals, jaxpr, policy: jaxpr.out_avals,
    jvp=_jvp,
    linear="args",
    transpose=_transpose,
    batch=_batch,
)
remat.linearize = _linearize
remat.split = split_call(remat)
# Compiled apart from the program it stands in: nothing it computes again is merged with the first.
remat.lower = lambda jaxpr, policy: compiler.compiled(jaxpr)


def checkpoint(
    fun=None,
    *,
    prevent_cse=True,
    policy=None,
    static_argnums=(),
    static_argnames=(),
    concrete=False,
):
    """Keep little of a function for the backward pass, and compute the rest again.

    Parameters
    ----------
    fun : callable
        A pure function. Python's control flow in it must not depend on array values.
    prevent_cse : bool
        Accepted for compatibility; what is computed again is never merged with the first time.
    policy : callable, optional
        Which values are kept besides the arguments: ``policy(primitive, *avals, **params)`` of an
        operation, the types of its operands and its parameters. `fgrad.checkpoint_policies` has
        some. What stands in branches of `lax.cond` and in `lax.while_loop` is computed again.
    static_argnums : int or sequence of int
        Positional arguments that are not arrays.
    static_argnames : str or sequence of str
        The same by name.
    concrete : bool
        Accepted for compatibility.

    Returns
    -------
    callable
        The same function; its derivative needs less memory and more time.

    Raises
    ------
    TypeError
        If `fun` or `policy` is no function.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.grad(fgrad.checkpoint(lambda x: fnp.sin(fnp.sin(x))))(0.0)
    np.float64(1.0)
    """
    if fun is None:
        return partial(
            checkpoint,
            prevent_cse=prevent_cse,
            policy=policy,
            static_argnums=static_argnums,
            static_argnames=static_argnames,
            concrete=concrete,
        )
    check_callable(fun, "checkpoint")
    if policy is not None:
        check_callable(policy, "checkpoint: policy")
    numbers, names = static_parameters(fun, static_argnums, static_argnames, "checkpoint")

    @wraps(fun)
    def checkpointed(*args, **kwargs):
        fixed = {k: v for k, v in kwargs.items() if k in names}
        kwargs = {k: v for k, v in kwargs.items() if k not in names}
        bound, moving = bind_static(partial(fun, **fixed) if fixed else fun, numbers, args)
        leaves, in_tree = tree_flatten((moving, kwargs))
        values = [as_argument(x, "checkpoint", in_tree, i) for i, x in enumerate(leaves)]
        closed, _, out_tree = stage_function(bound, moving, kwargs, "checkpoint")
        closed_over = [c for c in closed.consts if isinstance(c, Tracer)]
        opened = consts_as_inputs(closed)
        outs = remat(*closed_over, *values, jaxpr=opened, policy=policy or nothing_saveable)
        return as_results(out_tree, outs, [*values, *closed.consts])

    return checkpointed


def checkpoint_name(x, name):
    """The same value, under a name by which a policy of `checkpoint` knows it.

    Parameters
    ----------
    x : pytree of arrays
    name : str

    Returns
    -------
    pytree of arrays

    Examples
    --------
    >>> from fgrad.ad_checkpoint import checkpoint_name
    >>> checkpoint_name({"a": 1.0}, "hidden")
    {'a': np.float64(1.0)}
    """
    leaves, treedef = tree_flatten(x)
    values = [as_argument(v, "checkpoint_name", treedef, i) for i, v in enumerate(leaves)]
    return as_results(treedef, [name_p(v, name=name) for v in values], values)
