"""Functions with a wrong rule, and functions on which differences are hard."""

import numpy as np

import fgrad
import fgrad.numpy as fnp


def wrong_by(relative):
    """The identity, whose derivative is wrong by a relative error."""

    @fgrad.custom_jvp
    def identity(x):
        return x

    @identity.defjvp
    def _(primals, tangents):
        (t,) = tangents
        return identity(*primals), t * (1 + relative)

    return identity


def cancelling(x):
    return fnp.sum(fnp.stack([x * 0 + 1e8, fnp.sin(x), x**2, x * 0 - 1e8]), axis=0)


# Badly scaled, of high frequency, of lost digits, with kinks: name, function, factor of inputs.
HARD = [
    ("large", lambda x: 1e12 * x, 1),
    ("small", lambda x: 1e-12 * x, 1),
    ("of all sizes", lambda x: (1e12 * x, 1e-12 * x, fnp.exp(5 * x)), 1),
    ("steep", lambda x: fnp.exp(30 * x), 1),
    ("fast", lambda x: fnp.sin(1000 * x), 1),
    ("offset", lambda x: (x + 1e8) - 1e8, 1),
    ("far offset", lambda x: (x + 1e12) - 1e12, 1),
    ("cancelling", cancelling, 1),
    ("small inputs", lambda x: fnp.log(x * x) * x, 1e-9),
    ("large inputs", lambda x: fnp.sqrt(x * x + 1), 1e9),
    ("saturated", lambda x: fgrad.nn.softmax(10 * x), 1),
    ("log-sum-exp", lambda x: fgrad.nn.logsumexp(50 * x), 1),
    ("kinks", lambda x: fnp.maximum(x, 0.0) + fnp.abs(x - 0.5), 1),
    ("pole", lambda x: 1 / (x * x + 1e-4), 1),
    ("power", lambda x: x**7, 1),
    ("sorted", lambda x: fnp.cumsum(fnp.sort(x)) * x, 1),
    ("branches", lambda x: fnp.where(x > 0.3, x**2, fnp.sin(x)), 1),
]

numbers = [0.37, -1.62, 0.84]


def arguments(factor, dtype="float64"):
    return (np.asarray(np.array(numbers) * factor, dtype),)
