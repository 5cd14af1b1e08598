"""Projections: optax's values and gradients, and the nearest point of the set."""

import jax
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
from fgrad import optim
from fgrad.testing.strategies import arrays
from tests.harness import assert_same
from tests.optim.trajectories import about

RNG = np.random.default_rng(0)
X = {"a": RNG.normal(size=(2, 3)), "b": [RNG.normal(size=2), np.float64(0.4)]}
A = {"a": RNG.normal(size=(2, 3)), "b": [RNG.normal(size=2), np.float64(-1.0)]}

PROJECTIONS = {
    "non negative": lambda p, x: p.projection_non_negative(x),
    "box": lambda p, x: p.projection_box(
        x, jax.tree.map(lambda x: np.full_like(x, -0.2), X), jax.tree.map(np.abs, A)
    ),
    # Of a single array; optax cannot of trees.
    "hypercube": lambda p, x: p.projection_hypercube(x["a"], 0.5),
    "simplex": lambda p, x: p.projection_simplex(x),
    "simplex scaled": lambda p, x: p.projection_simplex(x, 3.0),
    "l1 sphere": lambda p, x: p.projection_l1_sphere(x, 2.0),
    "l1 ball": lambda p, x: p.projection_l1_ball(x),
    "l1 ball inside": lambda p, x: p.projection_l1_ball(x, 100.0),
    "l2 sphere": lambda p, x: p.projection_l2_sphere(x, 0.5),
    "l2 ball": lambda p, x: p.projection_l2_ball(x),
    "l2 ball inside": lambda p, x: p.projection_l2_ball(x, 100.0),
    "linf ball": lambda p, x: p.projection_linf_ball(x, 0.3),
    "vector": lambda p, x: p.projection_vector(x, A),
    "hyperplane": lambda p, x: p.projection_hyperplane(x, A, 0.7),
    "halfspace": lambda p, x: p.projection_halfspace(x, A, -3.0),
    "halfspace inside": lambda p, x: p.projection_halfspace(x, A, 100.0),
}


def value_and_gradient(lib, optim_lib, project):
    def total(x):
        leaves = jax.tree.leaves(project(optim_lib.projections, x))
        return sum((np.cos(np.arange(y.size)).reshape(y.shape) * y).sum() for y in leaves)

    return lambda x: (project(optim_lib.projections, x), lib.grad(total)(x))


def test_values_and_gradients_are_those_of_optax():
    def everything(lib, optim_lib):
        return lambda x: {
            name: value_and_gradient(lib, optim_lib, f)(x) for name, f in PROJECTIONS.items()
        }

    theirs = jax.jit(everything(jax, optax))(X)
    ours, compiled = everything(fgrad, optim)(X), fgrad.jit(everything(fgrad, optim))(X)
    for name in PROJECTIONS:
        with about(name):
            assert_same(ours[name], theirs[name], scale=10)
            assert_same(compiled[name], ours[name], scale=10)


# By name: the projection onto a set, and by how much a point is outside of it.
SETS = {
    "non negative": (optim.projections.projection_non_negative, lambda x: -x.min()),
    "hypercube": (
        lambda x: optim.projections.projection_hypercube(x, 2.0),
        lambda x: max(-x.min(), x.max() - 2.0),
    ),
    "simplex": (
        lambda x: optim.projections.projection_simplex(x, 2.0),
        lambda x: max(-x.min(), abs(x.sum() - 2.0)),
    ),
    "l1 ball": (
        lambda x: optim.projections.projection_l1_ball(x, 2.0),
        lambda x: np.abs(x).sum() - 2.0,
    ),
    "l2 ball": (
        lambda x: optim.projections.projection_l2_ball(x, 2.0),
        lambda x: np.sqrt((x * x).sum()) - 2.0,
    ),
    "linf ball": (
        lambda x: optim.projections.projection_linf_ball(x, 2.0),
        lambda x: np.abs(x).max() - 2.0,
    ),
}
POINTS = arrays("float64", (4,), min_value=-1e3, max_value=1e3)


@pytest.mark.parametrize("name", SETS)
def test_a_projection_is_inside_stays_and_is_nearest(name):
    project, outside = SETS[name]

    @given(x=POINTS, y=POINTS)
    def check(x, y):
        p, q = np.asarray(project(x)), np.asarray(project(y))
        tolerance = 1e-9 * (1 + np.abs(x).max() + np.abs(y).max())
        assert outside(p) <= tolerance
        np.testing.assert_allclose(project(p), p, atol=tolerance)
        # The set lies behind the plane through p that x stands on: p is the nearest point.
        assert (x - p) @ (q - p) <= tolerance * (1 + np.abs(x - p).max())
        # So a projection brings no two points further apart.
        assert np.linalg.norm(p - q) <= np.linalg.norm(x - y) + tolerance

    check()


@given(x=POINTS, scale=st.floats(0.1, 10.0))
def test_the_simplex_of_equal_shares(x, scale):
    """Adding the same to all numbers changes nothing."""
    projected = optim.projections.projection_simplex(x, scale)
    moved = optim.projections.projection_simplex(x + 5.0, scale)
    np.testing.assert_allclose(projected, moved, atol=1e-9 * (1 + np.abs(x).max()))
