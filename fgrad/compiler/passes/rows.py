"""Products with rows taken from a table, where that is much shorter: the table comes first.

Nodes of a graph are fewer than its edges, words fewer than what is written with them. What becomes
of a row does not depend on who takes it::

    x[i] @ w                    (x @ w)[i]
    zeros.at[i].add(u @ w)      zeros.at[i].add(u) @ w
    x[i].T @ u                  x.T @ zeros.at[i].add(u)

The last two are what becomes of the first in a derivative.
"""

import math
from collections import Counter

import numpy as np

from fgrad.compiler.passes.rewrite import Rewriter, rewrite
from fgrad.core.jaxpr import ClosedJaxpr, Var
from fgrad.primitives.contract import einsum, parse
from fgrad.primitives.index import gather, scatter

# How many times as many rows are to be taken as there are.
_TIMES = 2
# How much wider what is taken, or put, may become by it.
_WIDER = 2
# How long rows have to be, that a product with them costs more than to add as many to a table.
_LONG = 16


def multiply_tables(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Products with rows that are taken, or sums of such, become products with the table."""
    if not any(_by_rows(e) for e in closed.jaxpr.eqns):
        return closed
    uses = Counter(v for e in closed.jaxpr.eqns for v in e.invars if type(v) is Var)
    uses.update(v for v in closed.jaxpr.outvars if type(v) is Var)
    summed = {}  # sums of rows that were made

    def total(r, u, index, axis, n, source):
        """The sums of what stands along an axis, or several, by the numbers of an index array."""
        key = u, index, axis, n
        if key not in summed:
            shape = (*u.aval.shape[:axis], n, *u.aval.shape[axis + index.aval.ndim :])
            aval = u.aval.update(shape=shape)
            zeros = r.constant(np.zeros(shape, aval.dtype), aval)
            params = {"axes": (axis,), "out_axis": axis, "op": "add"}
            summed[key] = r.emit(scatter, [u, zeros, index], [aval], params, source)[0]
        return summed[key]

    def rule(r, eqn):
        if eqn.primitive is einsum:
            for side in (0, 1):
                rows = r.defined.get(eqn.invars[side])
                if rows is not None and rows.primitive is gather and _by_rows(rows):
                    found = _of_taken(r, eqn, side, rows, total)
                    if found is not None:
                        return found
        elif eqn.primitive is scatter and _by_rows(eqn) and _is_zero(r, eqn.invars[1]):
            product = r.defined.get(eqn.invars[0])
            if product is not None and product.primitive is einsum and uses[eqn.invars[0]] == 1:
                return _of_summed(r, eqn, product, total)
        return None

    return rewrite(closed, rule)


def _by_rows(eqn):
    """Whether an equation takes many more rows of a table than there are, or adds to them."""
    if eqn.primitive is gather:
        table, *indices = eqn.invars
    elif eqn.primitive is scatter and eqn.params["op"] == "add":
        _, table, *indices = eqn.invars
    else:
        return False
    if len(indices) != 1 or eqn.params["axes"] != (0,) or eqn.params["out_axis"] != 0:
        return False
    index = indices[0].aval
    return index.ndim > 0 and index.size >= _TIMES * table.aval.shape[0] > 0


def _is_zero(r: Rewriter, v):
    value = r.consts.get(v)
    return value is not None and not np.any(value)


def _of_taken(r, eqn, side, rows, total):
    """A product with rows that are taken, as one with the table."""
    table, index = rows.invars
    labels = list(parse(eqn.params["subscripts"])[:2])
    out = parse(eqn.params["subscripts"])[2]
    taken, other = labels[side][: index.aval.ndim], 1 - side
    width = math.prod(table.aval.shape[1:])
    operands = list(eqn.invars)
    operands[side] = table
    labels[side] = taken[0] + labels[side][len(taken) :]
    (result,) = eqn.outvars
    if taken in out and not set(taken) & set(labels[other]):
        axis = out.index(taken)
        if result.aval.size > _WIDER * width * index.aval.size:
            return None
        shape = list(result.aval.shape)
        shape[axis : axis + len(taken)] = [table.aval.shape[0]]
        subscripts = f"{labels[0]},{labels[1]}->{out.replace(taken, taken[0])}"
        aval = result.aval.update(shape=tuple(shape))
        (product,) = r.emit(einsum, operands, [aval], {"subscripts": subscripts}, eqn.source)
        params = {"axes": (axis,), "out_axis": axis}
        return r.emit(gather, [product, index], [result.aval], params, rows.source)
    if taken in labels[other] and not set(taken) & set(out) and width >= _LONG:
        axis, n = labels[other].index(taken), table.aval.shape[0]
        operands[other] = total(r, operands[other], index, axis, n, rows.source)
        labels[other] = labels[other].replace(taken, taken[0])
        params = {"subscripts": f"{labels[0]},{labels[1]}->{out}"}
        return r.emit(einsum, operands, [result.aval], params, eqn.source)
    return None


def _of_summed(r, eqn, product, total):
    """A product whose rows are summed by their numbers, as one of sums."""
    updates, zeros, index = eqn.invars
    *labels, out = parse(product.params["subscripts"])
    put = out[: index.aval.ndim]
    for side in (0, 1):
        u = product.invars[side]
        if put not in labels[side] or set(put) & set(labels[1 - side]):
            continue
        if u.aval.size > _WIDER * updates.aval.size or u.aval.dtype != updates.aval.dtype:
            continue
        operands = list(product.invars)
        axis, n = labels[side].index(put), zeros.aval.shape[0]
        operands[side] = total(r, u, index, axis, n, eqn.source)
        labels[side] = labels[side].replace(put, put[0])
        params = {"subscripts": f"{labels[0]},{labels[1]}->{put[0]}{out[len(put) :]}"}
        avals = [v.aval for v in eqn.outvars]
        return r.emit(einsum, operands, avals, params, product.source)
    return None
