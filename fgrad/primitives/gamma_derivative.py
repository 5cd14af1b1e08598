"""How the incomplete gamma function changes with its parameter, which SciPy does not say.

Let ``P(a, x)`` be the regularized lower incomplete gamma function, ``w = x**a exp(-x) / gamma(a)``
and ``L = log(x)``. With ``t = x exp(-u)`` below and ``t = x exp(u)`` above x, the integral over t
of ``t**(a - 1) exp(-t) (log(t) - digamma(a))``, which is zero from 0 to infinity, gives
``-(dP/da) / w`` as either of

    the integral over u > 0 of  exp(-a u - x expm1(-u)) (u + digamma(a) - L)
    the integral over u > 0 of  exp(a u - x expm1(u)) (u + L - digamma(a))

and the power series of P (Digital Library of Mathematical Functions, 8.7.1) gives it as

    the sum over n >= 0 of  x**n / (a (a + 1) ... (a + n)) (digamma(a + n + 1) - L)

The first and the last have positive terms where L is below digamma(a + 1), the second has where it
is above: nothing cancels. The integrals end where their exponential is below exp(-40); Gauss's rule
of 32 points takes them to the last digits.
"""

import functools
import math

import numpy as np

_END = 40.0  # the exponential of minus this is nothing
_TERMS = 64  # of the series, where a < 10 and x < a + 1
_LARGE = 10.0  # from here on the asymptotic series of the gamma function serve
# digamma(a) = log(a) - 1 / (2 a) - sum of these / a**2, / a**4, ... (5.11.2)
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
# log(gamma(a)) = (a - 1/2) log(a) - a + log(2 pi) / 2 + sum of these / a, / a**3, ... (5.11.1)
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
# atanh(d) = d + d**3 times the polynomial in d**2 with these coefficients
_ATANH = [1 / (2 * n + 3) for n in range(16)]
# exp(-u) - 1 + u = u**2 times the polynomial with these coefficients
_TAYLOR = [(-1) ** n / math.factorial(n + 2) for n in range(12)]


def _polynomial(x, coefficients):
    """With coefficients of ascending powers."""
    total = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        total = total * x + c
    return total


def _log_less_digamma(a):
    """``log(a) - digamma(a)`` for a > 0, to its last digits where a is large."""
    small = a < _LARGE
    b = np.where(small, a + _LARGE, a)
    out = 0.5 / b + _polynomial(1 / b**2, _DIGAMMA) / b**2
    below = sum(1 / (a[small] + k) for k in range(int(_LARGE)))
    out[small] += np.log(a[small] / b[small]) + below
    return out


def _log_quotient(a, x):
    """``log(x / a)``, to its last digits where they are close."""
    near = (x > 0.5 * a) & (x < 2 * a)
    close = np.log1p((np.where(near, x, a) - a) / a)
    return np.where(near, close, np.log(x) - np.log(a))


def _log1p_less(m):
    """``log1p(m) - m`` for -1/2 <= m <= 1."""
    d = m / (2 + m)  # log1p(m) = 2 atanh(d)
    return 2 * d**3 * _polynomial(d * d, _ATANH) - m * d


def _density(a, x):
    """``x**a exp(-x) / gamma(a)`` for a, x > 0."""
    small = a < _LARGE
    b = np.where(small, a + _LARGE, a)
    m = (x - a) / a
    power = np.where(
        np.abs(m - 0.25) <= 0.75,
        a * _log1p_less(np.clip(m, -0.5, 1)),
        a * (_log_quotient(a, x) - m),
    )
    p, q = a[small], b[small]
    power[small] = p * np.log(x[small]) - x[small] + q - q * np.log(q)
    factor = np.ones_like(a)
    factor[small] = math.prod(p + k for k in range(int(_LARGE)))
    stirling = _polynomial(1 / b**2, _STIRLING) / b
    return factor * np.exp(power - stirling) * np.sqrt(b / (2 * math.pi))


