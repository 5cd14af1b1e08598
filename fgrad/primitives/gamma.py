"""The gamma function and its relatives. SciPy has the numbers; it is imported at first use."""

import numpy as np

from fgrad.core.extras import scipy
from fgrad.primitives import gamma_derivative
from fgrad.primitives.elementwise import (
    add,
    div,
    eq,
    exp,
    log,
    log1p,
    logical_and,
    mul,
    neg,
    sub,
)
from fgrad.primitives.entropy import xlogy
from fgrad.primitives.of_scipy import of_scipy, real_function, refused
from fgrad.primitives.parts import select

# -- gamma ---------------------------------------------------------------------------------------


def _polygamma(m, x):
    special = scipy("special", "polygamma")
    sign = np.where(m % 2 == 0, -1, 1).astype(m.dtype)
    with np.errstate(all="ignore"):
        higher = sign * special.gamma(m + 1) * special.zeta(m + 1, x)
    return np.where(m == 0, special.psi(x), np.where((m > 0) & (m % 1 == 0), higher, np.nan))


gamma = of_scipy("gamma", "gamma", lambda ans, x: mul(ans, digamma(x)))
gammasgn = of_scipy("gammasgn", "gammasgn", None)
lgamma = of_scipy("lgamma", "gammaln", lambda ans, x: digamma(x))
digamma = of_scipy("digamma", "psi", lambda ans, x: polygamma(1.0, x))
polygamma = real_function(
    "polygamma", _polygamma, refused("polygamma", "m"), lambda ans, m, x: polygamma(add(m, 1), x)
)
zeta = of_scipy(
    "zeta", "zeta", refused("zeta", "x"), lambda ans, x, q: neg(mul(x, zeta(add(x, 1), q)))
)


# -- beta and quotients of gamma functions -------------------------------------------------------


def _relative(first, second):
    """The logarithmic derivative of a quotient of gamma functions, from its two arguments."""
    return sub(digamma(first), digamma(second))


betaln = of_scipy(
    "betaln",
    "betaln",
    lambda ans, a, b: _relative(a, add(a, b)),
    lambda ans, a, b: _relative(b, add(a, b)),
)
beta = of_scipy(
    "beta",
    "beta",
    lambda ans, a, b: mul(ans, _relative(a, add(a, b))),
    lambda ans, a, b: mul(ans, _relative(b, add(a, b))),
)
binom = of_scipy(
    "binom",
    "binom",
    lambda ans, n, k: mul(ans, _relative(add(n, 1), add(sub(n, k), 1))),
    lambda ans, n, k: mul(ans, _relative(add(sub(n, k), 1), add(k, 1))),
)
poch = of_scipy(
    "poch",
    "poch",
    lambda ans, z, m: mul(ans, _relative(add(z, m), z)),
    lambda ans, z, m: mul(ans, digamma(add(z, m))),
)

# -- incomplete gamma ----------------------------------------------------------------------------


def _gamma_density(a, x):
    return exp(sub(sub(xlogy(sub(a, 1), x), x), lgamma(a)))


igamma = of_scipy(
    "igamma",
    "gammainc",
    lambda ans, a, x: igamma_grad_a(a, x),
    lambda ans, a, x: _gamma_density(a, x),
)
igammac = of_scipy(
    "igammac",
    "gammaincc",
    lambda ans, a, x: neg(igamma_grad_a(a, x)),
    lambda ans, a, x: neg(_gamma_density(a, x)),
)
igamma_grad_a = real_function(
    "igamma_grad_a",
    gamma_derivative.by_parameter,
    refused("igamma_grad_a", "a"),
    lambda ans, a, x: mul(_gamma_density(a, x), sub(log(x), digamma(a))),
)
# The derivative of a draw x from the gamma distribution by its parameter a: with F and f the
# distribution and the density, -(dF/da) / f.
random_gamma_grad = real_function(
    "random_gamma_grad",
    gamma_derivative.of_draw,
    refused("random_gamma_grad", "a"),
    lambda ans, a, x: sub(sub(digamma(a), log(x)), mul(ans, sub(div(sub(a, 1), x), 1))),
)

# -- incomplete beta -----------------------------------------------------------------------------


def _beta_density(ans, a, b, x):
    c = sub(b, 1)
    inside = select(logical_and(eq(c, 0), eq(x, 1)), 0, x)
    size = sub(add(lgamma(a), lgamma(b)), lgamma(add(a, b)))
    return exp(sub(add(xlogy(sub(a, 1), x), mul(c, log1p(neg(inside)))), size))


betainc = of_scipy(
    "betainc", "betainc", refused("betainc", "a"), refused("betainc", "b"), _beta_density
)
