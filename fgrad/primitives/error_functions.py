"""Relatives of the error function and of the normal distribution function, by SciPy."""

import math

import numpy as np

from fgrad.core.extras import scipy
from fgrad.primitives.define import Elementwise
from fgrad.primitives.elementwise import add, div, exp, mul, neg, sub
from fgrad.primitives.of_scipy import of_scipy
from fgrad.primitives.special import erf

_HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)
_GAUSS = 2 / math.sqrt(math.pi)


def _log_density(x):
    return sub(mul(-0.5, mul(x, x)), _HALF_LOG_TAU)


ndtri = of_scipy("ndtri", "ndtri", lambda ans, p: exp(neg(_log_density(ans))))
log_ndtr = of_scipy("log_ndtr", "log_ndtr", lambda ans, x: exp(sub(_log_density(x), ans)))
erfcx = of_scipy("erfcx", "erfcx", lambda ans, x: sub(mul(2, mul(x, ans)), _GAUSS))
dawsn = of_scipy("dawsn", "dawsn", lambda ans, x: sub(1, mul(2, mul(x, ans))))


def _by_h(ans, h, a):
    size = mul(erf(mul(mul(a, h), math.sqrt(0.5))), exp(_log_density(h)))
    return mul(-0.5, size)


def _by_a(ans, h, a):
    square = add(mul(a, a), 1)
    return div(exp(mul(-0.5, mul(square, mul(h, h)))), mul(2 * math.pi, square))


owens_t = of_scipy("owens_t", "owens_t", _by_h, _by_a)


def _wofz_dtype(z):
    return np.result_type(z(0) if isinstance(z, type) else z, 0j)


def _wofz(z):
    return scipy("special", "wofz").wofz(np.asarray(z, _wofz_dtype(z)))


wofz = Elementwise(
    "wofz",
    None,
    lambda ans, z: sub(1j * _GAUSS, mul(2, mul(z, ans))),
    impl=_wofz,
    dtype_rule=_wofz_dtype,
)
