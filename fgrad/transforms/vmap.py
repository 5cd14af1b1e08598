"""Batching: every value may carry one axis more than the program knows of."""

from contextlib import nullcontext
from functools import wraps

import numpy as np

from fgrad.core.array import as_eager
from fgrad.core.source import located
from fgrad.core.trace import Trace, Tracer, get_aval, thread
from fgrad.core.tree import flatten_axes, tree_flatten, tree_unflatten
from fgrad.primitives.shape import broadcast_to, moveaxis
from fgrad.transforms.axes import named_axis
from fgrad.transforms.face import as_argument, as_results, check_callable, function_name


class BatchTracer(Tracer):
    """An array and which of its axes is the batch; None for a constant that may be assigned to."""

    __slots__ = ("dim", "val")

    def __init__(self, trace, val, dim):
        self._trace = trace
        self.val = val
        self.dim = dim
        aval = get_aval(val)
        if dim is not None:
            aval = aval.update(shape=aval.shape[:dim] + aval.shape[dim + 1 :])
        self.aval = aval

    def __repr__(self):
        return f"Tracer<{self.aval}, one of {self._trace.size}>"


class BatchTrace(Trace):
    """Does to all elements of a batch at once what the program does to one.

    Attributes
    ----------
    size : int
        Of the batch.
    axis_name : hashable or None
    tag : object
        Which batch it is: traces of one batch share it, and take each other's tracers for theirs.
    """

    __slots__ = ("axis_name", "size", "tag")
    transformation = "vmap"

    def __init__(self, parent, fun, size, axis_name=None, tag=None):
        super().__init__(parent, fun)
        self.size = size
        self.axis_name = axis_name
        self.tag = object() if tag is None else tag

    def process(self, primitive, args, params):
        values, dims = zip(*map(self.split, args), strict=True) if args else ((), ())
        if all(d is None for d in dims):
            return self.parent.process(primitive, values, params)
        if primitive.stage is not None:  # it holds functions, which may know of the batch
            params = {**params, "trace": self}
        out, dim = primitive.batch(values, dims, self.size, **params)
        if primitive.multiple_results:
            return [self._wrap(o, d) for o, d in zip(out, dim, strict=True)]
        return self._wrap(out, dim)

    def _wrap(self, value, dim):
        return value if dim is None else BatchTracer(self, value, dim)

    def lift(self, x):
        return BatchTracer(self, x, None)  # it may be assigned mapped values

    def split(self, x):
        """The array behind a result of this trace, and its batch dimension or None."""
        if type(x) is BatchTracer and x._trace.tag is self.tag:
            return x.val, x.dim
        return x, None

    def why_abstract(self, tracer, what):
        return (
            f"{what} needs one number, but under {self.describe()} the value {tracer.aval} stands "
            f"for {self.size} of them at once. Use fgrad.numpy.where or fgrad.lax.select for a "
            "choice that differs between the elements of a batch."
        )


def batch_dim_of(aval, axis, what):
    """A batch axis as a non-negative number."""
    if not -aval.ndim <= axis < aval.ndim:
        raise ValueError(
            located(f"vmap: {what} maps axis {axis}, but that array has shape {aval.shape}")
        )
    return axis % aval.ndim


def place_batch(value, dim, want, size, what):
    """`value` with its batch axis at `want`."""
    if want is None:
        if dim is not None:
            raise ValueError(
                located(f"vmap: {what} is None, but that output is mapped, of shape {value.shape}")
            )
        return value
    aval = get_aval(value)
    ndim = aval.ndim + (dim is None)
    if not -ndim <= want < ndim:
        raise ValueError(located(f"vmap: {what} is {want} for an output of {ndim} axes"))
    if dim is None:
        value, dim = broadcast_to(value, (size, *aval.shape)), 0
    return moveaxis(value, dim, want % ndim)


