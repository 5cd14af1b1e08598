"""The gamma and beta functions and what is made of them."""

import math
import operator

import fgrad.numpy as fnp
from fgrad import lax
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import give, public, value
from fgrad.primitives import gamma as primitives
from fgrad.scipy._arguments import inexact, inexact_values, real, real_values

# C. Lanczos, A precision approximation of the gamma function, SIAM Journal on Numerical Analysis 1
# (1964), 86-96, for g = 7 and nine terms: good to 1e-15 where the real part is at least 1/2.
_LANCZOS = (
    676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
)  # fmt: skip


def _right_loggamma(z):
    """The logarithm of the gamma function of complex numbers right of 1/2."""
    total = 0.99999999999980993
    for k, c in enumerate(_LANCZOS):
        total = total + c / (z + k)
    t = z + 6.5
    return 0.5 * math.log(2 * math.pi) + (z - 0.5) * fnp.log(t) - t + fnp.log(total)


def _complex_loggamma(z):
    reflected = z.real < 0.5
    down = fnp.signbit(z.imag)
    right = _right_loggamma(fnp.where(reflected, 1 - z, z))
    # log(2 sin(pi z)) on the branch that is continuous in the upper half plane, and its mirror
    up = fnp.where(reflected, fnp.where(down, fnp.conj(z), z), 0.5 + 1j)
    sine = -1j * math.pi * (up - 0.5) + fnp.log(1 - fnp.exp(2j * math.pi * up))
    sine = fnp.where(down, fnp.conj(sine), sine)
    return fnp.where(reflected, math.log(2 * math.pi) - sine - right, right)


def _is_pole(z):
    return (z.imag == 0) & (z.real <= 0) & (z.real == fnp.floor(z.real))


def loggamma(x):
    """The logarithm of the gamma function, cut along the negative numbers; NaN for real ones there.

    Real numbers need SciPy.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.loggamma(1.0)
    0.0
    """
    x = inexact("loggamma", x=x)
    if x.dtype.kind != "c":
        return fnp.where(x > 0, lax.lgamma(x), math.nan)
    bad = _is_pole(x) | fnp.isnan(x)
    return fnp.where(bad, complex(math.nan, math.nan), _complex_loggamma(fnp.where(bad, 1, x)))


def gamma(x):
    """The gamma function; of real numbers by SciPy.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.gamma(5.0)
    24.0
    """
    x = inexact_values("gamma", x=x)
    if get_aval(x).dtype.kind == "c":
        return fnp.exp(loggamma(give(x)))
    return give(primitives.gamma(x))


@public
def gammasgn(x):
    """The sign of the gamma function, by SciPy; NaN at negative integers.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.gammasgn(-0.5)
    -1.0
    """
    return primitives.gammasgn(real_values("gammasgn", x=x))


@public
def betaln(a, b):
    """The logarithm of the absolute value of the beta function, by SciPy.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.betaln(1.0, 1.0)
    0.0
    """
    return primitives.betaln(*real_values("betaln", a=a, b=b))


@public
def beta(a, b):
    """The beta function ``gamma(a) gamma(b) / gamma(a + b)``, by SciPy.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.beta(1.0, 2.0)
    0.5
    """
    return primitives.beta(*real_values("beta", a=a, b=b))


def factorial(n, exact=False):
    """``gamma(n + 1)``, zero for negative numbers, by SciPy.

    Parameters
    ----------
    n : array-like
    exact : bool
        Only False: the result is a float.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.factorial(4.0)
    24.0
    """
    if exact:
        raise NotImplementedError(located("factorial: exact=True is not supported; leave it False"))
    n = real("factorial", n=n)
    return fnp.where(n < 0, 0.0, gamma(fnp.where(n < 0, 0.0, n) + 1))


@public
def _binom(n, k):
    return primitives.binom(value(n), value(k))


def comb(N, k, *, repetition=False):
    """In how many ways `k` of `N` things can be taken, by SciPy; zero where they cannot.

    Parameters
    ----------
    N, k : array-like
    repetition : bool
        Whether a thing may be taken more than once.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.comb(4.0, 2.0)
    6.0
    """
    N, k = real("comb", N=N, k=k)
    if repetition:
        return fnp.where((k == 0) & (N >= 0), 1.0, comb(N + k - 1, k))
    possible = (k <= N) & (k >= 0)
    ways = _binom(fnp.where(possible, N, 0.0), fnp.where(possible, k, 0.0))
    return fnp.where(possible, ways, 0.0)


@public
def poch(z, m):
    """The rising factorial ``gamma(z + m) / gamma(z)``, by SciPy.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.poch(2.0, 2.0)
    6.0
    """
    return primitives.poch(*real_values("poch", z=z, m=m))


def polygamma(n, x):
    """The derivative of order `n` of `digamma`, by SciPy.

    Parameters
    ----------
    n : array-like of int
    x : array-like

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.polygamma(1, 1.0)
    np.float64(1.6449340668482266)
    """
    orders = fnp.asarray(n)
    if orders.dtype.kind not in "iu":
        raise ValueError(located(f"polygamma: n must be made of integers; got {orders.dtype}"))
    x = real("polygamma", x=x)
    return lax.polygamma(fnp.astype(orders, fnp.asarray(x).dtype), x)


def multigammaln(a, d):
    """The logarithm of the gamma function of `d` dimensions, by SciPy.

    Parameters
    ----------
    a : array-like
        More than ``(d - 1) / 2``.
    d : int

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.multigammaln(1.0, 1)
    np.float64(0.0)
    """
    a, d = real("multigammaln", a=a), operator.index(d)
    shifts = fnp.arange(d) / 2
    terms = lax.lgamma(fnp.expand_dims(a, -1) - fnp.astype(shifts, fnp.asarray(a).dtype))
    return terms.sum(-1) + 0.25 * d * (d - 1) * math.log(math.pi)
