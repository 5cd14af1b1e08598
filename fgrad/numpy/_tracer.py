"""Tracers made to behave like arrays: operators, conversions and NumPy's protocols.

The methods that are functions of this namespace are attached by `install`.
"""

import importlib
import opcode
import sys

import numpy as np

from fgrad.core.avals import key_dtype, scalar_avals
from fgrad.core.errors import (
    ConcretizationTypeError,
    TracerArrayConversionError,
    TracerBoolConversionError,
    TracerIntegerConversionError,
)
from fgrad.core.source import located
from fgrad.core.trace import NO_PARAMS, Tracer, as_value, get_aval, thread
from fgrad.numpy._elementwise import call_with_options, imag_values, power_values, real_values
from fgrad.numpy._face import give, value
from fgrad.numpy._inplace import into
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives.index import gather
from fgrad.primitives.reduce import reduce_and
from fgrad.primitives.shape import astype, broadcast_to, reshape

_DIRECT = frozenset(scalar_avals) - {bool} | {np.ndarray}


def _operand(x):
    """The other operand of an operator, or NotImplemented."""
    if isinstance(x, Tracer):
        return x
    try:
        return as_value(np.asarray(x) if isinstance(x, list | tuple) else x)
    except TypeError:
        return NotImplemented


def _operator(name, primitive):
    """Attach a binary operator; of constants alone the result is not traced."""

    def forward(self, other):
        if type(other) not in _DIRECT:
            other = _operand(other)
            if other is NotImplemented:
                return NotImplemented
        out = thread.trace.process(primitive, (self, other), NO_PARAMS)
        return out if isinstance(out, Tracer) else give(out)

    def backward(self, other):
        if type(other) not in _DIRECT:
            other = _operand(other)
            if other is NotImplemented:
                return NotImplemented
        out = thread.trace.process(primitive, (other, self), NO_PARAMS)
        return out if isinstance(out, Tracer) else give(out)

    setattr(Tracer, f"__{name}__", forward)
    if name not in _COMPARISONS:
        setattr(Tracer, f"__r{name}__", backward)


_COMPARISONS = {
    "eq": ew.eq, "ne": ew.ne, "lt": ew.lt, "le": ew.le, "gt": ew.gt, "ge": ew.ge
}  # fmt: skip
for _name, _primitive in {
    "add": ew.add, "sub": ew.sub, "mul": ew.mul, "truediv": ew.div, "mod": ew.remainder,
    "and": ew.bitwise_and, "or": ew.bitwise_or, "xor": ew.bitwise_xor,
    "lshift": ew.shift_left, "rshift": ew.shift_right, "floordiv": ew.floor_divide, **_COMPARISONS,
}.items():  # fmt: skip
    _operator(_name, _primitive)


def _equal_keys(self, other):
    """Whether random keys are equal, which NumPy tells of arrays of them."""
    other = _operand(other)
    if other is NotImplemented or get_aval(other).dtype != key_dtype:
        return NotImplemented
    from fgrad.primitives.random import random_unwrap  # it is there, if there are keys

    same = ew.eq(random_unwrap(self), random_unwrap(other))
    return reduce_and(same, axes=(get_aval(same).ndim - 1,))


def _for_keys(numbers, keys):
    """A comparison that is another one for random keys."""

    def compare(self, other):
        return (keys if self.aval.dtype.kind == "V" else numbers)(self, other)

    return compare


def _unequal_keys(self, other):
    same = _equal_keys(self, other)
    return same if same is NotImplemented else ew.logical_not(same)


Tracer.__eq__ = _for_keys(Tracer.__eq__, _equal_keys)
Tracer.__ne__ = _for_keys(Tracer.__ne__, _unequal_keys)


def _pow(self, other):
    other = other if type(other) in _DIRECT else _operand(other)
    return other if other is NotImplemented else give(power_values(self, other))


def _rpow(self, other):
    other = other if type(other) in _DIRECT else _operand(other)
    return other if other is NotImplemented else give(ew.pow(other, self))


def _divmod(self, other):
    return self // other, self % other


def _rdivmod(self, other):
    return other // self, other % self


def _bool(self):
    x = self.concrete(TracerBoolConversionError, "a Python if, while, and, or, not")
    return bool(x)


# what ``a[i] = x`` and, on newer Pythons, ``a[i:j] = x`` compile to
_STORES = {opcode.opmap.get(name) for name in ("STORE_SUBSCR", "STORE_SLICE")}


def _check_not_stored(self):
    """Refuse ``a[i] = x`` into a NumPy array, which would take the number and drop the derivative.

    NumPy offers no hook for this; but the instruction the caller is at tells it from ``float(x)``.
    """
    frame = sys._getframe(2)
    if frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] in _STORES:
        self.__array__()


def _number(kind):
    def convert(self):
        _check_not_stored(self)
        return kind(self.concrete(ConcretizationTypeError, f"{kind.__name__}()"))

    return convert


