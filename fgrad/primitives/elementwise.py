"""Elementwise operations: one row each.

A row holds the name, NumPy's ufunc and, for each operand, the derivative of the result by it:
``lambda ans, x: ...``, or `ONE`, `MINUS_ONE`, or None where it is zero. The conventions at ties and
singular points are JAX's. Sums and products are written with Python's operators, which are the
shortest way on every kind of value; quotients are not, because Python's raise at zero.
"""

import math
import operator

import numpy as np

from fgrad.core.trace import MINUS_ONE, ONE, get_aval
from fgrad.primitives.define import Elementwise as E

# -- arithmetic ----------------------------------------------------------------------------------
# Python's operators serve arrays, NumPy scalars and Python scalars alike, and are faster on
# scalars.

add = E("add", np.add, ONE, ONE, operator="+", impl=operator.add, linear=(True, True))
sub = E("sub", np.subtract, ONE, MINUS_ONE, operator="-", impl=operator.sub, linear=(True, True))
mul = E(
    "mul",
    np.multiply,
    lambda ans, x, y: y,
    lambda ans, x, y: x,
    operator="*",
    impl=operator.mul,
    linear="each",
)
neg = E("neg", np.negative, MINUS_ONE, operator="-", linear=(True,))
div = E(
    "div",
    np.true_divide,
    lambda ans, x, y: div(1, y),
    lambda ans, x, y: -div(ans, y),
    operator="/",
    linear=(True, False),
)


def _power_wrt_base(ans, x, y):
    if type(y) is float and y != 0:
        return mul(y, pow(x, y - 1))
    # x**0 is 1 everywhere, but y * x**(y - 1) would be NaN at x = y = 0
    x = select(logical_and(eq(x, 0), eq(y, 0)), 1, x)
    return mul(y, pow(x, sub(y, 1)))


def _power_wrt_exponent(ans, x, y):
    return mul(log(select(eq(x, 0), 1, x)), ans)


pow = E("pow", np.power, _power_wrt_base, _power_wrt_exponent)


def _integer_pow(x, *, y):
    """By repeated squaring: exact where the products are, and faster than NumPy's power."""
    kind = get_aval(x).dtype.kind
    if y < 0:
        if kind not in "fc":
            raise ValueError("Integers to negative integer powers are not allowed.")
        return div(1, _integer_pow(x, y=-y))
    if y in (0, 1) or y > 64 or kind == "b":
        return pow(x, y)
    result = None
    while y:
        if y & 1:
            result = x if result is None else mul(result, x)
        y >>= 1
        if y:
            x = mul(x, x)
    return result


def _integer_pow_dtype(x, *, y):
    if y < 0 and np.dtype(x).kind not in "fc":
        raise ValueError("Integers to negative integer powers are not allowed.")
    return np.power.resolve_dtypes((x, int, None))[-1]


integer_pow = E(
    "integer_pow",
    None,
    lambda ans, x, *, y: 0 if y == 0 else 2 * x if y == 2 else y * integer_pow(x, y=y - 1),
    impl=_integer_pow,
    expand=_integer_pow,
    dtype_rule=_integer_pow_dtype,
)
square = E("square", np.square, lambda ans, x: 2 * x)
reciprocal = E("reciprocal", np.reciprocal, lambda ans, x: -(ans * ans))
floor_divide = E("floor_divide", np.floor_divide, None, None, operator="//")
# remainder has the divisor's sign (Python's %), rem the dividend's (C's fmod)
# and both are exact, where the rounded quotient of x and y may be one too many
remainder = E("remainder", np.remainder, ONE, lambda ans, x, y: -floor_divide(x, y), operator="%")
rem = E("rem", np.fmod, ONE, lambda ans, x, y: -round(div(x - ans, y)))
positive = E("copy", np.positive, ONE, linear=(True,))


