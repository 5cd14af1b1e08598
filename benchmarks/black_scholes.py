"""European call options after Black and Scholes: elementwise work on long arrays, in float32."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import fgrad
import fgrad.numpy as fnp
from fgrad import lax

from .harness import Race

RATE = 0.02


def total_price(xp, erf, spot, strike, volatility, time):
    def normal_cdf(x):
        return 0.5 * (1.0 + erf(x * 0.5**0.5))

    deviation = volatility * xp.sqrt(time)
    d1 = (xp.log(spot / strike) + (RATE + 0.5 * volatility**2) * time) / deviation
    discounted = strike * xp.exp(-RATE * time)
    return xp.sum(spot * normal_cdf(d1) - discounted * normal_cdf(d1 - deviation))


def options(count):
    rng = np.random.default_rng(0)
    ranges = [(80.0, 120.0), (80.0, 120.0), (0.1, 0.5), (0.2, 2.0)]
    return [rng.uniform(low, high, count).astype(np.float32) for low, high in ranges]


def jitted(count):
    args = options(count)
    placed = [jnp.asarray(x) for x in args]
    wanted = (0, 1, 2, 3)
    ours = fgrad.jit(fgrad.value_and_grad(partial(total_price, fnp, lax.erf), wanted))
    theirs = jax.jit(jax.value_and_grad(partial(total_price, jnp, jax.lax.erf), wanted))
    return lambda: ours(*args), lambda: jax.block_until_ready(theirs(*placed))


ROWS = [
    Race(
        f"Black-Scholes value and gradient, {count:.0e} options, jit".replace("e+0", "e"),
        "jax.jit",
        2.0,
        partial(jitted, count),
    )
    for count in (1_000, 100_000, 1_000_000)
]
