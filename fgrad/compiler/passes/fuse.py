"""Fusion: chains of elementwise operations on large arrays become one loop over blocks."""

from fgrad.compiler.passes.rewrite import Rewriter
from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, JaxprEqn, Var
from fgrad.core.trace import Primitive
from fgrad.primitives import parts
from fgrad.primitives.define import Elementwise
from fgrad.primitives.elementwise import clamp
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import convert_element_type

# Below this many elements the temporaries fit the cache as they are.
LARGE = 1 << 15

loop = Primitive("loop", multiple_results=True, internal=True)
loop.abstract_eval = lambda *avals, jaxpr, shape: jaxpr.out_avals


class _Group:
    """Elementwise equations on arrays of one shape, put off until something reads their results."""

    def __init__(self, shape):
        self.shape = shape
        self.eqns = []
        self.made = set()


def fuse_elementwise(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Gather elementwise equations on large arrays of one shape into `loop` equations.

    A loop's inputs are arrays of its shape, or scalars; its results such arrays, or sums over all
    their elements.
    """
    if not any(_is_large(v.aval) for e in closed.jaxpr.eqns for v in e.outvars):
        return closed
    r = Rewriter(closed)
    groups = {}
    readers = _readers(closed)

    def flush(group):
        del groups[group.shape]
        for eqns in _connected(group.eqns):
            _emit(r, eqns, group, readers)

    for eqn in closed.jaxpr.eqns:
        shape = _loop_shape(eqn)
        reads = [
            g for s, g in groups.items() if s != shape and any(v in g.made for v in eqn.invars)
        ]
        own = groups.get(shape)
        if own is not None and _reads_sum(eqn, own):
            reads.append(own)
        for g in reads:
            flush(g)
        if shape is None:
            r.append(eqn)
            continue
        group = groups.setdefault(shape, _Group(shape))
        group.eqns.append(eqn)
        group.made.update(eqn.outvars)
    for g in list(groups.values()):
        flush(g)
    return r.finish()


def _is_large(aval):
    return aval.size >= LARGE


def _loop_shape(eqn):
    """The shape over whose elements an equation can run in a loop, or None."""
    if eqn.primitive is reduce_sum:
        aval = eqn.invars[0].aval
        whole = len(eqn.params["axes"]) == aval.ndim and "keepdims" not in eqn.params
        floating = aval.dtype.kind in "fc"
        return aval.shape if whole and floating and _is_large(aval) else None
    if not is_blockwise(eqn):
        return None
    shape = eqn.outvars[0].aval.shape
    same = all(v.aval.shape in (shape, ()) for v in eqn.invars)
    return shape if same and _is_large(eqn.outvars[0].aval) else None


def is_blockwise(eqn) -> bool:
    """Whether NumPy does an operation element by element, into a buffer."""
    p = eqn.primitive
    if isinstance(p, Elementwise):
        return p.ufunc is not None or p in (parts.select, clamp)
    return p is convert_element_type


def _reads_sum(eqn, group):
    """Whether an equation reads a sum that its own group makes: it is known after the loop only."""
    return any(type(v) is Var and v in group.made and not v.aval.shape for v in eqn.invars)


def _readers(closed):
    """For each variable the equations that read it, and None if it is a result."""
    table = {}
    for eqn in closed.jaxpr.eqns:
        for v in eqn.invars:
            if type(v) is Var:
                table.setdefault(v, set()).add(id(eqn))
    for v in closed.jaxpr.outvars:
        if type(v) is Var:
            table.setdefault(v, set()).add(None)
    return table


def _connected(eqns):
    """The equations in lots that have no array in common: each is a loop with fewer arrays."""
    parent = {}

    def find(x):
        while parent.setdefault(x, x) is not x:
            parent[x] = x = parent[parent[x]]
        return x

    arrays = [[v for v in (*e.invars, *e.outvars) if type(v) is Var and v.aval.shape] for e in eqns]
    for first, *rest in arrays:
        for v in rest:
            parent[find(v)] = find(first)
    lots = {}
    for eqn, (first, *_) in zip(eqns, arrays, strict=True):
        lots.setdefault(find(first), []).append(eqn)
    return lots.values()


def _emit(r, eqns, group, readers):
    members = {id(e) for e in eqns}
    if len(eqns) == 1:
        r.append(eqns[0])
        return
    inputs, outs = {}, []
    for eqn in eqns:
        for v in eqn.invars:
            if type(v) is Var and v not in group.made:
                inputs[v] = None
        outs += [v for v in eqn.outvars if readers.get(v, set()) - members]
    inner = Jaxpr([], list(inputs), outs, eqns, "loop")
    params = {"jaxpr": ClosedJaxpr(inner, []), "shape": group.shape}
    r.append(JaxprEqn(list(inputs), outs, loop, params, eqns[-1].source))
