"""Interpreters of operations. Each thread has a current one; a transformation installs its own.

An interpreter (`Trace`) has one question to answer: what does this operation mean here? Evaluation,
differentiation, batching and staging differ only in that.
"""

import inspect
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from fgrad.core.avals import (
    ShapedArray,
    aval_of_value,
    check_kept,
    interned,
    key_dtype,
    scalar_avals,
    weak_types,
)
from fgrad.core.errors import UnexpectedTracerError
from fgrad.core.source import Source, located


class Primitive:
    """An operation that every interpreter knows.

    Parameters
    ----------
    name : str
        As it is printed in a jaxpr.
    multiple_results : bool
        Whether it gives a list of values.
    internal : bool
        Whether it stands in compiled programs only.

    Attributes
    ----------
    impl : callable
        ``impl(*args, **params)`` on base arrays, NumPy scalars and Python scalars.
    abstract_eval : callable
        ``abstract_eval(*avals, **params)``: the aval of the result (a list, if several).
    partials : tuple or None
        For elementwise operations: for each operand the derivative of the result by it,
        ``d(ans, *args)``; or `ONE`, `MINUS_ONE`, or None where it is zero everywhere.
    jvp : callable or None
        ``jvp(primals, tangents, **params)``: the pair of results; None for a zero tangent.
    linear : tuple of bool, 'each' or None
        Which operands it is jointly linear in; 'each' if linear in each one separately.
    transpose : callable or None
        ``transpose(ct, *args, **params)``: for each operand the cotangent, or None; the linear
        operands among `args` are `Undefined`.
    batch : callable
        ``batch(args, dims, size, **params)``: the result and its batch dimension.
    linearize : callable or None
        ``linearize(primals, tangents, **params)``: as `jvp`, for operations that hold programs and
        should keep residuals instead of running them again in the backward pass.
    split : callable or None
        ``split(linear, args, **params)``: for operations that hold programs, computes the results
        that do not depend on the operands that are `linear`; gives these, the operands and params
        of the operation that gives the others, and for each result whether it is one of these.
    twice : callable or None
        ``twice(policy, **params)``: for operations that hold loops, the params of a run that gives
        besides its results what the policy saves of each step, those of a run that takes this as
        further operands, and the avals of it.
    keeps_weak : bool
        Whether it gives a Python scalar for Python scalars.
    expand : callable or None
        ``expand(*args, **params)``: the operation in terms of others, for the compiler.
    lower : callable or None
        ``lower(**params)``: a function of the operands made for these parameters, as for operations
        that hold programs.
    prune : callable or None
        ``prune(used, **params)``: for operations with several results of which some are not used,
        the numbers of the operands and results to keep and new params.
    effectful : bool
        Whether it does more than give a result: it is never dropped, merged or moved.
    symbolic_zeros : bool
        Whether `transpose` gets None for those cotangents of several results that are zero.
    blas : bool
        Whether NumPy hands it to BLAS or LAPACK.
    stage : callable or None
        ``stage(trace, args, params)``: for operations that hold Python functions, how a
        `StagingTrace` turns these into jaxprs. Their `batch` gets the ``trace=`` too.
    """

    def __init__(self, name: str, multiple_results: bool = False, internal: bool = False):
        self.name = name
        self.multiple_results = multiple_results
        self.impl: Any = None
        self.abstract_eval: Any = None
        self.partials: Any = None
        self.jvp: Any = None
        self.linear: Any = None
        self.transpose: Any = None
        self.batch: Any = None
        self.linearize: Any = None
        self.split: Any = None
        self.twice: Any = None
        self.stage: Any = None
        self.expand: Any = None
        self.lower: Any = None
        self.prune: Any = None
        self.effectful = False
        self.symbolic_zeros = False
        self.blas = False
        self.keeps_weak = not multiple_results
        if not internal:
            registry.append(self)

    def bind(self, *args: Any, **params: Any) -> Any:
        """Hand the operation to the current interpreter."""
        return thread.trace.process(self, args, params)

    __call__ = bind

    def __repr__(self):
        return self.name


registry: list[Primitive] = []
"""Every primitive there is, in order of definition: tests go through it."""

ONE, MINUS_ONE = "one", "minus one"
NO_PARAMS: dict = {}  # of operators, which would make one each time


