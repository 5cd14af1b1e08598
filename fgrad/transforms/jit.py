"""jit: trace once for each kind of arguments, compile, and run the compiled program."""

import functools
import inspect
from typing import NamedTuple

import numpy as np

from fgrad import compiler
from fgrad.core.array import Array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Tracer, Undefined, get_aval
from fgrad.core.tree import tree_flatten, tree_unflatten
from fgrad.primitives.define import set_rules
from fgrad.transforms.axes import lookups
from fgrad.transforms.face import as_argument, as_results, check_callable, function_name
from fgrad.transforms.jaxprs import (
    batch_jaxpr,
    batch_to_front,
    consts_as_inputs,
    jvp_jaxpr,
    linearize_jaxpr,
    transpose_jaxpr,
)
from fgrad.transforms.split import split_call
from fgrad.transforms.stage import shapes_of, stage_function

# -- the primitive: a call of a compiled program -------------------------------------------------


def _jvp(primals, tangents, *, jaxpr, name):
    both, out_nonzero = jvp_jaxpr(jaxpr, tuple([t is not None for t in tangents]))
    given = [t for t in tangents if t is not None]
    outs = jit_call(*primals, *given, jaxpr=both, name=name)
    n = len(out_nonzero)
    found = iter(outs[n:])
    return outs[:n], [next(found) if nz else None for nz in out_nonzero]


def _linearize(primals, tangents, *, jaxpr, name):
    nonzero = tuple([t is not None for t in tangents])
    primal, linear, out_nonzero, _ = linearize_jaxpr(jaxpr, nonzero)
    outs = jit_call(*primals, jaxpr=primal, name=name)
    n = len(out_nonzero)
    given = [t for t in tangents if t is not None]
    found = iter(jit_call(*outs[n:], *given, jaxpr=linear, name=name) if any(out_nonzero) else ())
    return outs[:n], [next(found) if nz else None for nz in out_nonzero]


def _transpose(cts, *args, jaxpr, name):
    linear = tuple([type(a) is Undefined for a in args])
    transposed, nonzero = transpose_jaxpr(jaxpr, linear, (True,) * len(cts))
    known = [a for a in args if type(a) is not Undefined]
    found = iter(jit_call(*known, *cts, jaxpr=transposed, name=name))
    flags = iter(nonzero)
    return [next(found) if m and next(flags) else None for m in linear]


def _batch(args, dims, size, *, jaxpr, name):
    batched, mapped = batch_jaxpr(jaxpr, size, tuple([d is not None for d in dims]))
    outs = jit_call(*batch_to_front(args, dims), jaxpr=batched, name=name)
    return outs, [0 if m else None for m in mapped]


jit_call = Primitive("jit", multiple_results=True)
set_rules(
    jit_call,
    impl=lambda *args, jaxpr, name: compiler.compiled(jaxpr)(*args),
    abstract_eval=lambda *avals, jaxpr, name: jaxpr.out_avals,
    jvp=_jvp,
    linear="args",
    transpose=_transpose,
    batch=_batch,
)
jit_call.linearize = _linearize
jit_call.split = split_call(jit_call)


# -- the function --------------------------------------------------------------------------------


class CacheInfo(NamedTuple):
    """How often a jitted function found its program, and how many it has."""

    hits: int
    misses: int
    maxsize: None
    currsize: int


class Lowered:
    """A function traced for given arguments: its jaxpr and the source it compiles to.

    Attributes
    ----------
    jaxpr : ClosedJaxpr
        As traced.
    optimized : ClosedJaxpr
        After the compiler's passes.
    source : str
        The Python source that runs.
    llvm : str
        The machine code that it calls, in LLVM's language.
    """

    def __init__(self, closed, in_tree, out_tree, donated, backend):
        self.jaxpr = closed
        self.in_tree = in_tree
        self.out_tree = out_tree
        with compiler.using(backend):
            self._executable = compiler.compile_jaxpr(closed, donated)

    @property
    def source(self):
        """The Python source that runs."""
        return self._executable.source

    @property
    def llvm(self):
        """The machine code that the source calls, in LLVM's language; empty by NumPy's backend."""
        return self._executable.llvm

    @property
    def optimized(self):
        """The jaxpr after the compiler's passes."""
        return self._executable.jaxpr

    @property
    def out_info(self):
        """The shapes and dtypes of the results."""
        return tree_unflatten(self.out_tree, shapes_of(self.jaxpr))

    def as_text(self):
        """The generated source."""
        return self.source

    def lower(self):
        """The same: tracing and compiling are one step here."""
        return self

    def compile(self):
        """A callable that takes arguments like those traced."""
        return Compiled(self)

    def __repr__(self):
        return f"Lowered({self.jaxpr.jaxpr.debug_name})"


