"""The utilities for pytrees against optax's."""

import jax
import numpy as np
import optax
import pytest

import fgrad
from fgrad import optim
from tests.harness import assert_same
from tests.optim.trajectories import about

RNG = np.random.default_rng(0)


def draw(scale=1.0):
    return {
        "a": [scale * RNG.normal(size=(2, 3)), None],
        "b": (scale * RNG.normal(size=2) + 1j * RNG.normal(size=2), np.float64(RNG.normal())),
    }


X, Y, Z = draw(), draw(), draw()
REAL, OTHER = {"a": RNG.normal(size=(2, 3)), "b": -1.5}, {"a": RNG.normal(size=(2, 3)), "b": 2.0}

FUNCTIONS = {
    "add": lambda t, x, y, z: t.add(x, y, z),
    "sub": lambda t, x, y, z: t.sub(x, y),
    "mul": lambda t, x, y, z: t.mul(x, y),
    "div": lambda t, x, y, z: t.div(x, y),
    "scale": lambda t, x, y, z: t.scale(2.5, x),
    "add_scale": lambda t, x, y, z: t.add_scale(x, -0.5, y),
    "vdot": lambda t, x, y, z: t.vdot(x, y),
    "sum": lambda t, x, y, z: t.sum(x),
    "sum in pairs": lambda t, x, y, z: t.sum(x, associative_reduction=True),
    "conj": lambda t, x, y, z: t.conj(x),
    "real": lambda t, x, y, z: t.real(x),
    "norm": lambda t, x, y, z: t.norm(x),
    "norm squared": lambda t, x, y, z: t.norm(x, squared=True),
    "norm 1": lambda t, x, y, z: t.norm(x, ord=1),
    "norm inf": lambda t, x, y, z: t.norm(x, ord="inf"),
    "norm inf squared": lambda t, x, y, z: t.norm(x, ord=np.inf, squared=True),
    "batch_shape": lambda t, x, y, z: t.batch_shape(x, (2, 1)),
    "zeros_like": lambda t, x, y, z: t.zeros_like(x),
    "ones_like": lambda t, x, y, z: t.ones_like(x, dtype="float32"),
    "full_like": lambda t, x, y, z: t.full_like(x, 3.0),
    "where": lambda t, x, y, z: t.where(True, x, y),
    "where not": lambda t, x, y, z: t.where(np.array(False), x, y),
    "update_moment": lambda t, x, y, z: t.update_moment(x, y, 0.9, 1),
    "update_moment 3": lambda t, x, y, z: t.update_moment(x, y, 0.9, 3),
    "moment of norms": lambda t, x, y, z: t.update_moment_per_elem_norm(x, y, 0.9, 2),
    "moment of norms 3": lambda t, x, y, z: t.update_moment_per_elem_norm(x, y, 0.9, 3),
    "bias_correction": lambda t, x, y, z: t.bias_correction(x, 0.9, np.int32(3)),
    "random_like": lambda t, x, y, z: t.random_like(
        (jax if t is optax.tree else fgrad).random.key(3), x
    ),
    "random_like dtype": lambda t, x, y, z: t.random_like(
        (jax if t is optax.tree else fgrad).random.key(3),
        x,
        (jax if t is optax.tree else fgrad).random.uniform,
        dtype="float32",
    ),
    "split_key_like": lambda t, x, y, z: t.unwrap_random_key_data(
        t.split_key_like((jax if t is optax.tree else fgrad).random.key(3), x)
    ),
}
REAL_FUNCTIONS = {
    "max": lambda t, x, y: t.max(x),
    "min": lambda t, x, y: t.min(x),
    "max of none": lambda t, x, y: t.max([np.zeros((0, 2)), None]),
    "clip": lambda t, x, y: t.clip(x, -0.5, 0.5),
    "clip below": lambda t, x, y: t.clip(x, min_value=0.0),
    "infinity": lambda t, x, y: t.update_infinity_moment(x, y, 0.9, 1e-3),
    "allclose": lambda t, x, y: t.allclose(x, x),
    "not allclose": lambda t, x, y: t.allclose(x, y, rtol=0.1),
    "cast": lambda t, x, y: t.cast(t.scale(1.5, t.ones_like(x)), "float32"),
    "cast_like": lambda t, x, y: t.cast_like(x, t.ones_like(y, dtype="float32")),
}


def test_results_are_those_of_optax():
    def everything(t):
        return lambda x, y, z, real, other: (
            {name: f(t, x, y, z) for name, f in FUNCTIONS.items()}
            | {name: f(t, real, other) for name, f in REAL_FUNCTIONS.items()}
        )

    arguments = (X, Y, Z, REAL, OTHER)
    ours = everything(optim.tree)(*arguments)
    theirs = jax.jit(everything(optax.tree))(*arguments)
    for name in ours:
        with about(name):
            assert_same(ours[name], jax.tree.map(np.asarray, theirs[name]), scale=10)


@pytest.mark.parametrize("f", [optim.tree.add, optim.tree.sub, optim.tree.mul, optim.tree.div])
def test_what_is_missing_stays_missing(f):
    assert f({"a": None, "b": 6.0}, {"a": 1.0, "b": 3.0})["a"] is None


