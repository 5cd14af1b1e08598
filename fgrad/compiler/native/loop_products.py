"""Matrix products inside loops: of arrays as they lie, or of turned copies."""

import math

from fgrad.compiler.native.group import row_major
from fgrad.compiler.native.product import (
    is_better_turned,
    merged_axes,
    panel_bytes,
    pieces,
    plan_product,
    write_product,
)
from fgrad.core.parallel import THREADS
from fgrad.primitives import contract
from fgrad.primitives import shape as sh

# Floating-point operations of a product up to which it is written out, and from which on it is done
# on several threads.
MOST_FLOPS, SHARED = 1 << 24, 1 << 22


class Array:
    """An array in memory, or a view of one.

    Attributes
    ----------
    pointer : str
        The address of the first item.
    strides : tuple of int
        In items.
    """

    __slots__ = ("dtype", "pointer", "shape", "strides")

    def __init__(self, pointer, dtype, shape, strides=None):
        self.pointer = pointer
        self.dtype = dtype
        self.shape = shape
        self.strides = row_major(shape) if strides is None else strides

    def is_plain(self):
        """Whether its items stand one after the other."""
        long = lambda s: [x for x, n in zip(s, self.shape, strict=True) if n != 1]
        return long(self.strides) == long(row_major(self.shape))


def is_small_product(eqn) -> bool:
    """Whether a contraction is one of matrix products that are done inside a loop."""
    x, y = (v.aval for v in eqn.invars)
    out = eqn.outvars[0].aval
    if out.dtype.kind != "f" or {x.dtype, y.dtype} != {out.dtype}:
        return False
    return 2 * math.sqrt(x.size * y.size * out.size) <= MOST_FLOPS


class Products:
    """How a loop writes its products."""

    def _product(self, eqn):
        x, y, (count, m, k, n) = self._matrices(eqn)
        (v,) = eqn.outvars
        dtype = v.aval.dtype
        out = self._result_place(v)
        if id(eqn) in self._turned:
            y = self._turned[id(eqn)]
        plan = contract.plan(eqn.params["subscripts"])
        turned = plan.out is not None
        at = self._place_of(eqn, count * m * n * dtype.itemsize, "product") if turned else out
        row = n
        if is_better_turned(m, n, x[2:], y[2:]):
            flipped = lambda z: (*z[:2], z[3], z[2])
            x, y, m, n, row = flipped(y), flipped(x), n, m, 1
        sizes = plan_product(dtype, m, k, n, x[2:], y[2:], row)
        nbytes = panel_bytes(sizes, dtype)
        several = 2 * m * k * n >= SHARED and pieces(sizes, dtype) >= THREADS > 1
        panels = [
            self._place_of(eqn, nbytes, ("panel", i)) if nbytes else "null"
            for i in range(THREADS if several else 1)
        ]
        for i in self.b.count(0, count) if count > 1 else (0,):
            items = (x[0], i * x[1]), (y[0], i * y[1]), (at, i * (m * n))
            places = [self.b.pointer(*item, dtype) for item in items]
            write_product(self.b, dtype, *places, panels, sizes)
        if turned:
            self._turn_result(eqn, plan, at, out)
        self._take_result(v, out)

    def _place_of(self, eqn, nbytes, what):
        """Memory that an equation needs besides its results."""
        key = what, id(eqn)
        if key not in self._copies:
            self._copies[key] = self._buffers.place(nbytes)
        return self._address(self._copies[key])

    def _turn_result(self, eqn, plan, at, out):
        v = eqn.outvars[0]
        shape = [0] * v.aval.ndim
        for i, p in enumerate(plan.out):
            shape[p] = v.aval.shape[i]
        strides = row_major(tuple(shape))
        x = Array(at, v.aval.dtype, v.aval.shape, tuple([strides[p] for p in plan.out]))
        self.copy(x, out, x.shape, x.dtype)

    def _matrices(self, eqn):
        """A product's operands as stacks of matrices (address, strides), and its sizes."""
        plan = contract.plan(eqn.params["subscripts"])
        order = [1, 0] if plan.swap else [0, 1]
        batch, free, inner, _ = plan.groups
        sizes, matrices = [], []
        for which, permutation, rows in ((0, plan.first, free), (1, plan.second, inner)):
            v = eqn.invars[order[which]]
            x = self.boxed(v)
            axes = tuple(permutation or range(len(x.shape)))
            cut = lambda axes, rows=rows: (
                axes[:batch], axes[batch : batch + rows], axes[batch + rows :],
            )  # fmt: skip
            parts = [_one_stride(x, group) for group in cut(axes)]
            if None in parts:
                x = self._permuted(eqn, which, x, axes)
                parts = [_one_stride(x, group) for group in cut(range(len(x.shape)))]
            matrices.append((x.pointer, *(stride for _, stride in parts)))
            sizes.append([n for n, _ in parts])
        (count, m, k), (_, _, n) = sizes
        return *matrices, (count, m, k, n)

    def _permuted(self, eqn, which, x, axes):
        """A copy whose axes stand in another order."""
        shape = tuple([x.shape[a] for a in axes])
        view = Array(x.pointer, x.dtype, shape, tuple([x.strides[a] for a in axes]))
        key = "permuted", id(eqn), which
        if key not in self._copies:
            self._copies[key] = self._buffers.place(math.prod(shape) * x.dtype.itemsize)
        at = self._address(self._copies[key])
        self.copy(view, at, shape, x.dtype)
        return Array(at, x.dtype, shape)

    def _turn(self, eqn, y, k, n):
        """A right operand whose columns stand side by side."""
        dtype = eqn.outvars[0].aval.dtype
        key = "turned", id(eqn)
        if key not in self._copies:
            self._copies[key] = self._buffers.place(k * n * dtype.itemsize)
        at = self._address(self._copies[key])
        self.copy(Array(y[0], dtype, (k, n), y[1:]), at, (k, n), dtype)
        return at, 0, n, 1

    def _turn_products(self):
        """Turn the right operands that no step changes, once."""
        self._env = dict(self._ahead)
        for eqn in self.jaxpr.eqns:
            known = eqn.primitive in (sh.transpose, sh.reshape) and self._env.get(eqn.invars[0])
            if type(known) is Array:
                self._env[eqn.outvars[0]] = self._moved(eqn)
            if eqn.primitive is contract.einsum:
                plan = contract.plan(eqn.params["subscripts"])
                right = eqn.invars[0 if plan.swap else 1]
                if right in self._env and not plan.groups[0]:
                    self._turn_ahead(eqn, plan, right)

    def _turn_ahead(self, eqn, plan, right):
        x = self.boxed(right)
        axes = plan.second or range(len(x.shape))
        inner = plan.groups[2]
        rows, columns = _one_stride(x, axes[:inner]), _one_stride(x, axes[inner:])
        if rows is None or columns is None or columns[1] == 1 or columns[0] == 1:
            return
        y = x.pointer, rows[1], columns[1]
        self._turned[id(eqn)] = self._turn(eqn, y, rows[0], columns[0])


def _one_stride(x, axes):
    return merged_axes([(x.shape[a], x.strides[a]) for a in axes])