class Undefined:
    """Stands for a linear operand in a transpose rule: its shape is known, it has no value.

    Attributes
    ----------
    aval : ShapedArray
    variable : int
        Which variable of the tape it is.
    """

    __slots__ = ("aval", "variable")

    def __init__(self, aval: ShapedArray, var: int):
        self.aval = aval
        self.variable = var

    shape = property(lambda self: self.aval.shape)
    dtype = property(lambda self: self.aval.dtype)
    ndim = property(lambda self: self.aval.ndim)


class Tracer:
    """A value inside a transformation. It behaves like an array: see `fgrad.numpy`."""

    __slots__ = ("__weakref__", "_family", "_origin", "_trace", "aval")
    __array_priority__ = 1000.0

    if TYPE_CHECKING:  # attached by fgrad.numpy

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...
        def __iter__(self) -> Any: ...
        def __len__(self) -> int: ...
        def __neg__(self) -> Any: ...
        def __abs__(self) -> Any: ...
        def __invert__(self) -> Any: ...
        def __add__(self, other: Any) -> Any: ...
        def __radd__(self, other: Any) -> Any: ...
        def __sub__(self, other: Any) -> Any: ...
        def __rsub__(self, other: Any) -> Any: ...
        def __mul__(self, other: Any) -> Any: ...
        def __rmul__(self, other: Any) -> Any: ...
        def __truediv__(self, other: Any) -> Any: ...
        def __rtruediv__(self, other: Any) -> Any: ...
        def __floordiv__(self, other: Any) -> Any: ...
        def __rfloordiv__(self, other: Any) -> Any: ...
        def __mod__(self, other: Any) -> Any: ...
        def __rmod__(self, other: Any) -> Any: ...
        def __pow__(self, other: Any) -> Any: ...
        def __rpow__(self, other: Any) -> Any: ...
        def __matmul__(self, other: Any) -> Any: ...
        def __rmatmul__(self, other: Any) -> Any: ...
        def __and__(self, other: Any) -> Any: ...
        def __or__(self, other: Any) -> Any: ...
        def __xor__(self, other: Any) -> Any: ...
        def __lt__(self, other: Any) -> Any: ...
        def __le__(self, other: Any) -> Any: ...
        def __gt__(self, other: Any) -> Any: ...
        def __ge__(self, other: Any) -> Any: ...
        def __bool__(self) -> bool: ...
        def __float__(self) -> float: ...
        def __int__(self) -> int: ...

    @property
    def shape(self):
        """tuple of int"""
        return self.aval.shape

    @property
    def dtype(self):
        """np.dtype"""
        return self.aval.dtype

    @property
    def ndim(self):
        """int"""
        return self.aval.ndim

    @property
    def size(self):
        """int"""
        return self.aval.size

    @property
    def weak_type(self):
        """bool: whether it came from Python scalars alone."""
        return self.aval.weak_type

    def block_until_ready(self):
        """The tracer itself."""
        return self

    def concrete(self, error, what: str):
        """The number behind this tracer, where it has one; else `error` says why not."""
        raise error(self._trace.why_abstract(self, what))


class Trace:
    """What operations mean inside one transformation.

    Attributes
    ----------
    parent : Trace
        The interpreter in force outside.
    """

    __slots__ = ("fun", "parent", "source")
    transformation = "a transformation"
    stale = False  # whether its tracers must not be used, whatever they hold

    def __init__(self, parent, fun=None):
        self.parent = parent
        self.fun = fun
        self.source = None

    def process(self, primitive, args, params):
        """What `primitive` gives on `args` here."""
        raise NotImplementedError

    def why_abstract(self, tracer, what):
        """Why `tracer` has no number to give to `what`."""
        raise NotImplementedError

    def describe(self):
        """The transformation and the function it was applied to, for messages."""
        return f"{self.transformation} of {getattr(self.fun, '__name__', None) or 'a function'}"

    def where(self):
        """Where the function stands that was transformed, or None."""
        code = getattr(inspect.unwrap(self.fun), "__code__", None) if self.fun else None
        return code and Source(code.co_filename, code.co_firstlineno, code.co_name)

    def lift(self, x):
        """A tracer of this trace for a value that does not depend on what is transformed; the value
        itself where there is none.
        """
        return x

    def __enter__(self):
        thread.trace = self
        return self

    def __exit__(self, *exc):
        thread.trace = self.parent
        self.finish()

    def finish(self):
        """End this trace: from now on its tracers refuse to be used."""


