"""Gamma numbers: G. Marsaglia, W. W. Tsang, A simple method for generating gamma variables, ACM
Transactions on Mathematical Software 26 (2000), 363-372.

Every number has a key of its own, and is drawn again with new ones until it is accepted.
"""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.trace import get_aval
from fgrad.primitives import threefry
from fgrad.primitives.elementwise import div, eq, exp, mul
from fgrad.primitives.gamma import random_gamma_grad
from fgrad.primitives.parts import select
from fgrad.primitives.random import ByKeys, floats_of, normals_of, words_of


def _proposals(keys, c, dtype):
    """Normal numbers `x` with ``1 + c * x > 0``, and that; drawn by the keys with these words."""
    x, v = np.zeros_like(c), np.full_like(c, -1)
    left = np.arange(len(c))
    while left.size:
        keys, draw = threefry.split(*keys, 2)
        new = normals_of(threefry.encrypt(*draw, 0), dtype)
        x[left] = new
        v[left] = 1 + new * c[left]
        again = v[left] <= 0
        left = left[again]
        keys = tuple(k[again] for k in keys)
    return x, v


def _marsaglia_tsang(keys, d, dtype):
    """Numbers that, times `d`, are gamma numbers of parameter ``d + 1/3``."""
    c = dtype.type(1 / 3) / np.sqrt(d)
    out = np.empty_like(d)
    left = np.arange(len(d))
    while left.size:
        keys, proposal, coin = threefry.split(*keys, 3)
        x, v = _proposals(proposal, c[left], dtype)
        square, cube = x * x, v * v * v
        u = floats_of(threefry.encrypt(*coin, 0), dtype)
        out[left] = cube
        bound = square * dtype.type(0.5) + d[left] * (1 - cube + np.log(cube))
        again = (u >= 1 - dtype.type(0.0331) * (square * square)) & (np.log(u) >= bound)
        left = left[again]
        keys = tuple(k[again] for k in keys)
    return out


def _draw(keys, a, *, log_space):
    shape, dtype = a.shape, a.dtype
    owners = words_of(keys)
    a = np.ravel(a)
    count = a.size // max(len(owners[0]), 1)
    own = tuple(np.repeat(w, count) for w in owners)
    own = threefry.encrypt(*own, np.arange(a.size) % max(count, 1))
    with np.errstate(all="ignore"):
        keys, boost_key = threefry.split(*own, 2)
        boosted = a < 1  # one more, and a power of a uniform number
        d = np.where(boosted, a + 1, a) - dtype.type(1 / 3)
        v = _marsaglia_tsang(keys, d, dtype)
        u = floats_of(threefry.encrypt(*boost_key, 0), dtype)
        if log_space:
            log_u = np.log1p(-u)
            boost = np.where(boosted & (log_u != 0), log_u * (1 / a), 0)
            out = np.log(d) + np.log(v) + boost
        else:
            out = d * v * np.where(boosted, (1 - u) ** (1 / a), 1)
    return out.reshape(shape)[()]


def _jvp(primals, tangents, *, log_space):
    keys, a = primals
    ans = random_gamma(keys, a, log_space=log_space)
    if tangents[1] is None:
        return ans, None
    if not log_space:
        return ans, mul(tangents[1], random_gamma_grad(a, ans))
    sample = exp(ans)
    sample = select(eq(sample, 0), np.finfo(get_aval(a).dtype).tiny, sample)
    return ans, mul(tangents[1], div(random_gamma_grad(a, sample), sample))


random_gamma = ByKeys(
    "random_gamma", _draw, lambda keys, a, *, log_space: shaped_array(a.shape, a.dtype), uses=True
)
random_gamma.jvp = _jvp
