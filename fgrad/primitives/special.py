"""Special functions that NumPy lacks, written in its operations so that they compile alike.

erf and erfc in float64: the rational functions of S. L. Moshier, Cephes Mathematical Library
(1989), `ndtr.c`; erf in float32 by way of tanh, which NumPy has a fast loop for.
"""

import math

import numpy as np

from fgrad.core.avals import result_aval, shaped_array
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.primitives.define import Elementwise
from fgrad.primitives.elementwise import add, clamp, div, exp, lt, max, min, mul, neg, sub, tanh
from fgrad.primitives.parts import abs, select

# erf(x) = tanh(x * P(x**2)) for |x| <= 4: P by least squares, reweighted to the smallest greatest
# relative error, which is 1e-7; in float32 the whole is good to 2.6e-7 (two units in the last
# place).
_TANH = (
    1.418478833905557e-07, -5.66839427843497e-06, 8.763679099059622e-05, -0.0006197831166268351,
    -0.0001918327427695367, 0.10276905672370479, 1.1283792741943415,
)  # fmt: skip
_T = (
    9.60497373987051638749e0, 9.00260197203842689217e1, 2.23200534594684319226e3,
    7.00332514112805075473e3, 5.55923013010394962768e4,
)  # fmt: skip
_U = (
    1.0, 3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3,
    2.26290000613890934246e4, 4.92673942608635921086e4,
)  # fmt: skip
_P = (
    2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687e0,
    4.86371970985681366614e1, 1.96520832956077098242e2, 5.26445194995477358631e2,
    9.34528527171957607540e2, 1.02755188689515710272e3, 5.57535335369399327526e2,
)  # fmt: skip
_Q = (
    1.0, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2,
    9.75708501743205489753e2, 1.82390916687909736289e3, 2.24633760818710981792e3,
    1.65666309194161350182e3, 5.57535340817727675546e2,
)  # fmt: skip
_R = (
    5.64189583547755073984e-1, 1.27536670759978104416e0, 5.01905042251180477414e0,
    6.16021097993053585195e0, 7.40974269950448939160e0, 2.97886665372100240670e0,
)  # fmt: skip
_S = (
    1.0, 2.26052863220117276590e0, 9.39603524938001434673e0, 1.20489539808096656605e1,
    1.70814450747565897222e1, 9.60896809063285878198e0, 3.36907645100081516050e0,
)  # fmt: skip


def _horner(x, coefficients):
    """The polynomial with those coefficients, highest power first."""
    first, second, *rest = coefficients
    total = add(x, second) if first == 1.0 else add(mul(x, first), second)
    for c in rest:
        total = add(mul(total, x), c)
    return total


def _is_small(x):
    dtype = get_aval(x).dtype
    return dtype.kind == "f" and dtype.itemsize < 8


def _erf_expand(x):
    if _is_small(x):
        x = clamp(-4.0, x, 4.0)
        return tanh(mul(x, _horner(mul(x, x), _TANH)))
    s = mul(x, x)
    inner = div(mul(x, _horner(s, _T)), _horner(s, _U))
    tail = sub(1, _erfc_tail(abs(x)))
    return select(lt(abs(x), 1), inner, select(lt(x, 0), neg(tail), tail))


def _erfc_tail(a):
    """erfc for a >= 1."""
    a = min(a, 30.0)  # where it is zero, and infinity no quotient of infinities
    near, far = min(a, 8.0), max(a, 8.0)
    ratio = select(
        lt(a, 8),
        div(_horner(near, _P), _horner(near, _Q)),
        div(_horner(far, _R), _horner(far, _S)),
    )
    return mul(exp(neg(mul(a, a))), ratio)


def _erfc_expand(x):
    a = abs(x)
    small = min(a, 1.0)
    s = mul(small, small)
    inner = div(mul(small, _horner(s, _T)), _horner(s, _U))
    tail = _erfc_tail(max(a, 1.0))
    right = select(lt(a, 1), sub(1, inner), tail)
    return select(lt(x, 0), sub(2, right), right)


_LEAST = {"e": -11.08, "f": -88.7, "d": -709.7, "g": -709.7}


def _logistic_expand(x):
    if get_aval(x).dtype.kind == "c":
        return div(1, add(1, exp(neg(x))))
    # Below the bound the exponential would overflow, and the result is next to nothing.
    return div(1, add(1, exp(neg(max(x, _LEAST[get_aval(x).dtype.char])))))


def _composite(name, expand, *partials, real=True):
    """An elementwise primitive evaluated through its expansion; of real numbers only if `real`."""

    def abstract(x):
        if real and x.dtype.kind == "c":
            raise TypeError(located(f"{name} is not defined for complex numbers"))
        return result_aval(x.shape, (x, shaped_array((), np.dtype(float), True)))

    def impl(x):
        aval = get_aval(x)
        abstract(aval)
        return expand(x if aval.inexact else add(x, 0.0))

    primitive = Elementwise(name, None, *partials, impl=impl, expand=impl)
    primitive.abstract_eval = abstract
    return primitive


_GAUSS = 2 / math.sqrt(math.pi)
erf = _composite("erf", _erf_expand, lambda ans, x: mul(_GAUSS, exp(neg(mul(x, x)))))
erfc = _composite("erfc", _erfc_expand, lambda ans, x: mul(-_GAUSS, exp(neg(mul(x, x)))))
logistic = _composite(
    "logistic", _logistic_expand, lambda ans, x: mul(ans, sub(1, ans)), real=False
)
