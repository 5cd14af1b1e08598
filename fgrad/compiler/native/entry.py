"""Python functions in LLVM's language: arrays and numbers are taken out of their objects.

What a function does is a *job*: it neither needs the interpreter's lock nor makes objects, so that
any thread may do it. Around it stands what Python calls.
"""

import itertools

import numpy as np

from fgrad.compiler.native.engine import DATA, FLAGS, HEADER, PLAIN, X86, python_api
from fgrad.compiler.native.values import I32, I64, Builder

# The bits of the processor's floating-point state that tell of what NumPy reports: invalid
# operations, divisions by zero, overflows, underflows; of all that happened.
_RAISED, _HAPPENED = 0b11101, 0b111111
# Those that make zeros of subnormal results and operands.
_FLUSH = 0x8040

# The widest vectors, also where the compiler would rather not; and no tables for exceptions, since
# none comes through.
ATTRIBUTES = 'nounwind "min-legal-vector-width"="512" "prefer-vector-width"="512"'


# What a job gives: something was noted that NumPy reports; an argument was refused. Nothing, if all
# went well.
NOTED, REFUSED = 1, 2


def function_text(name, avals, is_array, lengths, release, write) -> str:
    """A module with a Python function, and with its job, `job_of` the name.

    It takes arrays and numbers, for each of `lengths` as many as there are avals, and may take a
    range besides, over all lengths one after the other, which is else everything. It gives True
    when it is done; None if there was something in it that NumPy reports; and False, without having
    done anything, if an array is not C-contiguous, or a number not of the type that its aval says.

    Parameters
    ----------
    name : str
    avals : list of ShapedArray
        Of the arguments.
    is_array : list of bool
        Which of them are arrays for certain; others are numbers, or arrays without axes.
    lengths : list of int
        Zero means that no part of the work can be done alone.
    release : bool
        Whether other Python threads may run meanwhile.
    write : callable
        ``write(b, arguments, start, stop)`` writes what is done for one length; the arguments are
        addresses of arrays' items, and Values. If it gives a Value, the function gives False where
        that is false.
    """
    b = Builder()
    count, times = len(avals), len(lengths)

    def take(first):
        """The arguments for one length, and whether they are as they should be."""
        taken, plain = [], b.constant(True, _BOOL)
        for i, (aval, array) in enumerate(zip(avals, is_array, strict=True)):
            o = argument(b, first + i)
            address, fits = (_array if array else _number)(b, o, aval)
            taken.append(address)
            plain = plain & fits
        return taken, plain

    run, refuse = b.label(), b.label()
    for first in _each(b, times, count):
        arguments, plain = take(first)
        fine = b.label() if times > 1 else run
        b.do(f"br i1 {plain.name}, label %{fine}, label %{refuse}")
        if times > 1:
            b.place(fine)
    if times > 1:
        b.do(f"br label %{run}")
    b.place(refuse)
    b.do(f"ret i64 {REFUSED}")
    b.place(run)
    start, stop = _range(b, count * times, sum(lengths))
    state = _watch(b)
    if times > 1:
        _table(b, lengths)
    for first in _each(b, times, count):
        if times > 1:
            arguments, _ = take(first)
            own = _part(b, first, count, start, stop)
        else:
            own = start, stop
        values = [
            a if array else b.load(a, aval.dtype)
            for a, aval, array in zip(arguments, avals, is_array, strict=True)
        ]
        done = write(b, values, *own)
    if done is not None:
        for _ in b.when(~done):
            b.do(f"ret i64 {REFUSED}")
            b.place(b.label())
    _finish(b, state)
    lines = "\n".join((*b.head, *b.lines))
    declarations = "\n".join(b.declarations.values())
    return (
        f"{declarations}\n\n"
        f"define i64 @{job_of(name)}(ptr %arguments, i64 %count) {ATTRIBUTES} {{\n{lines}\n}}\n\n"
        + python_text(name, release, lambda b: _job(b, name))
    )


def job_of(name) -> str:
    """The name of a function's job."""
    return f"{name}_job"


def _job(b, name):
    return b.emit(f"call i64 @{job_of(name)}(ptr %arguments, i64 %count)", I64)


def python_text(name, release, write) -> str:
    """A Python function of ``%count`` objects at ``%arguments``: what `write` writes gives bits.

    Parameters
    ----------
    name : str
    release : bool
        Whether other Python threads may run meanwhile.
    write : callable
        ``write(b)``, which may not touch what Python owns.
    """
    b = Builder()
    if release:
        thread = b.fresh()
        b.lines.append(f"  {thread} = call ptr {_address(python_api('PyEval_SaveThread'))}()")
    bits = write(b)
    if release:
        b.do(f"call void {_address(python_api('PyEval_RestoreThread'))}(ptr {thread})")
    for condition, result in (((bits & REFUSED).differs(0), False), (bits.differs(0), None)):
        for _ in b.when(condition):
            _give(b, id(result))
            b.place(b.label())
    _give(b, id(True))
    lines = "\n".join((*b.head, *b.lines))
    return f"define ptr @{name}(ptr %self, ptr %arguments, i64 %count) nounwind {{\n{lines}\n}}\n"


_BOOL = np.dtype(bool)


