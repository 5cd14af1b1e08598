"""Loops with a carry, all in machine code.

A step's equations are written one after the other: numbers stay in registers, arrays in buffers
that are laid out beforehand. What a step stacks is written straight into its row of the stack, and
a carry that is stacked lives in these rows; other carries have two buffers that change places.
"""

import math

import numpy as np

from fgrad.compiler.buffers import Plan
from fgrad.compiler.native import operations
from fgrad.compiler.native.along import is_along, write_along
from fgrad.compiler.native.copying import write_copy
from fgrad.compiler.native.elementary import library
from fgrad.compiler.native.fuse import group_kernels
from fgrad.compiler.native.group import View, is_elementwise, row_major, viewed
from fgrad.compiler.native.indexed import (
    INDEXED,
    chains,
    slice_place,
    write_gather,
    write_scatter,
    write_update_slice,
    writes_all,
)
from fgrad.compiler.native.loop_linalg import LinearAlgebra, is_linear_algebra
from fgrad.compiler.native.loop_products import Array, Products, is_small_product
from fgrad.compiler.native.nest import Nest
from fgrad.compiler.native.primitive import kernel
from fgrad.compiler.native.values import BOOL, DTYPES, F64, I64, Builder, Value
from fgrad.compiler.passes import prepare
from fgrad.core.jaxpr import Literal, Var
from fgrad.primitives import contract
from fgrad.primitives import elementwise as ew
from fgrad.primitives import shape as sh
from fgrad.primitives.define import Elementwise
from fgrad.primitives.dynamic import dynamic_slice, dynamic_update_slice
from fgrad.primitives.index import gather, scatter

# Floating-point operations of a product up to which it is written out.
MOST_FLOPS = 1 << 24
_ALIGN = 64

# What changes the place of numbers, or nothing but how they are seen.
_MOVES = frozenset((
    sh.reshape, sh.transpose, sh.broadcast_in_dim, sh.slice, sh.concatenate, sh.pad, dynamic_slice
))  # fmt: skip
# What the C library does for single numbers.
_LIBRARY = {
    ew.pow: "pow", ew.atan: "atan", ew.asin: "asin", ew.acos: "acos", ew.atan2: "atan2",
    ew.asinh: "asinh", ew.acosh: "acosh", ew.atanh: "atanh", ew.cbrt: "cbrt", ew.hypot: "hypot",
    ew.log2: "log2", ew.log10: "log10", ew.exp2: "exp2", ew.tan: "tan", ew.rem: "fmod",
}  # fmt: skip


_INDEXED = {
    gather: write_gather, scatter: write_scatter, dynamic_update_slice: write_update_slice,
}  # fmt: skip


class NotWritten(Exception):
    """Something in a loop is left to NumPy."""


