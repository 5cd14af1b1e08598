"""The running logarithm of a sum of exponentials."""

import numpy as np

from fgrad.primitives.elementwise import _excess, add, exp, logaddexp, mul
from fgrad.primitives.reduce import _cumulative, _scan_by_doubling


def _jvp(primals, tangents, *, axis, reverse):
    def combine(left, right):
        (l1, t1), (l2, t2) = left, right
        total = logaddexp(l1, l2)
        t = add(mul(exp(_excess(l1, total)), t1), mul(exp(_excess(l2, total)), t2))
        return total, t

    ans = cumlogsumexp(*primals, axis=axis, reverse=reverse)
    return ans, _scan_by_doubling(combine, (*primals, *tangents), axis, reverse)[1]


cumlogsumexp = _cumulative("cumlogsumexp", np.logaddexp, jvp=_jvp)
