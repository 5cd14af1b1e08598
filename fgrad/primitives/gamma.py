"""The gamma function and its relatives. SciPy has the numbers; it is imported at first use."""

import numpy as np

from fgrad.core.extras import scipy
from fgrad.core.source import located
from fgrad.core.trace import Primitive
from fgrad.primitives import gamma_derivative
from fgrad.primitives.define import Elementwise
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
from fgrad.primitives.parts import select


def real_function(name, compute, *partials) -> Primitive:
    """An elementwise primitive of real numbers, computed in float32 or float64.

    Parameters
    ----------
    name : str
    compute : callable
        ``compute(*arrays)`` of one dtype, which broadcast.
    *partials
        See `Elementwise`.
    """

    def dtype_of(*operands):
        dtype = np.result_type(*(a(0) if isinstance(a, type) else a for a in operands), 0.0)
        if dtype.kind == "c":
            raise TypeError(f"{name} is not defined for complex numbers")
        return dtype

    def impl(*args):
        dtype = dtype_of(*args)
        wide = np.float32 if dtype.itemsize <= 4 else np.float64
        return compute(*(np.asarray(a, wide) for a in args)).astype(dtype, copy=False)[()]

    return Elementwise(name, None, *partials, impl=impl, dtype_rule=dtype_of)


def refused(name, operand):
    """Stands for a partial derivative that is not known."""

    def partial(ans, *args):
        raise NotImplementedError(
            located(
                f"{name}: the derivative by its argument {operand} is not implemented; "
                f"if it is not needed, pass stop_gradient({operand})"
            )
        )

    return partial


def _of_scipy(name, ufunc, *partials):
    """A function that SciPy has under the name `ufunc`."""
    return real_function(
        name, lambda *args: getattr(scipy("special", name), ufunc)(*args), *partials
    )


def _times_log(c, x):
    """``c log(x)``, which is zero where both are."""
    return mul(c, log(select(logical_and(eq(c, 0), eq(x, 0)), 1, x)))


# -- gamma ---------------------------------------------------------------------------------------


def _polygamma(m, x):
    special = scipy("special", "polygamma")
    sign = np.where(m % 2 == 0, -1, 1).astype(m.dtype)
    with np.errstate(all="ignore"):
        higher = sign * special.gamma(m + 1) * special.zeta(m + 1, x)
    return np.where(m == 0, special.psi(x), np.where((m > 0) & (m % 1 == 0), higher, np.nan))


lgamma = _of_scipy("lgamma", "gammaln", lambda ans, x: digamma(x))
digamma = _of_scipy("digamma", "psi", lambda ans, x: polygamma(1.0, x))
polygamma = real_function(
    "polygamma", _polygamma, refused("polygamma", "m"), lambda ans, m, x: polygamma(add(m, 1), x)
)
zeta = _of_scipy(
    "zeta", "zeta", refused("zeta", "x"), lambda ans, x, q: neg(mul(x, zeta(add(x, 1), q)))
)

# -- incomplete gamma ----------------------------------------------------------------------------


def _gamma_density(a, x):
    return exp(sub(sub(_times_log(sub(a, 1), x), x), lgamma(a)))


igamma = _of_scipy(
    "igamma",
    "gammainc",
    lambda ans, a, x: igamma_grad_a(a, x),
    lambda ans, a, x: _gamma_density(a, x),
)
igammac = _of_scipy(
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
    return exp(sub(add(_times_log(sub(a, 1), x), mul(c, log1p(neg(inside)))), size))


betainc = _of_scipy(
    "betainc", "betainc", refused("betainc", "a"), refused("betainc", "b"), _beta_density
)
