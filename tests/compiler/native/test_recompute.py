"""What kernels compute again: the same numbers, from fewer arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad.compiler.native import recompute
from tests.compiler.native.helpers import check, kernels

STEPS = (
    lambda x, w: fnp.tanh(x * w),
    lambda x, w: x + fnp.sin(x) * 0.5,
    lambda x, w: x * w - fnp.exp(-x * x),
    lambda x, w: (x - x.mean(-1, keepdims=True)) / (1 + x.std(-1, keepdims=True)),
    lambda x, w: fnp.where(x > 0, x, 0.1 * x) + w,
    lambda x, w: x / (1 + abs(x)) * w.mean(0),
    lambda x, w: fgrad.nn.gelu(x),
    lambda x, w: fgrad.nn.softmax(x) + w[:1],
    lambda x, w: x + x[::-1],
    lambda x, w: x @ fnp.ones((x.shape[1], x.shape[1])) / x.shape[1],
)


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    monkeypatch.setattr(recompute, "LARGE", 0)


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=6),
       st.sampled_from(((5, 7), (1, 9), (16, 64), (40, 3), (130, 20))),
       st.integers(0, 99))  # fmt: skip
def test_gradients_are_the_same(steps, shape, seed):
    r = np.random.default_rng(seed)

    def loss(x, w):
        for step in steps:
            x = step(x, w)
        return (x**2).sum()

    args = r.normal(size=shape), r.normal(size=shape)
    check(fgrad.value_and_grad(loss, argnums=(0, 1)), *args, rtol=1e-9, atol=1e-9)


def test_second_derivatives():
    x = np.random.default_rng(0).normal(size=(6, 8))
    grad = fgrad.grad(lambda x: (fgrad.nn.gelu(x) / (1 + x.std(-1, keepdims=True))).sum())
    check(fgrad.grad(lambda x: (grad(x) ** 2).sum()), x, rtol=1e-9, atol=1e-9)


def network(x, w):
    return (fgrad.nn.gelu(x @ w) @ w.T).sum()


def test_of_an_activation_only_one_value_is_stored():
    x, w = np.ones((20, 16)), np.ones((16, 24))
    first, second = kernels(fgrad.grad(network, argnums=1), x, w)[:2]
    # the result, and the tanh that both it and its derivative are made of
    assert len(first.outvars) == 2
    # the cotangent, the argument, the tanh
    assert len(second.invars) == 3


def test_small_arrays_are_stored(monkeypatch):
    monkeypatch.setattr(recompute, "LARGE", 1 << 20)
    x, w = np.ones((20, 16)), np.ones((16, 24))
    assert len(kernels(fgrad.grad(network, argnums=1), x, w)[0].outvars) > 2


def test_results_of_the_program_are_stored():
    def fun(x):
        y = fnp.tanh(x)
        return y * y, fgrad.grad(lambda x: (fnp.tanh(x @ x) ** 2).sum())(x) * (y * y + 1)

    check(fun, np.random.default_rng(0).normal(size=(9, 9)))


def test_a_row_that_fills_the_space():
    loss = lambda x, w: (fnp.sin(x).sum(0, keepdims=True) * fnp.exp(x * w).sum(-1)[:, None]).sum()
    r = np.random.default_rng(0)
    check(fgrad.grad(loss), r.normal(size=(5, 7)), r.normal(size=(5, 7)))
