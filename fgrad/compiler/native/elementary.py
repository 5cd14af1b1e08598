"""Elementary functions as vector code, good to about two units in the last place.

Arguments are reduced with fused products, so that the reduction is exact to twice the precision;
the polynomials on the reduced range are of least maximal error (exp, log in float32), or those of
fdlibm (log, sin, cos in float64). See J.-M. Muller, Elementary Functions (2016), chapters 5, 11.
"""

import math

import numpy as np

from fgrad.compiler.native.values import BOOL, F32, F64, I32, Value

# (exp(r) - 1 - r) / r**2 for |r| <= log(2) / 2, highest power first
_EXP = {
    F32: (
        1.9907657696221120754e-4, 1.3933732496780977229e-3, 8.3332859063013235465e-3,
        4.1666464177364583559e-2, 1.6666666755779172402e-1, 5.0000000135421779365e-1,
    ),
    F64: (
        2.5110149838822772184e-8, 2.7620201730292913484e-7, 2.7557242058864469781e-6,
        2.4801521057447295338e-5, 1.9841269886848861847e-4, 1.3888888917367592294e-3,
        8.3333333333221197598e-3, 4.1666666666623818218e-2, 1.6666666666666674609e-1,
        5.0000000000000010315e-1,
    ),
}  # fmt: skip
_LN2 = {F32: (0.693147182464599609375, -1.90465429996e-9),
        F64: (0.69314718055994528623, 2.3190468138462995584e-17)}  # fmt: skip
# Added to a small number it leaves the nearest integer in the last bits.
_MAGIC = {F32: 1.5 * 2**23, F64: 1.5 * 2**52}
_MAGIC_BITS = {F32: 0x4B400000, F64: 0x4338000000000000}
_MANTISSA, _BIAS = {F32: 23, F64: 52}, {F32: 127, F64: 1023}

# (log(1 + f) - f + f**2 / 2) / f**3 for sqrt(1/2) <= 1 + f <= sqrt(2)
_LOG32 = (
    -0.0652708987726, 0.107131469466, -0.106000814309, 0.110043991333, -0.124524345654,
    0.142884686928, -0.166679945805, 0.199999732109, -0.249999901269, 0.333333333912,
)  # fmt: skip
# (log(1 + f) - log(1 - f)) / s - 2, s = f / (2 + f), in powers of s**2
_LOG64 = (
    1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
    2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
    6.666666666666735130e-01,
)  # fmt: skip
_LN2_SPLIT = 6.93147180369123816490e-01, 1.90821492927058770002e-10

_SIN = (
    1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06,
    -1.98412698298579493134e-04, 8.33333333332248946124e-03, -1.66666666666666324348e-01,
)  # fmt: skip
_COS = (
    -1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07,
    2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02,
)  # fmt: skip
_HALF_PI = 1.570796326794896557999, 6.123233995736766035869e-17, -1.497384904859169832944e-33
# Up to here three parts of pi/2 reduce an argument.
_FAR = 1e6


def horner(x: Value, coefficients) -> Value:
    """The polynomial with those coefficients, highest power first."""
    first, *rest = coefficients
    total = x.b.constant(first, x.dtype, x.lanes)
    for c in rest:
        total = x.b.fma(total, x, c)
    return total


def _power_of_two(n):
    """``2**n`` of integers, as a float of their size."""
    dtype = F32 if n.dtype == I32 else F64
    return ((n + _BIAS[dtype]) << _MANTISSA[dtype]).bitcast(dtype)


def _reduced(x):
    """The nearest multiple n of log(2), as bits of an integer; exp(r) - 1 - r of the rest r; r."""
    b, magic = x.b, _MAGIC[x.dtype]
    shifted = b.fma(x, 1 / math.log(2), magic)
    n = shifted - magic
    high, low = _LN2[x.dtype]
    r = b.fma(n, -low, b.fma(n, -high, x))
    return shifted.bits() - _MAGIC_BITS[x.dtype], r * r * horner(r, _EXP[x.dtype]), r


def _within(x, low, high):
    """`x` kept in a range; NaN stays."""
    x = (x > high).where(high, x)
    return (x < low).where(low, x)


