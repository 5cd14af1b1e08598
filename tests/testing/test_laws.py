"""The promises of fgrad, over random programs.

``pytest tests/testing --hypothesis-profile=thorough`` runs more than 20,000 of them; how many were
run stands at the end of the session.
"""

import numpy as np
import pytest
from hypothesis import strategies as st

import fgrad
from tests.harness import assert_promises_kept
from tests.testing.compositions import LIBRARIES, TRANSFORMATIONS, compose, defined
from tests.testing.laws import COUNTS, assert_agree, function, in_jax, law, pair, total, waves


@pytest.fixture(autouse=True)
def _report_counts(record_property):
    """Leave the counts with the test, for `pytest_terminal_summary`."""
    before = COUNTS.copy()
    yield
    for name, n in (COUNTS - before).items():
        record_property(name, n)


def _gradient(fun, n):
    return fgrad.grad(total(fun), argnums=tuple(range(n)))


def _pullback(fun):
    def pulled(*xs):
        outs, pull = fgrad.vjp(fun, *xs)
        return pull(waves(outs))

    return pulled


def _pushforward(fun, phase=0.0):
    return lambda *xs: fgrad.jvp(fun, xs, waves(xs, phase))


def _second(fun):
    """The derivative of the pullback along a direction."""
    return lambda *xs: fgrad.jvp(_pullback(fun), xs, waves(xs, 0.5))[1]


@law()
def test_jit_changes_nothing(program):
    compiled = fgrad.jit(program.function())
    assert_agree(program, compiled, program)
    assert_agree(program, compiled, program)  # the second call runs otherwise


@law()
def test_jit_of_derivatives_changes_nothing(program):
    f = function(program)
    assert_agree(program, fgrad.jit(_pullback(f)), _pullback(f))
    assert_agree(program, fgrad.jit(_second(f)), _second(f))


@law()
def test_traced_as_run(program):
    closed = fgrad.make_jaxpr(program.function())(*program.arguments)
    assert_promises_kept(closed, program.arguments)
    assert_agree(program, lambda *xs: tuple(closed(*xs)), program)


@law()
def test_derivatives_are_traced_well(program):
    f = function(program)
    closed = fgrad.make_jaxpr(_pullback(f))(*program.arguments)
    assert_promises_kept(closed, program.arguments)


@law(st.data(), share=2)
def test_vmap_is_the_loop(program, data):
    axes = [data.draw(st.sampled_from([None, *range(np.ndim(x) + 1)])) for x in program.arguments]
    if all(a is None for a in axes):
        axes[0] = 0
    factors = (1.0, -0.5, 0.75)[: data.draw(st.integers(1, 3))]
    f = _second(function(program)) if data.draw(st.booleans()) else program.function()

    def batch(*xs):
        stacked = [
            x if a is None else fgrad.numpy.stack([(c * x).astype(x.dtype) for c in factors], a)
            for x, a in zip(xs, axes, strict=True)
        ]
        return fgrad.vmap(f, in_axes=tuple(axes))(*stacked)

    def loop(*xs):
        rows = []
        for c in factors:
            pairs = zip(xs, axes, strict=True)
            rows.append(f(*(x if a is None else (c * x).astype(x.dtype) for x, a in pairs)))
        return tuple(fgrad.numpy.stack(column) for column in zip(*rows, strict=True))

    assert_agree(program, batch, loop)


@law()
def test_jvp_is_linear(program):
    f = function(program)

    def left(*xs):
        t, u = waves(xs), waves(xs, 1.0)
        both = tuple((2 * a + b).astype(a.dtype) for a, b in zip(t, u, strict=True))
        return fgrad.jvp(f, xs, both)[1]

    def right(*xs):
        (_, t), (_, u) = _pushforward(f)(*xs), _pushforward(f, 1.0)(*xs)
        return tuple((2 * a + b).astype(a.dtype) for a, b in zip(t, u, strict=True))

    assert_agree(program, left, right)


@law()
def test_dot_product(program):
    """<vjp(u), v> = <u, jvp(v)>."""
    f = function(program)

    def left(*xs):
        return pair(_pullback(f)(*xs), waves(xs)).real

    def right(*xs):
        outs, tangents = _pushforward(f)(*xs)
        return pair(waves(outs), tangents).real

    assert_agree(program, left, right)


@law()
def test_gradient_of_a_sum(program):
    f = function(program)
    n = len(program.arguments)
    g = lambda *xs: tuple(o * o for o in f(*xs))
    both = lambda *xs: total(f)(*xs) + total(g)(*xs)

    def right(*xs):
        pairs = zip(_gradient(f, n)(*xs), _gradient(g, n)(*xs), strict=True)
        return tuple(a + b for a, b in pairs)

    assert_agree(program, fgrad.grad(both, argnums=tuple(range(n))), right)