class Compiled:
    """A compiled program for one kind of arguments."""

    def __init__(self, lowered):
        self.lowered = lowered

    def as_text(self):
        """The generated source."""
        return self.lowered.source

    def __call__(self, *args, **kwargs):
        low = self.lowered
        leaves, in_tree = tree_flatten((args, kwargs))
        if in_tree != low.in_tree:
            raise TypeError(
                located(f"compiled for arguments like {low.in_tree}; called with {in_tree}")
            )
        values = [as_argument(x, "the compiled function", in_tree, i) for i, x in enumerate(leaves)]
        for v, a in zip(values, low.jaxpr.in_avals, strict=True):
            if get_aval(v) != a:
                raise TypeError(located(f"compiled for {a}; called with {get_aval(v)}"))
        return as_results(low.out_tree, low._executable(*values))


_ARRAYS = (Array, np.ndarray)


class JitFunction:
    """What `jit` returns."""

    def __init__(
        self, fun, static_argnums, static_argnames, donate_argnums, donate_argnames, backend
    ):
        functools.update_wrapper(self, fun)
        self._fun = fun
        self._name = function_name(fun)
        self._static_numbers, self._static_names = static_parameters(
            fun, static_argnums, static_argnames
        )
        donate, donate_names = static_parameters(fun, donate_argnums, donate_argnames)
        self._donate = donate
        self._donate_names = donate_names
        self._backend = compiler.checked(backend, "jit: backend")
        self._plain = not (self._static_numbers or self._static_names)
        self._programs = {}  # (kinds of leaves, structure, static values) -> _Program
        self._fast = {}  # (structure, kinds of leaves) -> compiled call on leaves
        self._hits = 0

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self):
        return f"<jit of {self._name}>"

    def __call__(self, *args, **kwargs):
        if self._plain and not kwargs:
            leaves, in_tree = tree_flatten(args)
            kinds = [(x.shape, x.dtype.num) if type(x) in _ARRAYS else type(x) for x in leaves]
            key = (in_tree, *kinds)
            run = self._fast.get(key)
            if run is not None and not _settings.disabled:
                self._hits += 1
                return run(*leaves)
            return self._slow(args, kwargs, key)
        return self._slow(args, kwargs, None)

    def _slow(self, args, kwargs, key):
        if _settings.disabled:
            return self._fun(*args, **kwargs)
        program, values = self._program(args, kwargs)
        if program.closed_over or any(isinstance(v, Tracer) for v in values):
            outs = jit_call(*program.closed_over, *values, jaxpr=program.open, name=self._name)
            return as_results(program.out_tree, outs)
        if key is not None and program.kept:
            self._fast[key] = program.executable.user_call(program.out_tree)
        return as_results(program.out_tree, program.executable(*values))

    def _program(self, args, kwargs):
        fun, moving, moving_kw, static_key = self._split_static(args, kwargs)
        leaves, in_tree = tree_flatten((moving, moving_kw))
        values = [as_argument(x, f"jit of {self._name}", in_tree, i) for i, x in enumerate(leaves)]
        key = (in_tree, tuple([get_aval(v) for v in values]), static_key)
        try:
            program = self._programs.get(key)
        except TypeError:
            raise ValueError(
                located(f"jit of {self._name}: static arguments must be hashable; got {static_key}")
            ) from None
        if program is None:
            avals = tree_unflatten(in_tree, list(key[1]))
            before = lookups()
            closed, _, out_tree = stage_function(fun, *avals, "jit")
            program = _Program(
                closed, in_tree, out_tree, self._donated_leaves(moving, moving_kw), self._backend
            )
            # what knows of mapped axes around it is for these alone
            program.kept = not program.closed_over and lookups() == before
            if program.kept:
                self._programs[key] = program
        else:
            self._hits += 1
        return program, values

    def _split_static(self, args, kwargs):
        """The function of the traced arguments alone; those; and a key for the static ones."""
        if self._plain:
            return self._fun, args, kwargs, None
        n = len(args)
        fixed = {i % n: args[i] for i in self._static_numbers if n and -n <= i < n}
        moving = tuple([a for i, a in enumerate(args) if i not in fixed])
        fixed_kw = {k: v for k, v in kwargs.items() if k in self._static_names}
        moving_kw = {k: v for k, v in kwargs.items() if k not in fixed_kw}

        def fun(*rest, **kw):
            rest = iter(rest)
            full = [fixed[i] if i in fixed else next(rest) for i in range(n)]
            return self._fun(*full, **kw, **fixed_kw)

        fun.__name__ = self._name
        values = [*sorted(fixed.items()), *sorted(fixed_kw.items())]
        return fun, moving, moving_kw, tuple([(i, type(v), v) for i, v in values])

    def _donated_leaves(self, args, kwargs):
        if not self._donate and not self._donate_names:
            return ()
        flags = []
        moving = [i for i in range(len(args) + len(self._static_numbers))
                  if i not in self._static_numbers]  # fmt: skip
        for i, a in zip(moving, args, strict=False):
            flags += [i in self._donate] * len(tree_flatten(a)[0])
        for k in sorted(kwargs):
            flags += [k in self._donate_names] * len(tree_flatten(kwargs[k])[0])
        return tuple([i for i, f in enumerate(flags) if f])

    def lower(self, *args, **kwargs) -> Lowered:
        """Trace and compile for arguments, or `ShapeDtypeStruct` in their place, to look at.

        Examples
        --------
        >>> import fgrad
        >>> low = fgrad.jit(lambda x: x * 2).lower(1.0)
        >>> low.jaxpr
        { lambda ; a:f64[]~. let b:f64[]~ = mul a 2:i64[]~ in (b,) }
        """
        fun, moving, moving_kw, _ = self._split_static(args, kwargs)
        closed, in_tree, out_tree = stage_function(fun, moving, moving_kw, "jit")
        donated = self._donated_leaves(moving, moving_kw)
        return Lowered(closed, in_tree, out_tree, donated, self._backend)

    def trace(self, *args, **kwargs) -> Lowered:
        """The same as `lower`: tracing and compiling are one step here."""
        return self.lower(*args, **kwargs)

    def eval_shape(self, *args, **kwargs):
        """The shapes and dtypes of the results."""
        return self.lower(*args, **kwargs).out_info

    def cache_info(self) -> CacheInfo:
        """Hits, misses, and the number of programs kept."""
        n = len(self._programs)
        return CacheInfo(self._hits, n, None, n)

    def _cache_size(self):
        return len(self._programs)

    def clear_cache(self):
        """Forget all programs."""
        self._programs.clear()
        self._fast.clear()


