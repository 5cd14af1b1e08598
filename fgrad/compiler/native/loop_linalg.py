"""Linear algebra inside loops.

A matrix that is singular or not positive definite is noted: the loop is then done again by NumPy,
which raises the error.
"""

import math

from fgrad.compiler.native import elementary
from fgrad.compiler.native.factor import panel_bytes, write_cholesky, write_lu, write_solve
from fgrad.compiler.native.linalg import LINALG, systems_of
from fgrad.compiler.native.loop_products import Array
from fgrad.compiler.native.product import vectors_of
from fgrad.compiler.native.values import I32
from fgrad.primitives.linalg.cholesky import cholesky
from fgrad.primitives.linalg.determinant import slogdet
from fgrad.primitives.linalg.solve import lu, solve
from fgrad.primitives.linalg.triangular import triangular_solve


def is_linear_algebra(eqn) -> bool:
    """Whether an equation is linear algebra that can be written inside a loop."""
    return eqn.primitive in LINALG | {slogdet} and eqn.invars[0].aval.dtype.char in "fd"


class LinearAlgebra:
    """How a loop writes its linear algebra."""

    def _linear_algebra(self, eqn):
        shape, dtype = eqn.invars[0].aval.shape, eqn.invars[0].aval.dtype
        panel = self._place_of(eqn, panel_bytes(dtype, max(shape[-2:])), "panel")
        outs = [self._result_place(v) for v in eqn.outvars]
        write = {
            cholesky: self._cholesky, lu: self._lu, slogdet: self._slogdet,
            solve: self._solve, triangular_solve: self._triangular,
        }[eqn.primitive]  # fmt: skip
        write(eqn, [v.aval for v in eqn.invars], outs, panel)
        for v, out in zip(eqn.outvars, outs, strict=True):
            self._take_result(v, out)

    def _matrices_of(self, avals, places):
        """For each matrix of a stack the addresses of what belongs to it."""
        count = math.prod(avals[0].shape[:-2])
        own = [math.prod(aval.shape) // count for aval in avals]
        for i in self.b.count(0, count) if count > 1 else (0,):
            yield [
                self.b.pointer(p, i * n, aval.dtype)
                for p, n, aval in zip(places, own, avals, strict=True)
            ]

    def _operands(self, eqn):
        return [self.array(v).pointer for v in eqn.invars]

    def _cholesky(self, eqn, avals, outs, panel):
        dtype, n = avals[0].dtype, avals[0].shape[-1]
        for a, out in self._matrices_of(avals * 2, [*self._operands(eqn), *outs]):
            self.b.note("unsound", ~write_cholesky(self.b, dtype, a, out, panel, n))

    def _lu(self, eqn, avals, outs, panel):
        self.copy_to(eqn.invars[0], outs[0])
        m, n = avals[0].shape[-2:]
        for factors, pivots, order in self._matrices_of([v.aval for v in eqn.outvars], outs):
            write_lu(self.b, avals[0].dtype, factors, pivots, order, panel, m, n)

    def _triangular(self, eqn, avals, outs, panel):
        places = [*self._operands(eqn), *outs]
        for a, x, out in self._matrices_of([*avals, avals[1]], places):
            self._systems(eqn, a, x, out, panel, "null")

    def _solve(self, eqn, avals, outs, panel):
        b, dtype, n = self.b, avals[0].dtype, avals[0].shape[-1]
        # the matrix itself is not looked at
        places = [self.array(v).pointer for v in eqn.invars[1:]]
        for factors, order, x, out in self._matrices_of([*avals[1:], avals[3]], [*places, *outs]):
            if eqn.params.get("strict", True):
                for i in b.count(0, n):
                    pivot = b.load(b.pointer(factors, i * (n + 1), dtype), dtype)
                    b.note("unsound", pivot.equals(0))
            self._systems(eqn, factors, x, out, panel, order)

    def _systems(self, eqn, a, x, out, panel, order):
        systems, dtype = systems_of(eqn), eqn.invars[0].aval.dtype
        panels = -(-systems.columns // vectors_of(dtype))
        write_solve(self.b, dtype, a, x, out, panel, order, systems, 0, panels)

    def _slogdet(self, eqn, avals, outs, panel):
        """By the LU factorization."""
        b, dtype, n = self.b, avals[0].dtype, avals[0].shape[-1]
        factors = self._place_of(eqn, n * n * dtype.itemsize, "factors")
        pivots, order = (self._place_of(eqn, n * 4, what) for what in ("pivots", "order"))
        places = [*self._operands(eqn), *outs]
        for a, sign, size in self._matrices_of([*avals, *(v.aval for v in eqn.outvars)], places):
            self.copy(Array(a, dtype, (n, n)), factors, (n, n), dtype)
            write_lu(b, dtype, factors, pivots, order, panel, n, n)
            b.store(b.constant(1, dtype), sign)
            b.store(b.constant(0, dtype), size)
            for i in b.count(0, n):
                pivot = b.load(b.pointer(factors, i * (n + 1), dtype), dtype)
                moved = b.load(b.pointer(pivots, i, I32), I32).differs(i.astype(I32))
                turned = moved ^ (pivot < 0)
                old = b.load(sign, dtype)
                b.store(pivot.equals(0).where(0, turned.where(-old, old)), sign)
                size_of = elementary.log(b.call("fabs", pivot))
                b.store(b.load(size, dtype) + size_of, size)
