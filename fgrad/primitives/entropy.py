"""Products with logarithms, zero where a factor is, as in entropies; and the log-odds."""

import math

import numpy as np

from fgrad.primitives.define import Elementwise
from fgrad.primitives.elementwise import (
    add,
    div,
    eq,
    isnan,
    log,
    log1p,
    logical_and,
    logical_not,
    lt,
    mul,
    neg,
    sub,
)
from fgrad.primitives.parts import select


def _composite(name, expand, *partials):
    def dtype_of(*operands):
        return np.result_type(*(a(0) if isinstance(a, type) else a for a in operands), 0.0)

    return Elementwise(name, None, *partials, impl=expand, expand=expand, dtype_rule=dtype_of)


def _times(logarithm, neutral):
    """``x logarithm(y)``, zero where x is; `neutral` has the logarithm zero."""

    def expand(x, y):
        nothing = logical_and(eq(x, 0), logical_not(isnan(y)))
        return mul(x, logarithm(select(nothing, neutral, y)))

    return expand


xlogy = _composite("xlogy", _times(log, 1.0), lambda ans, x, y: log(y), lambda ans, x, y: div(x, y))
xlog1py = _composite(
    "xlog1py",
    _times(log1p, 0.0),
    lambda ans, x, y: log1p(y),
    lambda ans, x, y: div(x, add(y, 1)),
)
entr = _composite(
    "entr",
    lambda x: select(lt(x, 0), -math.inf, neg(xlogy(x, select(lt(x, 0), 1.0, x)))),
    lambda ans, x: sub(-1, log(x)),
)
logit = _composite(
    "logit",
    lambda x: log(div(x, sub(1, x))),
    lambda ans, x: div(1, mul(x, sub(1, x))),
)
