"""What stands beside the optimizers: noise, second order, assignment, microbatches and more."""

import functools

import jax
import numpy as np
import optax
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad import optim
from fgrad.testing.strategies import arrays
from tests.harness import assert_same

RNG = np.random.default_rng(0)


def jitted(f, *args):
    return jax.jit(f)(*args)


# -- matrices ------------------------------------------------------------------------------------

SQUARE = RNG.normal(size=(4, 4))
POSITIVE = SQUARE @ SQUARE.T + 0.1 * np.eye(4)


def test_power_iteration_finds_the_largest_eigenvalue():
    values, vectors = np.linalg.eigh(POSITIVE)
    value, vector = fgrad.jit(optim.power_iteration)(POSITIVE)
    np.testing.assert_allclose(value, values[-1], rtol=1e-9)
    np.testing.assert_allclose(np.abs(vector @ vectors[:, -1]), 1.0, rtol=1e-9)
    theirs = jitted(optax.power_iteration, POSITIVE)
    assert_same((value, vector), theirs)


def test_power_iteration_of_an_operator_on_trees():
    scales = {"a": np.array([1.0, 2.0]), "b": np.array(-5.0)}
    product = lambda v: {k: scales[k] * v[k] for k in v}
    v0 = {"a": np.ones(2), "b": np.array(0.5)}
    value, vector = optim.power_iteration(product, v0=v0)
    np.testing.assert_allclose(value, -5.0, rtol=1e-9)
    np.testing.assert_allclose(np.abs(vector["b"]), 1.0)


@pytest.mark.parametrize("p", [1, 2, 4])
def test_matrix_inverse_pth_root(p):
    root, error = optim.matrix_inverse_pth_root(POSITIVE, p, error_tolerance=1e-12)
    ridge = 1e-6 * np.linalg.eigvalsh(POSITIVE)[-1]
    product = np.linalg.matrix_power(root, p) @ (POSITIVE + ridge * np.eye(4))
    # The iteration's own error, times the condition number of the root.
    np.testing.assert_allclose(product, np.eye(4), atol=1e-8)
    assert error < 1e-10


def test_matrix_inverse_pth_root_of_a_number():
    root, _ = optim.matrix_inverse_pth_root(np.array([[16.0]]), 4)
    np.testing.assert_allclose(root, [[0.5]], rtol=1e-6)


@given(arrays("float64", (5, 3)), arrays("float64", (5,)))
def test_nnls_is_scipys(A, b):
    expected, _ = scipy.optimize.nnls(A, b)
    x = np.asarray(optim.nnls(A, b, iters=300))
    assert np.all(x >= 0)
    # It need not have converged where A is almost singular, but the residual has.
    assert np.sum((A @ x - b) ** 2) <= np.sum((A @ expected - b) ** 2) * (1 + 1e-3) + 1e-3


def test_nnls_is_optaxs():
    A, b = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))
    theirs = jitted(functools.partial(optax.nnls, iters=30), A, b)
    assert_same(optim.nnls(A, b, iters=30), theirs)


# -- second order --------------------------------------------------------------------------------


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


# -- assignment ----------------------------------------------------------------------------------

ALGORITHMS = {
    "hungarian": optim.assignment.hungarian_algorithm,
    "base": optim.assignment.base_hungarian_algorithm,
}


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (3, 6), (6, 3), (0, 3), (2, 0)])
def test_assignments_are_the_cheapest(name, shape):
    assign = fgrad.jit(ALGORITHMS[name])

    @given(arrays("float64", shape))
    def check(costs):
        rows, columns = assign(costs)
        assert len(set(rows.tolist())) == len(set(columns.tolist())) == min(shape)
        best = scipy.optimize.linear_sum_assignment(costs)
        np.testing.assert_allclose(
            costs[rows, columns].sum(), costs[best].sum(), rtol=1e-12, atol=1e-12
        )

    check()


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)])
def test_assignments_come_in_the_order_of_optax(shape):
    costs = RNG.normal(size=shape)
    for name in ("hungarian_algorithm", "base_hungarian_algorithm"):
        theirs = jitted(getattr(optax.assignment, name), costs)
        assert_same(getattr(optim.assignment, name)(costs), theirs, dtype=False)


# -- randomness ----------------------------------------------------------------------------------


def test_perturbed_functions_are_those_of_optax():
    x = {"a": RNG.normal(size=3), "b": np.float64(0.3)}

    def results(lib, o, xp):
        def fun(x):
            return {"hard": xp.sign(x["a"]) * x["b"], "max": x["a"].max()}

        out = {}
        for name, noise in (
            ("gumbel", o.perturbations.Gumbel()),
            ("normal", o.perturbations.Normal()),
        ):
            for baseline in (True, False):
                smooth = o.perturbations.make_perturbed_fun(fun, 20, 0.5, noise, baseline)
                total = lambda x, smooth=smooth: sum(
                    v.sum() for v in smooth(lib.random.key(0), x).values()
                )
                out[name, baseline] = smooth(lib.random.key(0), x), lib.grad(total)(x)
        return [out[key] for key in sorted(out)]

    theirs = jitted(lambda x: results(jax, optax, jax.numpy), x)
    assert_same(results(fgrad, optim, fnp), theirs, scale=10)


