"""Sums of exponentials against jax.nn."""

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same
from tests.jax_suite import Row, suite

MASK = np.array([[True, False, True], [False, True, True]])


def row(name, label="", shapes=((2, 3),), **options):
    """A row for a function of jax.nn."""
    return Row(name + label, lambda lib, *xs: getattr(lib.nn, name)(*xs, **options), *shapes)


ROWS = [
    *(
        case
        for name in ("softmax", "log_softmax")
        for case in (
            row(name),
            row(name, "-axis", axis=0),
            row(name, "-axes", axis=(0, 1)),
            row(name, "-0d", shapes=((1,),)),
            row(name, "-empty", shapes=((2, 0),)),
        )
    ),
    row("softmax", "-where", where=MASK),
    Row(
        "log_softmax-where",
        lambda lib, x: lib.numpy.where(MASK, lib.nn.log_softmax(x, where=MASK), 0.0),
        (2, 3),
    ),
    row("logsumexp"),
    row("logsumexp", "-axis", axis=1, keepdims=True),
    row("logsumexp", "-where", axis=1, where=MASK),
    row("logsumexp", "-sign", axis=1, return_sign=True, b=np.array([1.0, -2.0, 0.5])),
    Row("logsumexp-b", lambda lib, x, b: lib.nn.logsumexp(x, b=b * b, axis=0), (2, 3), (2, 3)),
    row("logmeanexp"),
    row("logmeanexp", "-where", axis=1, where=MASK),
    Row("log1mexp", lambda lib, x: lib.nn.log1mexp(x), (7,), domain="positive"),
]
for _r in ROWS:
    if _r.name == "logsumexp-sign":
        _r.dtypes = ("float64",)
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize(
    "x",
    [
        [1000.0, 1000.0],
        [-1000.0, -2000.0],
        [-np.inf, 0.0],
        [-np.inf, -np.inf],
        [np.inf, 0.0],
        [np.nan, 0.0],
    ],
)
def test_extremes(x):
    """There is no overflow, and infinities are handled as in JAX."""
    with np.errstate(all="ignore"):
        assert_same(fgrad.nn.logsumexp(x), np.asarray(jax.nn.logsumexp(np.array(x))))
        assert_same(fgrad.nn.softmax(x), np.asarray(jax.nn.softmax(np.array(x))))
        assert_same(fgrad.nn.log_softmax(x), np.asarray(jax.nn.log_softmax(np.array(x))))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_a_row_in_which_nothing_counts(name):
    """Gives zeros, or minus infinity, and has no derivative; there is no warning either."""
    x, mask = np.arange(6.0).reshape(2, 3), np.array([[False] * 3, [True, False, True]])

    def run(lib):
        f = lambda x: getattr(lib.nn, name)(x, axis=-1, where=mask)
        y, pull = lib.vjp(f, x)
        # JAX's tangent of logsumexp is a NaN there
        return y, pull(lib.numpy.ones_like(y)), lib.numpy.nan_to_num(lib.jvp(f, (x,), (x,))[1])

    assert_same(run(fgrad), run(jax))
    assert_same(fgrad.jit(lambda: run(fgrad))(), run(fgrad))


def test_negative_sum():
    """The logarithm of a negative sum is NaN, unless the sign is asked for."""
    x, b = np.zeros(2), np.array([1.0, -3.0])
    with np.errstate(all="ignore"):
        assert np.isnan(fgrad.nn.logsumexp(x, b=b))
    size, sign = fgrad.nn.logsumexp(x, b=b, return_sign=True)
    np.testing.assert_allclose([size, sign], [np.log(2.0), -1.0])


def test_float32_stays_float32():
    """No double precision sneaks in."""
    x = np.float32([1.0, 2.0])
    for f in (fgrad.nn.softmax, fgrad.nn.log_softmax, fgrad.nn.logsumexp):
        assert f(x).dtype == np.float32
        assert fgrad.grad(lambda v, f=f: f(v).sum())(x).dtype == np.float32
