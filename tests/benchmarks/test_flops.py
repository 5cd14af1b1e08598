"""Flops are counted right, and a gradient costs no more of them than promised."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from benchmarks.flops import flops


def test_a_matrix_product_has_two_flops_a_term():
    a, b = np.ones((3, 4)), np.ones((4, 5))
    assert flops(lambda a, b: a @ b, a, b) == 2 * 3 * 4 * 5


def test_an_elementwise_operation_has_one_flop_an_element():
    x = np.ones((3, 4))
    assert flops(lambda x: fnp.sin(x) * x, x) == 2 * 12


def test_inner_programs_count():
    x = np.ones((3, 4))
    assert flops(fgrad.jit(fnp.sin), x) == 12
    assert flops(lambda x: fgrad.jit(fnp.sin)(fnp.cos(x)), x) == 24


@pytest.mark.parametrize("sizes", [(64, 64, 10), (64, 128, 128, 10), (784, 512, 256, 10)])
def test_the_gradient_of_a_network_costs_at_most_three_times_its_value(sizes):
    rng = np.random.default_rng(0)
    params = [
        (rng.normal(size=(m, n)), np.zeros(n)) for m, n in zip(sizes[:-1], sizes[1:], strict=True)
    ]

    def loss(params, x):
        for w, b in params:
            x = fnp.tanh(x @ w + b)
        return fnp.mean(x**2)

    x = rng.normal(size=(128, sizes[0]))
    assert flops(fgrad.value_and_grad(loss), params, x) <= 3 * flops(loss, params, x)


def test_the_cost_of_a_gradient_does_not_grow_with_the_number_of_inputs():
    def loss(xs):
        total = 0.0
        for x in xs:
            total = total + fnp.sin(x) * x
        return total

    for count in (1, 10, 100):
        xs = [np.float64(k) for k in range(count)]
        assert flops(fgrad.value_and_grad(loss), xs) <= 4 * flops(loss, xs)