def test_the_normal_distribution():
    def results(lib, o):
        normal = o.multi_normal(np.array([0.5, -1.0]), np.array([0.1, 0.3]))
        sample = normal.sample((3,), lib.random.key(1))
        return sample, normal.log_prob(sample), normal.log_scale, normal.params

    assert_same(results(fgrad, optim), jax.tree.map(np.asarray, results(jax, optax)))


def test_private_gradients_are_those_of_optax():
    gradients = {"w": RNG.normal(size=(4, 2, 3)), "b": RNG.normal(size=(4,))}
    results = []
    for o in (optim, optax):
        optimizer = o.contrib.differentially_private_aggregate(1.5, 0.3, 7)
        state = optimizer.init(None)
        first, state = optimizer.update(gradients, state)
        second, state = optimizer.update(gradients, state)
        results.append(jax.tree.map(np.asarray, (first, second)))
    assert_same(*results)


@pytest.mark.filterwarnings('ignore:"seed" is deprecated')
def test_dpsgd_is_optaxs():
    gradients = RNG.normal(size=(4, 3))
    results = []
    for o in (optim, optax):
        optimizer = o.contrib.dpsgd(0.1, 1.0, 0.5, seed=3, momentum=0.9, nesterov=True)
        state = optimizer.init(np.zeros(3))
        for _ in range(2):
            updates, state = optimizer.update(gradients, state)
        results.append(np.asarray(updates))
    assert_same(*results)


@pytest.mark.parametrize("uniform", [True, False])
def test_clipped_sums_of_examples_are_those_of_optax(uniform):
    gradients = {"w": RNG.normal(size=(4, 2, 3)), "b": RNG.normal(size=(4,))}
    whole = optim.per_example_global_norm_clip(jax.tree.leaves(gradients), 1.5)
    assert_same(whole, jitted(optax.per_example_global_norm_clip, jax.tree.leaves(gradients), 1.5))
    layers = optim.per_example_layer_norm_clip(gradients, 1.5, uniform)
    theirs = optax.per_example_layer_norm_clip(gradients, 1.5, uniform)
    assert_same(layers, jax.tree.map(np.asarray, theirs))


def test_a_gradient_of_zero_is_not_clipped():
    clipped, count = optim.per_example_global_norm_clip([np.zeros((2, 3))], 1.0)
    assert np.all(clipped[0] == 0)
    assert count == 0


@given(arrays("float64", (3, 4), min_value=-100, max_value=100), st.floats(0.1, 10.0))
def test_no_example_adds_more_than_the_bound(gradients, bound):
    without, _ = optim.per_example_global_norm_clip([gradients[1:]], bound)
    total, _ = optim.per_example_global_norm_clip([gradients], bound)
    assert np.linalg.norm(total[0] - without[0]) <= bound * (1 + 1e-9) + 1e-9


# -- gradients on their way ----------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.0, 1.0, -0.5, np.float64(3.0)])
def test_scaled_gradients(scale):
    f = lambda x: fnp.sum(optim.scale_gradient({"x": x}, scale)["x"] ** 2)
    x = np.array([1.0, -2.0])
    assert f(x) == 5.0
    np.testing.assert_allclose(fgrad.grad(f)(x), scale * 2 * x)
    np.testing.assert_allclose(fgrad.jit(fgrad.grad(f))(x), scale * 2 * x)


@pytest.mark.parametrize("x", [np.zeros(3), np.array([3.0, 0.0, 4.0]), np.full(3, 1e-9)])
def test_safe_norms_are_those_of_optax(x):
    def results(lib, o):
        out = []
        for f in (
            lambda x: o.safe_norm(x, 1e-3),
            lambda x: o.safe_norm(x, 1e-3, ord=1, keepdims=True).sum(),
            lambda x: o.safe_norm(x[:, None] * np.ones(2), 1e-3, axis=0).sum(),
            lambda x: o.safe_root_mean_squares(x, 1e-3),
        ):
            out.append((f(x), lib.grad(f)(x)))
        return out

    assert_same(results(fgrad, optim), jitted(lambda x: results(jax, optax), x))


# -- complex numbers -----------------------------------------------------------------------------

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

    theirs = jitted(lambda _: run(optax), 0)
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


# -- microbatches --------------------------------------------------------------------------------

T = optim.microbatching.AccumulationType