class EvalTrace(Trace):
    """Outside every transformation: operations are carried out by NumPy."""

    __slots__ = ()

    def process(self, primitive, args, params):
        for a in args:
            if isinstance(a, Tracer):
                raise_leaked(a)
        return evaluate(primitive, args, params)


def evaluate(primitive, args, params):
    """Carry an operation out on values."""
    try:
        out = primitive.impl(*args, **params)
    except (TypeError, ValueError, IndexError, OverflowError) as e:
        raise_explained(primitive, args, params, e)
    if type(out) is np.ndarray or not primitive.keeps_weak:
        return out
    # Python scalars in, a Python scalar out: this is how a value stays weak.
    for a in args:
        if type(a) not in weak_types:
            # Python's complex swallows a np.float64, which is a float to it
            swallowed = type(out) is complex and type(a) is not np.bool_
            return np.complex128(out) if swallowed else out
    return out.item() if args and type(out) in _ITEMS else out


# NumPy's results on Python scalars that are made Python scalars again.
_ITEMS = frozenset((np.int64, np.float64, np.complex128))


def raise_leaked(tracer):
    """Say where the tracer that outlived its transformation came from."""
    trace = tracer._trace
    if trace.stale:
        trace.refuse(tracer)
    where = getattr(tracer, "source", None)
    made = f", made at {where}" if where else ""
    if not where and (where := trace.where()):
        made = f", made inside the function at {where}"
    raise UnexpectedTracerError(
        f"a tracer {tracer.aval}{made}, was used after {trace.describe()} had returned. "
        "It was probably stored in a global, an attribute or a list from inside the function: "
        "return it from the function instead."
    ) from None


def raise_explained(primitive, args, params, error):
    """Re-raise NumPy's error with the operation, its operands and the user's line."""
    if primitive.multiple_results or "\n  --> " in str(error):
        raise error  # it comes from a program inside the operation, or says all there is to say
    try:
        avals = [get_aval(a) for a in args]
        primitive.abstract_eval(*avals, **params)
    except (TypeError, ValueError, IndexError) as better:
        error = better
        text = str(better)
    else:
        text = f"{primitive.name} of {', '.join(map(str, avals))}: {error}"
    if "\n  --> " not in text:
        text = located(text)
    raise type(error)(text) from None


class _Thread(threading.local):
    """The current interpreter of each thread.

    While it carries out the equations of a program, `source` is the user's line of the equation.
    """

    def __init__(self):
        self.trace = evaluation
        self.source = None


evaluation = EvalTrace(None)
thread = _Thread()


def get_aval(x) -> ShapedArray:
    """The aval of a value or a tracer."""
    t = type(x)
    if t is np.ndarray:
        found = interned.get((x.shape, x.dtype.num, False))
        return found if found is not None else aval_of_value(x)
    found = scalar_avals.get(t)
    if found is not None:
        return found
    return x.aval if isinstance(x, Tracer) else aval_of_value(as_value(x))


def as_value(x, what: str = "argument"):
    """`x` as interpreters hold it: a tracer, a base array, a NumPy scalar or a Python scalar.

    Raises
    ------
    TypeError
        If it is no array of numbers or booleans; `what` names it.
    """
    t = type(x)
    if t is np.ndarray and x.dtype.kind in "biufc":
        return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))
    if t in scalar_avals:
        return np.bool_(x) if t is bool else x
    if isinstance(x, Tracer):
        return x
    if isinstance(x, np.ndarray | np.void):  # NumPy's scalar of a random key is a void
        x = np.asarray(x)
        if x.dtype.kind in "biufc":
            return as_value(x, what)
        if x.dtype == key_dtype:
            return x
        check_kept(x.dtype)
        raise TypeError(located(f"{what} has dtype {x.dtype}; wanted numbers or booleans"))
    for weak in (bool, int, float, complex):  # subclasses of Python's numbers
        if isinstance(x, weak) and not isinstance(x, np.generic):
            return as_value(weak(x), what)
    if hasattr(x, "__array__") or hasattr(x, "__array_interface__"):
        return as_value(np.asarray(x), what)
    if t.__module__ == "numpy" and hasattr(x, "dtype"):
        raise TypeError(located(f"{what} has dtype {x.dtype}; wanted numbers or booleans"))
    raise TypeError(
        located(f"{what} is a {t.__module__}.{t.__qualname__}; wanted an array or a number")
    )
