"""Large contractions as matrix products on several threads, in whatever order their axes stand."""

import math
from typing import NamedTuple

import numpy as np

from fgrad.compiler.native.group import row_major
from fgrad.compiler.native.product import (
    Batch,
    is_better_turned,
    merged_axes,
    panel_bytes,
    pieces,
    plan_product,
    product_entry,
)
from fgrad.compiler.native.shared import Shared
from fgrad.core import memory
from fgrad.primitives import contract

# Floating-point operations from which on a product is done here, and from which on by several
# threads; of contractions that are no plain products, for which NumPy copies, sooner.
LARGE, SHARED, ODD = 1 << 20, 1 << 22, 1 << 20


class _Plan(NamedTuple):
    batch: int
    sizes: tuple  # m, k, n
    x: tuple  # strides of batch, rows, columns
    y: tuple
    out: tuple


def flops(eqn) -> int:
    """The floating-point operations of a contraction of floats."""
    lhs, rhs, out = contract.parse(eqn.params["subscripts"])
    x, y = (v.aval for v in eqn.invars)
    sizes = dict(zip(lhs + rhs, x.shape + y.shape, strict=True))
    return 2 * math.prod(sizes.values())


def planned(eqn):
    """How a contraction is a batch of matrix products of arrays as they lie; None if it is not."""
    x, y = (v.aval for v in eqn.invars)
    out = eqn.outvars[0].aval
    if not out.shape or {x.dtype, y.dtype} != {out.dtype} or out.dtype.char not in "fd":
        return None
    lhs, rhs, result = contract.parse(eqn.params["subscripts"])
    labels = {
        "b": [c for c in result if c in lhs and c in rhs],
        "m": [c for c in result if c not in rhs],
        "n": [c for c in result if c not in lhs],
        "k": [c for c in lhs if c in rhs and c not in result],
    }
    arrays = [(lhs, x.shape), (rhs, y.shape), (result, out.shape)]
    strides, sizes = [], {}
    for letters, shape in arrays:
        steps = dict(zip(letters, row_major(shape), strict=True))
        lengths = dict(zip(letters, shape, strict=True))
        found = {}
        for group, members in labels.items():
            merged = merged_axes([(lengths[c], steps[c]) for c in members if c in steps])
            if merged is None:
                return None
            if members and members[0] in steps or not members:
                sizes[group] = merged[0]
                found[group] = merged[1]
        strides.append(found)
    of_x, of_y, of_out = strides
    m, n = "m", "n"
    pair = lambda of, *groups: tuple([of[g] for g in groups])
    turned = of_out["n"] != 1 and sizes["n"] != 1
    if 1 in (sizes["m"], sizes["n"]):
        x, y = pair(of_x, "m", "k"), pair(of_y, "k", "n")
        turned |= is_better_turned(sizes["m"], sizes["n"], x, y)
    if turned:
        if of_out["m"] != 1 and sizes["m"] != 1:
            return None
        of_x, of_y, m, n = of_y, of_x, n, m
    pick = lambda of, *groups: tuple([of.get(g, 0) for g in groups])
    return _Plan(
        sizes["b"],
        (sizes[m], sizes["k"], sizes[n]),
        pick(of_x, "b", m, "k"),
        pick(of_y, "b", "k", n),
        pick(of_out, "b", m),
    ), m != "m"


def is_large(eqn) -> bool:
    """Whether a contraction is worth a function of its own."""
    if eqn.primitive is not contract.einsum or flops(eqn) < ODD:
        return False
    plain = contract.plan(eqn.params["subscripts"]).direct and eqn.outvars[0].aval.ndim == 2
    return flops(eqn) >= (LARGE if plain else ODD) and planned(eqn) is not None


class Contraction:
    """A contraction as a function of its operands and, perhaps, the array for its result.

    Parameters
    ----------
    eqn : JaxprEqn
    """

    def __init__(self, eqn):
        plan, self._swapped = planned(eqn)
        out = eqn.outvars[0].aval
        self._shape, self._dtype = out.shape, out.dtype
        sizes = plan_product(out.dtype, *plan.sizes, plan.x[1:], plan.y[1:], plan.out[1])
        count, several = pieces(sizes, out.dtype), plan.batch > 1
        batch = Batch(plan.x[0], plan.y[0], plan.out[0], count, several)
        self._integers = np.array([*sizes, *batch], np.int64)
        self._run = Shared(
            product_entry(out.dtype), "product", plan.batch if several else count,
            flops(eqn) >= SHARED, max(panel_bytes(sizes, out.dtype), 1),
        )  # fmt: skip

    def __call__(self, x, y, out=None):
        if out is None:
            out = memory.empty(self._shape, self._dtype)
        x, y = np.ascontiguousarray(x, self._dtype), np.ascontiguousarray(y, self._dtype)
        if self._swapped:
            x, y = y, x
        self._run(x, y, out, self._integers)
        return out