@law()
def test_linearize_is_jvp(program):
    f = function(program)

    def left(*xs):
        outs, push = fgrad.linearize(f, *xs)
        return outs, push(*waves(xs)), push(*waves(xs, 1.0))

    def right(*xs):
        outs, tangents = _pushforward(f)(*xs)
        return outs, tangents, _pushforward(f, 1.0)(*xs)[1]

    assert_agree(program, left, right)


@law()
def test_transpose_of_the_linear_part_is_vjp(program):
    f = function(program)

    def left(*xs):
        outs, push = fgrad.linearize(f, *xs)
        return fgrad.linear_transpose(lambda ts: push(*ts), xs)(waves(outs))[0]

    assert_agree(program, left, _pullback(f))


@law(share=0.5)
def test_checkpoint_changes_nothing(program):
    f = function(program)
    again = fgrad.checkpoint(f)
    for derivative in (lambda f: f, _pushforward, _pullback, _second):
        assert_agree(program, derivative(again), derivative(f))


@law()
def test_nothing_is_changed_or_shared(program):
    before = [np.array(x) for x in program.arguments]
    f = function(program)
    for run in (program, fgrad.jit(program.function()), _pullback(f), fgrad.jit(_pullback(f))):
        for _ in range(2):
            outs = [o for o in run(*program.arguments) if isinstance(o, np.ndarray)]
            for x, was in zip(program.arguments, before, strict=True):
                np.testing.assert_array_equal(x, was)
            if run is program:
                continue  # without a transformation, NumPy's views are views
            for i, o in enumerate(outs):
                assert not any(np.shares_memory(o, x) for x in program.arguments)
                assert not any(np.shares_memory(o, other) for other in outs[:i])


@law(st.floats(0.1, 3.0))
def test_finite_differences(program, phase):
    f = function(program)
    xs = program.arguments
    narrow = any(d in program.body for d in ("float32", "complex64"))
    if narrow or any(x.dtype.itemsize < 8 or x.dtype == np.complex64 for x in xs):
        return  # the differences of 32-bit numbers show little
    if "stop_gradient" in program.body:
        return
    direction = waves(xs, phase)
    tangents = fgrad.jvp(f, xs, direction)[1]

    def difference(h):
        ahead, behind = (
            f(*(x + s * h * t for x, t in zip(xs, direction, strict=True))) for s in (1, -1)
        )
        return [(a - b) / (2 * h) for a, b in zip(ahead, behind, strict=True)]

    def one_sided(h):
        here, ahead = f(*xs), f(*(x + h * t for x, t in zip(xs, direction, strict=True)))
        return [(a - b) / h for a, b in zip(ahead, here, strict=True)]

    steps = difference(1e-5), difference(1e-4), one_sided(1e-5)
    for tangent, fine, coarse, half in zip(tangents, *steps, strict=True):
        # the error of the coarse difference shows what the fine one's is at most, unless the
        # program has a kink between the points
        size = np.max(np.abs(fine), initial=1.0)
        spread = np.abs(fine - coarse)
        if np.any(spread > 1e-4 * size) or np.any(np.abs(fine - half) > 1e-2 * size):
            continue
        apart = np.abs(fine - tangent)
        assert np.all(apart <= 2 * spread + 1e-8 * size), f"{tangent}\n{fine}"


@law(share=0.2)
def test_jax_agrees(program):
    """The value, the gradient and a Hessian-vector product."""
    xs = program.arguments

    def numbers(library):
        f = function(program, library)
        lib, np = LIBRARIES[library]
        gradient = lib.grad(total(f, np), argnums=tuple(range(len(xs))))
        return lambda *xs: (program.function(library)(*xs), lib.jvp(gradient, xs, waves(xs)))

    want = in_jax(numbers("jax"), *xs)
    assert_agree(program, lambda *_: want, numbers("fgrad"), in_jax=True)


@law(st.tuples(*[st.sampled_from(TRANSFORMATIONS)] * 2))
def test_pairs_are_as_defined(program, transformations):
    f = function(program)
    left, right = (make("fgrad", transformations, f) for make in (compose, defined))
    assert_agree(program, left, right)
    assert_agree(program, fgrad.jit(left), right)


@law(st.tuples(*[st.sampled_from(TRANSFORMATIONS)] * 3), share=1.5)
def test_triples_are_as_defined(program, transformations):
    f = function(program)
    left, right = (make("fgrad", transformations, f) for make in (compose, defined))
    assert_agree(program, left, right)


@law(st.lists(st.sampled_from(TRANSFORMATIONS), min_size=2, max_size=3), share=0.2)
def test_compositions_agree_with_jax(program, transformations):
    want = in_jax(defined("jax", transformations, function(program, "jax")), *program.arguments)
    right = compose("fgrad", transformations, function(program))
    assert_agree(program, lambda *_: want, right, in_jax=True)
