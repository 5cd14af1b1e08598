"""What every function of this namespace does at its border."""

import functools
from typing import Any

import numpy as np

from fgrad.core.array import Array, as_eager
from fgrad.core.avals import scalar_avals
from fgrad.core.errors import ConcretizationTypeError, TracerIntegerConversionError
from fgrad.core.source import located
from fgrad.core.trace import Tracer, as_value, get_aval
from fgrad.primitives.shape import astype, concatenate, expand_dims

_PASS = frozenset(scalar_avals) - {bool} | {np.ndarray}


def value(x, what="argument") -> Any:
    """Any array-like as interpreters hold it; a list of tracers is stacked.

    Raises
    ------
    TypeError
        If it is no array-like of numbers or booleans.
    """
    t = type(x)
    if t in _PASS:
        return x if t is not np.ndarray or x.dtype.kind in "biufc" else as_value(x, what)
    if isinstance(x, Tracer):
        return x
    if t is Array:
        return x.view(np.ndarray)
    if isinstance(x, list | tuple):
        return _sequence(x, what)
    return as_value(x, what)


def _sequence(x, what):
    if not any(map(_holds_tracer, x)):
        try:
            return as_value(np.asarray(x), what)
        except ValueError as e:
            raise ValueError(located(f"{what}: {e}")) from None
    parts = [value(v, what) for v in x]
    shapes = {get_aval(p).shape for p in parts}
    if len(shapes) > 1:
        raise ValueError(located(f"{what} is a ragged list: its items have shapes {shapes}"))
    return concatenate(*(expand_dims(p, (0,)) for p in parts), dimension=0)


def _holds_tracer(x):
    return isinstance(x, Tracer) or (isinstance(x, list | tuple) and any(map(_holds_tracer, x)))


def give(out):
    """A result as users see it; tuples and lists item by item."""
    t = type(out)
    if t is np.ndarray:
        return out.view(Array) if out.ndim else out[()]
    if isinstance(out, Tracer):
        return out
    if t is tuple or t is list:
        return t(map(give, out))
    if isinstance(out, tuple) and hasattr(out, "_fields"):
        return t(*map(give, out))
    return as_eager(out)


def public(fun):
    """A function of this namespace: what it returns is wrapped for users."""

    @functools.wraps(fun)
    def face(*args, **kwargs):
        return give(fun(*args, **kwargs))

    return face


def refuse(name, **unsupported):
    """Refuse options of NumPy's that mean mutation or that fgrad does not have."""
    for option, given in unsupported.items():
        if given is not None:
            raise NotImplementedError(
                located(f"{name}: the option {option}= is not supported; leave it None")
            )


def axes_of(axis, ndim, name="axis"):
    """`axis` (None, an int or a tuple) as a sorted tuple of non-negative ints.

    Raises
    ------
    ValueError
        If one is out of bounds or stands twice.
    """
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, tuple | list):
        axes = [axis_of(a, ndim, name) for a in axis]
        if len(set(axes)) != len(axes):
            raise ValueError(located(f"{name} {axis} names an axis twice"))
        return tuple(sorted(axes))
    return (axis_of(axis, ndim, name),)


def reduced_axes(axis, ndim):
    """The axes to reduce over; of a 0-d array NumPy lets 0 and -1 pass for none."""
    return (
        () if ndim == 0 and not isinstance(axis, tuple) and axis in (0, -1) else axes_of(axis, ndim)
    )


def axis_of(axis, ndim, name="axis"):
    """One axis as a non-negative int."""
    try:
        if isinstance(axis, bool | np.bool_):  # True is an integer, but keepdims out of its place
            raise TypeError
        axis = axis.__index__()
    except (AttributeError, TypeError):
        raise TypeError(located(f"{name} must be an integer; got {axis!r}")) from None
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(
            located(f"{name} {axis} is out of bounds for an array of {ndim} axes")
        )
    return axis % ndim


def shape_of(shape, name="shape"):
    """A shape argument as a tuple of ints."""
    if isinstance(shape, Tracer):
        shape.concrete(TracerIntegerConversionError, f"{name} of the result")
    try:
        return (shape.__index__(),) if hasattr(shape, "__index__") else tuple(
            n.__index__() for n in shape
        )  # fmt: skip
    except (TypeError, AttributeError):
        raise TypeError(located(f"{name} must be made of integers; got {shape!r}")) from None


def concrete(x, what):
    """The numbers of an argument that must have them, as a NumPy array; `what` needs them.

    Raises
    ------
    ConcretizationTypeError
        If it is a tracer without a value.
    """
    if isinstance(x, list | tuple):
        return np.asarray([concrete(v, what) for v in x])
    return np.asarray(x.concrete(ConcretizationTypeError, what) if isinstance(x, Tracer) else x)


def unweak(x):
    """A weak scalar as a strong one."""
    aval = get_aval(x)
    return astype(x, aval.dtype) if aval.weak_type else x
