"""How elementwise primitives are declared: one row each."""

import weakref
from functools import lru_cache

import numpy as np

from fgrad.core.avals import key_dtype, promotion_operand, shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Tracer, get_aval, thread

_PYTHON = (np.dtype(float), np.dtype(int), np.dtype(complex))


def _name(dtype):
    dtype = np.dtype(dtype)
    return "random keys" if dtype == key_dtype else dtype.name


class Elementwise(Primitive):
    """A primitive that acts on each element alone and broadcasts as NumPy does.

    Parameters
    ----------
    name : str
    ufunc : np.ufunc or None
        NumPy's own; None if `expand` says it in terms of other primitives.
    *partials
        The derivative by each operand: ``d(ans, *args)``, `ONE`, `MINUS_ONE`, or None for zero.
    operator : str or None
        The Python operator that does the same, faster on scalars.
    impl : callable or None
        If neither operator nor ufunc serves for evaluation.
    linear : tuple of bool, 'each' or None
        See `Primitive`.
    expand : callable or None
        The operation in terms of other primitives; the compiler uses it.
    jvp, transpose : callable or None
        Where the derivative is not a product with a partial (complex numbers).
    """

    def __init__(
        self,
        name,
        ufunc,
        *partials,
        operator=None,
        impl=None,
        linear=None,
        expand=None,
        dtype_rule=None,
        jvp=None,
        transpose=None,
    ):
        super().__init__(name)
        self.ufunc = ufunc
        self.operator = operator
        self.impl = impl or ufunc
        self.partials = partials if jvp is None else None
        self.jvp = jvp
        self.linear = linear
        self.transpose = transpose
        self.expand = expand
        self.abstract_eval = self._abstract_eval
        self.batch = self._batch
        self._dtype_rule = lru_cache(4096)(dtype_rule or self._ufunc_dtype)

    def _ufunc_dtype(self, *operands):
        """The dtype NumPy's ufunc gives for dtypes or, where weak, Python types."""
        try:
            return self.ufunc.resolve_dtypes((*operands, *(None,) * self.ufunc.nout))[-1]
        except TypeError:
            names = ", ".join(map(_name, operands))
            raise TypeError(f"{self.name} is not defined for {names}") from None

    def _abstract_eval(self, *avals, **params):
        first = avals[0]
        shape = first.shape
        weak = True
        for a in avals:
            if a.shape != shape:
                shape = broadcast_shapes(self.name, [a.shape for a in avals])
            weak &= a.weak_type
        try:
            if weak:
                dtype = self._dtype_rule(*[a.dtype for a in avals], **params)
            else:
                dtype = self._dtype_rule(*map(promotion_operand, avals), **params)
        except (TypeError, ValueError) as e:
            raise type(e)(located(str(e))) from None
        # only scalars are weak: an array has the dtype NumPy gave it
        return shaped_array(shape, dtype, weak and not shape and dtype in _PYTHON)

    def _batch(self, args, dims, size, **params):
        return self.bind(*align(args, dims), **params), 0


class View(Primitive):
    """A primitive whose result shares memory with its first operand in NumPy.

    Traced arrays remember whose view they are, so that an assignment into one of them is not lost
    on the others.
    """

    takes_elements = False  # whether a result of no axes is an element: a number, and no view

    def bind(self, *args, **params):
        out = thread.trace.process(self, args, params)
        base = args[0]
        if not isinstance(base, Tracer) or not (base.aval.shape or hasattr(base, "_origin")):
            return out
        return out if self.takes_elements and not get_aval(out).shape else view(base, out)

    __call__ = bind


class _Family(list):
    """Weak references to traced arrays that would share memory, each a view of another."""

    __slots__ = ("limit",)


def view(base, out):
    """`out` as a view of a traced array: a tracer even where all is known, so that an assignment
    into one of them is not lost on the other.
    """
    if not isinstance(out, Tracer):
        out = base._trace.lift(out)
    if isinstance(out, Tracer):
        _relate(base, out)
    return out


def _relate(base, view):
    """Remember that an array is a view of a traced one."""
    if base is view:
        return
    try:
        family = base._family
    except AttributeError:
        family = base._family = _Family((weakref.ref(base),))
        family.limit = 16
    if len(family) >= family.limit:
        family[:] = [r for r in family if r() is not None]
        family.limit = 16 + 2 * len(family)
    family.append(weakref.ref(view))
    view._family = family


def broadcast_shapes(name, shapes):
    """NumPy's broadcast of shapes, or an error that names the operation and the user's line."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        text = " and ".join(map(str, shapes))
        raise ValueError(
            located(f"{name}: operands of shapes {text} cannot be broadcast together")
        ) from None


def align(args, dims):
    """Move batch dimensions to the front and give all batched operands the same rank."""
    from fgrad.primitives.shape import moveaxis, reshape

    ndim = max(get_aval(a).ndim - (d is not None) for a, d in zip(args, dims, strict=True))
    out = []
    for a, d in zip(args, dims, strict=True):
        if d is not None:
            a = moveaxis(a, d, 0)
            shape = get_aval(a).shape
            missing = ndim - (len(shape) - 1)
            if missing:
                a = reshape(a, new_sizes=(shape[0], *(1,) * missing, *shape[1:]))
        out.append(a)
    return out


def set_rules(primitive, *, impl, abstract_eval, batch, jvp=None, linear=None, transpose=None):
    """Give a primitive its rules, in the order every section of this folder keeps."""
    primitive.impl = impl
    primitive.abstract_eval = abstract_eval
    primitive.jvp = jvp
    primitive.linear = linear
    primitive.transpose = transpose
    primitive.batch = batch
    return primitive
