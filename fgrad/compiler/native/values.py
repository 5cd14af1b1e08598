"""LLVM's language as Python expressions: a `Value` is an SSA name with a dtype and a width.

A value is a number, or a vector of `lanes` numbers that stand side by side in memory. Numbers mix
with vectors by being spread over all lanes, Python numbers by taking the other's dtype. Booleans
are single bits here and bytes in memory.
"""

import struct

import numpy as np

F32, F64, BOOL = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.bool_)
I32, I64 = np.dtype(np.int32), np.dtype(np.int64)

DTYPES = frozenset(map(np.dtype, "?bBhHiIlLqQfd"))


def type_name(dtype, lanes=1, memory=False) -> str:
    """LLVM's type of a number, or of a vector of numbers.

    Parameters
    ----------
    dtype : np.dtype
    lanes : int
    memory : bool
        Whether as it is stored.
    """
    if dtype == BOOL:
        name = "i8" if memory else "i1"
    elif dtype.kind == "f":
        name = "float" if dtype.itemsize == 4 else "double"
    else:
        name = f"i{8 * dtype.itemsize}"
    return name if lanes == 1 else f"<{lanes} x {name}>"


def constant_text(x, dtype) -> str:
    """A number as LLVM writes it."""
    if dtype == BOOL:
        return "true" if x else "false"
    if dtype.kind == "f":
        rounded = float(dtype.type(x))  # a float is written as the double of the same value
        return f"0x{struct.unpack('<Q', struct.pack('<d', rounded))[0]:016X}"
    return str(int(x))


class Value:
    """A number or a vector of numbers in a program that a `Builder` writes."""

    __slots__ = ("b", "dtype", "lanes", "name")

    def __init__(self, b, name, dtype, lanes=1):
        self.b = b
        self.name = name
        self.dtype = dtype
        self.lanes = lanes

    @property
    def type(self):
        """LLVM's type."""
        return type_name(self.dtype, self.lanes)

    def _is_float(self):
        return self.dtype.kind == "f"

    def _is_signed(self):
        return self.dtype.kind == "i"

    def __add__(self, other):
        return self.b.binary("fadd" if self._is_float() else "add", self, other)

    def __sub__(self, other):
        return self.b.binary("fsub" if self._is_float() else "sub", self, other)

    def __mul__(self, other):
        return self.b.binary("fmul" if self._is_float() else "mul", self, other)

    def __truediv__(self, other):
        return self.b.binary("fdiv", self, other)

    def __rsub__(self, other):
        return self.b.as_value(other, self) - self

    def __rmul__(self, other):
        return self.b.as_value(other, self) * self

    def __rtruediv__(self, other):
        return self.b.as_value(other, self) / self

    def __neg__(self):
        if self._is_float():
            return self.b.emit(f"fneg {self.type} {self.name}", self.dtype, self.lanes)
        return self.b.as_value(0, self) - self

    def __and__(self, other):
        return self.b.binary("and", self, other)

    def __or__(self, other):
        return self.b.binary("or", self, other)

    def __xor__(self, other):
        return self.b.binary("xor", self, other)

    def __invert__(self):
        return self ^ (True if self.dtype == BOOL else -1)

    def __lshift__(self, other):
        return self.b.binary("shl", self, other)

    def __rshift__(self, other):
        return self.b.binary("ashr" if self._is_signed() else "lshr", self, other)

    def __lt__(self, other):
        return self.b.compare("lt", self, other)

    def __le__(self, other):
        return self.b.compare("le", self, other)

    def __gt__(self, other):
        return self.b.compare("gt", self, other)

    def __ge__(self, other):
        return self.b.compare("ge", self, other)

    def equals(self, other):
        """Where it equals another."""
        return self.b.compare("eq", self, other)

    def differs(self, other):
        """Where it is not equal to another; NaN is not, not even to itself."""
        return self.b.compare("ne", self, other)

    def isnan(self):
        """Where it is NaN."""
        return self.differs(self)

    def where(self, x, y):
        """`x` where it is true, `y` elsewhere."""
        return self.b.select(self, x, y)

    def bits(self):
        """The same bits as signed integers."""
        return self.bitcast(I32 if self.dtype.itemsize == 4 else I64)

    def bitcast(self, dtype):
        """The same bits as another dtype of the same size."""
        to = type_name(dtype, self.lanes)
        return self.b.emit(f"bitcast {self.type} {self.name} to {to}", dtype, self.lanes)

    def astype(self, dtype):
        """The numbers in another dtype, converted as C does."""
        return self.b.convert(self, dtype)


