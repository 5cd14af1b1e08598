"""custom_vmap: functions that say themselves how they are done to a whole batch.

The primitive ``custom_vmap_call(*consts, *args)`` holds the staged function and its rule on flat
values: ``rule(size, mapped, *args)`` gives results, mapped ones along their first axis, and for
each whether it is mapped.
"""

import functools

from fgrad.core.array import as_eager
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Tracer, get_aval
from fgrad.core.tree import flatten_axes, tree_flatten, tree_unflatten
from fgrad.primitives.define import set_rules
from fgrad.primitives.shape import broadcast_to
from fgrad.transforms.custom import positional
from fgrad.transforms.face import as_argument, as_results, check_callable, function_name
from fgrad.transforms.forward import jvp
from fgrad.transforms.jaxprs import batch_to_front, consts_as_inputs, jvp_jaxpr
from fgrad.transforms.stage import stage_function


def _jvp(primals, tangents, *, jaxpr, rule, name):
    nonzero = tuple([t is not None for t in tangents])
    both, out_nonzero = jvp_jaxpr(jaxpr, nonzero)
    n, m = len(primals), len(out_nonzero)

    def of_tangents(size, mapped, *args):
        """The rule differentiated: a value and its tangent are mapped together."""
        full = list(args)
        moving = [k for k, t in enumerate(nonzero) if t]
        flags = list(mapped[:n])
        for i, k in enumerate(moving):
            flags[k] = mapped[k] or mapped[n + i]
            for at in (k, n + i):
                if flags[k] and not mapped[at]:
                    full[at] = broadcast_to(full[at], (size, *get_aval(full[at]).shape))
        found = []

        def run(*xs):
            values = list(full[:n])
            for k, x in zip(moving, xs, strict=True):
                values[k] = x
            outs, out_mapped = rule(size, tuple(flags), *values)
            found.append(out_mapped)
            return outs

        outs, out_tangents = jvp(run, [full[k] for k in moving], full[n:])
        kept = [k for k, nz in enumerate(out_nonzero) if nz]
        (out_mapped,) = found
        return (
            [*outs, *(out_tangents[k] for k in kept)],
            [*out_mapped, *(out_mapped[k] for k in kept)],
        )

    given = [t for t in tangents if t is not None]
    outs = custom_vmap_call(*primals, *given, jaxpr=both, rule=of_tangents, name=name)
    found = iter(outs[m:])
    return outs[:m], [next(found) if nz else None for nz in out_nonzero]


def _linearize(primals, tangents, *, jaxpr, rule, name):
    raise TypeError(
        located(
            f"{name} has a custom vmap rule, which says nothing of reverse mode: wrap it in a "
            "function with fgrad.custom_vjp, or use forward mode (jvp, jacfwd)"
        )
    )


def _batch(args, dims, size, *, jaxpr, rule, name):
    outs, mapped = rule(size, tuple([d is not None for d in dims]), *batch_to_front(args, dims))
    return outs, [0 if m else None for m in mapped]


custom_vmap_call = Primitive("custom_vmap_call", multiple_results=True)
set_rules(
    custom_vmap_call,
    impl=lambda *args, jaxpr, **_: jaxpr(*args),
    abstract_eval=lambda *avals, jaxpr, **_: jaxpr.out_avals,
    jvp=_jvp,
    batch=_batch,
)
custom_vmap_call.linearize = _linearize
custom_vmap_call.expand = lambda *args, jaxpr, **_: jaxpr(*args)


class custom_vmap:
    """A function with a rule for `vmap`.

    Forward mode differentiates the rule too; for reverse mode wrap the function in `custom_vjp`.

    Parameters
    ----------
    fun : callable
        A pure function; positional arguments are pytrees of arrays.

    Raises
    ------
    AttributeError
        If it is called before it has a rule.
    TypeError
        If it is differentiated in reverse mode.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> @fgrad.custom_batching.custom_vmap
    ... def f(x, y):
    ...     return fnp.dot(x, y)
    >>> @f.def_vmap
    ... def f_vmap(axis_size, in_batched, xs, ys):
    ...     print("batches:", in_batched)
    ...     return xs @ ys, True
    >>> fgrad.vmap(f, in_axes=(0, None))(fnp.ones((2, 3)), fnp.ones(3))
    batches: [True, False]
    Array([3., 3.])
    """

    def __init__(self, fun):
        check_callable(fun, "custom_vmap")
        functools.update_wrapper(self, fun)
        self.fun = fun
        self.vmap_rule = None

    def def_vmap(self, vmap_rule):
        """Set the rule.

        Parameters
        ----------
        vmap_rule : callable
            ``vmap_rule(axis_size, in_batched, *args) -> (out, out_batched)``. `in_batched` and
            `out_batched` are trees of booleans like the list of arguments and like `out` (or a
            prefix of it); a mapped array has the batch as its first axis.
        """
        check_callable(vmap_rule, "def_vmap")
        self.vmap_rule = vmap_rule
        return vmap_rule

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args, **kwargs):
        name = function_name(self.fun)
        if self.vmap_rule is None:
            raise AttributeError(
                located(
                    f"no vmap rule defined for custom_vmap function {name}: use {name}.def_vmap"
                )
            )
        args = positional(self.fun, args, kwargs)
        leaves, in_tree = tree_flatten(args)
        values = [as_argument(x, name, in_tree, i) for i, x in enumerate(leaves)]
        avals = tree_unflatten(in_tree, [get_aval(v) for v in values])
        closed, _, out_tree = stage_function(self.fun, avals, {}, name)
        consts = [c for c in closed.consts if isinstance(c, Tracer)]
        n = len(consts)

        def rule(size, mapped, *given):
            if any(mapped[:n]):
                raise TypeError(
                    located(f"{name} has a custom vmap rule and closes over a mapped value: give "
                            "it as an argument")
                )  # fmt: skip
            in_batched = list(tree_unflatten(in_tree, list(mapped[n:])))
            theirs = tree_unflatten(in_tree, list(map(as_eager, given[n:])))
            return self._apply(name, out_tree, size, in_batched, theirs)

        outs = custom_vmap_call(*consts, *values, jaxpr=consts_as_inputs(closed), rule=rule,
                                name=name)  # fmt: skip
        return as_results(out_tree, outs, [*consts, *values])

    def _apply(self, name, out_tree, size, in_batched, args):
        """Flat results of the rule, and for each whether it is mapped."""
        pair = self.vmap_rule(size, in_batched, *args)
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(
                located(
                    f"the vmap rule of {name} must return a pair (out, out_batched); "
                    f"got {type(pair).__name__}"
                )
            )
        outs, tree = tree_flatten(pair[0])
        if tree != out_tree:
            raise TypeError(
                located(
                    f"the vmap rule of {name} must return the structure {name} returns, {out_tree};"
                    f" got {tree}"
                )
            )
        try:
            mapped = flatten_axes(f"the vmap rule of {name}: out_batched", tree, pair[1])
        except ValueError as e:
            raise ValueError(located(str(e))) from None
        values = [as_argument(o, f"the vmap rule of {name}", tree, i) for i, o in enumerate(outs)]
        for v, m in zip(values, mapped, strict=True):
            if m and get_aval(v).shape[:1] != (size,):
                raise ValueError(
                    located(
                        f"the vmap rule of {name} must return batches of {size} along the first "
                        f"axis; got {get_aval(v)}"
                    )
                )
        return values, [bool(m) for m in mapped]
