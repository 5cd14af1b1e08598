"""Python functions in LLVM's language: arrays and numbers are taken out of their objects."""

import numpy as np

from fgrad.compiler.native.engine import DATA, FLAGS, HEADER, PLAIN, X86, python_api
from fgrad.compiler.native.values import I32, I64, Builder

# The bits of the processor's floating-point state that tell of invalid operations, divisions by zero
# and overflows; of all that happened.
_RAISED, _HAPPENED = 0b1101, 0b111111


def function_text(name, avals, is_array, length, release, write) -> str:
    """A module with one Python function.

    It takes arrays and numbers, and may take a range besides, which is else from 0 to `length`. It
    gives True when it is done; None if there were invalid operations, divisions by zero or
    overflows; and False, without having done anything, if an array is not C-contiguous, or a number
    not of the type that its aval says.

    Parameters
    ----------
    name : str
    avals : list of ShapedArray
        Of the arguments.
    is_array : list of bool
        Which of them are arrays for certain; others are numbers, or arrays without axes.
    length : int
    release : bool
        Whether other Python threads may run meanwhile.
    write : callable
        ``write(b, arguments, start, stop)`` writes what it does; the arguments are addresses of
        arrays' items, and Values.
    """
    b = Builder()
    objects = [_argument(b, i) for i in range(len(avals))]
    plain = b.constant(True, np.dtype(bool))
    addresses = []
    for o, aval, array in zip(objects, avals, is_array, strict=True):
        address, fits = (_array if array else _number)(b, o, aval)
        addresses.append(address)
        plain = plain & fits
    run, refuse = b.label(), b.label()
    b.do(f"br i1 {plain.name}, label %{run}, label %{refuse}")
    b.place(refuse)
    _give(b, id(False))
    b.place(run)
    start, stop = _range(b, len(avals), length)
    arguments = [
        a if array else b.load(a, aval.dtype)
        for a, aval, array in zip(addresses, avals, is_array, strict=True)
    ]
    state = _watch(b)
    if release:
        thread = b.fresh()
        b.lines.append(f"  {thread} = call ptr {_address(python_api('PyEval_SaveThread'))}()")
    write(b, arguments, start, stop)
    if release:
        b.do(f"call void {_address(python_api('PyEval_RestoreThread'))}(ptr {thread})")
    _finish(b, state)
    lines = "\n".join((*b.head, *b.lines))
    declarations = "\n".join(b.declarations.values())
    # the widest vectors, also where the compiler would rather not
    attributes = '"min-legal-vector-width"="512" "prefer-vector-width"="512"'
    return (
        f"{declarations}\n\n"
        f"define ptr @{name}(ptr %self, ptr %arguments, i64 %count) {attributes} {{\n"
        f"{lines}\n}}\n"
    )


def _address(n):
    return f"inttoptr (i64 {n} to ptr)"


def _argument(b, i):
    at, name = b.fresh(), b.fresh()
    b.lines.append(f"  {at} = getelementptr ptr, ptr %arguments, i64 {i}")
    b.lines.append(f"  {name} = load ptr, ptr {at}")
    return name


def _behind(b, o, offset):
    name = b.fresh()
    b.lines.append(f"  {name} = getelementptr i8, ptr {o}, i64 {offset}")
    return name


def _pointer_at(b, o, offset):
    name = b.fresh()
    b.lines.append(f"  {name} = load ptr, ptr {_behind(b, o, offset)}")
    return name


def _array(b, o, aval):
    """Where an array's items are, and whether they are one after the other."""
    flags = b.load(_behind(b, o, FLAGS), I32)
    return _pointer_at(b, o, DATA), (flags & PLAIN).equals(PLAIN)


def _number(b, o, aval):
    """Where a number is, and whether it is one."""
    kind = _pointer_at(b, o, HEADER - 8)  # its type
    types = [aval.dtype.type, float] if aval.weak_type else [aval.dtype.type]
    fits = b.constant(False, np.dtype(bool))
    for t in types:
        fits = fits | _is(b, kind, t)
    boxed = _is(b, kind, np.ndarray)
    # of a number the item stands where an array has its address
    held, inside = _pointer_at(b, o, DATA), _behind(b, o, HEADER)
    name = b.fresh()
    b.lines.append(f"  {name} = select i1 {boxed.name}, ptr {held}, ptr {inside}")
    return name, fits | boxed


def _is(b, kind, t):
    return b.emit(f"icmp eq ptr {kind}, {_address(id(t))}", np.dtype(bool))


def _range(b, count, length):
    """The range that was given, or all."""
    bounds = [b.variable(I64), b.variable(I64)]
    b.put(bounds[0], b.constant(0, I64))
    b.put(bounds[1], b.constant(length, I64))
    given = b.emit(f"icmp sgt i64 %count, {count}", np.dtype(bool))
    for _ in b.when(given):
        for i, bound in enumerate(bounds):
            function = _address(python_api("PyLong_AsSsize_t"))
            b.put(bound, b.emit(f"call i64 {function}(ptr {_argument(b, count + i)})", I64))
    return [b.get(bound, I64) for bound in bounds]


def _watch(b):
    """Forget what happened to floating-point numbers so far."""
    if not X86:
        return None
    for name in ("stmxcsr", "ldmxcsr"):
        b.declarations[name] = f"declare void @llvm.x86.sse.{name}(ptr)"
    state = b.fresh()
    b.head.append(f"  {state} = alloca i32")
    b.do(f"call void @llvm.x86.sse.stmxcsr(ptr {state})")
    b.put(state, b.get(state, I32) & ~_HAPPENED)
    b.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {state})")
    return state


def _finish(b, state):
    if state is not None:
        b.do(f"call void @llvm.x86.sse.stmxcsr(ptr {state})")
        raised = (b.get(state, I32) & _RAISED).differs(0)
        for _ in b.when(raised):
            _give(b, id(None))
            b.place(b.label())
    _give(b, id(True))


def _give(b, n):
    """Return an object of Python."""
    b.do(f"call void {_address(python_api('Py_IncRef'))}(ptr {_address(n)})")
    b.do(f"ret ptr {_address(n)}")


