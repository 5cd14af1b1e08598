"""Assignment into traced arrays: ``x[i] = v``, ``x += v`` and ``out=x``.

The variable goes on with the changed array. NumPy would change all arrays that share its memory: a
traced array has no memory to share, so those that are views of it, or that it is a view of, must
not be used any more; whoever does gets an error that says how to write it. An argument of a
transformed function is the function's own: the caller's array stays as it is.
"""

import contextlib
import operator
import weakref

import numpy as np

from fgrad.core.errors import StaleViewError
from fgrad.core.source import located, user_source
from fgrad.core.trace import Trace, Tracer, evaluation, get_aval, thread
from fgrad.numpy._face import public, value
from fgrad.numpy._indexing import AtIndex, getitem
from fgrad.primitives.define import view
from fgrad.primitives.shape import astype


class _Stale(Trace):
    """The trace of arrays that NumPy would have changed through another one."""

    __slots__ = ("aval", "cause", "original")
    stale = True
    tag = None  # of no batch

    def __init__(self, aval, cause, original):
        super().__init__(None)
        self.aval = aval
        self.cause = weakref.ref(cause)
        self.original = original
        self.source = user_source()

    def refuse(self, tracer):
        """Say which array is stale, and since when."""
        raise StaleViewError(
            f"a traced array of shape {tracer.shape} shares memory, in NumPy, with one of shape "
            f"{self.aval.shape} that was assigned into at {self.source}: it would have changed "
            "too. Take the view again after the assignment, copy it before, or write "
            "x = x.at[index].set(value)."
        )


def clone(x):
    """Another traced array of the same value, as a copy is."""
    new = object.__new__(type(x))
    _take_over(new, x)
    return new


def copied(x):
    """The same value in an array that shares no memory."""
    return clone(x) if isinstance(x, Tracer) else np.array(x)


def unrelated(x):
    """An array that is a new one in NumPy, and so no view of what it was made of."""
    return clone(x) if isinstance(x, Tracer) else x


def _take_over(x, other):
    kind = type(other)
    x.__class__ = kind  # a constant may have become something that is differentiated
    x._trace, x.aval = other._trace, other.aval
    for base in kind.__mro__[: kind.__mro__.index(Tracer)]:
        for slot in base.__slots__:
            setattr(x, slot, getattr(other, slot))


def fresh(x):
    """An array to be filled: inside a transformation one that can be assigned traced values."""
    trace = thread.trace
    return x if trace is evaluation else trace.lift(x)


def replace(x, new) -> None:
    """Let a traced array go on with another value of its shape and dtype."""
    trace = x._trace
    if trace.stale:  # also where all elements are new, and none of the old ones is looked at
        trace.refuse(x)
    if not (isinstance(new, Tracer) and new._trace is trace):
        inner = getattr(new, "_trace", None)
        while inner is not None and inner is not trace:
            inner = inner.parent
        if inner is trace:
            raise StaleViewError(
                f"a traced array {x.aval} belongs to an outer function, and inside "
                f"{new._trace.describe()} nothing can be assigned into it: return the new value"
            )
        new = trace.lift(new)
    _take_over(x, new)  # first: the new value may be a view that is stale from here on
    for reference in getattr(x, "_family", ()):
        other = reference()
        if other is not None and other is not x and not other._trace.stale:
            other._trace = _Stale(x.aval, x, other._trace)
    with contextlib.suppress(AttributeError):
        del x._family


def take(x, index):
    """``x[index]``, which remembers the index."""
    out = getitem(x, index)
    if not get_aval(out).shape and _has_ellipsis(index):
        out = view(x, out)  # not a number, as of integers alone, but an array of no axes
    if not isinstance(out, Tracer) and get_aval(out).shape:
        out = x._trace.lift(out)  # so that traced values can be added to it
    if isinstance(out, Tracer) and hasattr(out, "_family"):
        out._origin = index
    return out


def _has_ellipsis(index):
    return index is Ellipsis or (isinstance(index, tuple) and any(i is Ellipsis for i in index))


def assign(x, index, update) -> None:
    """``x[index] = update``"""
    update = value(update, "assignment")
    if x.aval.dtype.kind != "c" and get_aval(update).dtype.kind == "c":
        raise TypeError(
            located(f"complex numbers cannot be assigned into {x.aval}: take their real parts")
        )
    stale = x._trace
    if stale.stale and stale.cause() is update and _is_same(update._origin, index):
        x._trace = stale.original  # the end of ``x[index] += v``, which took and changed a view
    replace(x, value(AtIndex(x, index).set(update)))


def _is_same(index, other):
    if isinstance(index, tuple) and isinstance(other, tuple) and len(index) == len(other):
        return all(map(_is_same, index, other))
    plain = int | slice | type(None) | type(...)
    return index is other or (
        isinstance(index, plain) and isinstance(other, plain) and index == other
    )


def into(x, result, name) -> None:
    """Let `x` go on with the result of an operation, as NumPy writes it into an array."""
    aval, have = x.aval, get_aval(result)
    if have.shape != aval.shape:
        raise ValueError(
            located(f"{name}: a result of shape {have.shape} does not fit an array of {aval.shape}")
        )
    if not np.can_cast(have.dtype, aval.dtype, "same_kind"):
        raise TypeError(
            located(
                f"{name}: a result of dtype {have.dtype} cannot be written into an array of dtype "
                f"{aval.dtype}; write x = x + y instead of x += y"
            )
        )
    replace(x, astype(result, aval.dtype))


def _in_place(name):
    function = getattr(operator, name)

    def method(self, other):
        if not self.aval.shape and not hasattr(self, "_origin"):
            return NotImplemented  # a number: the name gets another one
        result = function(self, other)
        if result is NotImplemented:
            return result
        into(self, value(result), f"in-place {name}")
        return self

    return method


def attach() -> None:
    """Give traced arrays the assignments."""
    Tracer.__getitem__ = public(take)
    Tracer.__setitem__ = assign
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lshift",
                 "rshift", "and_", "or_", "xor"):  # fmt: skip
        setattr(Tracer, f"__i{name.rstrip('_')}__", _in_place(name))
