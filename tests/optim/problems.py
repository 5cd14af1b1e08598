"""What the optimizers are run on: the same losses for fgrad and for JAX."""

import numpy as np


def quadratic(xp):
    scales = np.array([1.0, 3.0, 10.0])
    return lambda params: 0.5 * xp.sum(scales * (params - 1.0) ** 2)


def rosenbrock(xp):
    def loss(params):
        x, y = params["x"], params["y"]
        return (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2

    return loss


def mlp(xp):
    inputs = np.linspace(-1.0, 1.0, 15).reshape(5, 3)
    targets = np.sin(inputs @ np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.1]]))

    def loss(params):
        hidden = inputs
        for w, b in params[:-1]:
            hidden = xp.tanh(hidden @ w + b)
        w, b = params[-1]
        return xp.mean((hidden @ w + b - targets) ** 2)

    return loss


def mlp_params(dtype=np.float64):
    rng = np.random.default_rng(0)
    sizes = (3, 4, 2)
    return [
        (rng.normal(size=(m, n)).astype(dtype), np.zeros(n, dtype))
        for m, n in zip(sizes[:-1], sizes[1:], strict=True)
    ]


def together(xp):
    """The sum of the problems: JAX compiles an optimizer once for all of them."""
    losses = {name: loss(xp) for name, (loss, _) in SINGLE.items()}
    return lambda params: sum(loss(params[name]) for name, loss in losses.items())


# By name, a loss made from the namespace of arrays, and where to begin.
SINGLE = {
    "quadratic": (quadratic, np.array([2.0, -1.0, 0.5])),
    "rosenbrock": (rosenbrock, {"x": np.float64(-1.2), "y": np.float64(1.0)}),
    "mlp": (mlp, mlp_params()),
}
# With a leaf that is missing.
TOGETHER = {name: params for name, (_, params) in SINGLE.items()} | {"absent": None}
PROBLEMS = SINGLE | {"together": (together, TOGETHER)}