def _expm1_less(u):
    """``exp(-u) - 1 + u``."""
    return np.where(np.abs(u) < 0.5, u * u * _polynomial(u, _TAYLOR), np.expm1(-u) + u)


@functools.cache
def _gauss():
    """Pairs of a node and a weight; not made at import, because NumPy imports a package for it."""
    return list(zip(*(v.tolist() for v in np.polynomial.legendre.leggauss(32)), strict=True))


def _integral(end, exponent, start):
    """Of ``exp(-exponent(u)) (u + start)`` from 0 to `end`."""
    total = 0.0
    for node, weight in _gauss():
        u = end * (0.5 + 0.5 * node)
        total = total + weight * np.exp(-exponent(u)) * (u + start)
    return 0.5 * end * total


def _below(a, x, ahead):
    """The integral below x; `ahead` is ``digamma(a) - log(x)``."""
    # the exponent is at least (a - x) u + x u**2 / (2 + u): the end is where this is enough
    half = (a - x) - 0.5 * _END
    root = np.sqrt(half * half + 2 * a * _END)
    end = np.where(half > 0, 2 * _END / (root + half), (root - half) / a)
    return _integral(end, lambda u: (a - x) * u + x * _expm1_less(u), ahead)


def _above(a, x, ahead):
    """The integral above x; `ahead` is ``log(x) - digamma(a)``."""
    # the exponent is at least (x - a) u + x u**2 / 2; from there Newton's steps go down to the end
    exponent = lambda u: (x - a) * u + x * _expm1_less(-u)
    end = 2 * _END / ((x - a) + np.sqrt((x - a) ** 2 + 2 * _END * x))
    for _ in range(4):
        end = end - (exponent(end) - _END) / (x * np.expm1(end) + (x - a))
    return _integral(end, exponent, ahead)


def _series(a, x, ahead):
    """The series; `ahead` is ``digamma(a + 1) - log(x)``."""
    term, total = 1 / a, 0.0
    for n in range(1, _TERMS):
        total = total + term * ahead
        term = term * x / (a + n)
        ahead = ahead + 1 / (a + n)
    return total


def _relative(a, x):
    """``-(dP/da) / w`` for finite a, x > 0."""
    small = a < _LARGE
    # log(x) - digamma(a), or where a is small log(x) - digamma(a + 1), which is 1 / a less
    b = np.where(small, a + 1, a)
    ahead = _log_quotient(b, x) + _log_less_digamma(b)
    low = ahead <= np.where(small, 0, 1 / a)
    out = np.empty_like(a)
    for where, function, start in (
        (low & small, _series, -ahead),
        (low & ~small, _below, -ahead),
        (~low, _above, ahead + np.where(small, 1 / a, 0)),
    ):
        if where.any():
            out[where] = function(a[where], x[where], start[where])
    return out


def _extended(function, at_infinity):
    """A function of finite a, x > 0 also where x is zero or infinite; NaN outside its domain."""

    def extended(a, x):
        shape = np.broadcast_shapes(a.shape, x.shape)
        p, y = (np.broadcast_to(v, shape).astype(np.float64).ravel() for v in (a, x))
        out = np.full(y.shape, np.nan)
        inside = (p > 0) & (p < np.inf)
        out[inside & (y == 0)] = 0
        out[inside & (y == np.inf)] = at_infinity
        inside &= (y > 0) & (y < np.inf)
        with np.errstate(under="ignore", over="ignore", divide="ignore"):
            out[inside] = function(p[inside], y[inside])
        return out.reshape(shape).astype(a.dtype, copy=False)

    return extended


def _by_parameter(a, x):
    a = np.maximum(a, 1e-300)  # nothing changes below, but reciprocals overflow
    return -_density(a, x) * _relative(a, x)


by_parameter = _extended(_by_parameter, 0.0)
"""dP/da, ``by_parameter(a, x)`` of arrays of one dtype."""

of_draw = _extended(lambda a, x: x * _relative(a, x), np.inf)
"""``-(dP/da) / (dP/dx)``: how a draw x changes with a, at the same P."""
