"""The rows of the gamma function and its relatives."""

import jax.numpy as jnp
import jax.scipy.special as theirs
import numpy as np
import scipy.special
from jax import lax

from fgrad.primitives import gamma
from tests.primitives.row import BINARY, REAL, UNARY, row

_VALUES = ("int32", "float32", "float64")


def _wide(function):
    """A function of float64 arrays, of the dtype that its arguments promote to."""

    def of_any(*args):
        out = function(*(np.asarray(a, float) for a in args))
        return np.asarray(out).astype(np.result_type(*args, 0.0))[()]

    return of_any


def _broadcast(function):
    return _wide(lambda *args: function(*np.broadcast_arrays(*args)))


_ORDERS = [((np.array([[m], [m + 1.0]]), (3,)), {}) for m in (0.0, 2.0)]
_SHAPES = [((np.array([0.5, 2.0]), np.array([[1.5], [0.7]]), (2, 2)), {})]
_ONE_SHAPE = [((np.array([[0.3], [2.0], [15.0]]), s), {}) for s in ((4,), (3, 1), (0,), ())]

GAMMA = [
    row(gamma.lgamma, _wide(scipy.special.gammaln), lax.lgamma, UNARY, ("nonzero",), REAL, _VALUES),
    row(gamma.digamma, _wide(scipy.special.psi), lax.digamma, UNARY, ("nonzero",), REAL, _VALUES),
    row(
        gamma.polygamma,
        _wide(scipy.special.polygamma),
        lambda m, x: lax.polygamma(*jnp.broadcast_arrays(m, x)),
        _ORDERS,
        ("positive",),
        values=("float64",),
    ),
    row(
        gamma.zeta,
        _wide(scipy.special.zeta),
        None,
        BINARY,
        ("above one", "positive"),
        values=_VALUES,
    ),
    *(
        row(ours, _wide(scipys), jaxs, BINARY, ("positive", "positive"), (), _VALUES)
        for ours, scipys, jaxs in (
            (gamma.igamma, scipy.special.gammainc, lax.igamma),
            (gamma.igammac, scipy.special.gammaincc, lax.igammac),
        )
    ),
    # by x alone: second derivatives by a are not known
    *(
        row(ours, _wide(scipys), jaxs, _ONE_SHAPE, ("positive",), REAL, ("float64",))
        for ours, scipys, jaxs in (
            (gamma.igamma, scipy.special.gammainc, theirs.gammainc),
            (gamma.igammac, scipy.special.gammaincc, theirs.gammaincc),
        )
    ),
    row(
        gamma.betainc,
        _wide(scipy.special.betainc),
        theirs.betainc,
        _SHAPES,
        ("fraction",),
        values=("float64",),
    ),
    *(
        row(ours, _broadcast(jaxs), None, BINARY, ("positive", "positive"), values=_VALUES)
        for ours, jaxs in (
            (gamma.igamma_grad_a, lax.igamma_grad_a),
            (gamma.random_gamma_grad, lax.random_gamma_grad),
        )
    ),
]
