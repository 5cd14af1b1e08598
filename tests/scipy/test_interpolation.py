"""Values between samples, against SciPy and JAX."""

import itertools

import jax
import numpy as np
import pytest
import scipy.interpolate
import scipy.ndimage

import fgrad
from fgrad.scipy.integrate import trapezoid
from fgrad.scipy.interpolate import RegularGridInterpolator
from fgrad.scipy.ndimage import map_coordinates
from fgrad.test_util import check_grads
from tests.harness import assert_same

RNG = np.random.default_rng(0)
IMAGE, PLACES = RNG.normal(size=(4, 5)), RNG.uniform(-6, 10, (2, 3, 7))
MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


@pytest.mark.parametrize(("order", "mode"), list(itertools.product((0, 1), MODES)))
def test_map_coordinates(order, mode):
    theirs = jax.scipy.ndimage.map_coordinates
    for image in (IMAGE, (10 * IMAGE).astype(int), IMAGE.astype(np.float32)):
        places = PLACES.astype(np.float32 if image.dtype == np.float32 else float)
        got = map_coordinates(image, list(places), order, mode, 2)
        assert_same(got, theirs(image, list(places), order, mode, 2), 10)
        if mode in ("nearest", "mirror", "reflect"):
            want = scipy.ndimage.map_coordinates(image, places, order=order, mode=mode)
            assert_same(got, want, 10, dtype=False)


def test_map_coordinates_under_transformations():
    fun = lambda image, places: map_coordinates(image, list(places), 1, "nearest")
    inside = RNG.uniform(0.1, 0.9, (2, 6)) + RNG.integers(0, 3, (2, 6))
    check_grads(fun, (IMAGE, inside), order=2)
    assert_same(fgrad.jit(fun)(IMAGE, PLACES), fun(IMAGE, PLACES), 10)
    mapped = fgrad.vmap(fun, (None, 1))(IMAGE, PLACES)
    assert_same(mapped, fun(IMAGE, PLACES), 10)
    assert map_coordinates(np.ones(1), [np.array([-2.0, 5.0])], 1, "mirror").tolist() == [1, 1]


GRID = np.array([0.0, 1.0, 2.5, 4.0]), np.array([-1.0, 0.0, 3.0])
VALUES = RNG.normal(size=(4, 3, 2))
XI = np.array([[0.5, 0.5], [2.5, 3.0], [3.9, -0.9], [5.0, 0.0], [1.0, -2.0]])


@pytest.mark.parametrize("method", ["linear", "nearest"])
@pytest.mark.parametrize("fill", [np.nan, 7.0, None])
def test_grids(method, fill):
    ours = RegularGridInterpolator(GRID, VALUES, method, fill_value=fill)
    theirs = scipy.interpolate.RegularGridInterpolator(
        GRID, VALUES, method, bounds_error=False, fill_value=fill
    )
    assert_same(ours(XI), theirs(XI), 10)
    assert_same(ours((XI[:, 0], XI[:, 1])), theirs(XI), 10)
    assert_same(ours(XI[:4].reshape(2, 2, 2)), theirs(XI[:4].reshape(2, 2, 2)), 10)
    assert_same(fgrad.jit(lambda f, x: f(x))(ours, XI), ours(XI), 10)


def test_derivatives_on_grids():
    interpolate = lambda v, x: RegularGridInterpolator(GRID, v)(x)
    check_grads(interpolate, (VALUES, XI[[0, 2]]), order=2)
    line = lambda v, x: RegularGridInterpolator((GRID[0],), v)(x)
    check_grads(line, (VALUES[:, 0, 0], np.array([0.3, 3.1])), order=2)


def test_trapezoid():
    assert trapezoid(np.array([0.0, 1.0]), dx=2.0) == 1.0


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: map_coordinates(IMAGE, [1.0], 1), ValueError, "wanted 2 arrays of coordinates"),
        (lambda: map_coordinates(IMAGE, PLACES, 2), NotImplementedError, "order must be 0 or 1"),
        (lambda: map_coordinates(IMAGE, PLACES, 1, "x"), NotImplementedError, "mode must be one"),
        (lambda: RegularGridInterpolator(GRID, VALUES, "x"), ValueError, "method must be"),
        (lambda: RegularGridInterpolator(GRID, IMAGE), ValueError, "do not fit together"),
        (
            lambda: RegularGridInterpolator(GRID, VALUES)(np.ones((2, 3))),
            ValueError,
            "xi must have",
        ),
    ],
)
def test_errors(call, error, match):
    with pytest.raises(error, match=match) as e:
        call()
    assert "test_interpolation.py" in str(e.value)
