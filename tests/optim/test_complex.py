"""Parameters that are complex numbers."""

import jax
import numpy as np
import optax

import fgrad
import fgrad.numpy as fnp
from fgrad import optim
from tests.harness import assert_same

RNG = np.random.default_rng(0)

COMPLEX = {"c": np.array([1.0 + 2.0j, -0.5j]), "r": np.array([0.3, -0.1])}
OF_COMPLEX = {
    "adam": lambda o: o.adam(0.1),
    "amsgrad": lambda o: o.amsgrad(0.1),
    "adabelief": lambda o: o.adabelief(0.1),
    "yogi": lambda o: o.yogi(0.1),
    "radam": lambda o: o.radam(0.1),
    "adamax": lambda o: o.adamax(0.1),
    "adan": lambda o: o.adan(0.1),
    "adagrad": lambda o: o.adagrad(0.1),
    "rmsprop": lambda o: o.rmsprop(0.1, centered=True),
    "lamb": lambda o: o.lamb(0.1, weight_decay=0.1),
    "lars": lambda o: o.lars(0.1),
    "clip norm": lambda o: o.chain(o.clip_by_global_norm(0.5), o.sgd(0.1, momentum=0.9)),
    "clip rms": lambda o: o.clip_by_block_rms(0.5),
    "clip adaptive": lambda o: o.adaptive_grad_clip(0.1),
    "lbfgs": lambda o: o.scale_by_lbfgs(3),
    "split": lambda o: o.contrib.split_real_and_imaginary(o.adamw(0.1)),
    "split sm3": lambda o: o.contrib.split_real_and_imaginary(o.sm3(0.1)),
}


def test_complex_parameters_follow_optax():
    def run(o):
        def one(make):
            optimizer, params = make(o), jax.tree.map(lambda x: x, COMPLEX)
            state, walked = optimizer.init(params), []
            for step in range(4):
                # Not conjugated: only the arithmetic of the updates is compared.
                gradients = jax.tree.map(lambda p, step=step: p * (1.0 + 0.1 * step) - 0.2, params)
                updates, state = optimizer.update(gradients, state, params)
                params = o.apply_updates(params, updates)
                walked.append(params)
            return walked

        return {name: one(make) for name, make in OF_COMPLEX.items()}

    theirs = jax.jit(lambda: run(optax))()
    ours = run(optim)
    for name in OF_COMPLEX:
        assert_same(ours[name], jax.tree.map(np.asarray, theirs[name]), scale=1e3)


def test_lbfgs_minimises_over_complex_numbers():
    target = np.array([1.0 + 2.0j, -0.5j])
    loss = lambda z: fnp.sum(fnp.abs(z - target) ** 2 * np.array([1.0, 10.0]))
    optimizer, z = optim.lbfgs(), np.zeros(2, complex)
    state = optimizer.init(z)
    for _ in range(15):
        value, grad = fgrad.value_and_grad(loss)(z)
        # Steepest descent is along the conjugate of JAX's gradient.
        updates, state = optimizer.update(
            np.conj(grad), state, z, value=value, grad=grad, value_fn=loss
        )
        z = optim.apply_updates(z, updates)
    np.testing.assert_allclose(z, target, atol=1e-6)
