"""Loops with a carry as Python functions: machine code where all of the loop can be."""

import math

import numpy as np

from fgrad.compiler import steps as python
from fgrad.compiler.backend import using
from fgrad.compiler.buffers import Scratch
from fgrad.compiler.donation import reports_errors
from fgrad.compiler.native.calls import comment
from fgrad.compiler.native.engine import Module
from fgrad.compiler.native.entry import function_text
from fgrad.compiler.native.kernel import LITTLE, LONG, plain
from fgrad.compiler.native.loop import Array, Buffers, LoopWriter, NotWritten
from fgrad.compiler.native.operations import cost_of
from fgrad.core import memory
from fgrad.core.avals import shaped_array


class Steps:
    """A compiled loop, as `compiler.steps.Steps` is, in machine code.

    Parameters
    ----------
    closed, num_consts, num_carry, length, reverse, kept
        As there.

    Attributes
    ----------
    source : str
        What it does, as a comment.
    code : str
        In LLVM's language.

    Raises
    ------
    NotWritten
        If NumPy has to do something in it.
    """

    def __init__(self, closed, num_consts, num_carry, length, reverse=False, kept=()):
        if length == 0:
            raise NotWritten
        self._again = closed, num_consts, num_carry, length, reverse, kept
        buffers = Buffers()
        self._loop = loop = LoopWriter(
            closed, num_consts, num_carry, length, reverse, kept, buffers
        )
        stacked = lambda v, n: shaped_array((n, *v.aval.shape), v.aval.dtype)
        ins = loop.jaxpr.invars
        first = num_consts + num_carry
        carry = [v.aval for v in ins[num_consts:first]]
        avals = [shaped_array((), np.dtype(bool))] if length is None else []
        avals += [v.aval for v in ins[:first]] + [stacked(v, length) for v in ins[first:]]
        self._arguments = avals
        self._results = [
            *carry, *(stacked(ins[num_consts + i], length + 1) for i in kept),
            *(stacked(v, length) for v in loop.ys),
        ]  # fmt: skip
        self._constants = loop.all_constants()
        constants = [shaped_array(np.shape(c), c.dtype) for c in self._constants]
        everything = [*avals, *constants, *self._results, shaped_array((1,), np.dtype(np.uint8))]
        is_array = [bool(a.shape) for a in (*avals, *constants)]
        is_array += [True] * (len(everything) - len(is_array))
        self.code = function_text(
            "steps", everything, is_array, [0], self._work() >= LONG, self._write
        )
        self.source = comment(f"a loop of {length or 'some'} steps in machine code", loop.jaxpr)
        effort = 0 if self._work() < LITTLE else 2
        self._function = Module.of(self.code, effort).function("steps")
        scratch = Scratch(
            [max(buffers.nbytes, 1)], [(0, (max(buffers.nbytes, 1),), np.dtype(np.uint8))]
        )
        self._make, self._pool = scratch.make, scratch.pool
        self._numbers = [
            (i, a.dtype.type) for i, a in enumerate(avals) if a.weak_type and a.dtype.kind != "f"
        ]
        self._kinds = [_kind(a) for a in self._results]

    def _work(self):
        """About how many instructions on elements it is, if a loop of unknown length is long."""
        work = sum(math.prod(e.outvars[0].aval.shape) * cost_of(e) for e in self._again[0].eqns)
        return work * (self._loop.length or 1000)

    def _write(self, b, arguments, start, stop):
        loop = self._loop
        everything = [
            Array(a, aval.dtype, aval.shape) if aval.shape else a
            for a, aval in zip(arguments, self._arguments, strict=False)
        ]
        at = len(self._arguments)
        constants = arguments[at : at + len(self._constants)]
        loop.take_constants(
            iter(
                Array(c, v.dtype, v.shape) if np.ndim(v) else c
                for c, v in zip(constants, self._constants, strict=True)
            )
        )
        results = arguments[at + len(constants) : -1]
        goes_on = everything.pop(0) if loop.length is None else None
        last = loop.write(b, arguments[-1], goes_on, everything, results)
        for x, place in zip(last, results, strict=False):
            if x is not None:
                b.store(x, place)
        return ~b.noted("unsound")

    def __call__(self, *args):
        if self._numbers:
            args = list(args)
            for i, kind in self._numbers:
                args[i] = kind(args[i])
        results = [make(shape, dtype) for make, shape, dtype, _ in self._kinds]
        try:
            work = self._pool.pop()
        except IndexError:
            work = self._make()
        found = self._function(*args, *self._constants, *results, *work)
        again = None if found is True else self._settle(found, args, results, work)
        self._pool.append(work)
        if again is not None:
            return again
        return [
            x if finish is None else finish(x)
            for x, (_, _, _, finish) in zip(results, self._kinds, strict=True)
        ]

    def _settle(self, found, args, results, work):
        """See `Kernel.settle`; the results, if NumPy had to do all of it."""
        if found is False:
            copies = [plain(x, a.dtype) for x, a in zip(args, self._arguments, strict=True)]
            found = self._function(*copies, *self._constants, *results, *work)
        if found is False or (found is None and reports_errors()):
            with using("numpy"):
                return python.Steps(*self._again)(*args)
        return None


def _kind(aval):
    """How a result is made: a function, its arguments, and what makes a number of an array."""
    nbytes = aval.size * aval.dtype.itemsize
    make = memory.empty if nbytes >= memory.WORTH else np.empty
    if aval.shape:
        return make, aval.shape, aval.dtype, None
    return make, (), aval.dtype, _item if aval.weak_type else _scalar


def _item(x):
    return x.item()


def _scalar(x):
    return x[()]


def compile_steps(*params):
    """A loop in machine code if that can be, else in Python."""
    try:
        return Steps(*params)
    except NotWritten:
        return python.Steps(*params)
