"""The rows of what SciPy computes beside the gamma function; test_special.py in tests/scipy has
their derivatives."""

import numpy as np
import scipy.special

from fgrad.primitives import bessel, entropy, error_functions, gamma, hypergeometric, integrals
from tests.primitives.row import BINARY, UNARY, row
from tests.primitives.rows_gamma import _wide as wide

_REAL = ("float32", "float64")
_NUMBERS = ("int32", *_REAL)
_ORDERS = [((np.array([[1.0], [3.0]]), (3,)), {})]
_THREE = [(((2, 1), (3,), ()), {}), (((), (), ()), {})]
_FOUR = [(((2, 1), (3,), (), ()), {}), (((), (), (), ()), {})]


def _unary(primitive, function, domain="any", values=_NUMBERS):
    return row(primitive, wide(function), None, UNARY, (domain,), values=values)


def _binary(primitive, function, domain="positive", values=_NUMBERS):
    return row(primitive, wide(function), None, BINARY, (domain, domain), values=values)


def _slope(function, argument, step=1e-4):
    """The derivative by an argument, by differences of the fourth order."""

    def derivative(*args):
        def moved(h):
            return function(*(a + h * (i == argument) for i, a in enumerate(args)))

        near, far = moved(step) - moved(-step), moved(2 * step) - moved(-2 * step)
        return (8 * near - far) / (12 * step)

    return wide(derivative)


SCIPY = [
    _unary(gamma.gamma, scipy.special.gamma, "positive"),
    _unary(gamma.gammasgn, scipy.special.gammasgn, "positive"),
    _binary(gamma.betaln, scipy.special.betaln),
    _binary(gamma.beta, scipy.special.beta),
    _binary(gamma.binom, scipy.special.binom),
    _binary(gamma.poch, scipy.special.poch),
    _binary(entropy.xlogy, scipy.special.xlogy, values=_REAL),
    _binary(entropy.xlog1py, scipy.special.xlog1py, values=_REAL),
    _unary(entropy.entr, scipy.special.entr, values=_REAL),
    _unary(entropy.logit, scipy.special.logit, "fraction", values=_REAL),
    _unary(error_functions.ndtri, scipy.special.ndtri, "fraction"),
    _unary(error_functions.log_ndtr, scipy.special.log_ndtr),
    _unary(error_functions.erfcx, scipy.special.erfcx),
    _unary(error_functions.dawsn, scipy.special.dawsn),
    _binary(error_functions.owens_t, scipy.special.owens_t, "any"),
    row(
        error_functions.wofz,
        lambda z: np.asarray(scipy.special.wofz(z)).astype(np.result_type(z, np.complex64))[()],
        None,
        UNARY,
        values=("float32", "float64", "complex64", "complex128"),
    ),
    _unary(integrals.expi, scipy.special.expi, "nonzero"),
    row(integrals.expn, wide(scipy.special.expn), None, _ORDERS, ("positive",), values=_REAL[1:]),
    _unary(integrals.sine_integral, lambda x: scipy.special.sici(x)[0]),
    _unary(integrals.cosine_integral, lambda x: scipy.special.sici(x)[1], "nonzero"),
    _unary(integrals.fresnel_s, lambda x: scipy.special.fresnel(x)[0]),
    _unary(integrals.fresnel_c, lambda x: scipy.special.fresnel(x)[1]),
    _unary(integrals.spence, scipy.special.spence, "positive"),
    row(bessel.bessel_j, wide(scipy.special.jv), None, _ORDERS, ("positive",), values=_REAL[1:]),
    *(
        row(primitive, wide(function), None, cases, ("fraction",) * 4, values=_REAL)
        for primitive, function, cases in (
            (hypergeometric.hyp1f1, scipy.special.hyp1f1, _THREE),
            (hypergeometric.hyp2f1, scipy.special.hyp2f1, _FOUR),
            (hypergeometric.hyp1f1_by_a, _slope(scipy.special.hyp1f1, 0), _THREE),
            (hypergeometric.hyp1f1_by_b, _slope(scipy.special.hyp1f1, 1), _THREE),
            (hypergeometric.hyp2f1_by_a, _slope(scipy.special.hyp2f1, 0), _FOUR),
            (hypergeometric.hyp2f1_by_c, _slope(scipy.special.hyp2f1, 2), _FOUR),
        )
    ),
]
