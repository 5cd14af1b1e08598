"""The gamma function, its relatives, and Bessel functions.

Where a docstring says so, SciPy computes them: ``pip install fgrad[scipy]``.
"""

from fgrad.numpy._face import public, value
from fgrad.primitives import bessel, gamma


@public
def bessel_i0e(x):
    """``exp(-|x|) I0(x)``, I0 the modified Bessel function of order zero.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.bessel_i0e(1.0)
    0.4657596075936404
    """
    return bessel.i0e(value(x, "bessel_i0e"))


@public
def bessel_i1e(x):
    """``exp(-|x|) I1(x)``, I1 the modified Bessel function of order one.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.bessel_i1e(0.0)
    0.0
    """
    return bessel.i1e(value(x, "bessel_i1e"))


@public
def lgamma(x):
    """The logarithm of the absolute value of the gamma function, by SciPy.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.lgamma(1.0)
    0.0
    """
    return gamma.lgamma(value(x, "lgamma"))


@public
def digamma(x):
    """The derivative of `lgamma`, by SciPy.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.digamma(1.0)
    -0.5772156649015329
    """
    return gamma.digamma(value(x, "digamma"))


@public
def polygamma(m, x):
    """The derivative of order `m` of `digamma`, by SciPy.

    Parameters
    ----------
    m : array-like
        Whole numbers, not negative; NaN comes of others. The derivative by it is not implemented.
    x : array-like

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.polygamma(1.0, 1.0)
    1.6449340668482266
    """
    return gamma.polygamma(value(m, "polygamma: m"), value(x, "polygamma: x"))


@public
def zeta(x, q):
    """Hurwitz's zeta function, the sum of ``(q + n)**-x`` over ``n >= 0``, by SciPy.

    Parameters
    ----------
    x : array-like
        More than one. The derivative by it is not implemented.
    q : array-like

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.zeta(2.0, 1.0)
    1.6449340668482266
    """
    return gamma.zeta(value(x, "zeta: x"), value(q, "zeta: q"))


@public
def igamma(a, x):
    """The regularized lower incomplete gamma function, by SciPy.

    Parameters
    ----------
    a, x : array-like
        Positive. There are derivatives by both, second ones by `a` alone are not implemented.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.igamma(1.0, 0.0)
    0.0
    """
    return gamma.igamma(value(a, "igamma: a"), value(x, "igamma: x"))


@public
def igammac(a, x):
    """The regularized upper incomplete gamma function, ``1 - igamma(a, x)``, by SciPy.

    Parameters
    ----------
    a, x : array-like
        As for `igamma`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.igammac(1.0, 0.0)
    1.0
    """
    return gamma.igammac(value(a, "igammac: a"), value(x, "igammac: x"))


@public
def igamma_grad_a(a, x):
    """The derivative of `igamma` by its first argument.

    Parameters
    ----------
    a, x : array-like
        Positive. The derivative by `a` is not implemented.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.igamma_grad_a(1.0, 0.0)
    0.0
    """
    return gamma.igamma_grad_a(value(a, "igamma_grad_a: a"), value(x, "igamma_grad_a: x"))


@public
def random_gamma_grad(a, x):
    """The derivative of a draw from the gamma distribution by its parameter.

    Parameters
    ----------
    a : array-like
        The parameter; positive. The derivative by it is not implemented.
    x : array-like
        The draw.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.random_gamma_grad(1.0, 0.0)
    0.0
    """
    return gamma.random_gamma_grad(
        value(a, "random_gamma_grad: a"), value(x, "random_gamma_grad: x")
    )


@public
def betainc(a, b, x):
    """The regularized incomplete beta function, by SciPy.

    Parameters
    ----------
    a, b : array-like
        Positive. The derivatives by them are not implemented.
    x : array-like
        Between zero and one.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.betainc(1.0, 1.0, 0.5)
    0.5
    """
    return gamma.betainc(value(a, "betainc: a"), value(b, "betainc: b"), value(x, "betainc: x"))
