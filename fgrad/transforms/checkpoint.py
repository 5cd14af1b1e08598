"""checkpoint: compute again in the backward pass what would otherwise be kept for it."""

from functools import partial, wraps

from fgrad.compiler import compiled
from fgrad.core.jaxpr import eval_jaxpr
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Tracer, Undefined
from fgrad.core.tree import tree_flatten
from fgrad.primitives.define import set_rules
from fgrad.transforms.face import as_argument, as_results, check_callable
from fgrad.transforms.jaxprs import (
    batch_jaxpr,
    batch_to_front,
    consts_as_inputs,
    jvp_jaxpr,
    transpose_jaxpr,
)
from fgrad.transforms.programs import without_outputs
from fgrad.transforms.split import split_call
from fgrad.transforms.stage import bind_static, stage_function


def _jvp(primals, tangents, *, jaxpr):
    nonzero = tuple([t is not None for t in tangents])
    both, out_nonzero = jvp_jaxpr(jaxpr, nonzero)
    outs = remat(*primals, jaxpr=jaxpr)
    # The tangents are a program of the inputs alone: in reverse mode its transpose runs the forward
    # computation again.
    n = len(outs)
    tangent_jaxpr = without_outputs(both, n)
    given = [t for t in tangents if t is not None]
    found = iter(remat(*primals, *given, jaxpr=tangent_jaxpr))
    return outs, [next(found) if nz else None for nz in out_nonzero]


def _transpose(cts, *args, jaxpr):
    linear = tuple([type(a) is Undefined for a in args])
    transposed, nonzero = transpose_jaxpr(jaxpr, linear, (True,) * len(cts))
    known = [a for a in args if type(a) is not Undefined]
    found = iter(remat(*known, *cts, jaxpr=transposed))
    flags = iter(nonzero)
    return [next(found) if m and next(flags) else None for m in linear]


def _batch(args, dims, size, *, jaxpr):
    batched, mapped = batch_jaxpr(jaxpr, size, tuple([d is not None for d in dims]))
    outs = remat(*batch_to_front(args, dims), jaxpr=batched)
    return outs, [0 if m else None for m in mapped]


remat = Primitive("checkpoint", multiple_results=True)
set_rules(
    remat,
    impl=lambda *args, jaxpr: eval_jaxpr(jaxpr.jaxpr, jaxpr.consts, args),
    abstract_eval=lambda *avals, jaxpr: jaxpr.out_avals,
    jvp=_jvp,
    linear="args",
    transpose=_transpose,
    batch=_batch,
)
remat.split = split_call(remat)
# Compiled apart from the program it stands in: nothing it computes again is merged with the first.
remat.lower = lambda jaxpr: compiled(jaxpr)


def checkpoint(fun=None, *, prevent_cse=True, policy=None, static_argnums=(), concrete=False):
    """Keep only the inputs of a function for the backward pass, and compute the rest again.

    Parameters
    ----------
    fun : callable
        A pure function. Python's control flow in it must not depend on array values.
    prevent_cse : bool
        Accepted for compatibility; what is computed again is never merged with the first time.
    policy : None
        Policies that keep part of the intermediate values are not supported.
    static_argnums : int or sequence of int
        Positional arguments that are not arrays.
    concrete : bool
        Accepted for compatibility.

    Returns
    -------
    callable
        The same function; its derivative needs less memory and more time.

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
            concrete=concrete,
        )
    check_callable(fun, "checkpoint")
    if policy is not None:
        raise NotImplementedError(located("checkpoint: policy is not supported; leave it None"))

    @wraps(fun)
    def checkpointed(*args, **kwargs):
        bound, moving = bind_static(fun, static_argnums, args)
        leaves, in_tree = tree_flatten((moving, kwargs))
        values = [as_argument(x, "checkpoint", in_tree, i) for i, x in enumerate(leaves)]
        closed, _, out_tree = stage_function(bound, moving, kwargs, "checkpoint")
        closed_over = [c for c in closed.consts if isinstance(c, Tracer)]
        outs = remat(*closed_over, *values, jaxpr=consts_as_inputs(closed))
        return as_results(out_tree, outs, [*values, *closed.consts])

    return checkpointed