# -- ties are shared -----------------------------------------------------------------------------
def _share(better):
    """1 where the operand wins, 0 where it loses, 1/2 at a tie."""

    def partial(ans, x, y):
        number = get_aval(ans).dtype.type  # a bare 1.0 would make a float64 array
        return select(better(x, y), number(1), select(eq(x, y), number(0.5), number(0)))

    return partial


max = E("max", np.maximum, _share(lambda x, y: gt(x, y)), _share(lambda x, y: lt(x, y)))
min = E("min", np.minimum, _share(lambda x, y: lt(x, y)), _share(lambda x, y: gt(x, y)))


def _where(condition):
    """1 where a condition on the operands holds, 0 elsewhere."""

    def partial(ans, *args):
        number = get_aval(ans).dtype.type
        return select(condition(*args), number(1), number(0))

    return partial


def _clamp(low, x, high):
    return np.minimum(np.maximum(x, low), high)


def _clamp_dtype(low, x, high):
    return np.result_type(*(a(0) if isinstance(a, type) else a for a in (low, x, high)))


clamp = E(
    "clamp",
    None,
    _where(lambda low, x, high: logical_and(gt(low, x), lt(low, high))),
    _where(lambda low, x, high: logical_and(gt(x, low), lt(x, high))),
    _where(lambda low, x, high: lt(high, x)),
    impl=_clamp,
    dtype_rule=_clamp_dtype,
)

# -- comparison, logic, bits: no derivative ------------------------------------------------------
eq = E("eq", np.equal, None, None, operator="==")
ne = E("ne", np.not_equal, None, None, operator="!=")
lt = E("lt", np.less, None, None, operator="<")
le = E("le", np.less_equal, None, None, operator="<=")
gt = E("gt", np.greater, None, None, operator=">")
ge = E("ge", np.greater_equal, None, None, operator=">=")
logical_and = E("logical_and", np.logical_and, None, None)
logical_or = E("logical_or", np.logical_or, None, None)
logical_xor = E("logical_xor", np.logical_xor, None, None)
logical_not = E("logical_not", np.logical_not, None)
bitwise_and = E("and", np.bitwise_and, None, None, operator="&")
bitwise_or = E("or", np.bitwise_or, None, None, operator="|")
bitwise_xor = E("xor", np.bitwise_xor, None, None, operator="^")
bitwise_not = E("not", np.invert, None)
shift_left = E("shift_left", np.left_shift, None, None, operator="<<")
shift_right = E("shift_right", np.right_shift, None, None, operator=">>")
population_count = E("population_count", np.bitwise_count, None)
gcd = E("gcd", np.gcd, None, None)
lcm = E("lcm", np.lcm, None, None)
isnan = E("isnan", np.isnan, None)
isinf = E("isinf", np.isinf, None)
is_finite = E("is_finite", np.isfinite, None)
signbit = E("signbit", np.signbit, None)

# -- rounding ------------------------------------------------------------------------------------
floor = E("floor", np.floor, None)
ceil = E("ceil", np.ceil, None)
trunc = E("trunc", np.trunc, None)
round = E("round", np.rint, None)
nextafter = E("nextafter", np.nextafter, None, None)
spacing = E("spacing", np.spacing, None)


def _copysign_wrt_magnitude(ans, x, y):
    one = get_aval(ans).dtype.type(1)
    return select(lt(x, 0), -one, one) * copysign(one, ans)  # not sign(x), which is 0 at 0


copysign = E("copysign", np.copysign, _copysign_wrt_magnitude, None)

ldexp = E("ldexp", np.ldexp, lambda ans, x, i: ldexp(get_aval(ans).dtype.type(1), i), None)
exponent = E(  # of two, in x = m * 2**exponent with 1/2 <= |m| < 1
    "exponent",
    None,
    None,
    impl=lambda x: np.frexp(x)[1],
    dtype_rule=lambda x: np.dtype(np.int32),
)


def _heaviside_at_zero(ans, x, y):
    number = get_aval(ans).dtype.type
    return select(eq(x, 0), number(1), number(0))