def vmap(fun, in_axes=0, out_axes=0, axis_name=None, axis_size=None, spmd_axis_name=None):
    """Vectorize a function over an axis of its arguments.

    Parameters
    ----------
    fun : callable
        A pure function of arrays or pytrees of them.
    in_axes : int, None or pytree of them
        For each positional argument the axis to map over, as a tree that is a prefix of the
        arguments; None leaves an argument whole. Keyword arguments are mapped over axis 0.
    out_axes : int, None or pytree of them
        Where the mapped axis stands in each output.
    axis_name : hashable, optional
        A name for the mapped axis, for collectives.
    axis_size : int, optional
        The size of the mapped axis; needed only if nothing is mapped.
    spmd_axis_name : optional
        Accepted for compatibility; there is one device.

    Returns
    -------
    callable
        Takes the same arguments with the mapped axes added.

    Raises
    ------
    ValueError
        If the mapped axes have different sizes, if `in_axes` or `out_axes` does not fit the trees,
        or if nothing is mapped and there is no `axis_size`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(fnp.dot)(fnp.ones((3, 2)), fnp.arange(6.0).reshape(3, 2))
    Array([1., 5., 9.])
    """
    check_callable(fun, "vmap")
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if not isinstance(in_axes, tuple | int | dict | type(None)) or isinstance(in_axes, bool):
        raise TypeError(
            located(
                f"vmap: in_axes must be an int, None or a tuple of trees of them; got {in_axes!r}"
            )
        )
    return _mapped(fun, in_axes, out_axes, axis_size, axis_name)


def vmap_again(trace, fun, in_axes=0):
    """`vmap` over the batch of a trace, of a function that may know of it.

    It may close over tracers of that batch, and name its axis.
    """
    return _mapped(fun, in_axes, 0, trace.size, trace.axis_name, trace.tag)


def _mapped(fun, in_axes, out_axes, axis_size, axis_name, tag=None):
    @wraps(fun)
    def vmapped(*args, **kwargs):
        leaves, treedef = tree_flatten((args, kwargs))
        if isinstance(in_axes, tuple) and len(in_axes) != len(args):
            raise ValueError(
                located(
                    f"vmap: in_axes has {len(in_axes)} entries, but {function_name(fun)} was "
                    f"called with {len(args)} positional arguments"
                )
            )
        axes = _flat_axes("vmap in_axes", treedef, (in_axes, 0))
        values = [as_argument(x, "vmap", treedef, i) for i, x in enumerate(leaves)]
        dims = [
            None if a is None else batch_dim_of(get_aval(v), a, "in_axes")
            for v, a in zip(values, axes, strict=True)
        ]
        size = _mapped_size(fun, values, dims, axis_size)
        trace = BatchTrace(thread.trace, fun, size, axis_name, tag)
        wrapped = [
            as_eager(v) if d is None else BatchTracer(trace, v, d)
            for v, d in zip(values, dims, strict=True)
        ]
        name = nullcontext()
        if axis_name is not None:
            name = named_axis(axis_name, BatchTracer(trace, np.arange(size), 0), size)
        with trace, name:
            args, kwargs = tree_unflatten(treedef, wrapped)
            out_leaves, out_tree = tree_flatten(fun(*args, **kwargs))
            outs = [
                as_argument(o, "an output of vmap", out_tree, i) for i, o in enumerate(out_leaves)
            ]
        out_dims = _flat_axes("vmap out_axes", out_tree, out_axes)
        placed = [
            place_batch(*trace.split(o), d, size, "out_axes")
            for o, d in zip(outs, out_dims, strict=True)
        ]
        return as_results(out_tree, placed, [*values, *outs])

    return vmapped


def _flat_axes(name, treedef, axes):
    try:
        return flatten_axes(name, treedef, axes)
    except ValueError as e:
        raise ValueError(located(str(e))) from None


def _mapped_size(fun, values, dims, axis_size):
    sizes = {}
    for i, (v, d) in enumerate(zip(values, dims, strict=True)):
        if d is not None:
            sizes.setdefault(get_aval(v).shape[d], []).append(f"leaf {i} {get_aval(v)} (axis {d})")
    if axis_size is not None:
        sizes.setdefault(axis_size, []).append("axis_size")
    if not sizes:
        raise ValueError(
            located(
                f"vmap of {function_name(fun)}: no argument is mapped; give an axis in in_axes, or "
                "axis_size"
            )
        )
    if len(sizes) > 1:
        text = "; ".join(f"size {n}: {', '.join(who)}" for n, who in sizes.items())
        raise ValueError(
            located(f"vmap of {function_name(fun)}: the mapped axes differ in size: {text}")
        )
    return next(iter(sizes))
