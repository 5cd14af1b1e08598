"""Equations that one nest of loops computes: what may stand together, and what each value is.

The nest runs over a *space*: outer axes, for each of whose points there is a row, and inner axes,
along the row. A value of the nest is

- `FULL`: one number at each point of the space,
- `ROW`: one number for each row, such as a sum along it, which the rest of the row may use,
- `LATE`: a sum over rows, which is known when the nest is done,
- `TOTAL`: a sum over everything, as well; in a small space rows may use it, which makes it `ROW`.

Inputs are arrays that broadcast to the space, or parts of arrays that lie in a regular pattern.
"""

import math

from fgrad.compiler.native.operations import is_reduction, is_written
from fgrad.core.jaxpr import Literal, Var
from fgrad.primitives import shape as sh
from fgrad.primitives.define import Elementwise

FULL, ROW, LATE, TOTAL = "full", "row", "late", "total"
# Equations in a nest that have arrays in common: compiling takes longer than in proportion.
MOST = 150
# Elements up to which a sum over everything may be used in the nest that makes it.
SHORT = 1 << 15


class View:
    """Part of an array in a regular pattern.

    Attributes
    ----------
    base : Var
    shape : tuple of int
    strides : tuple of int
        In items, for each axis.
    offset : int
        The first item.
    bounds : tuple of (int, int), optional
        For each axis where the items begin and end: elsewhere there are zeros.
    """

    __slots__ = ("base", "bounds", "offset", "shape", "strides")

    def __init__(self, base, shape, strides, offset=0, bounds=None):
        self.base = base
        self.shape = shape
        self.strides = strides
        self.offset = offset
        self.bounds = bounds


