"""Linear algebra as functions of NumPy's arrays, on stacks of matrices and on several threads.

Where a matrix is singular or not positive definite, NumPy does the work again, and says so.
"""

import functools
import math

import numpy as np

from fgrad.compiler.native.engine import Module
from fgrad.compiler.native.entry import function_text
from fgrad.compiler.native.factor import (
    SYSTEMS_FIELDS,
    Systems,
    Triangle,
    panel_bytes,
    write_cholesky,
    write_lu,
    write_solve,
)
from fgrad.compiler.native.product import vectors_of
from fgrad.compiler.native.shared import Shared
from fgrad.compiler.native.values import BOOL, I32, I64
from fgrad.core import memory
from fgrad.core.avals import shaped_array
from fgrad.primitives.linalg.cholesky import cholesky
from fgrad.primitives.linalg.solve import lu, solve
from fgrad.primitives.linalg.triangular import triangular_solve

# Multiplications from which on machine code pays for a single operation, and several threads do;
# as many as NumPy's call for one matrix of a stack takes the time of.
WORTH, SHARED, CALL = 1 << 17, 1 << 21, 1 << 11

LINALG = frozenset((cholesky, triangular_solve, lu, solve))


def work(eqn) -> int:
    """About how many multiplications it is."""
    a, out = eqn.invars[0].aval, eqn.outvars[0].aval
    return math.prod(out.shape) * a.shape[-1] // (3 if eqn.primitive in (cholesky, lu) else 1)


def is_worth(eqn) -> bool:
    """Whether an operation that stands alone is to be done here."""
    if eqn.primitive not in LINALG or eqn.outvars[0].aval.dtype.char not in "fd":
        return False
    calls = math.prod(eqn.invars[0].aval.shape[:-2])
    return work(eqn) + calls * CALL >= WORTH


def systems_of(eqn) -> Systems:
    """How a `triangular_solve` or `solve` goes through its operands."""
    params = eqn.params
    *_, m, k = eqn.outvars[0].aval.shape
    if eqn.primitive is solve:
        n, transposed = m, params["transposed"]
        lower, upper = Triangle(n, 1, 1, 1), Triangle(n, 1, 0, 0)
        if not transposed:
            return Systems(n, k, k, 1, k, 1, 2, 0, lower, upper)
        flipped = [Triangle(1, n, not t.forward, t.unit) for t in (upper, lower)]
        return Systems(n, k, k, 1, k, 1, 2, 1, *flipped)
    left, turned = params["left"], params["op"] != "N"
    n, columns = (m, k) if left else (k, m)
    if not left:  # x t = b is t^T x^T = b^T
        turned = not turned
    strides = (k, 1) if left else (1, k)
    forward = params["lower"] != turned
    triangle = Triangle(*((1, n) if turned else (n, 1)), forward, params["unit"])
    return Systems(n, columns, *strides, *strides, 1, 0, triangle, triangle)


def implementation(eqn):
    """The function of an operation's operands."""
    return _KINDS[eqn.primitive](eqn)


class _Stack:
    """What the operations have in common.

    Parameters
    ----------
    eqn : JaxprEqn
    sizes : list of int
        What it takes.
    parts : int
        Of how many parts that can be done alone the work on one matrix consists.
    """

    def __init__(self, eqn, sizes, parts=1):
        self._eqn = eqn
        aval = eqn.invars[0].aval
        self._shape, self._dtype = eqn.outvars[0].aval.shape, aval.dtype
        sizes = np.array([*sizes, parts], np.int64)
        shared = Shared(
            _entries(eqn.primitive, aval.dtype), "linalg", math.prod(aval.shape[:-2]) * parts,
            work(eqn) >= SHARED, panel_bytes(aval.dtype, max(aval.shape[-2:])),
        )  # fmt: skip
        self._run = lambda *arrays: shared(*arrays, sizes) is True

    def _plain(self, x):
        return np.ascontiguousarray(x, self._dtype)

    def _empty(self):
        return memory.empty(self._shape, self._dtype)

    def _again(self, *args):
        return self._eqn.primitive.impl(*args, **self._eqn.params)


