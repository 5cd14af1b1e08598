"""The running logarithm of a sum of exponentials."""

import numpy as np

from fgrad.primitives.elementwise import _finite_exponent, add, logaddexp, mul
from fgrad.primitives.reduce import _cumulative, _scan_by_doubling


def _jvp(primals, tangents, *, axis, reverse):
    def combine(left, right):
        (l1, t1), (l2, t2) = left, right
        total = logaddexp(l1, l2)
        t = add(mul(_finite_exponent(l1, total), t1), mul(_finite_exponent(l2, total), t2))
        return total, t

    ans = cumlogsumexp(*primals, axis=axis, reverse=reverse)
    return ans, _scan_by_doubling(combine, (*primals, *tangents), axis, reverse)[1]


cumlogsumexp = _cumulative("cumlogsumexp", np.logaddexp, jvp=_jvp)
