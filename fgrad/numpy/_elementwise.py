"""Elementwise functions: NumPy's name for each primitive."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad.core.avals import promotion_operand
from fgrad.core.source import located
from fgrad.core.trace import NO_PARAMS, Tracer, get_aval, thread
from fgrad.numpy._face import give, public, refuse, value
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives.define import view
from fgrad.primitives.shape import astype


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
    fun.primitive, fun.nin = primitive, nin
    return fun


def unary(name: str, primitive) -> Callable[..., Any]:
    """The public function for a primitive of one operand."""

    def fun(x, /, out=None, *, where=True, dtype=None, **others):
        if out is not None or where is not True or dtype is not None or others:
            return call_with_options(getattr(np, name), fun, (x,), out, where, dtype, **others)
        return give(thread.trace.process(primitive, (value(x, name),), NO_PARAMS))

    return _document(fun, primitive, name, 1)


def binary(name: str, primitive) -> Callable[..., Any]:
    """The public function for a primitive of two operands."""

    def fun(x1, x2, /, out=None, *, where=True, dtype=None, **others):
        if out is not None or where is not True or dtype is not None or others:
            return call_with_options(getattr(np, name), fun, (x1, x2), out, where, dtype, **others)
        return give(thread.trace.process(primitive, (value(x1, name), value(x2, name)), NO_PARAMS))

    return _document(fun, primitive, name, 2)


def call_with_options(
    ufunc, fun, args, out=None, where=True, dtype=None, signature=None, casting="same_kind",
    order="K", subok=True, **others,
):  # fmt: skip
    """`fun`, which stands for a ufunc of NumPy's, in the dtypes that NumPy would choose.

    Raises
    ------
    NotImplementedError
        If there is an `out`, or `where`, which without it leaves elements undefined.
    TypeError
        If NumPy has no loop for the dtypes, or `fun` lacks one of the other options.
    """
    name = ufunc.__name__
    refuse(name, out=out)
    if where is not True:
        raise NotImplementedError(
            located(
                f"{name}: where= leaves the other elements undefined; write fgrad.numpy.where(mask,"
                f" fgrad.numpy.{name}(...), others) to say what they are"
            )
        )
    unknown = set(others) - set(inspect.signature(fun).parameters)
    if unknown:
        raise TypeError(located(f"{name}: there is no option {unknown.pop()}="))
    if dtype is not None:
        signature = (*(None,) * ufunc.nin, *(np.dtype(dtype),) * ufunc.nout)
    if signature is None and casting == "same_kind":
        return fun(*args, **others)
    xs = [value(x, name) for x in args]
    operands = [promotion_operand(get_aval(x)) for x in xs]
    try:
        wanted = _loop(ufunc, operands, signature or (None,) * ufunc.nargs, casting)
    except TypeError as e:
        raise TypeError(located(f"{name}: {e}")) from None
    try:
        xs = [_as_loop_wants(x, d) for x, d in zip(xs, wanted, strict=False)]
    except OverflowError as e:
        raise OverflowError(located(f"{name}: {e}")) from None
    result = fun(*map(give, xs), **others)
    if ufunc.nout > 1:
        given = zip(result, wanted[ufunc.nin :], strict=True)
        return tuple(give(astype(value(r), d)) for r, d in given)
    return give(astype(value(result), wanted[-1]))


def _as_loop_wants(x, dtype):
    """An operand in the dtype of the loop, which minds whether a Python integer fits."""
    return dtype.type(x) if type(x) is int and dtype.kind in "iu" else astype(x, dtype)


def _loop(ufunc, operands, signature, casting):
    """The dtypes of the loop that NumPy runs for dtypes or, where weak, Python types."""
    if any(isinstance(d, type) for d in operands):
        # resolve_dtypes crashes where it should refuse Python's numbers: the ufunc itself refuses
        samples = (d(1) if isinstance(d, type) else np.empty(0, d) for d in operands)
        options = {"signature": signature} if any(signature) else {}
        with np.errstate(all="ignore"):
            ufunc(*samples, casting=casting, **options)
        casting = "unsafe"
    return ufunc.resolve_dtypes(
        (*operands, *(None,) * ufunc.nout), signature=signature, casting=casting
    )


def with_options(fun):
    """A composed function that stands for a ufunc, and takes its options."""

    @functools.wraps(fun)
    def face(*args, **options):
        if options:
            return call_with_options(getattr(np, fun.__name__), face, args, **options)
        return give(fun(*args))

    return face


negative = unary("negative", ew.neg)
positive = unary("positive", ew.positive)
square = unary("square", ew.square)
reciprocal = unary("reciprocal", ew.reciprocal)
logical_not = unary("logical_not", ew.logical_not)
bitwise_not = unary("bitwise_not", ew.bitwise_not)
bitwise_invert = unary("bitwise_invert", ew.bitwise_not)
invert = unary("invert", ew.bitwise_not)
bitwise_count = unary("bitwise_count", ew.population_count)
isnan = unary("isnan", ew.isnan)
isinf = unary("isinf", ew.isinf)
isfinite = unary("isfinite", ew.is_finite)
signbit = unary("signbit", ew.signbit)
floor = unary("floor", ew.floor)
ceil = unary("ceil", ew.ceil)
trunc = unary("trunc", ew.trunc)
rint = unary("rint", ew.round)
exp = unary("exp", ew.exp)
exp2 = unary("exp2", ew.exp2)
expm1 = unary("expm1", ew.expm1)
log = unary("log", ew.log)
log2 = unary("log2", ew.log2)
log10 = unary("log10", ew.log10)
log1p = unary("log1p", ew.log1p)
sqrt = unary("sqrt", ew.sqrt)
cbrt = unary("cbrt", ew.cbrt)
sin = unary("sin", ew.sin)
cos = unary("cos", ew.cos)
tan = unary("tan", ew.tan)
arcsin = unary("arcsin", ew.asin)
asin = unary("asin", ew.asin)
arccos = unary("arccos", ew.acos)
acos = unary("acos", ew.acos)
arctan = unary("arctan", ew.atan)
atan = unary("atan", ew.atan)
sinh = unary("sinh", ew.sinh)
cosh = unary("cosh", ew.cosh)
tanh = unary("tanh", ew.tanh)
arcsinh = unary("arcsinh", ew.asinh)
asinh = unary("asinh", ew.asinh)
arccosh = unary("arccosh", ew.acosh)
acosh = unary("acosh", ew.acosh)
arctanh = unary("arctanh", ew.atanh)
atanh = unary("atanh", ew.atanh)
spacing = unary("spacing", ew.spacing)
sign = unary("sign", parts.sign)
absolute = unary("absolute", parts.abs)
abs = unary("abs", parts.abs)
conjugate = unary("conjugate", parts.conj)
conj = unary("conj", parts.conj)

add = binary("add", ew.add)
subtract = binary("subtract", ew.sub)
multiply = binary("multiply", ew.mul)
divide = binary("divide", ew.div)
true_divide = binary("true_divide", ew.div)
floor_divide = binary("floor_divide", ew.floor_divide)
remainder = binary("remainder", ew.remainder)
mod = binary("mod", ew.remainder)
fmod = binary("fmod", ew.rem)
maximum = binary("maximum", ew.max)
minimum = binary("minimum", ew.min)
equal = binary("equal", ew.eq)
not_equal = binary("not_equal", ew.ne)
less = binary("less", ew.lt)
less_equal = binary("less_equal", ew.le)
greater = binary("greater", ew.gt)
greater_equal = binary("greater_equal", ew.ge)
logical_and = binary("logical_and", ew.logical_and)
logical_or = binary("logical_or", ew.logical_or)
logical_xor = binary("logical_xor", ew.logical_xor)
bitwise_and = binary("bitwise_and", ew.bitwise_and)
bitwise_or = binary("bitwise_or", ew.bitwise_or)
bitwise_xor = binary("bitwise_xor", ew.bitwise_xor)
left_shift = binary("left_shift", ew.shift_left)
right_shift = binary("right_shift", ew.shift_right)
bitwise_left_shift = binary("bitwise_left_shift", ew.shift_left)
bitwise_right_shift = binary("bitwise_right_shift", ew.shift_right)
gcd = binary("gcd", ew.gcd)
lcm = binary("lcm", ew.lcm)
nextafter = binary("nextafter", ew.nextafter)
copysign = binary("copysign", ew.copysign)
logaddexp = binary("logaddexp", ew.logaddexp)
logaddexp2 = binary("logaddexp2", ew.logaddexp2)
arctan2 = binary("arctan2", ew.atan2)
atan2 = binary("atan2", ew.atan2)
hypot = binary("hypot", ew.hypot)


def power_values(x, y):
    """``x ** y``; a Python integer exponent has a simpler derivative."""
    if type(y) is int:
        return ew.integer_pow(x, y=y)
    return ew.pow(x, y)


@with_options
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
    return power_values(value(x1, "power"), value(x2, "power"))


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
    return real_values(value(val, "real"))


def real_values(x):
    """The real part of a value or tracer: a view of the array, or the array itself."""
    return _part(parts.real, x) if get_aval(x).dtype.kind == "c" else x


def _part(part, x):
    out = part(x)
    return view(x, out) if isinstance(x, Tracer) and x.aval.shape else out


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
        return _part(parts.imag, x)
    return (0 if aval.dtype.kind == "i" else 0.0) if aval.weak_type else parts.zeros_like(x)
