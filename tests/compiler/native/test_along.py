"""Inside loops: places of extremes, running sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad import lax
from tests.compiler.native.helpers import check, compiled

OPERATIONS = (
    fnp.argmax, fnp.argmin, fnp.cumsum, fnp.cumprod,
    lambda x, axis: lax.cummax(x, axis % x.ndim), lambda x, axis: lax.cummin(x, axis % x.ndim),
    lambda x, axis: lax.cumsum(x, axis % x.ndim, reverse=True),
)  # fmt: skip


def in_a_loop(operation, axis):
    """A program whose steps need the one before."""

    def step(x, _):
        found = operation(x, axis=axis)
        return x[::-1] + (found.sum() > 3).astype(x.dtype), found

    return lambda x: lax.scan(step, x, None, length=3)


@given(st.sampled_from(OPERATIONS), st.lists(st.integers(1, 5), min_size=1, max_size=3),
       st.sampled_from("fdilBH"), st.integers(-3, 2), st.integers(0, 99))  # fmt: skip
def test_operations(operation, shape, dtype, axis, seed):
    axis = axis % len(shape)
    x = np.random.default_rng(seed).integers(0, 4, shape).astype(dtype)  # many are equal
    fun = in_a_loop(operation, axis)
    check(fun, x, rtol=0, atol=0)
    assert "steps in machine code" in compiled(fun).lower(x).source


@pytest.mark.parametrize("operation", OPERATIONS[:2] + OPERATIONS[4:6])
def test_not_a_number(operation):
    x = np.array([[1.0, np.nan, 3.0, np.nan], [np.nan] * 4, [np.inf, 1, np.inf, -np.inf]])
    check(lambda x: lax.scan(lambda c, _: (c, operation(c, axis=1)), x, None, length=2), x)


def test_gradients():
    grad = fgrad.grad(lambda x: (in_a_loop(fnp.cumsum, 1)(x)[1] ** 2).sum())
    check(grad, np.random.default_rng(0).normal(size=(3, 4)))
