"""Custom rules under vmap where the batch does not stand first."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp


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
