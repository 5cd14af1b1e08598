"""odeint against JAX, exact solutions and finite differences."""

import functools

import jax
import jax.experimental.ode
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.experimental.ode import odeint
from tests.harness import assert_same

SOLVERS = {fgrad: odeint, jax: jax.experimental.ode.odeint}
T = np.array([0.0, 0.3, 0.4, 1.0, 2.5])
Y0 = np.array([1.0, 0.2])


def pendulum(lib, y, t, friction, gravity):
    angle, speed = y
    return lib.numpy.stack([speed, -friction * speed - gravity * lib.numpy.sin(angle)])


def in_a_tree(lib, y, t, k):
    force = k["w"] @ y["x"] + lib.numpy.cos(3 * t)
    return {"x": lib.numpy.tanh(force), "z": (k["s"] * y["z"][0] * 1j,)}


def solution(lib, y0, ts, *args):
    return SOLVERS[lib](functools.partial(pendulum, lib), y0, ts, *args)


PROBLEMS = {
    "vector": (solution, (Y0, T, 0.25, 9.8)),
    "tree": (
        lambda lib, x, z, ts, w, s: SOLVERS[lib](
            functools.partial(in_a_tree, lib), {"x": x, "z": (z,)}, ts, {"w": w, "s": s}
        ),
        (Y0, np.array(0.5 + 0.1j), T, np.array([[0.1, 1.0], [-1.0, 0.2]]), 1.5),
    ),
    "closed over": (
        lambda lib, y0, k: SOLVERS[lib](lambda y, t: -k * y * t, y0, lib.numpy.asarray(T)),
        (Y0, np.array([0.5, 2.0])),
    ),
}


@functools.cache
def answers():
    """JAX's values and gradients of all problems, compiled as one program."""

    def everything(arguments):
        return {
            name: value_and_gradient(jax, program, arguments[name])
            for name, (program, _) in PROBLEMS.items()
        }

    return jax.jit(everything)({name: args for name, (_, args) in PROBLEMS.items()})


def value_and_gradient(lib, program, args):
    def total(args):
        leaves = lib.tree.leaves(program(lib, *args))
        return sum((abs(v) ** 2 * np.arange(1.0, 3.0)[: v.shape[-1]]).sum() if v.ndim > 1
                   else (abs(v) ** 2).sum() for v in leaves)  # fmt: skip

    return program(lib, *args), lib.grad(total)(args)


@pytest.mark.parametrize("name", PROBLEMS)
def test_as_in_jax(name):
    program, args = PROBLEMS[name]
    args = tuple(fnp.asarray(a) for a in args)
    got, want = value_and_gradient(fgrad, program, args), answers()[name]
    # the same steps are taken; roundings grow along the solution
    assert_same(got[0], want[0], scale=1e3)
    assert_same(got[1], want[1], scale=1e4, dtype=False)
    compiled = fgrad.jit(lambda *args: value_and_gradient(fgrad, program, args))(*args)
    assert_same(compiled, got, scale=1e3, dtype=False)


def test_exact_solutions():
    got = odeint(lambda y, t: -2.0 * y, 1.0, T)
    np.testing.assert_allclose(got, np.exp(-2 * T), atol=1e-7)  # 1.4e-8 a step
    got = odeint(lambda y, t: fnp.cos(t) * y, fnp.ones(3), T + 1, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(
        got, np.exp(np.sin(T + 1) - np.sin(1.0))[:, None] * np.ones(3), rtol=1e-10
    )
    np.testing.assert_array_equal(odeint(lambda y, t: 0 * y, 3, T), np.full(5, 3.0))
    np.testing.assert_array_equal(odeint(lambda y, t: y, Y0, T[:1]), Y0[None])


def test_the_gradient_against_differences():
    def last(k, y0, end):
        ts = fnp.stack([0.0 * end, end])
        return odeint(lambda y, t: -k * y**3 + t, y0, ts, rtol=1e-11, atol=1e-11)[-1]

    at = np.array([0.7, 1.3, 2.0])
    gradient = fgrad.grad(last, (0, 1, 2))(*at)
    for i, step in enumerate(1e-4 * np.eye(3)):
        difference = (last(*(at + step)) - last(*(at - step))) / 2e-4
        np.testing.assert_allclose(gradient[i], difference, rtol=1e-5, atol=1e-6)


def test_the_second_derivative():
    f = lambda k: odeint(lambda y, t: -k * y**2, 1.0, T[:4])[-1]  # 1 / (1 + k)
    np.testing.assert_allclose(fgrad.grad(fgrad.grad(f))(2.0), 2 / 27, rtol=1e-6)


def test_a_batch_is_the_loop():
    f = lambda y0, g: solution(fgrad, y0, T, 0.1, g)[-1].sum()
    y0s, gs = np.stack([Y0, 2 * Y0, -Y0]), np.array([9.8, 1.0, 3.0])
    values, gradients = fgrad.vmap(fgrad.value_and_grad(f))(y0s, gs)
    for k in range(3):
        value, gradient = fgrad.value_and_grad(f)(y0s[k], gs[k])
        np.testing.assert_allclose(values[k], value, rtol=1e-10)
        np.testing.assert_allclose(gradients[k], gradient, rtol=1e-7)


def test_dtypes():
    f = lambda y, t: -y
    got = odeint(f, np.float32(1), T.astype(np.float32), rtol=1e-5)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, np.exp(-T), rtol=1e-4)
    assert odeint(f, np.ones(2, np.float32), T).dtype == np.float32
    gradient = fgrad.grad(lambda y: odeint(f, y, T)[-1])(np.float32(1))
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, np.exp(-2.5), rtol=1e-4)


def test_what_is_not_reached_is_nan():
    got = odeint(lambda y, t: -30 * y, 1.0, T, mxstep=3)
    assert got[0] == 1.0
    assert np.isnan(got[-1])
    assert np.all(np.isnan(odeint(lambda y, t: fnp.nan * y, 1.0, T)[1:]))


def test_the_largest_step():
    calls = []
    count = lambda y, t: (fgrad.debug.callback(lambda: calls.append(1)), y * 0 + 1.0)[1]
    for hmax in (np.inf, 0.01):
        calls.append(0)
        np.testing.assert_allclose(odeint(count, 0.0, T, hmax=hmax), T, atol=1e-12)
    wide = calls.index(0, 1)
    assert wide < 200 < 1500 < len(calls) - wide


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: odeint(lambda y, t: y, 1.0, np.arange(3)), TypeError, "floats; got dtype int64"),
        (lambda: odeint(lambda y, t: y, 1.0, 2.0), ValueError, "one axis"),
        (lambda: odeint(lambda y, t: y, 1.0, T[::-1]), ValueError, "must not decrease"),
        (lambda: odeint(lambda y, t: [y], 1.0, T), TypeError, "func must give a value like y0"),
        (lambda: odeint(lambda y, t: y[0], Y0, T), TypeError, "of 2 numbers; it gave 1"),
        (lambda: odeint(3, Y0, T), TypeError, "expected a function"),
        (
            lambda: fgrad.jvp(lambda y: odeint(lambda y, t: -y, y, T), (1.0,), (1.0,)),
            TypeError,
            "no forward-mode derivative",
        ),
    ],
)
def test_refusals(call, error, text):
    with pytest.raises(error, match=text):
        call()