def exp(x):
    """e to the x."""
    return _scaled_exp(x, 0)


def _scaled_exp(x, power):
    """e to the x, times a power of two."""
    low, high = (-104.0, 90.0) if x.dtype == F32 else (-746.0, 711.0)
    zero = x < low  # which processors are slow to find out by a product
    x.b.note("underflow", any_lane(zero))
    x = zero.where(0.0, (x > high).where(high, x))
    n, rest, r = _reduced(x)
    n = n + power
    half = n >> 1  # in two steps, for results that have few bits left, or an exponent too many
    y = (rest + r + 1.0) * _power_of_two(half) * _power_of_two(n - half)
    return zero.where(0.0, y)


def expm1(x):
    """exp(x) - 1 without the loss at 0."""
    b = x.b
    n, rest, r = _reduced(_within(x, *((-40.0, 89.0) if x.dtype == F32 else (-50.0, 710.0))))
    scale = _power_of_two(n - 1)
    y = b.fma(scale, rest, b.fma(scale, r, scale - 0.5)) * 2.0
    return b.call("copysign", y, x)  # for zeros


def _split(x):
    """The exponent of a positive number as a float, and the rest less one: x = 2**k * (1 + f)."""
    b, bits = x.b, x.bits()
    root = np.array(math.sqrt(0.5), x.dtype).view(bits.dtype).item()
    k = (bits - root) >> _MANTISSA[x.dtype]
    f = (bits - (k << _MANTISSA[x.dtype])).bitcast(x.dtype) - 1.0
    # a small integer as a float, by its bits
    k = (k + _MAGIC_BITS[x.dtype]).bitcast(x.dtype) - b.constant(_MAGIC[x.dtype], x.dtype, x.lanes)
    return k, f


def _log_of_normal(x, correction=None):
    b = x.b
    k, f = _split(x)
    low = k * (_LN2_SPLIT[1] if x.dtype == F64 else _LN2[F32][1])
    if correction is not None:
        low = low + correction
    half = f * f * 0.5
    if x.dtype == F32:
        rest = b.fma(f * f * f, horner(f, _LOG32), low)
        return b.fma(k, _LN2[F32][0], f - (half - rest))
    s = f / (f + 2.0)
    rest = s * (half + s * s * horner(s * s, _LOG64)) + low
    return b.fma(k, _LN2_SPLIT[0], f - (half - rest))


def log(x):
    """The natural logarithm."""
    tiny = float(np.finfo(x.dtype).tiny)
    shift = _MANTISSA[x.dtype] + 1
    small = x < tiny  # zeros and negative numbers too; they are replaced below
    y = _log_of_normal(small.where(x * 2.0**shift, x))
    y = small.where(y - shift * math.log(2), y)
    return _at_the_ends(x, y)


def _at_the_ends(x, y):
    """The logarithm `y` of `x`, also where that is no positive number or infinite."""
    b, outside = x.b, x <= 0.0
    y = (x < math.inf).where(y, x + x)  # infinity and NaN
    return _rarely(outside, y, lambda: (x < 0.0).where(b.constant(0.0, x.dtype), -1.0) / (x - x))


def _rarely(condition, y, make):
    """`y`, but where a condition holds what `make` writes: in a branch, for it costs, or tells."""
    b = y.b
    result = b.variable(y.dtype, y.lanes)
    b.put(result, y)
    for _ in b.when(any_lane(condition)):
        b.put(result, condition.where(make(), y))
    return b.get(result, y.dtype, y.lanes)


def log1p(x):
    """log(1 + x) without the loss at 0."""
    u = x + 1.0
    lost = (x < 1.0).where(x - (u - 1.0), 1.0 - (u - x)) / u
    y = _at_the_ends(u, _log_of_normal(u, lost))
    return x.equals(0.0).where(x, (x.differs(x)).where(x, y))


def log2(x):
    """The logarithm to base 2."""
    return _scaled_log(x, math.log2)


def log10(x):
    """The logarithm to base 10."""
    return _scaled_log(x, math.log10)


