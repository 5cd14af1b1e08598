"""Calls of Python functions from inside programs: pure ones, and two kinds with effects."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.shape import broadcast_to, expand_dims, moveaxis


def _impl(*args, callback, avals, **_):
    return [_result(x, aval) for x, aval in zip(callback(*args), avals, strict=True)]


def _result(x, aval):
    """What a callback gave as an array of its own, if it is what was announced."""
    out = np.array(x, aval.dtype if type(x) in (bool, int, float, complex) else None)
    if out.shape != aval.shape or out.dtype != aval.dtype:
        raise ValueError(
            f"a callback announced {aval} by result_shape_dtypes, and gave an array of shape "
            f"{out.shape} and dtype {out.dtype}"
        )
    return out if out.ndim else out[()]


def _avals(*args, avals, **_):
    return list(avals)


def _no_jvp(kind):
    def jvp(primals, tangents, **params):
        raise ValueError(
            located(
                f"{kind} callbacks have no derivative, for what they compute is not known: wrap "
                "the call in a function with fgrad.custom_jvp or fgrad.custom_vjp"
            )
        )

    return jvp


def _in_front(args, dims):
    return [x if d is None else moveaxis(x, d, 0) for x, d in zip(args, dims, strict=True)]


def one_by_one(callback, mapped, size):
    """The callback of each example in turn, its results stacked."""

    def call(*args):
        rows = [
            callback(*[x[i] if m else x for x, m in zip(args, mapped, strict=True)])
            for i in range(size)
        ]
        return [np.stack(column) for column in zip(*rows, strict=True)]  # none for an empty batch

    return call


def _batched(avals, size):
    return tuple([a.update(shape=(size, *a.shape)) for a in avals])


# -- pure ones: they may be dropped, or called once for two equal calls ----------------------------

METHODS = ("sequential", "sequential_unrolled", "expand_dims", "broadcast_all")


def _pure_batch(args, dims, size, *, callback, avals, vmap_method):
    args = _in_front(args, dims)
    if vmap_method is None:
        raise NotImplementedError(
            located(
                "pure_callback under vmap: say how it is to be called, by vmap_method='sequential' "
                "(once for each example), 'expand_dims' or 'broadcast_all' (once for all)"
            )
        )
    if vmap_method.startswith("sequential"):
        callback = one_by_one(callback, [d is not None for d in dims], size)
    else:
        for i, d in enumerate(dims):
            if d is None:
                args[i] = expand_dims(args[i], (0,))
                if vmap_method == "broadcast_all":
                    args[i] = broadcast_to(args[i], (size, *get_aval(args[i]).shape[1:]))
    avals = _batched(avals, size)
    outs = pure_callback(*args, callback=callback, avals=avals, vmap_method=vmap_method)
    return outs, [0] * len(outs)


pure_callback = Primitive("pure_callback", multiple_results=True)
set_rules(
    pure_callback,
    impl=_impl,
    abstract_eval=_avals,
    jvp=_no_jvp("pure"),
    batch=_pure_batch,
)

# -- with effects: each call is made, in the order of the program ----------------------------------


def _io_batch(args, dims, size, *, callback, avals, ordered):
    if ordered:
        raise ValueError(
            located("io_callback with ordered=True cannot be mapped: examples have no order")
        )
    callback = one_by_one(callback, [d is not None for d in dims], size)
    params = {"callback": callback, "avals": _batched(avals, size), "ordered": ordered}
    outs = io_callback(*_in_front(args, dims), **params)
    return outs, [0] * len(outs)


io_callback = Primitive("io_callback", multiple_results=True)
io_callback.effectful = True
set_rules(
    io_callback,
    impl=_impl,
    abstract_eval=_avals,
    jvp=_no_jvp("I/O"),
    batch=_io_batch,
)

# -- for debugging: no results, and derivatives do not notice them ---------------------------------


def _debug_jvp(primals, tangents, **params):
    debug_callback(*primals, **params)
    return [], []


def _debug_batch(args, dims, size, *, callback):
    callback = one_by_one(callback, [d is not None for d in dims], size)
    return debug_callback(*_in_front(args, dims), callback=callback), []


debug_callback = Primitive("debug_callback", multiple_results=True)
debug_callback.effectful = True
set_rules(
    debug_callback,
    impl=lambda *args, callback: callback(*args),
    abstract_eval=lambda *args, callback: [],
    jvp=_debug_jvp,
    batch=_debug_batch,
)
