"""The inverse of the error function: the rational functions of M. J. Wichura, Algorithm AS 241,
Applied Statistics 37 (1988), which are good to sixteen digits.
"""

import math

import numpy as np

from fgrad.core.trace import get_aval
from fgrad.primitives.elementwise import (
    clamp,
    div,
    exp,
    le,
    log,
    lt,
    max,
    min,
    mul,
    neg,
    sqrt,
    sub,
)
from fgrad.primitives.parts import abs, select
from fgrad.primitives.shape import astype
from fgrad.primitives.special import _composite, _horner

# numerators and denominators, highest power first: in the middle, in the tails, far out
_A = (
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
    4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
    1.3314166789178437745e2, 3.3871328727963666080e0,
)  # fmt: skip
_B = (
    5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
    2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
    4.2313330701600911252e1, 1.0,
)  # fmt: skip
_C = (
    7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
    1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
    4.63033784615654529590e0, 1.42343711074968357734e0,
)  # fmt: skip
_D = (
    1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
    1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
    2.05319162663775882187e0, 1.0,
)  # fmt: skip
_E = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
    2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
    5.46378491116411436990e0, 6.65790464350110377720e0,
)  # fmt: skip
_F = (
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
    7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
    5.99832206555887937690e-1, 1.0,
)  # fmt: skip


def _erf_inv_expand(x):
    dtype = get_aval(x).dtype
    if dtype.itemsize == 2:  # whose range the coefficients leave
        return astype(_erf_inv_expand(astype(x, np.dtype(np.float32))), dtype)
    a = abs(x)
    r = sub(0.180625, mul(0.25, mul(min(a, 0.85), min(a, 0.85))))
    middle = mul(mul(0.5, x), div(_horner(r, _A), _horner(r, _B)))
    tail = clamp(1e-320 if dtype.itemsize == 8 else 1e-40, mul(0.5, sub(1, a)), 0.5)
    r = sqrt(neg(log(tail)))
    near, far = sub(min(r, 5), 1.6), sub(max(r, 5), 5)
    size = select(
        le(r, 5), div(_horner(near, _C), _horner(near, _D)), div(_horner(far, _E), _horner(far, _F))
    )
    size = select(lt(a, 1), size, math.inf)
    outer = select(lt(x, 0), neg(size), size)
    inside = mul(math.sqrt(0.5), select(le(a, 0.85), middle, outer))
    return select(le(a, 1), inside, math.nan)


erf_inv = _composite(
    "erf_inv", _erf_inv_expand, lambda ans, x: mul(math.sqrt(math.pi) / 2, exp(mul(ans, ans)))
)