def row_major(shape) -> tuple:
    """The strides, in items, of an array whose rows stand one after the other."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(strides[::-1])


def whole(v) -> View:
    """All of an array."""
    return View(v, v.aval.shape, row_major(v.aval.shape))


def viewed(eqn, x: View):
    """What an equation that moves no number makes of a view; None if it is not one."""
    p, params = eqn.primitive, eqn.params
    shape = eqn.outvars[0].aval.shape
    if x.bounds:
        return None
    if p is sh.pad:
        return _padded(x, shape, params["index"])
    if p is sh.broadcast_in_dim:
        strides = [0] * len(shape)
        for n, s, d in zip(x.shape, x.strides, params["broadcast_dimensions"], strict=True):
            strides[d] = 0 if n == 1 else s
        return View(x.base, shape, tuple(strides), x.offset)
    if p is sh.reshape:
        return _reshaped(x, shape)
    if p is sh.transpose:
        order = params["permutation"]
        return View(x.base, shape, tuple([x.strides[i] for i in order]), x.offset)
    if p is sh.slice and math.prod(shape):
        strides, offset = [], x.offset
        for i, s in zip(params["index"], x.strides, strict=True):
            if type(i) is int:
                offset += i * s
            else:
                offset += i[0] * s
                strides.append(i[2] * s)
        return View(x.base, shape, tuple(strides), offset)
    return None


def _padded(x, shape, index):
    """A view among zeros, if its items stand side by side there."""
    if not math.prod(x.shape) or any(type(i) is int or i[2] != 1 for i in index):
        return None
    # a stride of zero would say that the numbers are the same all along
    strides = tuple([1 if n == 1 else s for n, s in zip(x.shape, x.strides, strict=True)])
    if any(s == 0 and own != n for s, own, n in zip(strides, x.shape, shape, strict=True)):
        return None
    offset = x.offset - sum(i[0] * s for i, s in zip(index, strides, strict=True))
    return View(x.base, shape, strides, offset, tuple([i[:2] for i in index]))


def _reshaped(x, shape):
    if x.strides == row_major(x.shape):
        return View(x.base, shape, row_major(shape), x.offset)
    # axes of length one come and go
    long = [(n, s) for n, s in zip(x.shape, x.strides, strict=True) if n != 1]
    if [n for n, _ in long] != [n for n in shape if n != 1]:
        return None
    strides = iter(s for _, s in long)
    return View(x.base, shape, tuple([0 if n == 1 else next(strides) for n in shape]), x.offset)


class _Lots:
    """Sets of variables that grow together, and how many equations join each."""

    def __init__(self):
        self._parent = {}
        self._size = {}

    def find(self, v):
        """What stands for the set of a variable."""
        parent = self._parent
        while parent.setdefault(v, v) is not v:
            parent[v] = v = parent[parent[v]]
        return v

    def join(self, variables, most=math.inf) -> bool:
        """Make one set of several by an equation, if it does not come to have too many."""
        roots = {self.find(v) for v in variables}
        size = 1 + sum(self._size.get(r, 0) for r in roots)
        if size > most:
            return False
        first = roots.pop()
        for r in roots:
            self._parent[r] = first
        self._size[first] = size
        return True


class Group:
    """Equations of one nest.

    Parameters
    ----------
    shape : tuple of int
        Of the space.

    Attributes
    ----------
    inner : int or None
        How many axes are inner; None while it does not matter.
    eqns : list of JaxprEqn
    kinds : dict
        For each variable that the equations make what it is.
    views : dict
        For each variable that is a view of an input its `View`.
    """

    def __init__(self, shape):
        self.shape = shape
        self.inner = None
        self.eqns = []
        self.kinds = {}
        self.views = {}
        self._lots = _Lots()

    @property
    def outer_shape(self):
        """The lengths of the outer axes."""
        return self.shape[: len(self.shape) - self.inner]

    def add(self, eqn) -> bool:
        """Take an equation in, if it can be."""
        kind = self._kind(eqn)
        if kind is None or not self._lots.join(self._arrays(eqn), MOST):
            return False
        self.eqns.append(eqn)
        for v in eqn.outvars:
            self.kinds[v] = kind
        return True

    def add_view(self, eqn) -> bool:
        """Take in an equation that makes a view of an input."""
        x = eqn.invars[0]
        if type(x) is Literal or x in self.kinds:
            return False
        view = viewed(eqn, self.views.get(x) or whole(x))
        if view is None:
            return False
        self.views[eqn.outvars[0]] = view
        self._lots.join([*eqn.invars, *eqn.outvars])
        self.eqns.append(eqn)
        return True

    def _arrays(self, eqn):
        """What an equation has in common with others of its lot: no numbers from outside."""
        made = [v for v in eqn.invars if type(v) is Var and (v.aval.shape or v in self.kinds)]
        return [*eqn.outvars, *made]

    def lots(self) -> list:
        """The equations in lots that have nothing in common: each is a nest of its own."""
        found = {}
        for eqn in self.eqns:
            found.setdefault(self._lots.find(eqn.outvars[0]), []).append(eqn)
        return list(found.values())

    def strides(self, v, kind) -> tuple:
        """The strides of an input along the axes of the space, as an operation of that kind reads
        it, and its first item.
        """
        view = self.views.get(v) or whole(v)
        ones = (1,) * (len(self.shape) - len(view.shape))
        by_rows = kind == ROW and view.shape == self.outer_shape
        shape = (*view.shape, *ones) if by_rows else (*ones, *view.shape)
        steps = (*view.strides, *ones) if by_rows else (*ones, *view.strides)
        return tuple([0 if n == 1 else s for n, s in zip(shape, steps, strict=True)]), view.offset

    def bounds(self, v) -> tuple:
        """Where the items of an input begin and end along the axes of the space."""
        view = self.views.get(v)
        if view is None or not view.bounds:
            return tuple([(0, n) for n in self.shape])
        return view.bounds

    # -- which kind a result has -----------------------------------------------------------------

    def _kind(self, eqn):
        if any(self.kinds.get(v) == LATE for v in eqn.invars if type(v) is Var):
            return None
        p = eqn.primitive
        if is_reduction(eqn):
            return self._reduced(eqn)
        if p in (sh.reshape, sh.broadcast_in_dim):
            return self._spread(eqn)
        if not is_elementwise(eqn):
            return None
        shape = eqn.outvars[0].aval.shape
        if self._settle(eqn) and self._is_row_operation(eqn, shape):
            return ROW
        if shape != self.shape:
            return None
        for v in eqn.invars:
            kind = self.kinds.get(v) if type(v) is Var else None
            if kind == TOTAL or (kind == ROW and not self._spreads(v.aval.shape)):
                return None
            if kind == FULL and v.aval.shape != shape:
                return None
        return FULL

    def _settle(self, eqn):
        """Whether there are rows; a sum over everything that is used makes all one row."""
        if self.inner is None or self.inner == len(self.shape):
            used = [v for v in eqn.invars if type(v) is Var and self.kinds.get(v) == TOTAL]
            if used and math.prod(self.shape) <= SHORT:
                self.inner = len(self.shape)
                for v, kind in self.kinds.items():
                    if kind == TOTAL:
                        self.kinds[v] = ROW
        return self.inner is not None

    def _has_row_shape(self, shape):
        outer = self.outer_shape
        return shape in (outer, (*outer, *(1,) * self.inner))

    def _spreads(self, shape):
        """Whether a ROW value of that shape broadcasts to its rows."""
        outer = self.outer_shape
        return shape in (self.shape, (*outer, *(1,) * self.inner), ()) and (shape or not outer)

    def _is_row_operation(self, eqn, shape):
        arrays = [v for v in eqn.invars if type(v) is Var]
        if not self._has_row_shape(shape) or not any(self.kinds.get(v) == ROW for v in arrays):
            return False
        return all(
            v.aval.shape == shape if v.aval.shape or v in self.kinds else True for v in arrays
        ) and not any(self.kinds.get(v) in (FULL, TOTAL) for v in arrays)

    def _reduced(self, eqn):
        (x,), axes = eqn.invars, eqn.params["axes"]
        kind = self.kinds.get(x)
        n, ndim = len(axes), len(self.shape)
        if kind is ROW:
            return TOTAL if self._covers(axes, x.aval.shape) else None
        if kind is TOTAL or x.aval.shape != self.shape or not n:
            return None
        if n == ndim:
            return ROW if self.inner == ndim and math.prod(self.shape) <= SHORT else TOTAL
        if axes == tuple(range(ndim - n, ndim)):
            inner, found = n, ROW
        else:  # over outer axes; as many as can be are inner
            inner, found = ndim - 1 - max(axes), LATE
            if self.inner is not None and self.inner <= inner:
                inner = self.inner
        if inner == 0 or self.inner not in (None, inner):
            return None
        self.inner = inner
        return found

    def _covers(self, axes, shape):
        return math.prod(shape[a] for a in axes) == math.prod(shape) and shape != self.shape

    def _spread(self, eqn):
        """A ROW value in another shape that tells the same rows apart."""
        (x,) = eqn.invars
        if type(x) is Literal or not self._settle(eqn) or self.kinds.get(x) != ROW:
            return None
        old, new = x.aval.shape, eqn.outvars[0].aval.shape
        if new not in (self.shape, self.outer_shape, (*self.outer_shape, *(1,) * self.inner)):
            return None
        if eqn.primitive is sh.reshape:
            return ROW if self._has_row_shape(new) and self._has_row_shape(old) else None
        return ROW if eqn.params["broadcast_dimensions"] == tuple(range(len(old))) else None


def is_elementwise(eqn) -> bool:
    """Whether an equation is an elementwise operation that vector code can do."""
    p = eqn.primitive
    return (isinstance(p, Elementwise) or p is sh.convert_element_type) and is_written(eqn)


def is_flat(jaxpr, shape) -> bool:
    """Whether equations go once over all elements of arrays of one shape, whatever it is."""
    sums = {v for e in jaxpr.eqns if is_reduction(e) for v in e.outvars}
    return all(
        sums.isdisjoint(e.invars)
        and all(v.aval.shape in (shape, ()) for v in e.invars)
        and (is_elementwise(e) or (is_reduction(e) and len(e.params["axes"]) == len(shape)))
        for e in jaxpr.eqns
    )