def _index(self):
    x = self.concrete(TracerIntegerConversionError, "a Python index, shape or range")
    return x.__index__()


def _array(self, dtype=None, copy=None):
    raise TracerArrayConversionError(
        f"a tracer {self.aval} cannot become a NumPy array: its derivative would be lost. Inside a "
        "transformed function use fgrad.numpy (fgrad.numpy.array([x, y]) instead of "
        "numpy.array([x, y])), x = x.at[i].set(v) instead of assigning it into a numpy array, and "
        "fgrad.numpy.asarray(table)[x] instead of indexing a numpy array with it."
    )


def _len(self):
    if not self.shape:
        raise TypeError(located("len() of a 0-d array"))
    return self.shape[0]


def _iter(self):
    if not self.shape:
        raise TypeError(located("iteration over a 0-d array"))
    return (self[i] for i in range(self.shape[0]))


def _format(self, spec):
    if not spec:
        return str(self)
    return format(self.concrete(ConcretizationTypeError, "format()"), spec)


def _item(self, *args):
    """The element as a Python scalar; needs a value."""
    x = self.concrete(ConcretizationTypeError, ".item()")
    return np.asarray(x).item(*args)


def _tolist(self):
    """Nested lists of Python scalars; needs a value."""
    return np.asarray(self.concrete(ConcretizationTypeError, ".tolist()")).tolist()


for _name, _method in {
    "__pow__": _pow, "__rpow__": _rpow, "__divmod__": _divmod, "__rdivmod__": _rdivmod,
    "__neg__": lambda self: give(ew.neg(self)), "__pos__": lambda self: give(ew.positive(self)),
    "__abs__": lambda self: give(parts.abs(self)),
    "__invert__": lambda self: give(ew.bitwise_not(self)),
    "__bool__": _bool, "__float__": _number(float), "__int__": _number(int),
    "__complex__": _number(complex), "__index__": _index, "__array__": _array,
    "__len__": _len, "__iter__": _iter, "__format__": _format,
    "__hash__": object.__hash__, "item": _item, "tolist": _tolist,
    "real": property(lambda self: give(real_values(self))),
    "imag": property(lambda self: give(imag_values(self))),
}.items():  # fmt: skip
    setattr(Tracer, _name, _method)


# -- NumPy's protocols ---------------------------------------------------------------------------


def _array_ufunc(self, ufunc, method, *inputs, **kwargs):
    ours = _functions.get(ufunc)
    if method == "__call__" and ours is not None and not kwargs:
        return ours(*inputs)
    if ours is None:
        name = ufunc.__name__
        if getattr(np, name, None) is ufunc:
            raise TypeError(located(f"numpy.{name} is not supported on a tracer {self.aval}"))
        raise TypeError(
            located(
                f"the ufunc {name} is none of NumPy's, and its compiled code needs the numbers of "
                f"a tracer {self.aval}: see whether fgrad.scipy.special has it, or call it by "
                "fgrad.pure_callback"
            )
        )
    out = kwargs.pop("out", None)
    if out is not None and any(o is not None for o in out):
        if len(out) == 1 and isinstance(out[0], Tracer):
            where = kwargs.pop("where", True)
            result = _array_ufunc(self, ufunc, method, *inputs, **kwargs)
            return _written(out[0], result, where, f"numpy.{ufunc.__name__}")
        raise TypeError(
            located(
                f"numpy.{ufunc.__name__} with out= (or an in-place operator such as +=) cannot "
                "write a traced value into a NumPy array: write x = x + y instead of x += y"
            )
        )
    if method == "__call__" and ufunc.signature is not None:
        return ours(*inputs, **kwargs)
    if method == "__call__":
        return call_with_options(ufunc, ours, inputs, **kwargs)
    if method == "at" and isinstance(inputs[0], Tracer):
        changed = ours.at(*inputs, inplace=False)
        into(inputs[0], value(changed), f"numpy.{ufunc.__name__}.at")
        return None
    run = getattr(ours, method, None)
    if run is None:
        raise TypeError(
            located(f"numpy.{ufunc.__name__}.{method} is not supported on a tracer {self.aval}")
        )
    return run(*inputs, **kwargs)


def _written(out, result, where, name):
    """`out`, gone on with a result where a mask holds."""
    if where is not True:
        result = parts.select(value(where), value(result), out)
    into(out, value(result), name)
    return out


# NumPy's functions that change their first argument, which has this name, and give nothing
_CHANGE = {
    np.put: "a", np.place: "arr", np.fill_diagonal: "a", np.put_along_axis: "arr",
    np.copyto: "dst", np.putmask: "a",
}  # fmt: skip
# Functions whose arguments stand in another order in NumPy than in JAX: ours take them by name.
_LIKE = ("dtype", "order", "subok", "shape")
_ORDERS = {
    np.zeros_like: ("a", *_LIKE), np.ones_like: ("a", *_LIKE), np.empty_like: ("a", *_LIKE),
    np.full_like: ("a", "fill_value", *_LIKE),
    np.histogram: ("a", "bins", "range", "density", "weights"),
    np.linalg.matrix_rank: ("M", "tol", "hermitian"),
}  # fmt: skip


