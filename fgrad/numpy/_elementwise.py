"""Elementwise functions: NumPy's name for each primitive."""

import numpy as np

from fgrad.core.array import Array
from fgrad.core.avals import scalar_avals
from fgrad.core.source import located
from fgrad.core.trace import NO_PARAMS, get_aval, thread
from fgrad.numpy._face import give, public, refuse, value
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives.fit import fit_tangent
from fgrad.primitives.shape import astype

_DIRECT = frozenset(scalar_avals) - {bool}


def _document(fun, primitive, name, nin):
    source = getattr(np, name, None)
    first = (source.__doc__ or "").strip().split("\n\n")[1:2] if source is not None else []
    summary = first[0].strip() if first else f"The elementwise function {name}."
    names = "x" if nin == 1 else "x1, x2"
    each = "each element" if nin == 1 else "each pair of elements"
    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = (
        f"{summary}\n\nParameters\n----------\n{names} : array-like\n    Broadcast together, of "
        f"numbers or booleans for which `numpy.{name}` is defined.\n\nReturns\n-------\narray\n"
        f"    Of the dtype that `numpy.{name}` gives, for {each}; differentiable where it is "
        f"smooth.\n\nRaises\n------\nTypeError\n    If a dtype does not fit.\nValueError\n"
        "    If the shapes do not broadcast.\n"
    )
    fun.primitive = primitive
    return fun


def unary(name, primitive):
    """The public function for a primitive of one operand."""

    def fun(x, /, out=None, *, where=True, dtype=None):
        if out is not None or where is not True or dtype is not None:
            return _with_options(name, fun, (x,), out, where, dtype)
        return give(thread.trace.process(primitive, (value(x, name),), NO_PARAMS))

    return _document(fun, primitive, name, 1)


def binary(name, primitive):
    """The public function for a primitive of two operands."""

    def fun(x1, x2, /, out=None, *, where=True, dtype=None):
        if out is not None or where is not True or dtype is not None:
            return _with_options(name, fun, (x1, x2), out, where, dtype)
        return give(thread.trace.process(primitive, (value(x1, name), value(x2, name)), NO_PARAMS))

    return _document(fun, primitive, name, 2)


def _with_options(name, fun, args, out, where, dtype):
    refuse(name, out=out, where=None if where is True else where)
    return fun(*(give(astype(value(a), np.dtype(dtype))) for a in args))


_UNARY = {
    "negative": ew.neg, "positive": ew.positive, "square": ew.square, "reciprocal": ew.reciprocal,
    "logical_not": ew.logical_not, "bitwise_not": ew.bitwise_not, "bitwise_invert": ew.bitwise_not,
    "invert": ew.bitwise_not, "bitwise_count": ew.population_count, "isnan": ew.isnan,
    "isinf": ew.isinf, "isfinite": ew.is_finite, "signbit": ew.signbit, "floor": ew.floor,
    "ceil": ew.ceil, "trunc": ew.trunc, "rint": ew.round, "exp": ew.exp, "exp2": ew.exp2,
    "expm1": ew.expm1, "log": ew.log, "log2": ew.log2, "log10": ew.log10, "log1p": ew.log1p,
    "sqrt": ew.sqrt, "cbrt": ew.cbrt, "sin": ew.sin, "cos": ew.cos, "tan": ew.tan,
    "arcsin": ew.asin, "asin": ew.asin, "arccos": ew.acos, "acos": ew.acos, "arctan": ew.atan,
    "atan": ew.atan, "sinh": ew.sinh, "cosh": ew.cosh, "tanh": ew.tanh, "arcsinh": ew.asinh,
    "asinh": ew.asinh, "arccosh": ew.acosh, "acosh": ew.acosh, "arctanh": ew.atanh,
    "atanh": ew.atanh, "sign": parts.sign, "absolute": parts.abs, "abs": parts.abs,
    "conjugate": parts.conj, "conj": parts.conj,
}  # fmt: skip
_BINARY = {
    "add": ew.add, "subtract": ew.sub, "multiply": ew.mul, "divide": ew.div,
    "true_divide": ew.div, "floor_divide": ew.floor_divide, "remainder": ew.remainder,
    "mod": ew.remainder, "fmod": ew.rem, "maximum": ew.max, "minimum": ew.min, "equal": ew.eq,
    "not_equal": ew.ne, "less": ew.lt, "less_equal": ew.le, "greater": ew.gt,
    "greater_equal": ew.ge, "logical_and": ew.logical_and, "logical_or": ew.logical_or,
    "logical_xor": ew.logical_xor, "bitwise_and": ew.bitwise_and, "bitwise_or": ew.bitwise_or,
    "bitwise_xor": ew.bitwise_xor, "left_shift": ew.shift_left, "right_shift": ew.shift_right,
    "bitwise_left_shift": ew.shift_left, "bitwise_right_shift": ew.shift_right, "gcd": ew.gcd,
    "lcm": ew.lcm, "nextafter": ew.nextafter, "copysign": ew.copysign, "logaddexp": ew.logaddexp,
    "logaddexp2": ew.logaddexp2, "arctan2": ew.atan2, "atan2": ew.atan2, "hypot": ew.hypot,
}  # fmt: skip

for _name, _primitive in _UNARY.items():
    globals()[_name] = unary(_name, _primitive)
for _name, _primitive in _BINARY.items():
    globals()[_name] = binary(_name, _primitive)


def power_values(x, y):
    """``x ** y``; a Python integer exponent has a simpler derivative."""
    if type(y) is int:
        return ew.integer_pow(x, y=y)
    return ew.pow(x, y)


def power(x1, x2, /):
    """First array to the power of the second, element by element.

    Parameters
    ----------
    x1, x2 : array-like
        Broadcast together. A Python integer exponent is a constant: it has no derivative.

    Returns
    -------
    array

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.power(fnp.array([1.0, 2.0]), 3)
    Array([1., 8.])
    """
    return give(power_values(value(x1, "power"), value(x2, "power")))


pow = power


@public
def real(val):
    """The real part.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.real(1 + 2j)
    1.0
    """
    return parts.real(value(val, "real"))


@public
def imag(val):
    """The imaginary part; zero for real input.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.imag(1 + 2j)
    2.0
    """
    return imag_values(value(val, "imag"))


def imag_values(x):
    """The imaginary part of a value or tracer."""
    aval = get_aval(x)
    if aval.dtype.kind == "c":
        return parts.imag(x)
    return (0 if aval.dtype.kind == "i" else 0.0) if aval.weak_type else parts.zeros_like(x)


def fit(x, aval):
    """`x` broadcast and converted to the type `aval`."""
    return fit_tangent(x, aval)


def check_numeric(name, x):
    """Refuse booleans where NumPy does."""
    if get_aval(x).dtype.kind == "b":
        raise TypeError(located(f"{name} is not defined for booleans"))
    return x


__all__ = [*_UNARY, *_BINARY, "imag", "pow", "power", "real", "Array"]
