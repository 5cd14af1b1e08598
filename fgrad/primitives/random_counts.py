"""Poisson and binomial numbers: small ones by counting, others by rejection: W. Hormann, The
transformed rejection method for generating Poisson random variables (1993); The generation of
binomial random variates (1993).

All numbers of a key are drawn together, over and over, until none of them wants more. One that was
accepted before takes what is accepted later, as in JAX.
"""

import math

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.primitives import threefry
from fgrad.primitives.fma import multiply_add
from fgrad.primitives.random import ByKeys, uniform_rows, words_of


def _rounds(keys, parameters, state, unfinished, step, *, uniforms=1, next_key=0, limit=math.inf):
    """Rounds of drawing, for each key as many as its numbers want.

    Parameters
    ----------
    keys : pair of array
        The words of keys.
    parameters, state : tuple of array
        With a row for each key.
    unfinished : callable
        ``unfinished(parameters, state)``: which numbers want more.
    step : callable
        ``step(parameters, state, *uniforms)``: the next state.
    uniforms : int
        How many uniform numbers a round takes for each number.
    next_key : int
        Which of the keys that a round makes of its own is for the next round.
    limit : int
        How many rounds there may be.

    Returns
    -------
    tuple of array
        The last state.
    """
    rows = np.arange(len(keys[0]))
    dtype, size = state[-1].dtype, state[-1].shape[1]
    rounds = 0
    while True:
        here = [p[rows] for p in parameters], [s[rows] for s in state]
        more = unfinished(*here).any(axis=1)
        rows, keys = rows[more], tuple(k[more] for k in keys)
        if not rows.size or rounds >= limit:
            return state
        rounds += 1
        new = threefry.split(*keys, uniforms + 1)
        keys = new.pop(next_key)
        draws = [uniform_rows(k, size, dtype) for k in new]
        for s, changed in zip(
            state, step(*([x[more] for x in xs] for xs in here), *draws), strict=True
        ):
            s[rows] = changed


def _by_rejection(keys, parameters, propose, *, limit=math.inf):
    """Numbers that were proposed and accepted.

    ``propose(*parameters, u, v)`` gives numbers, and whether they are accepted.
    """
    accepted = np.zeros(parameters[0].shape, bool)
    number = np.full_like(parameters[0], -1)

    def step(parameters, state, u, v):
        k, accept = propose(*parameters, u, v)
        return state[0] | accept, np.where(accept, k, state[1])

    done = _rounds(
        keys, parameters, (accepted, number), lambda p, s: ~s[0], step, uniforms=2, limit=limit
    )
    return done[1]


# -- Poisson -------------------------------------------------------------------------------------

_SINGLE = np.dtype(np.float32)
_LANCZOS = (
    676.520368121885098567009190444019, -1259.13921672240287047156078755283,
    771.3234287776530788486528258894, -176.61502916214059906584551354,
    12.507343278686904814458936853, -0.13857109526572011689554707,
    9.984369578019570859563e-6, 1.50563273514931155834e-7,
)  # fmt: skip


def _log_factorial(k):
    """By C. Lanczos, SIAM Journal on Numerical Analysis B 1 (1964), in the precision of `k`."""
    number = k.dtype.type
    total = number(0.99999999999980993227684700473478)
    for i, c in enumerate(_LANCZOS):
        total = total + number(c) / (k + number(i + 1))
    t = k + number(7.5)
    log_t = number(math.log(7.5)) + np.log1p(k / number(7.5))
    main = multiply_add(k + number(0.5) - t / log_t, log_t, number(0.5 * math.log(2 * math.pi)))
    return main + np.log(total)


def _poisson_by_counting(keys, rate, limit):
    """How many uniform numbers it takes until their product is below ``exp(-rate)``, less one."""

    def unfinished(parameters, state):
        return state[1] > -parameters[0]

    def step(parameters, state, u):
        count, log_product = state
        return count + unfinished(parameters, state), log_product + np.log(u)

    start = np.zeros(rate.shape, int), np.zeros_like(rate)
    return _rounds(keys, (rate,), start, unfinished, step, limit=limit)[0] - 1