class Builder:
    """Writes the lines of a function.

    Attributes
    ----------
    lines : list of str
    head : list of str
        What comes first: memory for variables.
    declarations : dict
        Of the functions that it calls.
    """

    def __init__(self):
        self.lines = []
        self.head = []
        self._notes = {}
        self.declarations = {}
        self._count = 0

    def fresh(self) -> str:
        """A new name."""
        self._count += 1
        return f"%v{self._count}"

    def label(self) -> str:
        """A new name for a place to jump to."""
        self._count += 1
        return f"L{self._count}"

    def emit(self, text, dtype, lanes=1) -> Value:
        """A line that makes a value."""
        name = self.fresh()
        self.lines.append(f"  {name} = {text}")
        return Value(self, name, dtype, lanes)

    def do(self, text):
        """A line that makes none."""
        self.lines.append(f"  {text}")

    def place(self, label):
        """Here is where jumps to `label` lead."""
        self.lines.append(f"{label}:")

    # -- numbers ---------------------------------------------------------------------------------

    def constant(self, x, dtype, lanes=1) -> Value:
        """A number in every lane."""
        text = constant_text(x, dtype)
        if lanes > 1:
            text = f"splat ({type_name(dtype)} {text})"
        return Value(self, text, dtype, lanes)

    def as_value(self, x, like) -> Value:
        """`x` as a value; a Python number in the dtype of `like`."""
        return x if type(x) is Value else self.constant(x, like.dtype, like.lanes)

    def spread(self, x, lanes) -> Value:
        """A number in every lane of a vector."""
        if x.lanes == lanes:
            return x
        if not x.name.startswith("%"):
            return Value(self, f"splat ({x.type} {x.name})", x.dtype, lanes)
        vector = type_name(x.dtype, lanes)
        one = self.emit(f"insertelement {vector} poison, {x.type} {x.name}, i64 0", x.dtype, lanes)
        text = (
            f"shufflevector {vector} {one.name}, {vector} poison, <{lanes} x i32> zeroinitializer"
        )
        return self.emit(text, x.dtype, lanes)

    def _alike(self, *xs):
        like = next(x for x in xs if type(x) is Value)
        xs = [self.as_value(x, like) for x in xs]
        lanes = max(x.lanes for x in xs)
        return [self.spread(x, lanes) for x in xs]

    def binary(self, operation, x, y) -> Value:
        """An operation on two values of one dtype."""
        x, y = self._alike(x, y)
        return self.emit(f"{operation} {x.type} {x.name}, {y.name}", x.dtype, x.lanes)

    def compare(self, how, x, y) -> Value:
        """A comparison; with NaN only "ne" is true."""
        x, y = self._alike(x, y)
        if x.dtype.kind == "f":
            text = "fcmp " + ("une" if how == "ne" else f"o{how}")
        elif how in ("eq", "ne"):
            text = f"icmp {how}"
        else:
            text = f"icmp {'s' if x.dtype.kind == 'i' else 'u'}{how}"
        return self.emit(f"{text} {x.type} {x.name}, {y.name}", BOOL, x.lanes)

    def select(self, condition, x, y) -> Value:
        """`x` where the condition holds, `y` elsewhere."""
        x, y = self._alike(x, y)
        lanes = max(condition.lanes, x.lanes)
        condition, x, y = (self.spread(v, lanes) for v in (condition, x, y))
        text = f"select {condition.type} {condition.name}, {x.type} {x.name}, {y.type} {y.name}"
        return self.emit(text, x.dtype, lanes)

    def call(self, function, *xs) -> Value:
        """An intrinsic of LLVM that maps values of one type to one of it, as ``"fma"``."""
        xs = self._alike(*xs)
        (x, *_) = xs
        kind = f"f{8 * x.dtype.itemsize}" if x.dtype.kind == "f" else type_name(x.dtype)
        suffix = kind if x.lanes == 1 else f"v{x.lanes}{kind}"
        arguments = ", ".join(f"{v.type} {v.name}" for v in xs)
        name = f"@llvm.{function}.{suffix}"
        types = ", ".join(v.type for v in xs)
        self.declarations[name] = f"declare {x.type} {name}({types})"
        return self.emit(f"call {x.type} {name}({arguments})", x.dtype, x.lanes)

    def fma(self, x, y, z) -> Value:
        """``x * y + z``, rounded once."""
        return self.call("fma", x, y, z)

    def convert(self, x, dtype) -> Value:
        """The numbers in another dtype."""
        if x.dtype == dtype:
            return x
        if dtype == BOOL:
            return x.differs(0)
        size, new = x.dtype.itemsize, dtype.itemsize
        unsigned = x.dtype.kind in "ub"
        if x.dtype.kind == "f":
            if dtype.kind == "f":
                how = "fpext" if new > size else "fptrunc"
            else:
                how = "fptosi" if dtype.kind == "i" else "fptoui"
        elif dtype.kind == "f":
            how = "uitofp" if unsigned else "sitofp"
        elif x.dtype == BOOL or new > size:
            how = "zext" if unsigned else "sext"
        elif new < size:
            how = "trunc"
        else:
            return Value(self, x.name, dtype, x.lanes)  # LLVM's integers have no sign
        to = type_name(dtype, x.lanes)
        return self.emit(f"{how} {x.type} {x.name} to {to}", dtype, x.lanes)

    def each_lane(self, f, x) -> Value:
        """Apply a function on numbers lane by lane: in a loop, so that the code is short."""
        if x.lanes == 1:
            return f(x)
        variable = self.variable(x.dtype, x.lanes)
        self.put(variable, x)
        for i in self.count(0, x.lanes):
            at = self.pointer(variable, i, x.dtype)
            self.store(f(self.load(at, x.dtype)), at)
        return self.get(variable, x.dtype, x.lanes)

    def note(self, what, condition):
        """Take note that something happened, if it did."""
        if what not in self._notes:
            self._notes[what] = self.variable(BOOL)
            self.head.append(f"  store i1 false, ptr {self._notes[what]}")
        variable = self._notes[what]
        self.put(variable, self.get(variable, BOOL) | condition)

    def noted(self, what) -> Value:
        """Whether that happened."""
        if what not in self._notes:
            return self.constant(False, BOOL)
        return self.get(self._notes[what], BOOL)

    def table(self, numbers) -> str:
        """The address of constant integers."""
        name = f"@table{len(self.declarations)}"
        items = ", ".join(f"i64 {int(n)}" for n in numbers)
        self.declarations[name] = f"{name} = private constant [{len(numbers)} x i64] [{items}]"
        return name

    # -- memory ----------------------------------------------------------------------------------

    def variable(self, dtype, lanes=1) -> str:
        """Memory for a value that changes; the compiler keeps it in a register."""
        name = self.fresh()
        self.head.append(f"  {name} = alloca {type_name(dtype, lanes)}")
        return name

    def get(self, variable, dtype, lanes=1) -> Value:
        """The value of a variable."""
        return self.emit(f"load {type_name(dtype, lanes)}, ptr {variable}", dtype, lanes)

    def put(self, variable, x):
        """Give a variable a value."""
        self.do(f"store {x.type} {x.name}, ptr {variable}")

    def pointer(self, base, offset, dtype) -> str:
        """The address so many items (int or Value) behind a base."""
        if type(offset) is int and offset == 0:
            return base
        name = self.fresh()
        offset = offset.name if type(offset) is Value else offset
        item = type_name(dtype, memory=True)
        self.lines.append(f"  {name} = getelementptr {item}, ptr {base}, i64 {offset}")
        return name

    def load(self, pointer, dtype, lanes=1, mask=None) -> Value:
        """Numbers side by side; where the mask is false, ones."""
        kind = type_name(dtype, lanes, memory=True)
        if mask is None:
            x = self.emit(f"load {kind}, ptr {pointer}, align {dtype.itemsize}", dtype, lanes)
        else:
            stored = np.dtype(np.int8) if dtype == BOOL else dtype
            one = self.constant(1, stored, lanes)
            x = self._masked_load(pointer, kind, dtype, lanes, mask, one)
        return self._from_memory(x, lanes)

    def _masked_load(self, pointer, kind, dtype, lanes, mask, other):
        name = f"@llvm.masked.load.v{lanes}{_suffix(dtype)}.p0"
        self.declarations[name] = f"declare {kind} {name}(ptr, i32, <{lanes} x i1>, {kind})"
        text = (
            f"call {kind} {name}(ptr {pointer}, i32 {dtype.itemsize}, "
            f"{mask.type} {mask.name}, {kind} {other.name})"
        )
        return self.emit(text, dtype, lanes)

    def _from_memory(self, x, lanes):
        if x.dtype != BOOL:
            return x
        byte = type_name(BOOL, lanes, memory=True)
        zero = "0" if lanes == 1 else "zeroinitializer"
        return self.emit(f"icmp ne {byte} {x.name}, {zero}", BOOL, lanes)

    def store(self, x, pointer, mask=None):
        """Put numbers side by side; only those where the mask is true."""
        kind = type_name(x.dtype, x.lanes, memory=True)
        if x.dtype == BOOL:
            x = Value(
                self, self.emit(f"zext {x.type} {x.name} to {kind}", BOOL).name, BOOL, x.lanes
            )
        if mask is None:
            self.do(f"store {kind} {x.name}, ptr {pointer}, align {x.dtype.itemsize}")
            return
        name = f"@llvm.masked.store.v{x.lanes}{_suffix(x.dtype)}.p0"
        self.declarations[name] = f"declare void {name}({kind}, ptr, i32, <{x.lanes} x i1>)"
        self.do(
            f"call void {name}({kind} {x.name}, ptr {pointer}, i32 {x.dtype.itemsize}, "
            f"{mask.type} {mask.name})"
        )

    def clear(self, pointer, nbytes):
        """Fill so many bytes (int or Value) with zeros."""
        name = "@llvm.memset.p0.i64"
        self.declarations[name] = f"declare void {name}(ptr, i8, i64, i1)"
        nbytes = self._integer(nbytes).name
        self.do(f"call void {name}(ptr {pointer}, i8 0, i64 {nbytes}, i1 false)")

    def gather(self, pointer, stride, dtype, lanes, mask=None) -> Value:
        """Numbers that stand `stride` items apart, or as many items behind the pointer as a vector
        of integers says; where the mask is false, ones."""
        kind, places = (
            type_name(dtype, lanes, memory=True),
            self._places(pointer, stride, dtype, lanes),
        )
        mask = self.constant(True, BOOL, lanes) if mask is None else mask
        one = self.constant(1, np.dtype(np.int8) if dtype == BOOL else dtype, lanes)
        name = f"@llvm.masked.gather.v{lanes}{_suffix(dtype)}.v{lanes}p0"
        pointers = f"<{lanes} x ptr>"
        self.declarations[name] = f"declare {kind} {name}({pointers}, i32, <{lanes} x i1>, {kind})"
        text = (
            f"call {kind} {name}({pointers} {places}, i32 {dtype.itemsize}, "
            f"{mask.type} {mask.name}, {kind} {one.name})"
        )
        return self._from_memory(self.emit(text, dtype, lanes), lanes)

    def scatter(self, x, pointer, stride, mask=None):
        """Put numbers `stride` items apart; only those where the mask is true."""
        dtype, lanes = x.dtype, x.lanes
        kind, places = (
            type_name(dtype, lanes, memory=True),
            self._places(pointer, stride, dtype, lanes),
        )
        if dtype == BOOL:
            x = Value(self, self.emit(f"zext {x.type} {x.name} to {kind}", BOOL).name, BOOL, lanes)
        mask = self.constant(True, BOOL, lanes) if mask is None else mask
        name = f"@llvm.masked.scatter.v{lanes}{_suffix(dtype)}.v{lanes}p0"
        pointers = f"<{lanes} x ptr>"
        self.declarations[name] = f"declare void {name}({kind}, {pointers}, i32, <{lanes} x i1>)"
        self.do(
            f"call void {name}({kind} {x.name}, {pointers} {places}, i32 {dtype.itemsize}, "
            f"{mask.type} {mask.name})"
        )

    def _places(self, pointer, stride, dtype, lanes):
        """Addresses that lie so many items apart, or so many behind the pointer."""
        name, item = self.fresh(), type_name(dtype, memory=True)
        if type(stride) is Value:
            offsets = stride.name
        else:
            offsets = f"<{', '.join(f'i64 {stride * i}' for i in range(lanes))}>"
        self.lines.append(
            f"  {name} = getelementptr {item}, ptr {pointer}, <{lanes} x i64> {offsets}"
        )
        return name

    # -- flow ------------------------------------------------------------------------------------

    def count(self, start, stop, step=1):
        """A loop over integers (Values or ints); ``for i in b.count(0, n): ...`` writes it."""
        start, stop = (self._integer(x) for x in (start, stop))
        variable = self.variable(I64)
        self.put(variable, start)
        head, body, end = self.label(), self.label(), self.label()
        self.do(f"br label %{head}")
        self.place(head)
        i = self.get(variable, I64)
        more = i < stop
        self.do(f"br i1 {more.name}, label %{body}, label %{end}")
        self.place(body)
        yield i
        self.put(variable, i + step)
        self.do(f"br label %{head}")
        self.place(end)

    def when(self, condition):
        """A branch: ``for _ in b.when(c): ...`` writes what happens if it holds."""
        then, end = self.label(), self.label()
        self.do(f"br i1 {condition.name}, label %{then}, label %{end}")
        self.place(then)
        yield
        self.do(f"br label %{end}")
        self.place(end)

    def _integer(self, x):
        return self.constant(x, I64) if type(x) is int else x


def _suffix(dtype):
    return f"f{8 * dtype.itemsize}" if dtype.kind == "f" else f"i{8 * dtype.itemsize}"
