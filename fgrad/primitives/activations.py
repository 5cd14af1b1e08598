"""Rectifiers: bounds whose derivative at the bound is zero, not one half."""

import numpy as np

from fgrad.primitives.define import Elementwise as E
from fgrad.primitives.elementwise import gt, logical_and, lt, max, min
from fgrad.primitives.parts import select

relu = E(
    "relu",
    None,
    impl=lambda x: np.maximum(x, 0),
    dtype_rule=lambda x: np.maximum.resolve_dtypes((x, int, None))[-1],
    expand=lambda x: max(x, 0),
    jvp=lambda primals, tangents: (relu(*primals), select(gt(primals[0], 0), tangents[0], 0)),
)


def _relu6_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    return relu6(x), select(logical_and(gt(x, 0), lt(x, 6)), t, 0)


relu6 = E(
    "relu6",
    None,
    impl=lambda x: np.minimum(np.maximum(x, 0), 6.0),
    dtype_rule=lambda x: np.minimum.resolve_dtypes((x, float, None))[-1],
    expand=lambda x: min(max(x, 0), 6.0),
    jvp=_relu6_jvp,
)
