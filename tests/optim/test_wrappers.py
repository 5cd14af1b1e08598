"""Transformations of transformations, beyond the path they walk."""

import functools

import jax
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad import optim
from fgrad.testing.strategies import arrays
from tests.harness import assert_same

PARAMS = {"w": np.array([1.0, -2.0]), "b": np.float64(0.5)}
GRADIENTS = {"w": np.array([0.3, -0.1]), "b": np.float64(-2.0)}
BAD = {"w": np.array([0.3, np.inf]), "b": np.float64(-2.0)}


def run(o, optimizer, gradients, **extra):
    """The updates, and the last state."""
    tx = o.with_extra_args_support(optimizer)
    state, made = tx.init(PARAMS), []
    for g in gradients:
        updates, state = tx.update(g, state, PARAMS, **extra)
        made.append(updates)
    return made, state


def assert_like_optax(make, gradients, **extra):
    ours = run(optim, make(optim), gradients, **extra)
    theirs = run(optax, make(optax), gradients, **extra)
    assert_same(
        jax.tree.leaves(jax.tree.map(np.asarray, ours)),
        jax.tree.leaves(jax.tree.map(np.asarray, theirs)),
    )


SOME_BAD = [GRADIENTS, BAD, GRADIENTS, BAD, BAD, BAD, GRADIENTS]
WRAPPERS = {
    "finite": lambda o: o.apply_if_finite(o.sgd(0.1, momentum=0.9), 2),
    "multi steps": lambda o: o.MultiSteps(
        o.sgd(0.1), 2, should_skip_update_fn=o.skip_not_finite, accumulator_dtype=np.float64
    ).gradient_transformation(),
    "zero nans": lambda o: o.chain(o.zero_nans(), o.ema(0.5)),
    "monitor": lambda o: o.chain(
        o.monitor({"norm": o.tree.norm, "mean": o.measure_with_ema(o.tree.norm, 0.5)}), o.sgd(0.1)
    ),
}


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_gradients_that_are_not_finite_are_met_as_in_optax(name):
    assert_like_optax(WRAPPERS[name], SOME_BAD)


def test_large_updates_are_skipped():
    large = functools.partial(optim.skip_large_updates, max_squared_norm=4.5)
    optimizer = optim.MultiSteps(optim.sgd(1.0), 2, should_skip_update_fn=large)
    state = optimizer.init(1.0)
    made = []
    for g in [1.0, 3.0, 2.0, 2.0]:
        updates, state = optimizer.update(g, state)
        made.append((float(updates), bool(state.skip_state["should_skip"])))
    assert made == [(0.0, False), (0.0, True), (-1.5, False), (0.0, False)]
    assert not optimizer.has_updated(state)
    assert isinstance(optimizer.inner_opt, optim.GradientTransformationExtraArgs)


def test_what_says_whether_to_skip_must_say_yes_or_no():
    optimizer = optim.MultiSteps(optim.sgd(1.0), 2, should_skip_update_fn=lambda *_: (1.0, ()))
    with pytest.raises(ValueError, match="must return a bool scalar"):
        optimizer.update(1.0, optimizer.init(1.0))


