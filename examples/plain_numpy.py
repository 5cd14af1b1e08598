"""Differentiate plain NumPy code, and compare with finite differences.

The curve is Thurber's: the mobility of electrons in a semiconductor over the logarithm of their
density (NIST, Statistical Reference Datasets, https://www.itl.nist.gov/div898/strd/nls/data/
thurber.shtml). `predict` and `loss` are written with NumPy and know nothing of fgrad: a sum of
sigmoid steps, fitted by least squares.

    python examples/plain_numpy.py
"""

from time import perf_counter

import numpy as np

import fgrad
from fgrad import optim

# fmt: off
DENSITY = np.array([
    -3.067, -2.981, -2.921, -2.912, -2.840, -2.797, -2.702, -2.699, -2.633, -2.481, -2.363, -2.322,
    -1.501, -1.460, -1.274, -1.212, -1.100, -1.046, -0.915, -0.714, -0.566, -0.545, -0.400, -0.309,
    -0.109, -0.103, 0.010, 0.119, 0.377, 0.790, 0.963, 1.006, 1.115, 1.572, 1.841, 2.047, 2.200,
])
MOBILITY = np.array([
    80.574, 84.248, 87.264, 87.195, 89.076, 89.608, 89.868, 90.101, 92.405, 95.854, 100.696,
    101.060, 401.672, 390.724, 567.534, 635.316, 733.054, 759.087, 894.206, 990.785, 1090.109,
    1080.914, 1122.643, 1178.351, 1260.531, 1273.514, 1288.339, 1327.543, 1353.863, 1414.509,
    1425.208, 1421.384, 1442.962, 1464.350, 1468.705, 1447.894, 1457.628,
]) / 1000.0
# fmt: on


def predict(params):
    """A constant plus n steps, each with a height, a steepness and a place: 3 n + 1 parameters."""
    n = len(params) // 3
    heights, steepness, places = params[:n], params[n : 2 * n], params[2 * n : 3 * n]
    return np.tanh(np.outer(DENSITY, steepness) - places) @ heights + params[-1]


def loss(params):
    return np.mean((predict(params) - MOBILITY) ** 2)


def start(size):
    rng = np.random.default_rng(0)
    n = size // 3
    return np.concatenate(
        [rng.normal(size=n) / n, rng.uniform(0.5, 2.0, size=n), rng.normal(size=n), [0.5]]
    )


def fit(params, steps=3000):
    optimizer = optim.adam(optim.cosine_decay_schedule(0.03, steps))

    @fgrad.jit
    def step(params, state):
        updates, state = optimizer.update(fgrad.grad(loss)(params), state, params)
        return optim.apply_updates(params, updates), state

    state = optimizer.init(params)
    for _ in range(steps):
        params, state = step(params, state)
    return params


def finite_differences(params):
    """One evaluation for each parameter, and one more."""
    width = 1e-7
    base = loss(params)
    slopes = np.empty_like(params)
    for i in range(len(params)):
        moved = params.copy()
        moved[i] += width
        slopes[i] = (loss(moved) - base) / width
    return slopes


def timed(f, x, repeats=1):
    """The result of ``f(x)`` and the shortest time it took."""
    seconds = []
    for _ in range(repeats):
        begin = perf_counter()
        result = f(x)
        seconds.append(perf_counter() - begin)
    return result, min(seconds)


def main():
    params = start(10)
    print(f"mean square before the fit: {loss(params):.1e}")
    print(f"mean square after the fit: {loss(fit(params)):.1e}")

    print("parameters    fgrad.grad    finite differences    times faster    difference")
    worst = 0.0
    for size in (10, 100, 1000, 10_000):
        params = start(size)
        slopes, seconds = timed(fgrad.grad(loss), params, repeats=5)
        reference, reference_seconds = timed(finite_differences, params)
        difference = np.max(np.abs(slopes - reference)) / np.max(np.abs(reference))
        worst = max(worst, difference)
        print(
            f"{size:10,}{1e3 * seconds:11.2f} ms{1e3 * reference_seconds:19.2f} ms"
            f"{reference_seconds / seconds:16,.0f}{difference:14.0e}"
        )
    print(f"largest relative difference: {worst:.1e}")


if __name__ == "__main__":
    main()