def _scaled_log(x, log_of):
    return (log(x.astype(F64)) * log_of(math.e)).astype(x.dtype)


def tanh(x):
    """The hyperbolic tangent."""
    size = x.b.call("fabs", x)
    size = (size > 22.0).where(22.0, size)
    t = expm1(size + size)
    return x.b.call("copysign", t / (t + 2.0), x)


def sinh(x):
    """The hyperbolic sine."""
    size = x.b.call("fabs", x)
    t = expm1((size > 20.0).where(20.0, size))
    y = (size > 20.0).where(_scaled_exp(size, -1), (t + t / (t + 1.0)) * 0.5)
    return x.b.call("copysign", y, x)


def cosh(x):
    """The hyperbolic cosine."""
    half = _scaled_exp(x.b.call("fabs", x), -1)
    return half + 0.25 / half


def _quadrant(x):
    """The rest of `x` after the nearest multiple of pi/2, and that multiple as integers."""
    b = x.b
    shifted = b.fma(x, 2 / math.pi, _MAGIC[F64])
    n = shifted - _MAGIC[F64]
    r = x
    for part in _HALF_PI:
        r = b.fma(n, -part, r)
    return r, shifted.bits()


def _circular(x, turn, exact):
    """The sine of `x`, turned by so many quarters."""
    if x.dtype == F32:
        return _circular(x.astype(F64), turn, exact).astype(F32)
    b = x.b
    r, n = _quadrant(x)
    n = n + turn
    z = r * r
    sine = b.fma(z * r, horner(z, _SIN), r)
    cosine = b.fma(z * z, horner(z, _COS), 1.0 - z * 0.5)
    y = (n & 1).equals(0).where(sine, cosine)
    y = (y.bits() ^ ((n & 2) << 62)).bitcast(F64)
    far = ~(b.call("fabs", x) < _FAR)
    return _rarely(far, y, lambda: b.each_lane(lambda v: library(exact, v), x))


def sin(x):
    """The sine."""
    return x.equals(0.0).where(x, _circular(x, 0, "sin"))  # zeros keep their sign


def cos(x):
    """The cosine."""
    return _circular(x, 1, "cos")


def any_lane(mask):
    """Whether a mask is true anywhere."""
    if mask.lanes == 1:
        return mask
    b, bits = mask.b, f"i{mask.lanes}"
    name = b.emit(f"bitcast {mask.type} {mask.name} to {bits}", BOOL).name
    return b.emit(f"icmp ne {bits} {name}, 0", BOOL)


def library(name, *xs):
    """A function of the C library on float64 numbers."""
    b = xs[0].b
    arguments = ", ".join(f"double {x.name}" for x in xs)
    types = ", ".join("double" for _ in xs)
    b.declarations[f"@{name}"] = f"declare double @{name}({types})"
    return b.emit(f"call double @{name}({arguments})", F64)


def power(x, y):
    """`x` to the `y`, in float32 by way of float64."""
    return _power(x.astype(F64), y.astype(F64)).astype(F32)


def _power(x, y):
    b = x.b
    size = b.call("fabs", x)
    result = exp(y * log(size))
    whole = b.call("rint", y)
    odd = whole.equals(y) & (b.call("rint", y * 0.5) * 2.0).differs(y)
    finite = b.call("fabs", y) < math.inf
    result = (x < 0.0).where(odd.where(-result, result), result)
    none = (x < 0.0) & whole.differs(y) & finite & (size < math.inf)
    result = _rarely(none, result, lambda: (x - x) / (x - x))
    result = (x.bits() < 0).where(
        (x.equals(0.0) & odd).where(-b.call("fabs", result), result), result
    )
    always = y.equals(0.0) | x.equals(1.0) | (x.equals(-1.0) & ~finite & y.equals(y))
    return always.where(1.0, result)


def logaddexp(x, y):
    """log(exp(x) + exp(y)), as NumPy has it at equal arguments."""
    d = x - y
    larger = (d > 0.0).where(x, y)
    sum = larger + log1p(exp(-x.b.call("fabs", d)))
    return (d.isnan() & x.equals(y)).where(x, sum)  # equal infinities