@pytest.mark.parametrize("compiled", [False, True])
def test_steps_over_parts_of_a_batch_are_steps_over_the_batch(compiled):
    inputs = np.linspace(-1.0, 1.0, 12).reshape(6, 2)
    loss = lambda w, x: fnp.mean((x @ w - 1.0) ** 2)
    whole, parts = optim.adam(0.1), optim.MultiSteps(optim.adam(0.1), 3)
    w = v = np.array([0.5, -1.0])
    whole_state, part_state = whole.init(w), parts.init(v)
    update = fgrad.jit(parts.update) if compiled else parts.update
    for _ in range(3):
        updates, whole_state = whole.update(fgrad.grad(loss)(w, inputs), whole_state)
        w = optim.apply_updates(w, updates)
        for x in np.split(inputs, 3):
            updates, part_state = update(fgrad.grad(loss)(v, x), part_state)
            v = optim.apply_updates(v, updates)
        np.testing.assert_allclose(v, w, rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_gradients_are_accumulated_in_single_precision_at_least(dtype):
    state = optim.MultiSteps(optim.sgd(1.0), 2).init(np.ones(2, dtype))
    assert state.acc_grads.dtype == max(dtype, np.float32, key=lambda d: np.dtype(d).itemsize)


def test_accumulated_infinities_do_not_become_nan():
    """Updates that are not made are zero, whatever they would have been."""
    optimizer = optim.MultiSteps(optim.stateless(lambda u, p: u / 0.0), 2)
    with np.errstate(divide="ignore"):
        updates, _ = optimizer.update(np.ones(2), optimizer.init(np.ones(2)))
    assert np.all(updates == 0)


@pytest.mark.parametrize("reset", [False, True])
def test_lookahead_is_optaxs(reset):
    results = []
    for o in (optim, optax):
        optimizer = o.lookahead(o.sgd(0.1, momentum=0.9), 3, 0.4, reset_state=reset)
        params = o.LookaheadParams.init_synced(PARAMS)
        state = optimizer.init(params)
        for _ in range(7):
            gradients = jax.tree.map(lambda p: p * 0.5 + 0.1, params.fast)
            updates, state = optimizer.update(gradients, state, params)
            params = o.apply_updates(params, updates)
        results.append((tuple(params), jax.tree.leaves(state)))
    assert_same(*(jax.tree.map(np.asarray, r) for r in results))


@pytest.mark.parametrize("steps", range(4))
def test_slow_copies_are_optaxs(steps):
    new, old = {"w": np.ones(2), "n": None}, {"w": np.zeros(2), "n": None}
    for name, last in (("incremental_update", (0.25,)), ("periodic_update", (steps, 2))):
        ours, theirs = (getattr(o, name)(new, old, *last) for o in (optim, optax))
        assert_same(ours, jax.tree.map(np.asarray, theirs))


def test_stateless_functions():
    double = optim.stateless_with_tree_map(lambda u, p: 2 * u if p is None else u + p)
    assert double.update({"w": 1.5}, double.init({"w": 0.0}))[0] == {"w": 3.0}
    assert double.update({"w": 1.5}, double.init({"w": 0.0}), {"w": 4.0})[0] == {"w": 5.5}


def test_a_mask_may_be_a_prefix():
    params = {"w": (np.ones(2), np.ones(3)), "b": np.ones(1)}
    for optimizer in (
        optim.freeze({"w": True, "b": False}),
        optim.selective_transform(optim.identity(), freeze_mask={"w": True, "b": False}),
    ):
        updates, _ = optimizer.update(params, optimizer.init(params), params)
        assert all(np.all(u == 0) for u in updates["w"])
        assert updates["b"] == 1


class Model(dict):
    """A tree that can be called, as models of neural networks are."""

    def __call__(self, x):
        raise AssertionError("a mask is no function because its tree can be called")


fgrad.tree_util.register_pytree_node(
    Model,
    lambda m: (list(m.values()), tuple(m)),
    lambda keys, values: Model(zip(keys, values, strict=True)),
)


def test_a_mask_that_can_be_called_is_a_mask():
    optimizer = optim.masked(optim.scale(-1.0), Model(a=True, b=False))
    params = Model(a=1.0, b=1.0)
    assert optimizer.update(params, optimizer.init(params))[0] == {"a": -1.0, "b": 1.0}


def test_labels_may_be_a_function():
    label = lambda tree: fgrad.tree.map(lambda x: "vector" if np.ndim(x) else "number", tree)
    optimizer = optim.multi_transform(
        {"vector": optim.scale(2.0), "number": optim.scale(3.0)}, label
    )
    updates, state = optimizer.update(GRADIENTS, optimizer.init(PARAMS), PARAMS)
    np.testing.assert_allclose(updates["w"], 2 * GRADIENTS["w"])
    np.testing.assert_allclose(updates["b"], 3 * GRADIENTS["b"])
    assert list(state.inner_states) == ["vector", "number"]


def test_flat_updates_keep_shapes_and_dtypes():
    params = {"w": np.ones((2, 3), np.float32), "b": np.float64(2.0), "e": np.ones((0, 2))}
    optimizer = optim.flatten(optim.adam(0.1))
    updates, _ = optimizer.update(params, optimizer.init(params), params)
    for u, p in zip(fgrad.tree.leaves(updates), fgrad.tree.leaves(params), strict=True):
        assert (u.shape, u.dtype) == (p.shape, p.dtype)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_line_search_can_tell_why_it_failed(compiled, capfd):
    uphill = lambda x: fnp.sum(x * x)
    for search in (
        optim.scale_by_backtracking_linesearch(2, verbose=True),
        optim.scale_by_zoom_linesearch(2, verbose=True),
    ):
        x = np.array([1.0])
        update = lambda x, state, search=search: search.update(
            2 * x, state, x, value=uphill(x), grad=2 * x, value_fn=uphill
        )
        (fgrad.jit(update) if compiled else update)(x, search.init(x))
        assert "linesearch: " in capfd.readouterr().out


def test_line_searches_refuse_what_the_loss_does_not_take():
    search = optim.scale_by_zoom_linesearch(3)
    with pytest.raises(TypeError, match=r"does not take \['batch'\]"):
        search.update(1.0, search.init(1.0), 1.0, value=1.0, grad=1.0, value_fn=abs, batch=3)


@pytest.mark.parametrize("search", ["zoom", "backtracking"])
def test_losses_may_take_further_arguments_and_leave_their_domain(search):
    """A step too far makes the loss infinite: the search comes back."""
    loss = lambda x, scale: scale * (x - fnp.log(fnp.where(x > 0, x, 0.0)))
    make = {
        "zoom": lambda: optim.scale_by_zoom_linesearch(20),
        "backtracking": lambda: optim.scale_by_backtracking_linesearch(20, store_grad=True),
    }[search]
    optimizer = optim.chain(optim.sgd(10.0), make())
    value_and_grad = optim.value_and_grad_from_state(loss)
    with np.errstate(all="ignore"):
        x, state = 3.0, optimizer.init(3.0)
        for _ in range(20):
            value, grad = value_and_grad(x, scale=2.0, state=state)
            updates, state = optimizer.update(
                grad, state, x, value=value, grad=grad, value_fn=loss, scale=2.0
            )
            x = optim.apply_updates(x, updates)
    np.testing.assert_allclose(x, 1.0, atol=1e-2)


def test_sharpness_is_that_of_the_whole_batch():
    """Gradients of the parts of a batch, averaged over the axis of a vmap."""
    inputs = np.linspace(-1.0, 2.0, 4)
    gradient = fgrad.grad(lambda w, x: fnp.mean((w * x - 1.0) ** 2))
    adversary = optim.chain(optim.contrib.normalize(), optim.sgd(0.1))
    make = functools.partial(optim.contrib.sam, optim.sgd(0.5), adversary, 2, opaque_mode=True)

    def step(optimizer, start, x):
        updates, _ = optimizer.update(
            start, optimizer.init(0.5), 0.5, grad_fn=lambda w, i: gradient(w, x)
        )
        return updates

    whole = step(make(), gradient(0.5, inputs), inputs)
    parts = fgrad.vmap(
        functools.partial(step, make(batch_axis_name="batch"), gradient(0.5, inputs)),
        axis_name="batch",
    )(inputs.reshape(2, 2))
    np.testing.assert_allclose(parts, [whole, whole], rtol=1e-12)


def test_sophia_can_tell_how_much_it_clips(capfd):
    loss = lambda w: fnp.sum(w**2)
    optimizer = optim.contrib.sophia(0.1, verbose=True, print_win_rate_every_n_steps=2)
    w, state = np.ones(2), optimizer.init(np.ones(2))
    for _ in range(4):
        updates, state = optimizer.update(2 * w, state, w, obj_fn=loss)
    assert capfd.readouterr().out.count("win rate") == 2


# -- what clipping promises ----------------------------------------------------------------------

TREES = st.fixed_dictionaries(
    {
        "a": arrays("float64", (2, 3), min_value=-1e3, max_value=1e3),
        "b": arrays("float64", (), min_value=-1e3, max_value=1e3),
    }
)
BOUNDS = st.floats(1e-3, 1e3)


def clipped(optimizer, tree, params=None):
    return optimizer.update(tree, optimizer.init(tree), params)[0]


def largest(tree):
    return max(float(np.abs(leaf).max()) for leaf in tree.values())


@given(TREES, BOUNDS)
def test_clip_bounds_each_number_and_changes_no_other(tree, bound):
    out = clipped(optim.clip(bound), tree)
    for name, leaf in tree.items():
        small = np.abs(leaf) <= bound
        np.testing.assert_array_equal(out[name], np.where(small, leaf, np.sign(leaf) * bound))


@given(TREES, BOUNDS)
def test_clip_by_global_norm_bounds_the_norm_and_keeps_the_direction(tree, bound):
    out = clipped(optim.clip_by_global_norm(bound), tree)
    before, after = (float(optim.global_norm(t)) for t in (tree, out))
    np.testing.assert_allclose(after, min(before, bound), rtol=1e-12)
    for name, leaf in tree.items():
        np.testing.assert_allclose(
            np.asarray(out[name]) * before, leaf * after, rtol=1e-9, atol=1e-9
        )


@given(TREES, BOUNDS)
def test_clip_by_block_rms_bounds_each_block(tree, bound):
    out = clipped(optim.clip_by_block_rms(bound), tree)
    for name, leaf in tree.items():
        rms = np.sqrt(np.mean(leaf**2))
        np.testing.assert_allclose(np.sqrt(np.mean(out[name] ** 2)), min(rms, bound), rtol=1e-9)


@given(TREES, TREES, st.floats(1e-2, 1.0))
def test_adaptive_clipping_bounds_units_by_their_weights(tree, params, clipping):
    out = clipped(optim.adaptive_grad_clip(clipping), tree, params)
    for name, leaf in out.items():
        norm = optim.transforms.unitwise_norm(leaf)
        weights = optim.transforms.unitwise_norm(params[name])
        assert np.all(norm <= clipping * np.maximum(weights, 1e-3) * (1 + 1e-9))
        same = optim.transforms.unitwise_norm(tree[name]) < clipping * np.maximum(weights, 1e-3)
        np.testing.assert_array_equal(np.where(same, leaf, 0), np.where(same, tree[name], 0))


@pytest.mark.parametrize("shape", [(), (3,), (1, 3), (2, 3), (2, 3, 4), (2, 2, 3, 4), (2,) * 5])
def test_units_are_those_of_optax(shape):
    x = np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape)
    theirs = optax.transforms.unitwise_norm(jax.numpy.asarray(x))
    assert_same(optim.transforms.unitwise_norm(x), np.asarray(theirs))


@given(TREES, TREES)
def test_parameters_that_are_kept_nonnegative_are(tree, params):
    params = {name: np.abs(p) for name, p in params.items()}
    out = clipped(optim.keep_params_nonnegative(), tree, params)
    assert all(np.all(params[name] + out[name] >= 0) for name in params)
