"""The options of NumPy's products of vectors and matrices that say where their axes stand."""

import functools
import inspect
import re

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._elementwise import call_with_options
from fgrad.numpy._face import give, value
from fgrad.numpy._rearrange import moveaxis_values
from fgrad.primitives.shape import expand_dims


def generalized(fun):
    """A function that stands for a generalized ufunc, and takes its options."""
    ufunc = getattr(np, fun.__name__)
    own = frozenset(inspect.signature(fun).parameters)

    @functools.wraps(fun)
    def face(*args, **options):
        if not options or options.keys() <= own:
            return give(fun(*args, **options))
        places = {k: options.pop(k) for k in ("axes", "axis", "keepdims") if k in options}
        if places:
            return _with_axes(ufunc, functools.partial(face, **options), args, **places)
        return call_with_options(ufunc, face, args, **options)

    return face


def _with_axes(ufunc, fun, args, axes=None, axis=None, keepdims=False):
    """`fun` with the axes of vectors and matrices brought to the end and, of the result, back."""
    name = ufunc.__name__
    xs = [value(x, name) for x in args]
    cores = _core_sizes(ufunc, [get_aval(x).ndim for x in xs])
    single = ufunc.signature == "(n),(n)->()"
    if (axis is not None or keepdims) and not single:
        raise TypeError(
            located(f"{name}: axis= and keepdims= are for products of vectors alone; give axes=")
        )
    if axes is not None and axis is not None:
        raise TypeError(located(f"{name}: give only one of axis and axes"))
    last = -1 if axis is None else axis
    if axes is None:
        axes = [last, last]
    given = _checked(name, axes, cores, single)
    if keepdims:
        cores[2] = 1
    if len(given) == 2 or not given[2]:
        given[2:] = [(last,) if keepdims else ()]
    for i, x in enumerate(xs):
        xs[i] = moveaxis_values(x, given[i], tuple(range(-cores[i], 0)))
    out = value(fun(*map(give, xs)))
    if keepdims:
        out = expand_dims(out, (get_aval(out).ndim,))
    return give(moveaxis_values(out, tuple(range(-cores[2], 0)), given[2]))


def _core_sizes(ufunc, ndims):
    """How many axes of each operand and of the result are those of a vector or matrix."""
    cores = [c.split(",") if c else [] for c in re.findall(r"\((.*?)\)", ufunc.signature)]
    missing = set()
    for core, ndim in zip(cores, ndims, strict=False):
        if ndim < len(core):  # a vector where a matrix may be
            missing.update(n for n in core if n.endswith("?"))
    return [len([n for n in core if n not in missing]) for core in cores]


def _checked(name, axes, cores, single):
    """The entries of `axes` as tuples of as many axes as there are to place."""
    if not isinstance(axes, list):
        raise TypeError(located(f"{name}: axes must be a list; got {axes!r}"))
    if len(axes) != 3 and not (single and len(axes) == 2):
        raise ValueError(
            located(f"{name}: axes must have an entry for each operand and the result; got {axes}")
        )
    entries = [a if isinstance(a, tuple) else (a,) for a in axes]
    for entry, n in zip(entries, cores, strict=False):
        if len(entry) != n and not (single and n == 0 and len(entry) <= 1):
            raise np.exceptions.AxisError(
                located(f"{name}: wanted {n} axes in an entry of axes; got {entry}")
            )
        if len(set(entry)) != len(entry):
            raise ValueError(located(f"{name}: axes names an axis twice; got {entry}"))
    return entries
