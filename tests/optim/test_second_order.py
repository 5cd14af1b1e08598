"""Second derivatives of losses."""

import functools

import numpy as np

import fgrad
import fgrad.numpy as fnp
from fgrad import optim

RNG = np.random.default_rng(0)


def loss(xp, params, inputs, targets):
    hidden = xp.tanh(inputs @ params["w"])
    return xp.sum((hidden @ params["v"] - targets) ** 2)


WEIGHTS = {"w": RNG.normal(size=(3, 2)), "v": RNG.normal(size=2)}
INPUTS, TARGETS = RNG.normal(size=(4, 3)), RNG.normal(size=4)


def test_second_derivatives():
    ours = functools.partial(loss, fnp)
    flat, unravel = fgrad.flatten_util.ravel_pytree(WEIGHTS)
    hessian = fgrad.hessian(lambda p: ours(unravel(p), INPUTS, TARGETS))(flat)
    diagonal = optim.second_order.hessian_diag(ours, WEIGHTS, INPUTS, TARGETS)
    np.testing.assert_allclose(diagonal, np.diag(hessian), rtol=1e-10)
    v = RNG.normal(size=flat.size)
    product = optim.second_order.hvp(ours, v, WEIGHTS, INPUTS, TARGETS)
    np.testing.assert_allclose(fgrad.flatten_util.ravel_pytree(product)[0], hessian @ v, rtol=1e-10)
    gradient = fgrad.grad(lambda p: ours(unravel(p), INPUTS, TARGETS))(flat)
    fisher = optim.second_order.fisher_diag(ours, WEIGHTS, INPUTS, TARGETS)
    np.testing.assert_allclose(fisher, gradient**2, rtol=1e-12)
