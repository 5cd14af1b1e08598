"""Custom rules under vmap: where the batch does not stand first, and what is closed over."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same


@fgrad.custom_jvp
def forward(x, y):
    return fnp.sin(x) * y


@forward.defjvp
def forward_rule(primals, tangents):
    (x, y), (tx, ty) = primals, tangents
    return forward(x, y), 10 * fnp.cos(x) * y * tx + fnp.sin(x) * ty


@fgrad.custom_vjp
def reverse(x, y):
    return fnp.sin(x) * y


reverse.defvjp(
    lambda x, y: (reverse(x, y), (x, y)),
    lambda res, ct: (10 * ct * fnp.cos(res[0]) * res[1], (ct * fnp.sin(res[0])).sum()),
)


@pytest.mark.parametrize("fun", (forward, reverse))
@pytest.mark.parametrize("wrap", (lambda f: f, fgrad.jit))
def test_the_batch_may_stand_second(fun, wrap):
    table = fnp.arange(12.0).reshape(3, 4)
    weights = np.arange(6.0).reshape(3, 2)
    index = np.array([[0, 2], [3, 1], [2, 2]])

    def total(i, s):  # the gathered columns are a batch along the second axis
        return (fun(table[:, i], s) * weights).sum()

    loop = np.stack([fgrad.grad(lambda s, i=i: total(i, s))(2.0) for i in index])
    batched = fgrad.vmap(fgrad.grad(wrap(total), argnums=1), in_axes=(0, None))
    np.testing.assert_allclose(batched(index, 2.0), loop, rtol=1e-12)
    outside = fgrad.grad(lambda s: fgrad.vmap(wrap(total), in_axes=(0, None))(index, s).sum())
    np.testing.assert_allclose(outside(2.0), loop.sum(), rtol=1e-12)


def _jvp_over(x, y):
    """A function with a rule that both close over `y`."""
    f = fgrad.custom_jvp(lambda x: x * y)
    f.defjvp(lambda primals, tangents: (f(*primals), 3 * tangents[0] * y))
    return f(x)


def _vjp_over(x, y):
    """The same with rules of reverse mode."""
    f = fgrad.custom_vjp(lambda x: x * y)
    f.defvjp(lambda x: (f(x), ()), lambda res, ct: (3 * ct * y,))
    return f(x)


@pytest.mark.parametrize("program", [_jvp_over, _vjp_over])
def test_closing_over_mapped_values(program):
    """What a function with a rule closes over belongs to the element of the batch it is run for."""
    x, y = np.arange(3.0) + 1, np.array([2.0, 3.0, 5.0])
    mapped = fgrad.vmap(lambda x, y: program(x, y))
    for call in (mapped, fgrad.jit(mapped)):
        assert_same(call(x, y), x * y)
    inside = fgrad.vmap(lambda x, y: fgrad.grad(lambda v: program(v, y))(x))
    outside = fgrad.grad(lambda x: mapped(x, y).sum())
    for gradient in (inside(x, y), fgrad.jit(inside)(x, y), outside(x), fgrad.jit(outside)(x)):
        assert_same(gradient, 3 * y)
