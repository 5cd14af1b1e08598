"""Gathers and scatters by any index arrays, in machine code: what NumPy gives, to the last bit
where the order of sums is given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
from fgrad.compiler.native import gathers, scatters
from fgrad.primitives.index import gather, gathered_shape, scatter
from tests.compiler.native.helpers import check, compiled


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    """However few items there are."""
    for module, names in ((gathers, ("FEW", "FEW_TUPLES")), (scatters, ("FEW",))):
        for name in names:
            monkeypatch.setattr(module, name, 0)


@pytest.fixture(params=(False, True), ids=("alone", "on threads"))
def _shared(request, monkeypatch):
    for module in (gathers, scatters):
        monkeypatch.setattr(module, "MANY", 0 if request.param else 1 << 40)
    monkeypatch.setattr(scatters, "_TIMES", 0)


@st.composite
def moves(draw):
    """An array's shape, indices, axes, where the axes of the indices go, a dtype and a seed."""
    shape = draw(st.lists(st.sampled_from((1, 2, 3, 5, 20)), min_size=1, max_size=4))
    axes = sorted(draw(st.sets(st.integers(0, len(shape) - 1), min_size=1)))
    full = draw(st.lists(st.sampled_from((0, 1, 2, 3, 19)), max_size=3))
    r = np.random.default_rng(draw(st.integers(0, 999)))
    indices = []
    for a in axes:
        own = [n if draw(st.booleans()) else 1 for n in full[draw(st.integers(0, len(full))) :]]
        dtype = draw(st.sampled_from(("int64", "int32", "uint8", "int16")))
        low = 0 if dtype == "uint8" else -shape[a]
        indices.append(r.integers(low, shape[a], own).astype(dtype))
    out_axis = draw(st.integers(0, len(shape) - len(axes)))
    return tuple(shape), indices, tuple(axes), out_axis, draw(st.sampled_from("fdilbH?")), r


def numbers(r, shape, dtype):
    return (r.normal(size=shape) * 9).astype(dtype) if dtype != "?" else r.random(shape) < 0.5


@pytest.mark.usefixtures("_shared")
@given(moves())
def test_gathers(move):
    shape, indices, axes, out_axis, dtype, r = move
    f = lambda x, *i: gather(x, *i, axes=axes, out_axis=out_axis)
    check(f, numbers(r, shape, dtype), *indices, rtol=0, atol=0)


@pytest.mark.usefixtures("_shared")
@given(moves(), st.sampled_from(("set", "add", "mul", "min", "max")))
def test_scatters(move, op):
    shape, indices, axes, out_axis, dtype, r = move
    block = np.broadcast_shapes(*(i.shape for i in indices))
    updates = numbers(r, gathered_shape(shape, block, axes, out_axis), dtype)
    x = numbers(r, shape, dtype)
    f = lambda u, x, *i: scatter(u, x, *i, axes=axes, out_axis=out_axis, op=op)
    exact = op != "add" and (op != "mul" or dtype not in "fd")
    tolerance = 0 if exact else 1e-3 if dtype == "f" else 1e-9
    check(f, updates, x, *indices, rtol=tolerance, atol=tolerance)
    # an array that is in use no more is updated where it is
    g = lambda u, x, *i: f(u, x.astype("f"), *i)
    check(g, updates.astype("f"), x.astype("d"), *indices, rtol=1e-3, atol=1e-3)


@pytest.mark.usefixtures("_shared")
@pytest.mark.parametrize("bad", (20, -21))
@pytest.mark.parametrize("which", (0, 1))
@pytest.mark.parametrize("op", (None, "set", "add"))
def test_numbers_out_of_bounds(bad, which, op):
    x, indices = np.ones((20, 20)), [np.arange(19)[:, None], np.arange(19)]
    indices[which] = indices[which] + 0
    indices[which].flat[7] = bad
    i, j = indices

    def f(x, i, j):
        return x[i, j] if op is None else getattr(x.at[i, j], op)(2.0)

    with pytest.raises(IndexError, match=rf"index {bad} is out of bounds[^\0]*test_moves.py"):
        compiled(f)(x, i, j)
    np.testing.assert_array_equal(x, 1)


def test_sound_numbers_are_for_machine_code_alone(monkeypatch):
    x, i, j = np.ones((20, 20)), np.arange(-3, 7)[:, None], np.arange(17)
    for f in (lambda x, i, j: x[i, j], lambda x, i, j: x.at[i, j].add(1.0)):
        want = f(fgrad.numpy.asarray(x), i, j)
        call = compiled(f).lower(x, i, j).compile()
        with monkeypatch.context() as m:
            m.setattr(gather, "impl", None)
            m.setattr(scatter, "impl", None)
            np.testing.assert_array_equal(call(x, i, j), want)


@pytest.mark.usefixtures("_shared")
def test_of_updates_to_one_place_the_last_stays():
    i = np.tile(np.arange(7), 400)
    got = compiled(lambda x, i, u: x.at[i].set(u))(np.zeros((7, 33)), i, np.arange(2800.0)[:, None])
    np.testing.assert_array_equal(got, np.broadcast_to(np.arange(2793.0, 2800)[:, None], (7, 33)))


@pytest.mark.usefixtures("_shared")
def test_an_array_is_updated_by_a_part_of_itself():
    i = np.array([3, 0, 3, 1])
    check(lambda x: (y := x * 2).at[i].add(y[2:6]), np.arange(60.0).reshape(6, 10))


def test_an_array_in_use_no_more_is_updated_where_it_is():
    i = np.arange(500)[::-1]
    f = compiled(lambda x: (x * 2).at[i].add(1.0).sum())
    x = np.ones(1000)
    (line,) = (s for s in f.lower(x).source.splitlines() if "scatter(" in s)
    source, target = line.split("(")[1].split(", ")[1], line.split("out=")[1].rstrip(")")
    assert f"{source} = {target}" in f.lower(x).source
    assert f(x) == 2500


def test_a_donated_array_is_updated_where_it_is():
    i = np.random.default_rng(0).integers(-300, 300, 500)
    step = fgrad.jit(lambda s: {"x": s["x"].at[i].add(s["x"][i])}, donate_argnums=0)
    state = {"x": fgrad.numpy.ones((300, 100))}
    for _ in range(3):
        state = step(state)
    place, want = state["x"].ctypes.data, np.array(state["x"])
    np.add.at(want, i, np.array(state["x"])[i])
    state = step(state)
    np.testing.assert_array_equal(state["x"], want)
    assert state["x"].ctypes.data == place


@pytest.mark.parametrize("order", (False, True))
def test_batches(order):
    r = np.random.default_rng(0)
    x, i = r.normal(size=(3, 8, 5)), r.integers(-8, 8, (3, 40))
    f = fgrad.vmap(lambda x, i: (x[i], x.at[i].add(2.0)), (0, 0 if order else None))
    check(f, x, i if order else i[0])


def test_taken_along_an_axis_and_the_slope():
    r = np.random.default_rng(1)
    x, i = r.normal(size=(4, 6, 50)), r.integers(0, 50, (4, 6, 1))

    def loss(x, i):
        y = fgrad.nn.log_softmax(x)
        return fgrad.numpy.take_along_axis(y, i, -1).sum()

    check(fgrad.value_and_grad(loss), x, i)
