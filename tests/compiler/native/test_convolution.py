"""Convolutions in machine code: all parameters, and both gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
from fgrad import lax
from fgrad.compiler.native import convolution
from tests.compiler.native.helpers import check


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    monkeypatch.setattr(convolution, "WORTH", 0)
    monkeypatch.setattr(convolution, "SHARED", 0)


LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=3)
SMALL = st.integers(1, 3)


@st.composite
def convolutions(draw):
    """Shapes of an array and of a kernel, and parameters."""
    sizes = draw(LENGTHS)
    groups, c, o = draw(SMALL), draw(st.integers(1, 6)), draw(st.integers(1, 20))
    kernel = [draw(st.integers(1, min(n, 4))) for n in sizes]
    each = lambda strategy: [draw(strategy) for _ in sizes]
    params = {
        "window_strides": each(SMALL),
        "padding": [(draw(st.integers(-1, 3)), draw(st.integers(0, 3))) for _ in sizes],
        "lhs_dilation": each(st.sampled_from((1, 1, 2))),
        "rhs_dilation": each(st.sampled_from((1, 1, 1, 2))),
        "feature_group_count": groups,
    }
    return (draw(SMALL), groups * c, *sizes), (groups * o, c, *kernel), params


@given(convolutions(), st.sampled_from("fd"))
def test_any_convolution_and_its_gradients(given, dtype):
    shape, kernel, params = given
    r = np.random.default_rng(0)
    x, w = r.normal(size=shape).astype(dtype), r.normal(size=kernel).astype(dtype)
    loss = lambda x, w: (lax.conv_general_dilated(x, w, **params) ** 2).sum()
    # float32 sums of some hundred terms, squared and summed again
    tolerance = {"f": (1e-3, 1e-2), "d": (1e-10, 1e-9)}[dtype]
    check(fgrad.value_and_grad(loss, argnums=(0, 1)), x, w, rtol=tolerance[0], atol=tolerance[1])


@pytest.mark.parametrize("size", (28, 65))
def test_images(size):
    r = np.random.default_rng(size)
    x, w = r.normal(size=(3, size, size, 3)), r.normal(size=(3, 3, 3, 40)) / 5
    letters = ("NHWC", "HWIO", "NHWC")
    conv = lambda x, w: lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=letters)
    check(conv, x, w)
    check(fgrad.grad(lambda x, w: (conv(x, w) ** 2).sum(), argnums=(0, 1)), x, w, rtol=1e-9)


def test_it_is_machine_code():
    x, w = np.ones((2, 3, 16)), np.ones((4, 3, 5))
    conv = lambda x, w: lax.conv_general_dilated(x, w, (1,), "VALID")
    eqns = fgrad.jit(conv, backend="llvm").lower(x, w).optimized.jaxpr.eqns
    assert any(convolution.is_convolution(e) for e in eqns)