@pytest.mark.parametrize("kind", ["SUM", "MEAN", "RUNNING_MEAN", "CONCAT"])
def test_microbatches_are_those_of_optax(kind):
    x, y = RNG.normal(size=(6, 3)), RNG.normal(size=(2, 6))

    def run(o):
        def fun(scale, x, *, y):
            return {"x": scale * x, "y": y.T @ np.ones((2, 2))}

        split = o.microbatching.microbatch(
            fun,
            1,
            2,
            getattr(o.microbatching.AccumulationType, kind),
            argnames="y",
            in_axes=(0, 1),
        )
        return split(2.0, x, y=y)

    assert_same(run(optim), jitted(lambda _: run(optax), 0))
    assert_same(fgrad.jit(lambda: run(optim))(), run(optim))


def test_parts_that_are_padding_are_left_out():
    total = optim.microbatch(fnp.sum, 0, 2, num_real_microbatches=2)
    # Of three parts, the first two hold all but every third example.
    assert total(np.array([1.0, 2.0, 50.0, 3.0, 4.0, 50.0])) == 10.0


def test_concatenated_results_stand_in_the_order_of_examples():
    x = RNG.normal(size=(6, 3))
    doubled = optim.microbatching.micro_vmap(lambda row: 2 * row, microbatch_size=2)
    np.testing.assert_array_equal(doubled(x), 2 * x)
    np.testing.assert_array_equal(optim.microbatching.micro_vmap(lambda row: 2 * row)(x), 2 * x)


@pytest.mark.parametrize("size", [None, 2])
def test_gradients_of_examples_are_those_of_optax(size):
    w, x, y = RNG.normal(size=3), RNG.normal(size=(6, 3)), RNG.normal(size=6)

    def run(o, xp):
        def loss(w, x, y):
            error = x @ w - y
            return xp.sum(error**2), error

        def clipped(g):
            return g / xp.maximum(1.0, xp.sqrt(xp.sum(g * g)))

        gradients = o.microbatching.micro_grad(
            loss,
            has_aux=True,
            batch_argnums=(1, 2),
            microbatch_size=size,
            transform_fn=clipped,
            metrics_fn=lambda g: xp.sum(g * g),
        )
        total, each = gradients(w, x, y)
        return total, tuple(each)

    assert_same(run(optim, fnp), jitted(lambda _: run(optax, jax.numpy), 0), scale=10)


# -- matrices as parameters ----------------------------------------------------------------------


def test_galore_is_optaxs():
    params = {
        "tall": RNG.normal(size=(6, 3)),
        "wide": (RNG.normal(size=(2, 5)), RNG.normal(size=4)),
    }
    gradients = [jax.tree.map(lambda p, k=k: np.cos(p + k), params) for k in range(5)]

    def run(o):
        optimizer = o.contrib.galore(0.1, rank=2, update_proj_gap=3, scale=0.5, weight_decay=0.1)
        state, walked = optimizer.init(params), params
        for g in gradients:
            updates, state = optimizer.update(g, state, walked)
            walked = o.apply_updates(walked, updates)
        return walked

    ours, theirs = run(optim), jitted(lambda _: run(optax), 0)
    # optax finds the singular vectors in single precision.
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_galore_of_tensors():
    params = RNG.normal(size=(2, 3, 4))
    numbers = optim.contrib.GaLoreDimensionNumbers((0, 1), 2)
    full = optim.contrib.galore(0.1, 100, weight_dimension_numbers=numbers)
    state = full.init(params)
    assert state[0].projector.shape == (6, 4)
    # The projection onto all directions is none; Adam's first step is the sign in their basis.
    updates, state = full.update(params, state, params)
    assert updates.shape == params.shape
    with pytest.raises(ValueError, match="all axes"):
        optim.contrib.galore(
            0.1, weight_dimension_numbers=optim.contrib.GaLoreDimensionNumbers(0, 1)
        ).init(params)


def test_muon_of_tensors_is_optaxs():
    params = {"conv": RNG.normal(size=(3, 2, 4)), "rest": {"w": RNG.normal(size=(3, 2)), "b": 1.0}}

    def run(o):
        numbers = o.contrib.MuonDimensionNumbers((0,), (2,))
        optimizer = o.contrib.muon(
            0.1,
            muon_weight_dimension_numbers={"conv": numbers, "rest": None},
            preconditioning="schatten",
            consistent_rms=0.2,
        )
        p = jax.tree.map(fnp.asarray if o is optim else jax.numpy.asarray, params)
        state = optimizer.init(p)
        for _ in range(3):
            updates, state = optimizer.update(p, state, p)
            p = o.apply_updates(p, updates)
        return p

    assert_same(run(optim), jitted(lambda _: run(optax), 0), scale=100)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4)])
def test_muon_makes_matrices_almost_orthogonal(shape):
    optimizer = optim.contrib.scale_by_muon(ns_steps=10)
    gradient = RNG.normal(size=shape)
    update, _ = optimizer.update(gradient, optimizer.init(gradient))
    # The coefficients trade exactness for speed: singular values near 1, not at it.
    assert np.all(np.abs(np.linalg.svd(update)[1] - 1) < 0.35)
