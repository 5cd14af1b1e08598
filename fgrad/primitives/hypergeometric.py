"""Hypergeometric functions: values by SciPy, derivatives by the parameters by their series."""

import numpy as np

from fgrad.core.extras import scipy
from fgrad.primitives.elementwise import add, div, mul, sub
from fgrad.primitives.of_scipy import of_scipy, real_function, refused

_MOST_TERMS = 20_000


def _series(ratio, shape, dtype):
    """The derivatives by parameters of a sum whose terms have given quotients.

    Parameters
    ----------
    ratio : callable
        ``ratio(k)``: the quotient of the terms k + 1 and k, and its derivatives by the parameters.
    shape, dtype
        Of the result.

    Returns
    -------
    list of array
        NaN where the series does not converge.
    """
    term = np.ones(shape, dtype)
    slopes = sums = None
    eps = np.finfo(dtype).eps
    calm = np.zeros(shape, int)
    for k in range(_MOST_TERMS):
        r, by = ratio(k)
        if slopes is None:
            slopes = [np.zeros(shape, dtype) for _ in by]
            sums = [np.zeros(shape, dtype) for _ in by]
        slopes = [s * r + term * d for s, d in zip(slopes, by, strict=True)]
        term = term * r
        sums = [t + s for t, s in zip(sums, slopes, strict=True)]
        small = [abs(s) <= eps * abs(t) for s, t in zip(slopes, sums, strict=True)]
        # a term may be small by chance
        calm = np.where(np.logical_and.reduce(small), calm + 1, 0)
        done = (calm > 2) | ~np.isfinite(sum(sums))
        if done.all():
            break
    return [np.where(calm > 2, t, np.nan) for t in sums]


def _confluent(a, b, x):
    """The derivatives of 1F1 by a and b."""
    a, b, x = np.broadcast_arrays(a, b, x)
    # Kummer's transformation, so that terms do not cancel
    left = x < 0
    first, y = np.where(left, b - a, a), abs(x)

    def ratio(k):
        r = (first + k) / (b + k) * y / (k + 1)
        return r, (y / ((b + k) * (k + 1)), -r / (b + k))

    with np.errstate(all="ignore"):
        by_first, by_b = _series(ratio, x.shape, x.dtype)
        size = np.exp(np.where(left, x, 0))
        return np.where(left, -by_first, by_first) * size, (by_b + left * by_first) * size


def _gauss(a, b, c, x):
    """The derivatives of 2F1 by a and c."""
    a, b, c, x = np.broadcast_arrays(a, b, c, x)
    # Pfaff's transformation, so that the series converges for all negative numbers
    left = x < 0
    with np.errstate(all="ignore"):
        second, y = np.where(left, c - b, b), np.where(left, x / (x - 1), x)

        def ratio(k):
            below = (c + k) * (k + 1)
            r = (a + k) * (second + k) / below * y
            return r, ((second + k) / below * y, (a + k) / below * y, -r / (c + k))

        by_a, by_second, by_c = _series(ratio, x.shape, x.dtype)
        outside = np.log1p(-np.where(left, x, 0))
        size = np.exp(-a * outside)
        inner = np.where(left, _of_scipy_hyp2f1(a, second, c, y), 0)
        by_a = size * (by_a - outside * inner)
        return by_a, size * np.where(left, by_c + by_second, by_c)


def _of_scipy_hyp2f1(*args):
    return scipy("special", "hyp2f1").hyp2f1(*args)


def _one_more(*args):
    return tuple(add(v, 1) for v in args)


hyp1f1 = of_scipy(
    "hyp1f1",
    "hyp1f1",
    lambda ans, a, b, x: hyp1f1_by_a(a, b, x),
    lambda ans, a, b, x: hyp1f1_by_b(a, b, x),
    lambda ans, a, b, x: mul(div(a, b), hyp1f1(*_one_more(a, b), x)),
)
# the derivatives of a / b * F(a + 1, b + 1) by a and b
hyp1f1_by_a = real_function(
    "hyp1f1_by_a",
    lambda *args: _confluent(*args)[0],
    refused("hyp1f1_by_a", "a"),
    refused("hyp1f1_by_a", "b"),
    lambda ans, a, b, x: add(
        div(hyp1f1(*_one_more(a, b), x), b), mul(div(a, b), hyp1f1_by_a(*_one_more(a, b), x))
    ),
)
hyp1f1_by_b = real_function(
    "hyp1f1_by_b",
    lambda *args: _confluent(*args)[1],
    refused("hyp1f1_by_b", "a"),
    refused("hyp1f1_by_b", "b"),
    lambda ans, a, b, x: mul(
        div(a, b), sub(hyp1f1_by_b(*_one_more(a, b), x), div(hyp1f1(*_one_more(a, b), x), b))
    ),
)
hyp2f1 = of_scipy(
    "hyp2f1",
    "hyp2f1",
    lambda ans, a, b, c, x: hyp2f1_by_a(a, b, c, x),
    lambda ans, a, b, c, x: hyp2f1_by_a(b, a, c, x),
    lambda ans, a, b, c, x: hyp2f1_by_c(a, b, c, x),
    lambda ans, a, b, c, x: mul(div(mul(a, b), c), hyp2f1(*_one_more(a, b, c), x)),
)
# the derivatives of a * b / c * F(a + 1, b + 1, c + 1) by a and c
hyp2f1_by_a = real_function(
    "hyp2f1_by_a",
    lambda *args: _gauss(*args)[0],
    refused("hyp2f1_by_a", "a"),
    refused("hyp2f1_by_a", "b"),
    refused("hyp2f1_by_a", "c"),
    lambda ans, a, b, c, x: mul(
        div(b, c),
        add(hyp2f1(*_one_more(a, b, c), x), mul(a, hyp2f1_by_a(*_one_more(a, b, c), x))),
    ),
)
hyp2f1_by_c = real_function(
    "hyp2f1_by_c",
    lambda *args: _gauss(*args)[1],
    refused("hyp2f1_by_c", "a"),
    refused("hyp2f1_by_c", "b"),
    refused("hyp2f1_by_c", "c"),
    lambda ans, a, b, c, x: mul(
        div(mul(a, b), c),
        sub(hyp2f1_by_c(*_one_more(a, b, c), x), div(hyp2f1(*_one_more(a, b, c), x), c)),
    ),
)
