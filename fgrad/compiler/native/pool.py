"""Threads for machine code: work is handed over in a microsecond or two.

A worker never holds the interpreter's lock. It looks for a job for some microseconds after the last
one, and then sleeps. A job that no worker has begun is taken back by whoever handed it over, who
then does it himself: on a busy machine nobody waits for a thread that does not run. One caller at a
time has a worker; others do their work alone. So does a forked child, which has no workers.
"""

import ctypes
import functools
import os
import threading

from fgrad.compiler.native.engine import HEADER, X86, Module, python_api
from fgrad.compiler.native.entry import argument, behind, python_text
from fgrad.compiler.native.values import I64
from fgrad.core.parallel import THREADS

# How often a worker looks for a job before it sleeps, and a caller for a result.
_PATIENCE = 1000

_TAKEN_BACK = -1

# A slot, where jobs are put for a worker, is a structure in memory of its own:
#   0 state: 0 nothing to do, 1 a job is there, 2 nothing to do and asleep, 3 at work
#   1 owner: whether a caller has the worker
#   2 the job's function, 3 its arguments, 4 their number, 5 what it gave
#   6 done: 0 not yet, 1 it is, 2 not yet and the caller is asleep
#   7 a lock to sleep on for the worker, 8 one for the caller
_SLOT_BYTES = 128

_CODE = """
define internal ptr @field(ptr %slot, i64 %i) alwaysinline {
  %p = getelementptr i64, ptr %slot, i64 %i
  ret ptr %p
}

define internal void @sleep_on(ptr %slot, i64 %i) {
  %p = call ptr @field(ptr %slot, i64 %i)
  %lock = load ptr, ptr %p
  %r = call i32 ACQUIRE(ptr %lock, i32 1)
  ret void
}

define internal void @wake(ptr %slot, i64 %i) {
  %p = call ptr @field(ptr %slot, i64 %i)
  %lock = load ptr, ptr %p
  call void RELEASE(ptr %lock)
  ret void
}

; Waits until a field is 1: looks for some time, then puts a 2 there and sleeps until it is woken.
define internal void @await(ptr %slot, i64 %i, i64 %lock) {
  %place = call ptr @field(ptr %slot, i64 %i)
  br label %again
again:
  %tries = phi i64 [0, %0], [%more, %look], [0, %rest]
  %now = load atomic i64, ptr %place acquire, align 8
  %there = icmp eq i64 %now, 1
  br i1 %there, label %end, label %look
look:
  call void PAUSE
  %more = add i64 %tries, 1
  %patient = icmp slt i64 %more, PATIENCE
  br i1 %patient, label %again, label %tired
tired:
  %slept = cmpxchg ptr %place, i64 0, i64 2 acq_rel acquire
  %may = extractvalue {i64, i1} %slept, 1
  br i1 %may, label %nap, label %rest
nap:
  call void @sleep_on(ptr %slot, i64 %lock)
  br label %rest
rest:
  br label %again
end:
  ret void
}

define ptr @serve(ptr %self, ptr %arguments, i64 %count) {
  %object = load ptr, ptr %arguments
  %slot = call ptr PYTHON_POINTER(ptr %object)
  %thread = call ptr SAVE()
  %p2 = call ptr @field(ptr %slot, i64 2)
  %p3 = call ptr @field(ptr %slot, i64 3)
  %p4 = call ptr @field(ptr %slot, i64 4)
  %p5 = call ptr @field(ptr %slot, i64 5)
  %done = call ptr @field(ptr %slot, i64 6)
  br label %idle
idle:
  call void @await(ptr %slot, i64 0, i64 7)
  %taken = cmpxchg ptr %slot, i64 1, i64 3 acq_rel acquire
  %mine = extractvalue {i64, i1} %taken, 1
  br i1 %mine, label %work, label %idle
work:
  %function = load ptr, ptr %p2
  %args = load ptr, ptr %p3
  %number = load i64, ptr %p4
  %result = call i64 %function(ptr %args, i64 %number)
  store i64 %result, ptr %p5
  store atomic i64 0, ptr %slot release, align 8
  %before = atomicrmw xchg ptr %done, i64 1 acq_rel
  %asleep = icmp eq i64 %before, 2
  br i1 %asleep, label %rouse, label %idle
rouse:
  call void @wake(ptr %slot, i64 8)
  br label %idle
}

define i1 @hand_over(ptr %slot, ptr %function, ptr %args, i64 %number) {
  %owner = call ptr @field(ptr %slot, i64 1)
  %claim = cmpxchg ptr %owner, i64 0, i64 1 acq_rel acquire
  %mine = extractvalue {i64, i1} %claim, 1
  br i1 %mine, label %put, label %busy
busy:
  ret i1 false
put:
  %p2 = call ptr @field(ptr %slot, i64 2)
  %p3 = call ptr @field(ptr %slot, i64 3)
  %p4 = call ptr @field(ptr %slot, i64 4)
  %done = call ptr @field(ptr %slot, i64 6)
  store ptr %function, ptr %p2
  store ptr %args, ptr %p3
  store i64 %number, ptr %p4
  store atomic i64 0, ptr %done release, align 8
  %before = atomicrmw xchg ptr %slot, i64 1 acq_rel
  %asleep = icmp eq i64 %before, 2
  br i1 %asleep, label %rouse, label %end
rouse:
  call void @wake(ptr %slot, i64 7)
  br label %end
end:
  ret i1 true
}

define i64 @take_back(ptr %slot) {
  %owner = call ptr @field(ptr %slot, i64 1)
  %back = cmpxchg ptr %slot, i64 1, i64 0 acq_rel acquire
  %mine = extractvalue {i64, i1} %back, 1
  br i1 %mine, label %leave, label %wait
wait:
  call void @await(ptr %slot, i64 6, i64 8)
  %p5 = call ptr @field(ptr %slot, i64 5)
  %result = load i64, ptr %p5
  br label %leave
leave:
  %given = phi i64 [TAKEN_BACK, %0], [%result, %wait]
  store atomic i64 0, ptr %owner release, align 8
  ret i64 %given
}
"""


