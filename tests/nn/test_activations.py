"""Activation functions against jax.nn."""

import jax
import numpy as np
import pytest

import fgrad
from tests.jax_suite import Row, suite

WITHOUT_OPTIONS = (
    "celu", "elu", "gelu", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
    "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_sign", "softplus",
    "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh",
)  # fmt: skip


def row(name, label="", shapes=((2, 9),), **options):
    """A row for an activation on numbers around its bounds."""
    return Row(
        name + label,
        lambda lib, *xs: getattr(lib.nn, name)(*(4 * x for x in xs), **options),
        *shapes,
    )


ROWS = [
    *(row(name) for name in WITHOUT_OPTIONS),
    row("gelu", "-exact", approximate=False),
    row("glu", axis=0),
    row("celu", "-alpha", shapes=((5,), ())),
    row("elu", "-alpha", shapes=((5,), ())),
    row("leaky_relu", "-slope", shapes=((5,), ())),
    Row("squareplus-b", lambda lib, x, b: lib.nn.squareplus(x, b), (5,), (), domain="positive"),
]
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)

KINKS = np.array([-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0])


@pytest.mark.parametrize("name", WITHOUT_OPTIONS)
def test_derivatives_at_kinks_and_far_out(name):
    """At corners the derivative is JAX's choice; far out nothing overflows."""
    x = np.concatenate([KINKS, [-1e3, 1e3, -1e10, 1e10]])

    def gradient(lib):
        return lib.grad(lambda v: getattr(lib.nn, name)(v).sum())(x)

    with np.errstate(all="raise", under="ignore", over="ignore"):
        got = gradient(fgrad)
    np.testing.assert_allclose(got, gradient(jax), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", [*WITHOUT_OPTIONS, "identity"])
def test_float32_stays_float32(name):
    """Also with a 0-d array, and a Python number stays weak."""
    f = getattr(fgrad.nn, name)
    assert f(np.float32(0.5)).dtype == np.float32
    assert f(np.float32([0.5])).dtype == np.float32
    assert (np.float32([1.0]) * f(0.5)).dtype == np.float32


def test_relu_keeps_nan_and_integers():
    """relu(NaN) is NaN; integers stay integers."""
    assert np.isnan(fgrad.nn.relu(np.array([np.nan]))).all()
    assert fgrad.nn.relu(np.array([-1, 2])).dtype == np.int64


def test_glu_of_an_odd_axis():
    """The axis must divide into halves."""
    with pytest.raises(ValueError, match="must be even"):
        fgrad.nn.glu(np.ones(3))