def _copyto(dst, src, casting="same_kind", where=True, inplace=False):
    src = value(src)
    if not np.can_cast(src.dtype if hasattr(src, "dtype") else type(src), dst.dtype, casting):
        raise TypeError(
            located(f"copyto: cannot cast {src} to {dst.dtype} by the rule {casting!r}")
        )
    src = broadcast_to(astype(src, dst.dtype), dst.shape)
    return src if where is True else parts.select(broadcast_to(value(where), dst.shape), src, dst)


def _putmask(a, mask, values, inplace=False):
    values = value(values).reshape(-1) if np.ndim(values) else value(values)
    if np.ndim(values):
        places = np.arange(a.size) % len(values)
        values = reshape(gather(values, places, axes=(0,), out_axis=0), new_sizes=a.shape)
    return parts.select(value(mask), broadcast_to(astype(values, a.dtype), a.shape), a)


_functions: dict = {np.copyto: _copyto, np.putmask: _putmask}  # NumPy's function -> ours


# For modules of NumPy those of ours that are imported when one of their functions is called first.
_LATER = {
    "numpy": "fgrad.numpy._later",
    "numpy.linalg": "fgrad.numpy.linalg",
    "numpy.fft": "fgrad.numpy.fft",
}


def _ours(func):
    """Our function for NumPy's, or None."""
    found = _functions.get(func)
    if found is None and func.__module__ in _LATER:
        ours = importlib.import_module(_LATER[func.__module__])
        serve(sys.modules[func.__module__], vars(ours))
        found = _functions.get(func)
    return found


def _array_function(self, func, types, args, kwargs):
    ours = _ours(func)
    # NumPy's functions call each other with this
    kwargs = {k: v for k, v in kwargs.items() if v is not np._NoValue}
    if func in _ORDERS:
        names = _ORDERS[func]
        args, kwargs = args[len(names) :], dict(zip(names, args, strict=False), **kwargs)
    if func in _CHANGE:
        changed = args[0] if args else kwargs[_CHANGE[func]]
        if isinstance(changed, Tracer):
            into(changed, value(ours(*args, **kwargs, inplace=False)), f"numpy.{func.__name__}")
            return None
    if isinstance(kwargs.get("out"), Tracer):
        kwargs = dict(kwargs)
        out = kwargs.pop("out")
        result = _array_function(self, func, types, args, kwargs)
        return _written(out, result, True, f"numpy.{func.__name__}")
    if ours is None:
        cure = _INSTEAD.get(func.__name__, "see fgrad.numpy for what is")
        raise TypeError(
            located(
                f"{func.__module__}.{func.__name__} is not supported on a tracer {self.aval}: "
                f"{cure}"
            )
        )
    return ours(*args, **kwargs)


_KNOWN = "it needs the numbers: call it outside of the transformed function"
_INSTEAD = {  # what to write for functions of NumPy's that cannot work on tracers
    "asanyarray": "use fgrad.numpy.asarray",
    "ascontiguousarray": "use fgrad.numpy.asarray",
    "asfortranarray": "use fgrad.numpy.asarray",
    "require": "use fgrad.numpy.asarray",
    "genfromtxt": "give no like=",
    "loadtxt": "give no like=",
    "common_type": "use fgrad.numpy.result_type",
    "min_scalar_type": "use its dtype",
    "real_if_close": _KNOWN,
    "may_share_memory": "a tracer has no memory",
    "shares_memory": "a tracer has no memory",
    **dict.fromkeys(("array2string", "array_repr", "array_str"), "use str(x)"),
    **dict.fromkeys(("save", "savetxt", "savez", "savez_compressed"), _KNOWN),
    **dict.fromkeys(
        ("busday_count", "busday_offset", "is_busday", "datetime_as_string"),
        "tracers hold no dates",
    ),
}


Tracer.__array_ufunc__ = _array_ufunc
Tracer.__array_function__ = _array_function


def install(namespace: dict, methods) -> None:
    """Attach functions of `fgrad.numpy` to tracers.

    Parameters
    ----------
    namespace : dict
        The names of `fgrad.numpy`; those that NumPy has too serve its protocols.
    methods : dict
        Method name to function.
    """
    serve(np, namespace)
    for name, method in methods.items():
        setattr(Tracer, name, method)


def serve(module, namespace: dict) -> None:
    """Let our functions answer for the functions of a NumPy module that have the same names."""
    for name, ours in namespace.items():
        theirs = getattr(module, name, None)
        if (
            callable(theirs)
            and not isinstance(theirs, type)
            and callable(ours)
            and ours is not theirs
        ):
            _functions.setdefault(theirs, ours)
