"""Gather and scatter with XLA's dimension numbers against jax.lax, over all their parameters."""

from typing import NamedTuple

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.test_util
from tests.harness import assert_same, assert_traced_well

OPTIONS = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


class Problem(NamedTuple):
    """A drawn problem: shapes, indices, and dimension numbers."""

    shape: tuple
    indices: np.ndarray
    sizes: tuple
    offset: tuple
    squeezed: tuple
    mapped: tuple
    own: tuple
    batch: tuple

    @property
    def result(self):
        """The shape that windows make, of gather's result or scatter's updates."""
        window = [n for a, n in enumerate(self.sizes) if a not in self.squeezed + self.own]
        places = iter(self.indices.shape[:-1])
        ndim = len(window) + self.indices.ndim - 1
        window = iter(window)
        return tuple(next(window if i in self.offset else places) for i in range(ndim))

    def numbers(self, lib, name):
        """The dimension numbers of a library."""
        return getattr(lib.lax, name)(self.offset, self.squeezed, self.mapped, self.own, self.batch)


@st.composite
def problems(draw, inside=False):
    """Windows of any size, at places inside the array or also outside."""
    shape = tuple(draw(st.lists(st.integers(1, 4), max_size=4)))
    kinds = [draw(st.sampled_from(["squeezed", "own", "window", "window"])) for _ in shape]
    own = tuple(a for a, k in enumerate(kinds) if k == "own")
    squeezed = tuple(a for a, k in enumerate(kinds) if k == "squeezed")
    free = [a for a in range(len(shape)) if a not in own]
    mapped = tuple(draw(st.permutations([a for a in free if draw(st.booleans())])))
    sizes = tuple(
        draw(st.integers(0 if n > 3 else 1, n)) if k == "window" else 1
        for n, k in zip(shape, kinds, strict=True)
    )
    places = draw(st.lists(st.integers(1, 3), max_size=2))
    batch = []
    for a in draw(st.permutations(own)):  # each goes along with an axis of the indices
        at = draw(st.integers(0, len(places)))
        places.insert(at, shape[a])
        batch = [(b + (b >= at), o) for b, o in batch] + [(at, a)]
    batch = tuple(b for b, _ in sorted(batch, key=lambda pair: pair[1]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    indices = np.zeros((*places, len(mapped)), draw(st.sampled_from([np.int32, np.int64])))
    for k, a in enumerate(mapped):
        last = shape[a] - sizes[a]
        low, high = (0, last) if inside else (-1, last + 1)
        indices[..., k] = rng.integers(low, high, places, endpoint=True)
    kept = len(shape) - len(own) - len(squeezed)
    axes = range(kept + len(places))
    offset = tuple(sorted(draw(st.permutations(axes))[:kept]))
    return Problem(shape, indices, sizes, offset, squeezed, mapped, own, batch)


def same_as_in_jax(program, xs):
    """Value, and both first derivatives, of ``program(lib, *xs)``; traced programs too."""
    rng = np.random.default_rng(0)
    ts = tuple(rng.normal(size=x.shape) for x in xs)
    ct = rng.normal(size=jax.eval_shape(lambda *xs: program(jax, *xs), *xs).shape)

    def everything(lib):
        f = lambda *xs: program(lib, *xs)
        return lib.jvp(f, xs, ts), lib.vjp(f, *xs)[1](ct)

    want = jax.jit(lambda: everything(jax), compiler_options=OPTIONS)()
    assert_same(everything(fgrad), want)
    assert_same(fgrad.jit(lambda: everything(fgrad))(), want)
    assert_traced_well(lambda *xs: program(fgrad, *xs), *xs)


@given(problem=problems(), mode=st.sampled_from(["clip", "fill"]))
def test_gather(problem, mode):
    """Windows outside of the array are moved, or filled."""
    x = np.random.default_rng(1).normal(size=problem.shape)

    def program(lib, x, indices=problem.indices):
        numbers = problem.numbers(lib, "GatherDimensionNumbers")
        return lib.lax.gather(x, indices, numbers, problem.sizes, mode=mode, fill_value=7.0)

    same_as_in_jax(program, (x,))
    # with computed indices, which differ between the elements of a batch
    xs, indices = np.stack([x, -x]), np.stack([problem.indices, problem.indices[..., ::-1]])
    got = fgrad.vmap(lambda x, i: program(fgrad, x, i))(xs, indices)
    want = np.stack([program(fgrad, *pair) for pair in zip(xs, indices, strict=True)])
    assert_same(got, want)
    assert_same(fgrad.jit(lambda x, i: program(fgrad, x, i))(xs[1], indices[1]), want[1])


@given(problem=problems(inside=True))
def test_gather_inside(problem):
    """What is promised to be inside is taken as it is."""
    x = np.random.default_rng(1).normal(size=problem.shape)
    same_as_in_jax(
        lambda lib, x: lib.lax.gather(
            x, problem.indices, problem.numbers(lib, "GatherDimensionNumbers"), problem.sizes
        ),
        (x,),
    )


COMBINE = {
    "scatter": lambda old, new: new,
    "scatter_add": np.add,
    "scatter_sub": np.subtract,
    "scatter_mul": np.multiply,
    "scatter_min": np.minimum,
    "scatter_max": np.maximum,
}


def in_a_loop(problem, x, u, combine, clip):
    """Scatter as it is defined: one window after the other."""
    out = np.array(x)
    others = [i for i in range(u.ndim) if i not in problem.offset]
    for place in np.ndindex(problem.indices.shape[:-1]):
        start = [0] * out.ndim
        for a, i in zip(problem.mapped, problem.indices[place], strict=True):
            start[a] = int(i)
        for a, b in zip(problem.own, problem.batch, strict=True):
            start[a] = place[b]
        last = [n - k for n, k in zip(problem.shape, problem.sizes, strict=True)]
        if clip:
            start = [min(max(i, 0), n) for i, n in zip(start, last, strict=True)]
        if all(0 <= i <= n for i, n in zip(start, last, strict=True)):
            window = tuple(slice(i, i + k) for i, k in zip(start, problem.sizes, strict=True))
            chosen = dict(zip(others, place, strict=True))
            update = u[tuple(chosen.get(i, slice(None)) for i in range(u.ndim))]
            out[window] = combine(out[window], update.reshape(problem.sizes))
    return out


@given(problem=problems(), clip=st.booleans())
def test_scatter_is_the_loop(problem, clip):
    """Windows outside of the array are moved, or left out; eagerly, under jit and under vmap."""
    rng = np.random.default_rng(1)
    xs, us = (rng.normal(size=(2, *shape)) for shape in (problem.shape, problem.result))
    indices = np.stack([problem.indices, problem.indices[..., ::-1]])
    second = problem._replace(indices=indices[1])
    for name, combine in COMBINE.items():

        def program(x, i, u, name=name):
            numbers = problem.numbers(fgrad, "ScatterDimensionNumbers")
            mode = "clip" if clip else None
            return getattr(fgrad.lax, name)(x, i, u, numbers, mode=mode)

        want = np.stack(
            [
                in_a_loop(p, x, u, combine, clip)
                for p, x, u in zip((problem, second), xs, us, strict=True)
            ]
        )
        assert_same(program(xs[0], indices[0], us[0]), want[0])
        assert_same(fgrad.jit(program)(xs[1], indices[1], us[1]), want[1])
        assert_same(fgrad.vmap(program)(xs, indices, us), want)


@given(
    problem=problems(),
    mode=st.sampled_from(["clip", "drop"]),
    name=st.sampled_from([n for n in COMBINE if n != "scatter_mul"]),
)
def test_derivatives_of_scatter(problem, mode, name):
    """Against JAX, where it has them right."""
    rng = np.random.default_rng(1)
    x, u = rng.normal(size=problem.shape), rng.normal(size=problem.result)
    ones = np.ones(problem.result)
    count = in_a_loop(problem, np.zeros(problem.shape), ones, np.add, mode == "clip")
    if name == "scatter" and np.any(count > 1):
        return  # which of them stays is not said
    if name in ("scatter_min", "scatter_max"):
        mode = "drop"  # JAX reads outside of the array for the other

    def program(lib, x, u):
        numbers = problem.numbers(lib, "ScatterDimensionNumbers")
        return getattr(lib.lax, name)(x, problem.indices, u, numbers, mode=mode)

    same_as_in_jax(program, (x, u))


def test_derivatives_of_products():
    """JAX has them without repeated indices only: against finite differences, zeros too."""
    indices = np.array([[0], [2], [2], [3]])
    numbers = fgrad.lax.ScatterDimensionNumbers((), (0,), (0,))
    program = lambda x, u: fgrad.lax.scatter_mul(x, indices, u, numbers)
    x = np.array([1.0, 2.0, 3.0])
    for u in (np.array([2.0, 3.0, 4.0, 5.0]), np.array([0.0, 3.0, 0.0, 5.0])):
        fgrad.test_util.check_grads(program, (x, u), order=2)


# -- scatter_apply -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["clip", "drop"])
def test_scatter_apply(mode):
    """Once for every window that holds the element, with known and with computed indices."""
    x = np.array([1.0, 2.0, 3.0, 4.0])
    indices = np.array([[0], [2], [2], [4], [-1]])

    def program(lib, indices):
        numbers = lib.lax.ScatterDimensionNumbers((), (0,), (0,))
        return lib.lax.scatter_apply(
            x, indices, lambda v: v * v + 1, numbers, update_shape=(5,), mode=mode
        )

    want = np.asarray(jax.jit(lambda: program(jax, indices))())
    assert_same(program(fgrad, indices), want)
    assert_same(fgrad.jit(lambda i: program(fgrad, i))(indices), want)
    both = np.stack([indices, indices[::-1]])
    assert_same(fgrad.vmap(lambda i: program(fgrad, i))(both), np.stack([want, want]))


def test_derivative_of_scatter_apply():
    """Applied twice, the chain rule twice."""
    numbers = fgrad.lax.ScatterDimensionNumbers((), (0,), (0,))

    def program(x, **options):
        return fgrad.lax.scatter_apply(
            x, np.array([[0], [2], [2]]), np.sin, numbers, update_shape=(3,), **options
        )

    x = np.array([1.0, 2.0, 3.0])
    want = np.array([np.cos(1), 1, np.cos(np.sin(3)) * np.cos(3)])
    assert_same(fgrad.grad(lambda x: program(x).sum())(x), want)
    once = np.array([np.cos(1), 1, np.cos(3)])
    assert_same(fgrad.grad(lambda x: program(x, unique_indices=True).sum())(x), once)


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("index", [-1, 4])
def test_broken_promises(index):
    """A window outside that was promised inside is an error, before and during a program."""
    x, indices = np.ones(5), np.array([[index]])
    gather = lambda i: fgrad.lax.gather(
        x, i, fgrad.lax.GatherDimensionNumbers((1,), (), (0,)), (2,)
    )
    scatter = lambda i: fgrad.lax.scatter_add(
        x, i, np.ones((1, 2)), fgrad.lax.ScatterDimensionNumbers((1,), (), (0,)),
        mode="promise_in_bounds",
    )  # fmt: skip
    for call in (gather, scatter):
        for f in (call, fgrad.jit(call)):
            with pytest.raises(IndexError, match="out of bounds") as e:
                f(indices)
            assert "test_gather.py" in str(e.value)


@pytest.mark.parametrize(
    ("dtype", "want"),
    [("float32", np.nan), ("int8", -128), ("uint16", 65535), ("bool", True), ("complex64", np.nan)],
)
def test_fill_values(dtype, want):
    """Without a given one: as in JAX."""
    got = fgrad.lax.gather(
        np.zeros(3, dtype), np.array([7]), fgrad.lax.GatherDimensionNumbers((), (0,), (0,)), (1,),
        mode="fill",
    )  # fmt: skip
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, want)


def _gather(x, i, *numbers, sizes=(1, 3), **options):
    return fgrad.lax.gather(x, i, fgrad.lax.GatherDimensionNumbers(*numbers), sizes, **options)


def _scatter(x, i, u, *numbers):
    return fgrad.lax.scatter(x, i, u, fgrad.lax.ScatterDimensionNumbers(*numbers))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, i: _gather(x, i * 1.0, (1,), (0,), (0,)), TypeError, "indices of integers"),
        (lambda x, i: _gather(x, i, (1,), (0,), (0, 1)), TypeError, "for each number along"),
        (lambda x, i: _gather(x, i, (1,), (2,), (0,)), TypeError, "squeezed axes"),
        (lambda x, i: _gather(x, i, (3,), (0,), (0,)), TypeError, "offset_dims must be 1 of the 2"),
        (lambda x, i: _gather(x, i, (1,), (1,), (0,)), TypeError, "without axes .* of size one"),
        (lambda x, i: _gather(x, i, (1,), (0,), (0,), sizes=(1, 4)), TypeError, "do not fit shape"),
        (lambda x, i: _gather(x, i, (1,), (0,), (0,), sizes=(1,)), TypeError, "a window size for"),
        (lambda x, i: _gather(x, i, (1,), (), (0,), (0,), (0,)), TypeError, "are not indexed"),
        (lambda x, i: _gather(x, i, (1,), (), (1,), (0,), ()), TypeError, "each batching axis"),
        (lambda x, i: _gather(x, i, (1,), (), (1,), (0,), (0,)), TypeError, "differ in length"),
        (lambda x, i: _gather(x, i, (1,), (0,), (0,), mode="wrap"), ValueError, "unknown mode"),
        (lambda x, i: _scatter(x, i, np.ones((5, 3)), (1,), (0,), (0,)), TypeError, "do not hold"),
        (lambda x, i: _scatter(x, i, np.ones((3, 5)), (1,), (0,), (0,)), TypeError, "do not fit"),
        (
            lambda x, i: _scatter(x, i, np.ones((3, 3), np.float32), (1,), (0,), (0,)),
            TypeError,
            "updates must have dtype float64",
        ),
    ],
)
def test_errors(call, error, message):
    """Dimension numbers that do not fit are refused, and the user's line is named."""
    with pytest.raises(error, match=message) as e:
        call(np.ones((4, 3)), np.array([[0], [1], [3]]))
    assert "test_gather.py" in str(e.value)