def _propose_poisson(rate, u, v):
    b = multiply_add(_SINGLE.type(2.53), np.sqrt(rate), _SINGLE.type(0.931))
    a = multiply_add(_SINGLE.type(0.02483), b, _SINGLE.type(-0.059))
    u = u - 0.5
    shifted = 0.5 - np.abs(u)
    k = np.floor(multiply_add(2 * a / shifted + b, u, rate) + _SINGLE.type(0.43))
    s = np.log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / (shifted * shifted) + b))
    t = multiply_add(k, np.log(rate), -rate) - _log_factorial(k)
    at_once = (shifted >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
    refused = (k < 0) | ((shifted < 0.013) & (v > shifted))
    return k, at_once | (~refused & (s <= t))


def _poisson(keys, rate, *, dtype):
    keys = words_of(keys)
    rows = rate.reshape(len(keys[0]), -1)
    limit = np.iinfo(dtype).max
    with np.errstate(all="ignore"):
        small = np.isnan(rows) | (rows < 10)
        out = np.zeros(rows.shape, dtype)
        if small.any():
            counts = _poisson_by_counting(keys, np.where(small, rows, _SINGLE.type(0)), limit)
            out = np.where(small, counts.astype(dtype), out)
        if not small.all():
            large = np.where(small, _SINGLE.type(1e5), rows)
            numbers = _by_rejection(keys, (large,), _propose_poisson, limit=limit)
            out = np.where(small, out, numbers.astype(dtype))
    return np.where(rows == 0, dtype.type(0), out).reshape(rate.shape)[()]


random_poisson = ByKeys(
    "random_poisson",
    _poisson,
    lambda keys, rate, *, dtype: shaped_array(rate.shape, dtype),
    uses=True,
)

# -- binomial ------------------------------------------------------------------------------------

# what Stirling's formula lacks of the logarithm of k!
_STIRLING = (
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
    0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.010411265261972,
    0.00925546218271273, 0.00833056343336287,
)  # fmt: skip


_FROM_TEN = (1 / 12 - (1 / 360 - 1 / 1260 / 100) / 100) / 10


def _stirling_tail(k):
    """As in JAX, the same for all numbers from ten on; of the acceptance that is one in a hundred
    at most.
    """
    table = np.array((*_STIRLING, _FROM_TEN), k.dtype)
    return table[np.where(k <= 9, np.fmax(k, 0), 10).astype(int)]


def _binomial_by_counting(keys, n, p):
    """How many geometric numbers it takes until their sum is above `n`, less one."""
    log_failure = np.log1p(-p)

    def unfinished(parameters, state):
        return state[1] <= parameters[0]

    def step(parameters, state, u):
        count, total = state
        geometric = np.ceil(np.log(u) / parameters[1])
        return count + unfinished(parameters, state), total + geometric

    start = np.zeros_like(p), np.zeros_like(p)
    return _rounds(keys, (n, log_failure), start, unfinished, step, next_key=1)[0] - 1


def _propose_binomial(n, p, u, v):
    deviation = np.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    odds = p / (1 - p)
    mode = np.floor((n + 1) * p)
    u = u - 0.5
    shifted = 0.5 - np.abs(u)
    at_once = (shifted >= 0.07) & (v <= 0.92 - 4.2 / b)
    k = np.floor((2 * a / shifted + b) * u + (n * p + 0.5))
    refused = (k < 0) | (k > n)
    s = np.log(v * ((2.83 + 5.1 / b) * deviation) / (a / (shifted * shifted) + b))
    t = (
        (mode + 0.5) * np.log((mode + 1) / (odds * (n - mode + 1)))
        + (n + 1) * np.log((n - mode + 1) / (n - k + 1))
        + (k + 0.5) * np.log(odds * (n - k + 1) / (k + 1))
        + _stirling_tail(mode)
        + _stirling_tail(n - mode)
        - _stirling_tail(k)
        - _stirling_tail(n - k)
    )
    return k, at_once | (~refused & (s <= t))


def _binomial(keys, n, p, *, dtype):
    shape, number = p.shape, p.dtype.type
    keys = words_of(keys)
    n, p = (x.reshape(len(keys[0]), -1) for x in (n, p))
    with np.errstate(all="ignore"):
        likely = ~(p < 0.5)
        q = np.where(likely, 1 - p, p)  # of the less likely outcome
        bad_n, bad_p = np.isnan(n) | (n < 0), np.isnan(q) | (q < 0)
        q = np.where(bad_p, number(0.01), q)
        small = bad_n | (n * q <= 10)
        n = np.floor(n)
        out = _binomial_by_counting(keys, np.where(small, n, number(0)), q)
        if not small.all():
            large = np.where(small, number(1e4), n), np.where(small, number(0.5), q)
            out = np.where(small, out, _by_rejection(keys, large, _propose_binomial))
        out = np.where(likely, n - out, out)
        out = np.where(np.isinf(n), number(np.inf), out)
        out = np.where(bad_n | bad_p, number(np.nan), out)
    return out.astype(dtype).reshape(shape)[()]


random_binomial = ByKeys(
    "random_binomial",
    _binomial,
    lambda keys, n, p, *, dtype: shaped_array(p.shape, dtype),
    uses=True,
)