class Buffers:
    """Memory for arrays, laid out before the program runs."""

    def __init__(self):
        self.nbytes = 0

    def place(self, nbytes) -> int:
        """Where so many bytes are."""
        start, self.nbytes = self.nbytes, self.nbytes + -(-nbytes // _ALIGN) * _ALIGN
        return start


class LoopWriter(Products, LinearAlgebra):
    """Writes a loop.

    Parameters
    ----------
    closed : ClosedJaxpr
        The body: (constants, carry, a row of each stacked input) -> (carry, a row of each stacked
        output); without `length` the first output says whether to go on.
    num_consts, num_carry : int
    length : int or None
    reverse : bool
    kept : tuple of int
        The carries that are stacked, with the one before the first step.
    buffers : Buffers
        Of the whole program.

    Raises
    ------
    NotWritten
        If NumPy is to do something in it.
    """

    def __init__(self, closed, num_consts, num_carry, length, reverse, kept, buffers):
        self.closed = closed = group_kernels(prepare(closed))
        self.jaxpr = j = closed.jaxpr
        self.num_consts, self.num_carry = num_consts, num_carry
        self.length, self.reverse, self.kept = length, reverse, kept
        goes_on = length is None
        self.carries = j.outvars[goes_on : goes_on + num_carry]
        self.ys = j.outvars[goes_on + num_carry :]
        self._buffers = buffers
        self._inner = {}
        for v in (*j.invars, *j.constvars):
            if v.aval.dtype not in DTYPES:
                raise NotWritten
        for eqn in j.eqns:
            self._check(eqn)
        self._lay_out()

    def _check(self, eqn):
        for v in (*eqn.invars, *eqn.outvars):
            if v.aval.dtype not in DTYPES or not v.aval.size:
                raise NotWritten
        p = eqn.primitive
        if p is kernel:
            closed, shapes, inner = (eqn.params[k] for k in ("jaxpr", "shapes", "inner"))
            self._inner[id(eqn)] = Nest(closed.jaxpr, shapes, inner)
        elif p.name == "steps":
            params = {k: v for k, v in eqn.params.items() if k != "jaxpr"}
            self._inner[id(eqn)] = LoopWriter(eqn.params["jaxpr"], buffers=self._buffers, **params)
        elif p is contract.einsum:
            if not is_small_product(eqn):
                raise NotWritten
        elif is_linear_algebra(eqn) or is_along(eqn):
            pass
        elif p in INDEXED:
            if any(v.aval.dtype.kind not in "iu" for v in _indices(eqn)):
                raise NotWritten
        elif p not in _MOVES and (len(eqn.outvars) != 1 or not self._is_scalar(eqn)):
            raise NotWritten

    def _is_scalar(self, eqn):
        if (
            eqn.outvars[0].aval.shape
            or not isinstance(eqn.primitive, Elementwise)
            and (eqn.primitive is not sh.convert_element_type)
        ):
            return False
        if is_elementwise(eqn):
            return True
        dtypes = {v.aval.dtype.kind for v in (*eqn.invars, *eqn.outvars)}
        return eqn.primitive in _LIBRARY and dtypes == {"f"}

    def _lay_out(self):
        """Places for all arrays."""
        j, buffers = self.jaxpr, self._buffers
        writes = lambda eqn, out: bool(out.aval.shape) and _makes(eqn)
        plan = Plan(j, writes, lambda eqn, v: False)
        slots = [buffers.place(slot.nbytes) for slot in plan.slots]
        self._place = {v: slots[s.index] for v, s in plan.slot.items()}
        self._copies = {}
        first = self.num_consts
        before = enumerate(j.invars[first : first + self.num_carry])
        moving = {i: v for i, v in before if v.aval.shape and i not in self.kept}
        pairs = {i: (v, self.carries[i]) for i, v in moving.items()}
        self._stays = chains(j, plan.root, {i: p for i, p in pairs.items() if type(p[1]) is Var})
        self._carry_places = {}
        for i, v in moving.items():
            n = v.aval.size * v.aval.dtype.itemsize
            now = buffers.place(n)
            self._carry_places[i] = now, now if i in self._stays else buffers.place(n)
        self._scratch = {}
        for eqn in j.eqns:
            nest = self._inner.get(id(eqn))
            if type(nest) is Nest and nest.scratch:
                self._scratch[id(eqn)] = buffers.place(nest.scratch)

    def all_constants(self) -> list:
        """The constants of the loop and of those inside it."""
        inner = [w for w in self._inner.values() if type(w) is LoopWriter]
        return [*self.closed.consts, *(c for w in inner for c in w.all_constants())]

    def take_constants(self, found):
        """Take what stands for `all_constants` in the code, one by one."""
        self.constants = [next(found) for _ in self.closed.consts]
        for w in self._inner.values():
            if type(w) is LoopWriter:
                w.take_constants(found)

    # -- the code --------------------------------------------------------------------------------

    def write(self, b: Builder, scratch, goes_on, args, results):
        """Write the loop.

        Parameters
        ----------
        b : Builder
        scratch : str
            The address of the buffers.
        goes_on : Value or None
            Whether to go at all, if the body decides.
        args : list of Value or Array
            Constants, the first carry, stacked inputs.
        results : list of str
            Addresses for the last carry, the stacks of the kept, the stacked outputs.

        Returns
        -------
        list
            The last carry: Values, and None for those that are in their place.
        """
        self.b, self._base = b, scratch
        j = self.jaxpr
        self._ahead = dict(zip(j.constvars, self.constants, strict=True))
        self._ahead.update(zip(j.invars[: self.num_consts], args, strict=False))
        first = args[self.num_consts : self.num_consts + self.num_carry]
        stacks = args[self.num_consts + self.num_carry :]
        outs = results[: self.num_carry]
        kept = dict(zip(self.kept, results[self.num_carry :], strict=False))
        ys = results[self.num_carry + len(kept) :]
        self._start_carry(first, kept)
        self._turned = {}
        self._turn_products()
        if self.length is None:
            variable = b.variable(BOOL)
            b.put(variable, goes_on)
            for _ in _while(b, variable):
                again = self._step(None, [], kept, [])
                b.put(variable, self._as_value(again, BOOL))
        else:
            for s in b.count(0, self.length):
                t = self.length - 1 - s if self.reverse else s
                self._step(t, stacks, kept, ys)
        return [self._end_carry(i, out) for i, out in enumerate(outs)]

    def _address(self, place):
        return self.b.pointer(self._base, place, np.dtype(np.int8))

    def _start_carry(self, first, kept):
        b = self.b
        self._carry = []  # for each: a variable for a number, or two for the addresses of arrays
        ins = self.jaxpr.invars[self.num_consts :]
        for i, (x, v) in enumerate(zip(first, ins, strict=False)):
            dtype, shape = v.aval.dtype, v.aval.shape
            row = self.length if self.reverse else 0  # of the carry before the first step
            if i in kept:
                at = b.pointer(kept[i], row * v.aval.size, dtype)
                self.copy(x, at, shape, dtype)
            if not shape:
                variable = b.variable(dtype)
                b.put(variable, x)
                self._carry.append(variable)
            elif i in kept:
                self._carry.append((_pointer_variable(b, at), None))
            else:
                now, new = (self._address(p) for p in self._carry_places[i])
                self.copy(x, now, shape, dtype)
                self._carry.append((_pointer_variable(b, now), _pointer_variable(b, new)))

    def _end_carry(self, i, out):
        b, v = self.b, self.jaxpr.invars[self.num_consts + i]
        if not v.aval.shape:
            return b.get(self._carry[i], v.aval.dtype)
        now = _get_pointer(b, self._carry[i][0])
        self.copy(Array(now, v.aval.dtype, v.aval.shape), out, v.aval.shape, v.aval.dtype)
        return None

    def _step(self, t, stacks, kept, ys):
        b, j = self.b, self.jaxpr
        env = self._env = dict(self._ahead)
        first = self.num_consts
        targets, rows = {}, {}
        for i, v in enumerate(j.invars[first : first + self.num_carry]):
            dtype, shape = v.aval.dtype, v.aval.shape
            if not shape:
                env[v] = b.get(self._carry[i], dtype)
            else:
                env[v] = Array(_get_pointer(b, self._carry[i][0]), dtype, shape)
            if i in kept:
                at = t if self.reverse else t + 1
                rows[i] = b.pointer(kept[i], at * v.aval.size, dtype)
            elif i in self._stays:
                rows[i] = env[v].pointer
                targets.update((x, rows[i]) for x in self._stays[i])
            elif shape:
                rows[i] = _get_pointer(b, self._carry[i][1])
            if shape:
                targets.setdefault(self.carries[i], rows[i])
        for v, stack in zip(j.invars[first + self.num_carry :], stacks, strict=True):
            at = b.pointer(stack.pointer, t * math.prod(stack.shape[1:]), stack.dtype)
            row = Array(at, stack.dtype, stack.shape[1:])
            env[v] = row if row.shape else b.load(at, row.dtype)
        places = []
        for v, stack in zip(self.ys, ys, strict=True):
            places.append(b.pointer(stack, t * v.aval.size, v.aval.dtype))
            if v.aval.shape:
                targets.setdefault(v, places[-1])
        made = {v for eqn in j.eqns if _makes(eqn) for v in eqn.outvars}
        self._targets = {v: p for v, p in targets.items() if type(v) is Var and v in made}
        for eqn in j.eqns:
            self._equation(eqn)
        for v, place in zip(self.ys, places, strict=True):
            if self._targets.get(v) != place:
                self.copy(self.read(v), place, v.aval.shape, v.aval.dtype)
        self._pass_on(rows, kept)
        return self.read(j.outvars[0]) if self.length is None else None

    def _pass_on(self, rows, kept):
        """Make the carry of this step that of the next."""
        b = self.b
        new = [self.read(v) for v in self.carries]
        for i, (v, x) in enumerate(zip(self.carries, new, strict=True)):
            aval = self.jaxpr.invars[self.num_consts + i].aval
            if i in rows and self._targets.get(v) != rows[i]:
                self.copy(x, rows[i], aval.shape, aval.dtype)
        for i, x in enumerate(new):
            aval = self.jaxpr.invars[self.num_consts + i].aval
            if not aval.shape:
                b.put(self._carry[i], self._as_value(x, aval.dtype))
                continue
            now, other = self._carry[i]
            if other is not None:
                old = _get_pointer(b, now)
                _put_pointer(b, other, old)
            _put_pointer(b, now, rows[i])

    def _as_value(self, x, dtype):
        return x if type(x) is Value else self.b.constant(x, dtype)

    def number(self, v):
        """An operand without axes."""
        return self._as_value(self.read(v), v.aval.dtype)

    def read(self, v):
        return v.val if type(v) is Literal else self._env[v]

    def array(self, v):
        """An operand as an array whose items stand one after the other."""
        x = self._env[v]
        if not x.is_plain():
            key = id(v)
            if key not in self._copies:
                self._copies[key] = self._buffers.place(v.aval.size * v.aval.dtype.itemsize)
            at = self._address(self._copies[key])
            self.copy(x, at, x.shape, x.dtype)
            x = Array(at, x.dtype, x.shape)
        return x

    def _target(self, v):
        """The address for a result."""
        if v in self._targets:
            return self._targets[v]
        if v not in self._place:  # a result, but in the second place
            self._place[v] = self._buffers.place(v.aval.size * v.aval.dtype.itemsize)
        return self._address(self._place[v])

    def _result_place(self, v):
        """Where a result is written, also if it is a number."""
        return self._target(v) if v.aval.shape else self._cell(v.aval.dtype)

    def _take_result(self, v, place):
        """A result is there."""
        dtype, shape = v.aval.dtype, v.aval.shape
        self._env[v] = Array(place, dtype, shape) if shape else self.b.load(place, dtype)

    def _cell(self, dtype):
        """Memory for a number."""
        return self.b.variable(dtype if dtype != BOOL else np.dtype("i1"))

    # -- equations -------------------------------------------------------------------------------

    def _equation(self, eqn):
        p = eqn.primitive
        if p is kernel:
            self._nests(eqn)
        elif p.name == "steps":
            self._loop(eqn)
        elif p is contract.einsum:
            self._product(eqn)
        elif is_linear_algebra(eqn):
            self._linear_algebra(eqn)
        elif is_along(eqn):
            (v,) = eqn.outvars
            out = self._result_place(v)
            write_along(self, eqn, out)
            self._take_result(v, out)
        elif p is sh.concatenate:
            self._joined(eqn)
        elif p is sh.pad and eqn.outvars[0].aval.shape:
            self._padded(eqn)
        elif p in INDEXED:
            self._indexed(eqn)
        elif self._is_scalar(eqn):
            self._env[eqn.outvars[0]] = self._scalar(eqn)
        else:
            self._env[eqn.outvars[0]] = self._moved(eqn)

    def _scalar(self, eqn):
        operands = [self.read(v) for v in eqn.invars]
        if is_elementwise(eqn):
            return operations.write(self.b, eqn, operands)
        wide = [x.astype(F64) if type(x) is Value else self.b.constant(x, F64) for x in operands]
        return library(_LIBRARY[eqn.primitive], *wide).astype(eqn.outvars[0].aval.dtype)

    def _nests(self, eqn):
        b, nest = self.b, self._inner[id(eqn)]
        j = eqn.params["jaxpr"].jaxpr
        n, m = len(j.invars), len(j.outvars)
        scratch = self._address(self._scratch[id(eqn)]) if id(eqn) in self._scratch else None
        for i, shape in enumerate(eqn.params["shapes"]):
            given = eqn.invars[i * n : (i + 1) * n]
            outs = eqn.outvars[i * m : (i + 1) * m]
            inputs = {
                own: self.array(v).pointer if v.aval.shape else self.read(v)
                for own, v in zip(j.invars, given, strict=True)
            }
            cells = {own: self._result_place(v) for own, v in zip(j.outvars, outs, strict=True)}
            stop = b.constant(nest.parallel(shape), I64)
            nest.write(b, inputs, cells, scratch, b.constant(0, I64), stop)
            for own, v in zip(j.outvars, outs, strict=True):
                self._take_result(v, cells[own])

    def _loop(self, eqn):
        b, inner = self.b, self._inner[id(eqn)]
        args = [self._as_value(self.read(v), v.aval.dtype) if not v.aval.shape else self.array(v)
                for v in eqn.invars]  # fmt: skip
        goes_on = args.pop(0) if inner.length is None else None
        results = [self._target(v) if v.aval.shape else None for v in eqn.outvars]
        outer = self._env
        last = inner.write(b, self._base, goes_on, args, results)
        self._env = outer
        for v, x, place in zip(
            eqn.outvars, [*last, *[None] * (len(results) - len(last))], results, strict=True
        ):
            self._env[v] = Array(place, v.aval.dtype, v.aval.shape) if x is None else x

    def _moved(self, eqn):
        v = eqn.outvars[0]
        if not v.aval.shape and not eqn.invars[0].aval.shape:
            return self.read(eqn.invars[0])
        x = self.boxed(eqn.invars[0])
        view = viewed(eqn, View(None, x.shape, x.strides))
        if view is None:  # a reshape of a view
            x = self.array(eqn.invars[0])
            view = viewed(eqn, View(None, x.shape, x.strides))
        pointer = self.b.pointer(x.pointer, view.offset, x.dtype)
        if not v.aval.shape:
            return self.b.load(pointer, x.dtype)
        return Array(pointer, x.dtype, view.shape, view.strides)

    def boxed(self, v):
        """An operand in memory, also if it is a number."""
        x, dtype = self.read(v), v.aval.dtype
        if type(x) is Array:
            return x
        cell = self._cell(dtype)
        self.b.store(self._as_value(x, dtype), cell)
        return Array(cell, dtype, ())

    def _joined(self, eqn):
        (v,), axis = eqn.outvars, eqn.params["dimension"]
        out = Array(self._target(v), v.aval.dtype, v.aval.shape)
        start = 0
        for x in eqn.invars:
            at = self.b.pointer(out.pointer, start * out.strides[axis], out.dtype)
            self.copy(self.read(x), at, x.aval.shape, out.dtype, out.strides)
            start += x.aval.shape[axis]
        self._env[v] = out

    def _padded(self, eqn):
        (v,), dtype = eqn.outvars, eqn.outvars[0].aval.dtype
        out = self._target(v)
        self.b.clear(out, v.aval.size * dtype.itemsize)
        offset, strides = 0, []
        for i, s in zip(eqn.params["index"], row_major(v.aval.shape), strict=True):
            start, _, step = (i, None, 0) if type(i) is int else i
            offset += start * s
            strides += [step * s] * (type(i) is not int)
        x, place = self.boxed(eqn.invars[0]), self.b.pointer(out, offset, dtype)
        write_copy(self.b, (x.pointer, x.strides, dtype), (place, strides, dtype), x.shape)
        self._take_result(v, out)

    def _indexed(self, eqn):
        b, (v,) = self.b, eqn.outvars
        if not writes_all(eqn):  # a slice, which is a view
            x = self.boxed(eqn.invars[0])
            sizes = eqn.params["slice_sizes"]
            pointer = b.pointer(
                x.pointer, slice_place(self, x.shape, x.strides, sizes, eqn.invars[1:]), x.dtype
            )
            x = Array(pointer, x.dtype, v.aval.shape, x.strides)
            self._env[v] = x if x.shape else b.load(pointer, x.dtype)
            return
        out = self._result_place(v)
        _INDEXED[eqn.primitive](self, eqn, out)
        self._take_result(v, out)

    def copy(self, x, pointer, shape, dtype, strides=None):
        """Put an array or a number somewhere, in a dtype that may be another."""
        if not shape:
            self.b.store(self._as_value(x, dtype), pointer)
            return
        strides = row_major(shape) if strides is None else strides
        write_copy(self.b, (x.pointer, x.strides, x.dtype), (pointer, strides, dtype), shape)

    def copy_to(self, v, pointer):
        """Put an operand somewhere, if it is not there."""
        x = self.read(v)
        if type(x) is not Array or x.pointer != pointer:
            self.copy(x, pointer, v.aval.shape, v.aval.dtype)


def _indices(eqn):
    """The operands that say where."""
    first = 1 if eqn.primitive in (dynamic_slice, gather) else 2
    return eqn.invars[first:]


def _makes(eqn):
    """Whether an equation writes into memory that it is given."""
    p = eqn.primitive
    if p in (kernel, contract.einsum, sh.concatenate, sh.pad) or p.name == "steps":
        return True
    return writes_all(eqn) or is_linear_algebra(eqn) or is_along(eqn)


def _pointer_variable(b, pointer):
    name = b.fresh()
    b.head.append(f"  {name} = alloca ptr")
    _put_pointer(b, name, pointer)
    return name


def _get_pointer(b, variable):
    name = b.fresh()
    b.lines.append(f"  {name} = load ptr, ptr {variable}")
    return name


def _put_pointer(b, variable, pointer):
    b.do(f"store ptr {pointer}, ptr {variable}")


def _while(b, variable):
    """A loop that goes on while a variable is true."""
    head, body, end = b.label(), b.label(), b.label()
    b.do(f"br label %{head}")
    b.place(head)
    b.do(f"br i1 {b.get(variable, BOOL).name}, label %{body}, label %{end}")
    b.place(body)
    yield
    b.do(f"br label %{head}")
    b.place(end)