def test_a_number_of_higher_precision_does_not_promote():
    tree = {"f": np.ones(2, np.float32), "i": np.array([1, 2]), "c": np.ones(1, np.complex64)}
    doubled = optim.tree.scale(np.float64(2.5), tree)
    assert doubled["f"].dtype == np.float32
    assert doubled["c"].dtype == np.complex64
    # An integer times 2.5 is no integer, and a float times i not real.
    np.testing.assert_array_equal(doubled["i"], [2.5, 5.0])
    assert optim.tree.scale(np.complex128(1j), tree)["f"].dtype.kind == "c"


MIXED = [np.float16(1), np.float32(1), np.float64(1)]


@pytest.mark.parametrize("handler", ["promote", "highest", "lowest"])
def test_dtypes_of_trees(handler):
    expected = optax.tree.dtype(MIXED, handler)
    assert optim.tree.dtype(MIXED, handler) == expected
    assert optim.tree.dtype([], handler) == np.float64
    assert optim.tree.dtype(MIXED[:1]) == np.float16


# -- parts of states -----------------------------------------------------------------------------


def make(o):
    return o.chain(
        o.clip(1.0),
        o.inject_hyperparams(o.adam)(learning_rate=0.5),
        o.named_chain(("last", o.trace(0.9))),
    )


NAMED = ["count", "learning_rate", "mu", "trace", "last", "ScaleByAdamState", "nothing", "b1"]


@pytest.mark.parametrize("name", NAMED)
def test_parts_are_found_where_optax_finds_them(name):
    params = {"w": np.ones(2), "mu": np.float64(3.0)}
    found = []
    for o in (optim, optax):
        state = make(o).init(params)
        found.append({str(path): value for path, value in o.tree.get_all_with_path(state, name)})
    # Keys print alike in both libraries, but for the class of a key of a dictionary.
    ours, theirs = found
    assert len(ours) == len(theirs)
    assert sorted(map(outline, ours.values()), key=str) == sorted(
        map(outline, theirs.values()), key=str
    )


def outline(tree):
    return [np.shape(leaf) for leaf in jax.tree.leaves(jax.tree.map(np.asarray, tree))]


def test_get():
    state = make(optim).init({"w": 1.0})
    assert optim.tree.get(state, "learning_rate") == 0.5
    assert optim.tree.get(state, "nothing", default=3) == 3
    with pytest.raises(KeyError, match="several parts"):
        optim.tree.get(state, "count")
    of_adam = lambda path, value: "ScaleByAdamState" in str(path)
    assert optim.tree.get(state, "count", filtering=of_adam) == 0


def test_set():
    state = make(optim).init({"w": 1.0})
    changed = optim.tree.set(state, learning_rate=0.25, trace={"w": 2.0})
    assert optim.tree.get(changed, "learning_rate") == 0.25
    assert optim.tree.get(changed, "trace") == {"w": 2.0}
    assert optim.tree.get(state, "learning_rate") == 0.5
    assert fgrad.tree.structure(changed) == fgrad.tree.structure(state)
    of_adam = lambda path, value: "ScaleByAdamState" in str(path)
    changed = optim.tree.set(state, of_adam, count=7)
    counts = [value for _, value in optim.tree.get_all_with_path(changed, "count")]
    assert sorted(map(int, counts)) == [0, 7]
    whole = optim.tree.set(state, ScaleByAdamState="replaced")
    assert "replaced" in fgrad.tree.leaves(whole)
    with pytest.raises(KeyError, match="'nothing'"):
        optim.tree.set(state, nothing=1)


def test_set_keeps_empty_parts():
    state = (optim.EmptyState(), {"a": None, "b": 1.0}, [])
    assert optim.tree.set(state, b=2.0) == (optim.EmptyState(), {"a": None, "b": 2.0}, [])


def test_map_params_of_every_kind_of_state():
    params = {"a": np.ones(2), "b": [np.ones(3), np.ones(())]}
    labels = {"a": "x", "b": ["y", "z"]}
    for optimizer in (
        optim.adam(optim.linear_schedule(0.1, 0.0, 10)),
        optim.masked(optim.trace(0.9), {"a": True, "b": True}),
        optim.partition({"t": optim.adamw(0.1)}, {"a": "t", "b": "t"}),
        optim.MultiSteps(optim.sgd(0.1, momentum=0.9), 2).gradient_transformation(),
        optim.inject_hyperparams(optim.adagrad)(learning_rate=0.1),
    ):
        state = optimizer.init(params)
        mapped = optim.tree.map_params(
            optimizer, lambda x, name: name, state, labels, transform_non_params=lambda _: "other"
        )
        ours = fgrad.tree.leaves(mapped)
        assert set(ours) <= {"x", "y", "z", "other"}
        sizes = {"x": (2,), "y": (3,), "z": ()}
        for name, leaf in zip(ours, fgrad.tree.leaves(state), strict=True):
            if name != "other":
                assert np.shape(leaf) == sizes[name]
        assert ours.count("x") == ours.count("y") == ours.count("z") > 0