@functools.cache
def _module() -> Module:
    words = {
        "ACQUIRE": _call("PyThread_acquire_lock"),
        "RELEASE": _call("PyThread_release_lock"),
        "PYTHON_POINTER": _call("PyLong_AsVoidPtr"),
        "SAVE": _call("PyEval_SaveThread"),
        "PATIENCE": str(_PATIENCE),
        "PAUSE": "@llvm.x86.sse2.pause()" if X86 else "@llvm.aarch64.hint(i32 1)",
        "TAKEN_BACK": str(_TAKEN_BACK),
    }
    hint = "@llvm.x86.sse2.pause()" if X86 else "@llvm.aarch64.hint(i32)"
    text = f"declare void {hint}\n{_CODE}"
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return Module.of(text)


def _call(name):
    return f"inttoptr (i64 {python_api(name)} to ptr)"


def _lock():
    """A lock of Python's, which works without the interpreter's; it is held."""
    allocate, acquire = (
        getattr(ctypes.pythonapi, f"PyThread_{name}") for name in ("allocate_lock", "acquire_lock")
    )
    allocate.restype, acquire.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_int)
    lock = allocate()
    acquire(lock, 1)
    return lock


@functools.cache
def _slots() -> list:
    """The addresses of the workers' slots; the workers run then."""
    memory = ctypes.create_string_buffer(_SLOT_BYTES * THREADS)
    serve = _module().function("serve")
    # workers run on while the interpreter ends: what they use is never freed
    for used in (memory, serve):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(used))
    first = -(-ctypes.addressof(memory) // _SLOT_BYTES) * _SLOT_BYTES
    slots = [first + i * _SLOT_BYTES for i in range(THREADS - 1)]
    for slot in slots:
        fields = (ctypes.c_int64 * 9).from_address(slot)
        fields[7], fields[8] = _lock(), _lock()
        threading.Thread(target=serve, args=(slot,), name="fgrad", daemon=True).start()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=functools.partial(_retire, slots))
    return slots


def _retire(slots):
    """Nobody can have a worker any more."""
    for slot in slots:
        (ctypes.c_int64 * 9).from_address(slot)[1] = 1


def write_shares(b, function, shares):
    """Write the calls of a job on several threads.

    Parameters
    ----------
    b : Builder
    function : str
        The address of the job: a function of an address of arguments and their number, which gives
        bits.
    shares : list of (str, Value)
        Arguments for each share, at most `THREADS`.

    Returns
    -------
    Value
        What they gave, together.
    """
    total = b.variable(I64)
    (own, number), *others = shares
    text = lambda arguments, number: f"i64 {function}(ptr {arguments}, i64 {number.name})"
    handed = []
    for slot, (arguments, n) in zip(_slots(), others, strict=False):
        place = f"inttoptr (i64 {slot} to ptr)"
        name = b.fresh()
        b.lines.append(
            f"  {name} = call i1 {_address('hand_over')}(ptr {place}, ptr {function}, "
            f"ptr {arguments}, i64 {n.name})"
        )
        handed.append((place, name, arguments, n))
    b.put(total, b.emit(f"call {text(own, number)}", I64))
    for place, name, arguments, n in handed:
        given = b.variable(I64)
        b.put(given, b.constant(_TAKEN_BACK, I64))
        taken, after = b.label(), b.label()
        b.do(f"br i1 {name}, label %{taken}, label %{after}")
        b.place(taken)
        b.put(given, b.emit(f"call i64 {_address('take_back')}(ptr {place})", I64))
        b.do(f"br label %{after}")
        b.place(after)
        for _ in b.when(b.get(given, I64).equals(_TAKEN_BACK)):
            b.put(given, b.emit(f"call {text(arguments, n)}", I64))
        b.put(total, b.get(total, I64) | b.get(given, I64))
    return b.get(total, I64)


@functools.cache
def share():
    """A Python function that does a job for several lists of arguments, each on a thread.

    Of the address of the job, and `THREADS` tuples; it gives what such a function gives, of all.
    """

    def write(b):
        text = f"call i64 {_call('PyLong_AsSsize_t')}(ptr {argument(b, 0)})"
        function = b.fresh()
        b.lines.append(f"  {function} = inttoptr i64 {b.emit(text, I64).name} to ptr")
        shares = []
        for i in range(THREADS):
            o = argument(b, i + 1)  # a tuple: its length, and then its items
            n = b.load(behind(b, o, HEADER), I64)
            shares.append((behind(b, o, tuple.__basicsize__), n))
        return write_shares(b, function, shares)

    return Module.of(python_text("share", True, write)).function("share")


def _address(name):
    return f"inttoptr (i64 {_module().address(name)} to ptr)"
