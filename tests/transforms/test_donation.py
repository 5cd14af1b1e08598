"""Arguments that a caller gives away: their memory serves the results, unless somebody looks."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp

SHAPE = (200, 200)


@pytest.fixture(name="step")
def _step():
    return fgrad.jit(lambda s, g: {"w": s["w"] - 0.5 * g}, donate_argnums=0)


def _place(state):
    return state["w"].ctypes.data


def _running(step):
    """A state made by the compiled function, and its argument."""
    g = fnp.ones(SHAPE)
    state = {"w": fnp.zeros(SHAPE)}
    for _ in range(3):
        state = step(state, g)
    return state, g


def test_the_result_takes_the_memory(step):
    state, g = _running(step)
    place = _place(state)
    state = step(state, g)
    assert _place(state) == place
    np.testing.assert_array_equal(state["w"], np.full(SHAPE, -2.0))


def test_what_was_given_away_says_so(step):
    old, g = _running(step)
    new = step(old, g)
    for use in (lambda x: x + 1, np.exp, lambda x: x[0, 0]):
        with pytest.raises((TypeError, IndexError)):
            use(old["w"])
    for use in (fnp.exp, fgrad.jit(lambda x: x * 2), fgrad.grad(fnp.sum)):
        with pytest.raises(fgrad.errors.JaxRuntimeError, match="donate_argnums.*result"):
            use(old["w"])
    with pytest.raises(TypeError, match="given to a jitted function by donate_argnums"):
        old["w"] * 2
    np.testing.assert_array_equal(new["w"], np.full(SHAPE, -2.0))


@pytest.mark.parametrize(
    "hold",
    (
        lambda s: s["w"],
        lambda s: s["w"][3],
        lambda s: s["w"].T,
        lambda s: np.asarray(s["w"]),
        lambda s: np.asarray(s["w"])[1:, 2],
        lambda s: s["w"].base,
        lambda s: memoryview(s["w"]),
    ),
)
def test_whoever_holds_a_part_keeps_it(step, hold):
    state, g = _running(step)
    held = hold(state)
    before = np.array(held)
    new = step(state, g)
    assert not np.shares_memory(np.asarray(held), new["w"])
    np.testing.assert_array_equal(held, before)
    np.testing.assert_array_equal(state["w"], np.full(SHAPE, -1.5))
    np.testing.assert_array_equal(new["w"], np.full(SHAPE, -2.0))


def test_arrays_of_the_caller_stay():
    f = fgrad.jit(lambda s: [x * 2.0 for x in s], donate_argnums=0)
    own = np.ones(SHAPE)
    view = np.ones((400, 200)).view()[:200]
    for _ in range(3):
        f([own, view, fnp.asarray(own)])
    np.testing.assert_array_equal(own, np.ones(SHAPE))
    np.testing.assert_array_equal(view, np.ones(SHAPE))


def test_an_array_in_two_places_stays():
    f = fgrad.jit(lambda s: [s[0] * 2.0, s[1] + 1.0], donate_argnums=0)
    state = f(f([fnp.ones(SHAPE), fnp.ones(SHAPE)]))
    state[1] = state[0]
    new = f(state)
    np.testing.assert_array_equal(state[0], np.full(SHAPE, 4.0))
    np.testing.assert_array_equal(new[0], np.full(SHAPE, 8.0))
    np.testing.assert_array_equal(new[1], np.full(SHAPE, 5.0))


@pytest.mark.parametrize(
    "fun",
    (
        lambda s: [s[0].T + s[0], s[1] @ s[0]],  # read in another order, and read later
        lambda s: [s[1] * 2.0, s[0] + s[1]],  # one result over the other's operand
        lambda s: [fnp.sin(s[0]) + s[1], fnp.cos(s[0]) * s[1]],
        lambda s: [s[0][::-1] + s[0], s[1].reshape(100, 400).reshape(200, 200) * s[0]],
        lambda s: [fnp.where(s[0] > 0, s[1], s[0]), fnp.maximum(s[0], s[1])],
        lambda s: [fnp.cumsum(s[0], 0), s[1]],
        lambda s: [fnp.concatenate([s[0][:100], s[1][100:]]), fnp.clip(s[1], s[0], 1.0)],
        lambda s: [s[0] - s[0].mean(), s[1] * (s[0] * s[1]).sum()],
    ),
)
def test_giving_away_changes_no_number(fun):
    rng = np.random.default_rng(0)
    start = [rng.normal(size=SHAPE) / 16 for _ in range(2)]
    f, given = fgrad.jit(fun), fgrad.jit(fun, donate_argnums=0)
    a, b = [fnp.asarray(x) + 0.0 for x in start], [fnp.asarray(x) + 0.0 for x in start]
    for _ in range(4):
        a, b = f(a), given(b)
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x, y)