def _each(b, times, count):
    """The place of the first argument for each length."""
    if times == 1:
        yield b.constant(0, I64)
    else:
        yield from b.count(0, times * count, count)


def _table(b, lengths):
    """Where the range of each length begins and ends, as a constant."""
    ends = itertools.accumulate(lengths, initial=0)
    items = ", ".join(f"i64 {n}" for n in ends)
    kind = f"[{len(lengths) + 1} x i64]"
    b.declarations["@ends"] = f"@ends = private constant {kind} [{items}]"


def _part(b, first, count, start, stop):
    """The part of the whole range that belongs to one length, counted from its beginning."""
    place = b.emit(f"sdiv i64 {first.name}, {count}", I64)
    low = b.load(b.pointer("@ends", place, I64), I64)
    high = b.load(b.pointer("@ends", place + 1, I64), I64)

    def within(x):
        x = (x < high).where(x, high)
        return (x > low).where(x, low) - low

    return within(start), within(stop)


def _address(n):
    return f"inttoptr (i64 {n} to ptr)"


def argument(b, i):
    """The object that is an argument."""
    at, name = b.fresh(), b.fresh()
    i = i if type(i) is int else i.name
    b.lines.append(f"  {at} = getelementptr ptr, ptr %arguments, i64 {i}")
    b.lines.append(f"  {name} = load ptr, ptr {at}")
    return name


def behind(b, o, offset):
    """An address so many bytes behind another."""
    name = b.fresh()
    b.lines.append(f"  {name} = getelementptr i8, ptr {o}, i64 {offset}")
    return name


def _pointer_at(b, o, offset):
    name = b.fresh()
    b.lines.append(f"  {name} = load ptr, ptr {behind(b, o, offset)}")
    return name


def _array(b, o, aval):
    """Where an array's items are, and whether they are one after the other."""
    flags = b.load(behind(b, o, FLAGS), I32)
    return _pointer_at(b, o, DATA), (flags & PLAIN).equals(PLAIN)


def _number(b, o, aval):
    """Where a number is, and whether it is one."""
    kind = _pointer_at(b, o, HEADER - 8)  # its type
    types = [aval.dtype.type, float] if aval.weak_type else [aval.dtype.type]
    fits = b.constant(False, _BOOL)
    for t in types:
        fits = fits | _is(b, kind, t)
    boxed = _is(b, kind, np.ndarray)
    # of a number the item stands where an array has its address
    held, inside = _pointer_at(b, o, DATA), behind(b, o, HEADER)
    name = b.fresh()
    b.lines.append(f"  {name} = select i1 {boxed.name}, ptr {held}, ptr {inside}")
    return name, fits | boxed


def _is(b, kind, t):
    return b.emit(f"icmp eq ptr {kind}, {_address(id(t))}", _BOOL)


def _range(b, count, length):
    """The range that was given, or all."""
    bounds = [b.variable(I64), b.variable(I64)]
    b.put(bounds[0], b.constant(0, I64))
    b.put(bounds[1], b.constant(length, I64))
    given = b.emit(f"icmp sgt i64 %count, {count}", _BOOL)
    for _ in b.when(given):
        for i, bound in enumerate(bounds):
            function = _address(python_api("PyLong_AsSsize_t"))
            b.put(bound, b.emit(f"call i64 {function}(ptr {argument(b, count + i)})", I64))
    return [b.get(bound, I64) for bound in bounds]


def _watch(b):
    """Forget what happened to floating-point numbers so far."""
    if not X86:
        return None
    state = _state(b)
    b.put(state, b.get(state, I32) & ~_HAPPENED)
    b.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {state})")
    return state


def _state(b):
    """The processor's floating-point state now, in memory."""
    for name in ("stmxcsr", "ldmxcsr"):
        b.declarations[name] = f"declare void @llvm.x86.sse.{name}(ptr)"
    state = b.fresh()
    b.head.append(f"  {state} = alloca i32")
    b.do(f"call void @llvm.x86.sse.stmxcsr(ptr {state})")
    return state


def write_flushed(b, quiet):
    """In what is written in ``for _ in write_flushed(b, quiet): ...`` subnormal numbers are zero.

    They make sums of products many times slower. If it is quiet, nobody is told what happened.
    """
    if not X86:
        yield
        return
    state = _state(b)
    before = b.get(state, I32)
    own = b.variable(I32)
    b.put(own, before | _FLUSH)
    b.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {own})")
    yield
    if not quiet:
        b.do(f"call void @llvm.x86.sse.stmxcsr(ptr {own})")
        b.put(state, before | (b.get(own, I32) & _HAPPENED))
    b.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {state})")


def _finish(b, state):
    if state is not None:
        b.do(f"call void @llvm.x86.sse.stmxcsr(ptr {state})")
        raised = (b.get(state, I32) & _RAISED).differs(0) | b.noted("underflow")
        b.do(f"ret i64 {raised.where(NOTED, b.constant(0, I64)).name}")
    else:
        b.do("ret i64 0")


def _give(b, n):
    """Return an object of Python."""
    b.do(f"call void {_address(python_api('Py_IncRef'))}(ptr {_address(n)})")
    b.do(f"ret ptr {_address(n)}")
