"""Integrals of elementary functions that are none themselves, by SciPy."""

import math

from fgrad.core.extras import scipy
from fgrad.primitives.elementwise import (
    add,
    cos,
    div,
    eq,
    exp,
    gt,
    log1p,
    mul,
    neg,
    sin,
    sub,
)
from fgrad.primitives.of_scipy import of_scipy, real_function, refused
from fgrad.primitives.parts import select


def _at_zero(x, *series):
    """A polynomial at zero, and `x` where it is not zero."""
    value = series[-1]
    for c in series[-2::-1]:
        value = add(mul(value, x), c)
    return eq(x, 0), value, select(eq(x, 0), 1.0, x)


def _sinc(ans, x):
    here, series, x = _at_zero(x, 1.0, 0.0, -1 / 6, 0.0, 1 / 120)
    return select(here, series, div(sin(x), x))


def _spence_derivative(ans, x):
    here, series, u = _at_zero(sub(x, 1), -1.0, 1 / 2, -1 / 3, 1 / 4, -1 / 5)
    return select(here, series, neg(div(log1p(u), u)))


def _expn_derivative(ans, n, x):
    # SciPy has no function of order -1
    below = div(mul(exp(neg(x)), add(div(1, x), 1)), x)
    order = sub(n, 1)
    least = gt(0, order)
    return neg(select(least, below, expn(select(least, 0.0, order), x)))


def _pair(name, index):
    """One of the two functions that SciPy computes together."""
    return lambda x: getattr(scipy("special", name), name)(x)[index]


def _quarter_turns(function):
    return lambda ans, x: function(mul(math.pi / 2, mul(x, x)))


expi = of_scipy("expi", "expi", lambda ans, x: div(exp(x), x))
expn = of_scipy("expn", "expn", refused("expn", "n"), _expn_derivative)
sine_integral = real_function("sine_integral", _pair("sici", 0), _sinc)
cosine_integral = real_function("cosine_integral", _pair("sici", 1), lambda ans, x: div(cos(x), x))
fresnel_s = real_function("fresnel_s", _pair("fresnel", 0), _quarter_turns(sin))
fresnel_c = real_function("fresnel_c", _pair("fresnel", 1), _quarter_turns(cos))
spence = of_scipy("spence", "spence", _spence_derivative)