heaviside = E("heaviside", np.heaviside, None, _heaviside_at_zero)

# -- exponentials and logarithms -----------------------------------------------------------------
exp = E("exp", np.exp, lambda ans, x: ans)
exp2 = E("exp2", np.exp2, lambda ans, x: math.log(2) * ans)
expm1 = E("expm1", np.expm1, lambda ans, x: ans + 1)
log = E("log", np.log, lambda ans, x: div(1, x))
log2 = E("log2", np.log2, lambda ans, x: div(1 / math.log(2), x))
log10 = E("log10", np.log10, lambda ans, x: div(1 / math.log(10), x))
log1p = E("log1p", np.log1p, lambda ans, x: div(1, x + 1))
sqrt = E("sqrt", np.sqrt, lambda ans, x: div(0.5, ans))
rsqrt = E(
    "rsqrt",
    None,
    lambda ans, x: -0.5 * div(ans, x),
    impl=lambda x: np.true_divide(1, np.sqrt(x)),
    dtype_rule=lambda x: np.sqrt.resolve_dtypes((np.dtype(x), None))[-1],
    expand=lambda x: div(1, sqrt(x)),
)
cbrt = E("cbrt", np.cbrt, lambda ans, x: mul(1 / 3, integer_pow(ans, y=-2)))


def _excess(x, ans):
    """x - ans, taken as 0 - 0 where both are +inf."""
    infinite = eq(x, math.inf)
    return sub(select(infinite, 0, x), select(infinite, 0, ans))


logaddexp = E(
    "logaddexp",
    np.logaddexp,
    lambda ans, x, y: exp(_excess(x, ans)),
    lambda ans, x, y: exp(_excess(y, ans)),
)
logaddexp2 = E(
    "logaddexp2",
    np.logaddexp2,
    lambda ans, x, y: exp2(_excess(x, ans)),
    lambda ans, x, y: exp2(_excess(y, ans)),
)

# -- trigonometric and hyperbolic ----------------------------------------------------------------
sin = E("sin", np.sin, lambda ans, x: cos(x))
cos = E("cos", np.cos, lambda ans, x: -sin(x))
tan = E("tan", np.tan, lambda ans, x: 1 + ans * ans)


def _squared_cosine(x):
    """1 - x * x, with the sign of the imaginary zero that tells the sides of a branch cut apart."""
    return -(x * x - 1) if get_aval(x).dtype.kind == "c" else 1 - x * x


asin = E("asin", np.arcsin, lambda ans, x: rsqrt(_squared_cosine(x)))
acos = E("acos", np.arccos, lambda ans, x: -rsqrt(_squared_cosine(x)))
atan = E("atan", np.arctan, lambda ans, x: div(1, 1 + x * x))
atan2 = E(
    "atan2",
    np.arctan2,
    lambda ans, x, y: div(y, x * x + y * y),
    lambda ans, x, y: -div(x, x * x + y * y),
)
sinh = E("sinh", np.sinh, lambda ans, x: cosh(x))
cosh = E("cosh", np.cosh, lambda ans, x: sinh(x))
tanh = E("tanh", np.tanh, lambda ans, x: 1 - ans * ans)
asinh = E("asinh", np.arcsinh, lambda ans, x: rsqrt(1 + x * x))
acosh = E("acosh", np.arccosh, lambda ans, x: rsqrt(x - 1) * rsqrt(x + 1))
atanh = E("atanh", np.arctanh, lambda ans, x: div(1, (1 - x) * (1 + x)))


def _cosine(x, ans):
    """x / ans, and zero where both are zero, as for the absolute value of a complex number."""
    nothing = eq(ans, 0)
    return select(nothing, 0, div(x, select(nothing, 1, ans)))


hypot = E("hypot", np.hypot, lambda ans, x, y: _cosine(x, ans), lambda ans, x, y: _cosine(y, ans))

from fgrad.primitives.parts import select  # noqa: E402  (their rules need the rows above)