class _Program:
    """One traced function: its jaxpr, and what it closes over that is being transformed."""

    def __init__(self, closed, in_tree, out_tree, donated, backend):
        self.closed_over = [c for c in closed.consts if isinstance(c, Tracer)]
        self.open = consts_as_inputs(closed) if self.closed_over else closed
        self.in_tree = in_tree
        self.out_tree = out_tree
        self.donated = donated
        self.backend = backend
        self.kept = False

    @functools.cached_property
    def executable(self):
        """The compiled form."""
        with compiler.using(self.backend):
            if self.donated:
                return compiler.compile_jaxpr(self.open, self.donated)
            return compiler.compiled(self.open)


def static_parameters(fun, numbers, names, caller="jit"):
    """Positional numbers and names of the same parameters."""
    numbers = () if numbers is None else (numbers,) if isinstance(numbers, int) else tuple(numbers)
    names = () if names is None else (names,) if isinstance(names, str) else tuple(names)
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):
        return frozenset(numbers), frozenset(names)
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    variadic = any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)
    for n in names:
        if not variadic and n not in {p.name for p in parameters}:
            raise ValueError(
                located(f"{caller}: argument name {n!r} is not a parameter of {function_name(fun)}")
            )
    for i in numbers:
        if not variadic and not -len(positional) <= i < len(positional):
            raise ValueError(
                located(
                    f"{caller}: argument number {i} is out of range: {function_name(fun)} has "
                    f"{len(positional)} positional parameters"
                )
            )
    count = len(positional)
    all_numbers = {i % count if count and not variadic else i for i in numbers}
    all_names = set(names) | {positional[i] for i in numbers if -count <= i < count}
    all_numbers |= {positional.index(n) for n in names if n in positional}
    return frozenset(all_numbers), frozenset(all_names)


