"""linear_call: a linear function whose transpose is given by another function."""

from fgrad.control_flow.stage import closed_over, strong, taking
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Undefined, get_aval
from fgrad.core.tree import explain_mismatch, tree_flatten, tree_unflatten
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add
from fgrad.primitives.shape import broadcast_to
from fgrad.transforms.face import as_argument, as_results, check_callable
from fgrad.transforms.jaxprs import batch_jaxpr, batch_to_front, jvp_jaxpr
from fgrad.transforms.linear import instantiate
from fgrad.transforms.programs import without_outputs
from fgrad.transforms.stage import stage_function


def _jvp(primals, tangents, *, fun, transpose, num_known):
    params = {"fun": fun, "transpose": transpose, "num_known": num_known}
    outs = linear_call_p(*primals, **params)
    n = len(outs)
    total = [None] * n
    known, linear = tangents[:num_known], tangents[num_known:]
    if any(t is not None for t in linear):
        full = [
            instantiate(t, get_aval(x)) for t, x in zip(linear, primals[num_known:], strict=True)
        ]
        total = linear_call_p(*primals[:num_known], *full, **params)
    if any(t is not None for t in known):
        nonzero = (*(t is not None for t in known), *(False for _ in linear))
        both, moved = jvp_jaxpr(fun, nonzero)
        given = [t for t in known if t is not None]
        found = iter(without_outputs(both, n)(*primals, *given))
        for k, m in enumerate(moved):
            if m:
                total[k] = next(found) if total[k] is None else add(total[k], next(found))
    return outs, total


def _transpose(cts, *args, fun, transpose, num_known):
    outs = linear_call_p(*args[:num_known], *cts, fun=transpose, transpose=fun, num_known=num_known)
    return [*(None for _ in range(num_known)),
            *(o if type(a) is Undefined else None
              for a, o in zip(args[num_known:], outs, strict=True))]  # fmt: skip


def _batch(args, dims, size, *, fun, transpose, num_known):
    known = tuple([d is not None for d in dims[:num_known]])
    values = batch_to_front(args, dims)
    for k in range(num_known, len(args)):
        if dims[k] is None:
            values[k] = broadcast_to(values[k], (size, *get_aval(values[k]).shape))
    mapped = lambda closed: batch_jaxpr(
        closed, size, known + (True,) * (len(closed.in_avals) - num_known), True
    )[0]
    outs = linear_call_p(*values, fun=mapped(fun), transpose=mapped(transpose), num_known=num_known)
    return outs, [0] * len(outs)


linear_call_p = Primitive("linear_call", multiple_results=True)
set_rules(
    linear_call_p,
    impl=lambda *args, fun, **_: fun(*args),
    abstract_eval=lambda *avals, fun, **_: fun.out_avals,
    jvp=_jvp,
    linear="args",
    transpose=_transpose,
    batch=_batch,
)
linear_call_p.expand = lambda *args, fun, **_: fun(*args)


def linear_call(fun, fun_transpose, residual_args, linear_args):
    """Call a linear function whose transpose is given by another function.

    Parameters
    ----------
    fun : callable
        ``fun(residual_args, linear_args)``, linear in its second argument.
    fun_transpose : callable
        ``fun_transpose(residual_args, cotangent)``: for a value like the result of `fun` one like
        `linear_args`.
    residual_args, linear_args : pytree of arrays

    Returns
    -------
    pytree
        ``fun(residual_args, linear_args)``.

    Raises
    ------
    TypeError
        If `fun_transpose` gives a value unlike `linear_args`.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad.custom_derivatives import linear_call
    >>> f = lambda x: linear_call(lambda r, x: x / r, lambda r, ct: 10 * ct, 3.0, x)
    >>> f(6.0), fgrad.grad(f)(6.0)
    (np.float64(2.0), np.float64(10.0))
    """
    name = "linear_call"
    check_callable(fun, name)
    check_callable(fun_transpose, name)
    residuals, res_tree = tree_flatten(residual_args)
    leaves, tree = tree_flatten(linear_args)
    residuals = [
        as_argument(x, f"{name}: residual_args", res_tree, i) for i, x in enumerate(residuals)
    ]
    values = [strong(as_argument(x, f"{name}: linear_args", tree, i)) for i, x in enumerate(leaves)]
    of_residuals = tree_unflatten(res_tree, [get_aval(x) for x in residuals])
    avals = [get_aval(x) for x in values]
    forward, _, out_tree = stage_function(
        fun, (of_residuals, tree_unflatten(tree, avals)), {}, name
    )
    out_avals = [a.strong() for a in forward.out_avals]
    backward, _, back_tree = stage_function(
        fun_transpose, (of_residuals, tree_unflatten(out_tree, out_avals)), {}, name
    )
    if back_tree != tree or [a.strong() for a in backward.out_avals] != avals:
        text = (
            explain_mismatch(tree, back_tree, "linear_args", "the result")
            if back_tree != tree
            else f"wanted {', '.join(map(str, avals))}; "
            f"got {', '.join(map(str, backward.out_avals))}"
        )
        raise TypeError(
            located(f"{name}: fun_transpose must give a value like linear_args: {text}")
        )
    consts = closed_over([forward, backward])
    outs = linear_call_p(
        *consts, *residuals, *values,
        fun=taking(forward, consts, out_avals), transpose=taking(backward, consts, avals),
        num_known=len(consts) + len(residuals),
    )  # fmt: skip
    return as_results(out_tree, outs, [*consts, *residuals, *values])