class _Cholesky(_Stack):
    def __init__(self, eqn):
        super().__init__(eqn, [eqn.outvars[0].aval.shape[-1]])

    def __call__(self, a):
        out = self._empty()
        return out if self._run(self._plain(a), out) else self._again(a)


class _Lu(_Stack):
    def __init__(self, eqn):
        super().__init__(eqn, eqn.outvars[0].aval.shape[-2:])

    def __call__(self, a):
        out = memory.copy(a)
        pivots, permutation = (np.empty(v.aval.shape, np.int32) for v in self._eqn.outvars[1:])
        self._run(out, pivots, permutation)
        return out, pivots, permutation


class _Solve(_Stack):
    def __init__(self, eqn):
        systems = systems_of(eqn)
        parts = -(-systems.columns // vectors_of(eqn.outvars[0].aval.dtype))
        super().__init__(eqn, systems.flat(), parts)


class _Triangular(_Solve):
    def __call__(self, a, b):
        out = self._empty()
        self._run(self._plain(a), self._plain(b), out)
        return out


class _Factored(_Solve):
    def __call__(self, a, factors, permutation, b):
        strict = self._eqn.params.get("strict", True)
        if strict and not np.diagonal(factors, axis1=-2, axis2=-1).all():
            return self._again(a, factors, permutation, b)
        out = self._empty()
        order = np.ascontiguousarray(permutation, np.int32)
        self._run(self._plain(factors), self._plain(b), out, order)
        return out


_KINDS = {cholesky: _Cholesky, lu: _Lu, triangular_solve: _Triangular, solve: _Factored}


@functools.cache
def _entries(primitive, dtype) -> Module:
    """A Python function of operands, results, sizes, a panel, and a range of parts."""
    numbers, places = shaped_array((1,), dtype), shaped_array((1,), I32)
    arrays, write = {
        cholesky: ([numbers] * 2, _write_cholesky),
        lu: ([numbers, places, places], _write_lu),
        triangular_solve: ([numbers] * 3, _write_solve),
        solve: ([*[numbers] * 3, places], _write_solve),
    }[primitive]
    avals = [*arrays, shaped_array((1,), I64), shaped_array((1,), np.dtype(np.uint8))]

    def each(b, arguments, start, stop):
        *arrays, sizes, panel = arguments
        sound = b.variable(BOOL)
        b.put(sound, b.constant(True, BOOL))
        for i in b.count(start, stop):
            fine = write(b, dtype, arrays, panel, sizes, i)
            if fine is not None:
                b.put(sound, b.get(sound, BOOL) & fine)
        return b.get(sound, BOOL)

    return Module.of(function_text("linalg", avals, [True] * len(avals), [0], True, each))


def _write_cholesky(b, dtype, arrays, panel, sizes, i):
    n = b.load(sizes, I64)
    a, out = (b.pointer(x, i * n * n, dtype) for x in arrays)
    return write_cholesky(b, dtype, a, out, panel, n)


def _write_lu(b, dtype, arrays, panel, sizes, i):
    m, n = (b.load(b.pointer(sizes, k, I64), I64) for k in range(2))
    a, pivots, permutation = arrays
    a = b.pointer(a, i * m * n, dtype)
    pivots = b.pointer(pivots, i * (m < n).where(m, n), I32)
    permutation = b.pointer(permutation, i * m, I32)
    write_lu(b, dtype, a, pivots, permutation, panel, m, n)


def _write_solve(b, dtype, arrays, panel, sizes, i):
    n, columns, parts = (b.load(b.pointer(sizes, k, I64), I64) for k in (0, 1, SYSTEMS_FIELDS))
    which = b.emit(f"sdiv i64 {i.name}, {parts.name}", I64)
    part = i - which * parts
    t, x, out, *order = arrays
    t = b.pointer(t, which * n * n, dtype)
    x, out = (b.pointer(p, which * n * columns, dtype) for p in (x, out))
    order = b.pointer(order[0], which * n, I32) if order else "null"
    write_solve(b, dtype, t, x, out, panel, order, sizes, part, part + 1)
