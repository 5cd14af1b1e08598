"""while_loop against JAX: values, forward mode, batches of conditions; and its errors."""

import jax
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.lax import while_loop
from tests.harness import assert_same, assert_traced_well, assert_vmap_is_the_loop


def double(lib, x):
    return lib.lax.while_loop(lambda x: x < 100.0, lambda x: 2 * x, x)


def newton(lib, a):
    """A square root by Newton's method."""

    def step(state):
        y, _ = state
        return 0.5 * (y + a / y), y

    far = lambda state: lib.numpy.abs(state[0] - state[1]) > 1e-9
    return lib.lax.while_loop(far, step, (a, 2 * a + 1))[0]


def vectors(lib, x):
    def step(state):
        n, x = state
        return n + 1, lib.numpy.sin(x) * 2

    n, x = lib.lax.while_loop(lambda s: (s[0] < 20) & (s[1].sum() > 1.0), step, (0, x))
    return x * n


def nested(lib, x):
    def step(x):
        return lib.lax.while_loop(lambda y: y < x + 3, lambda y: y + 1.5, x)

    return lib.lax.while_loop(lambda x: x < 20.0, step, x)


def closed_over(lib, x):
    table = lib.numpy.stack([x, 2 * x, 3 * x])
    out = lib.lax.while_loop(
        lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] * table[s[0]] + x), (0, x)
    )
    return out[1]


def views(lib, x):
    """Carries that are views of each other."""
    m = lib.numpy.outer(x, x + 1) * np.ones((20, 20))
    step = lambda s: (s[0] + 1, s[1].T * 1.5, s[1], s[2].T)
    return lib.lax.while_loop(lambda s: s[0] < 3, step, (0, m, m, m))[1:]


PROGRAMS = [
    (double, ()),
    (newton, ()),
    (vectors, (3,)),
    (nested, ()),
    (closed_over, ()),
    (views, ()),
]
every_program = pytest.mark.parametrize(
    ("program", "shape"), PROGRAMS, ids=[p.__name__ for p, _ in PROGRAMS]
)


def points(shape):
    return np.random.default_rng(0).uniform(0.5, 3.0, (4, *shape))


@every_program
def test_values_and_forward_mode(program, shape):
    x = points(shape)[0][()]
    t = np.cos(x)
    want = jax.jit(lambda x, t: jax.jvp(lambda x: program(jax, x), (x,), (t,)))(x, t)
    f = lambda x: program(fgrad, x)
    both = lambda x, t: fgrad.jvp(f, (x,), (t,))
    assert_same(both(x, t), want, scale=10)
    assert_same(fgrad.jit(both)(x, t), want, scale=10)
    assert_same(fgrad.jit(f)(x), want[0], scale=10)
    value, linear = fgrad.linearize(f, x)
    assert_same((value, linear(t)), want, scale=10)
    assert_traced_well(f, x)
    assert_same(
        fgrad.jit(fgrad.jacfwd(f))(x), jax.jit(jax.jacfwd(lambda x: program(jax, x)))(x), 10
    )
    second = lambda lib: (
        lambda x, t: lib.jvp(
            lambda x: lib.jvp(lambda x: program(lib, x), (x,), (t,))[1], (x,), (t,)
        )
    )
    assert_same(second(fgrad)(x, t), jax.jit(second(jax))(x, t), scale=100)


@every_program
def test_vmap_is_the_loop(program, shape):
    """Each example takes as many steps as it takes alone."""
    f = lambda x: program(fgrad, x)
    draws = [(x[()],) for x in points(shape)]
    assert_vmap_is_the_loop(f, draws, (0,), size=4)
    tangent = lambda x: fgrad.jvp(f, (x,), (np.cos(x) if shape else 1.0,))[1]
    if program is not vectors:
        assert_vmap_is_the_loop(tangent, draws, (0,), size=4)
    assert_same(
        fgrad.jit(fgrad.vmap(f))(np.stack([d[0] for d in draws])),
        fgrad.vmap(f)(np.stack([d[0] for d in draws])),
    )


def test_no_step_at_all():
    x = np.ones(600)
    y = while_loop(lambda x: False, lambda x: x * 2, x)
    assert (y == 1).all() and not np.shares_memory(x, y)
    y = while_loop(lambda x: x[0] < 3, lambda x: x * 2, x)
    assert (y == 4).all() and (x == 1).all()


def test_reverse_mode_says_what_to_do():
    with pytest.raises(
        ValueError, match=r"while_loop has no reverse-mode[^\0]*scan[^\0]*test_while"
    ):
        fgrad.grad(lambda x: double(fgrad, x))(3.0)
    with pytest.raises(ValueError, match="while_loop has no reverse-mode"):
        fgrad.jit(fgrad.grad(lambda x: double(fgrad, x)))(3.0)


def test_reverse_mode_beside_a_loop():
    """A loop whose result is not differentiated is none of reverse mode's business."""

    def f(x):
        n = while_loop(lambda n: n < 10, lambda n: n * 2, 3)
        steps = while_loop(lambda s: s[0] < 8, lambda s: (s[0] * 2, s[1] + 1), (2.0, 0))[1]
        return x**2 * n + steps

    assert fgrad.grad(f)(3.0) == 72.0
    assert fgrad.jit(fgrad.grad(f))(3.0) == 72.0


def test_without_jit():
    with fgrad.disable_jit():
        assert while_loop(lambda x: x < 10, lambda x: x * 2, 3) == 12


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: while_loop(lambda x: x, lambda x: x + 1, 1.0), "boolean scalar; it gave f64"),
        (lambda: while_loop(lambda x: (x < 1,), lambda x: x, 1.0), "boolean scalar; it gave a pyt"),
        (lambda: while_loop(lambda x: x < 1, lambda x: x, np.ones(2)), r"it gave bool\[2\]"),
        (lambda: while_loop(lambda x: True, lambda x: (x, x), 1.0), "like the one it takes"),
        (
            lambda: while_loop(lambda x: True, lambda x: x[:1], np.ones(2)),
            r"f64\[2\] and comes out",
        ),
        (lambda: while_loop(lambda x: True, lambda x: x + 0.5, np.int32(1)), "goes in as i32"),
        (lambda: while_loop(lambda x: True, 3, 1.0), "expected a function"),
    ],
)
def test_errors(call, text):
    with pytest.raises(TypeError, match=rf"{text}[^\0]*test_while.py"):
        call()


def test_a_traced_value_cannot_decide_in_python():
    with pytest.raises(fgrad.errors.TracerBoolConversionError, match="test_while"):
        while_loop(lambda x: x < 3, lambda x: x + 1 if x > 2 else x + 2, fnp.zeros(()))