class _Settings:
    disabled = False


_settings = _Settings()


def jit_is_disabled() -> bool:
    """Whether functions that would be compiled shall run as plain Python."""
    return _settings.disabled


def set_disabled(value: bool) -> None:
    """Run functions that would be compiled as plain Python, or cease to."""
    _settings.disabled = value


class disable_jit:
    """A context in which jitted functions run as plain Python, to debug them.

    Examples
    --------
    >>> import fgrad
    >>> with fgrad.disable_jit():
    ...     y = fgrad.jit(lambda x: x + float(x))(1.0)
    >>> y
    2.0
    """

    def __init__(self, disable=True):
        self._disable = disable

    def __enter__(self):
        self._before = _settings.disabled
        set_disabled(self._disable)

    def __exit__(self, *exc):
        set_disabled(self._before)


def jit(
    fun=None,
    *,
    static_argnums=None,
    static_argnames=None,
    donate_argnums=None,
    donate_argnames=None,
    keep_unused=False,
    device=None,
    backend=None,
    inline=False,
):
    """Compile a function to straight-line Python over NumPy and machine code.

    The function is traced once for each combination of argument shapes, dtypes and static values;
    `JitFunction.lower` shows the program and its source.

    Parameters
    ----------
    fun : callable
        A pure function of arrays or pytrees of them.
    static_argnums : int or sequence of int, optional
        Positional arguments that are constants of the program: hashable values, not arrays.
    static_argnames : str or sequence of str, optional
        The same by name.
    donate_argnums, donate_argnames : optional
        Arguments whose memory large results may take; using such an array again is an error. Only
        arrays that nothing but a container (a dict, a list, ...) among the arguments refers to are
        taken: others, and those of which there are views, stay as they are.
    backend : {"llvm", "numpy"}, optional
        What compiles: LLVM what it can, or NumPy all. The default is what the environment variable
        FGRAD_BACKEND says, else "llvm" where llvmlite is installed (``pip install fgrad[llvm]``).
    keep_unused, device, inline : optional
        Accepted for compatibility.

    Returns
    -------
    JitFunction
        Called like `fun`. No result shares memory with an argument that was not donated.

    Raises
    ------
    ConcretizationTypeError
        While tracing, where Python needs the value of an array.
    ValueError, ImportError
        If there is no such backend, or it is not installed.

    Notes
    -----
    Machine code does not warn of divisions by zero and the like; it raises or reports them if
    `numpy.errstate` says so.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> f = fgrad.jit(lambda x: fnp.sin(x) ** 2 + fnp.cos(x) ** 2)
    >>> f(fnp.arange(3.0))
    Array([1., 1., 1.])
    """
    options = {
        "static_argnums": static_argnums,
        "static_argnames": static_argnames,
        "donate_argnums": donate_argnums,
        "donate_argnames": donate_argnames,
        "backend": backend,
    }
    if fun is None:
        return functools.partial(jit, **options)
    check_callable(fun, "jit")
    return JitFunction(fun, **options)
