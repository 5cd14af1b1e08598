"""Iterative solvers against JAX's, and against solutions of dense systems."""

import jax
import jax.scipy.sparse.linalg
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
import fgrad.scipy.sparse.linalg
from tests.harness import assert_same

RNG = np.random.default_rng(0)
R = RNG.normal(size=(6, 6))
SPD = R @ R.T + 6 * np.eye(6)
GENERAL = R + 6 * np.eye(6)
B = RNG.normal(size=6)
SOLVERS = {"cg": SPD, "bicgstab": GENERAL, "gmres": GENERAL}
OPTIONS = {"tol": 1e-12}

every_solver = pytest.mark.parametrize("name", SOLVERS)


def solver(lib, name):
    return getattr(lib.scipy.sparse.linalg, name)


def _both(name, program, *args, scale=1e3):
    """The same program in both libraries; iterations add up roundings."""
    assert_same(program(fgrad)(*args), jax.jit(program(jax))(*args), scale=scale)
    assert_same(fgrad.jit(program(fgrad))(*args), program(fgrad)(*args), scale=scale)


@every_solver
def test_solutions(name):
    A = SOLVERS[name]
    _both(name, lambda lib: lambda A, b: solver(lib, name)(A, b, **OPTIONS)[0], A, B)
    x = solver(fgrad, name)(lambda v: A @ v, B, x0=np.ones(6), **OPTIONS)[0]
    assert_same(x, np.linalg.solve(A, B), scale=1e3)


@every_solver
def test_derivatives_are_those_of_the_solution(name):
    """As of a dense system: not every second derivative of JAX's solvers is to be had."""

    def program(solve):
        slope = lambda A, b: fgrad.grad(lambda *a: solve(*a).sum(), (0, 1))(A, b)
        return lambda A, b: {
            "gradient": slope(A, b),
            "second order": fgrad.grad(lambda b: (slope(A, b)[0] * R).sum())(b),
            "forward": fgrad.jvp(solve, (A, b), (A * b, b**2))[1],
            "batched": fgrad.vmap(solve, (None, 1))(A, fnp.stack([b, 2 * b], 1)),
        }

    A = SOLVERS[name]
    want = program(fnp.linalg.solve)(A, B)
    got = program(lambda A, b: solver(fgrad, name)(A, b, **OPTIONS)[0])
    assert_same(got(A, B), want, scale=1e4)
    assert_same(fgrad.jit(got)(A, B), want, scale=1e4)


@every_solver
def test_pytrees_and_preconditioners(name):
    A = SOLVERS[name]

    def program(lib):
        def product(t):
            v = A @ lib.numpy.concatenate([t["x"], t["y"].ravel()])
            return {"x": v[:2], "y": v[2:].reshape(2, 2)}

        inverse = lambda t: {k: v / 6.0 for k, v in t.items()}
        return lambda b: solver(lib, name)(product, b, b, M=inverse, **OPTIONS)[0]

    _both(name, program, {"x": B[:2], "y": B[2:].reshape(2, 2)})


@every_solver
def test_complex_systems(name):
    A = SOLVERS[name] + 1j * (R - R.T)  # Hermitian, if it was symmetric
    b = B + 1j * B[::-1]
    x = solver(fgrad, name)(A, b, **OPTIONS)[0]
    assert_same(x, np.linalg.solve(A, b), scale=1e4)


@every_solver
def test_it_ends_when_it_is_near_enough(name):
    """By either tolerance, or by the number of iterations; a start that is good is kept."""
    A = SOLVERS[name]
    solve = solver(fgrad, name)
    left = lambda **options: np.linalg.norm(B - A @ solve(A, B, **options)[0])
    assert left(tol=0.0, atol=1e-3) <= 1e-3
    assert left(tol=1e-2) <= 1e-2 * np.linalg.norm(B)
    assert_same(solve(A, B, x0=B, maxiter=0)[0], B)
    start = np.linalg.solve(A, B)
    assert_same(solve(A, B, start)[0], start, scale=0)


def test_small_spaces_and_singular_ends_of_gmres():
    solve = fgrad.scipy.sparse.linalg.gmres
    want = np.linalg.solve(GENERAL, B)
    assert_same(solve(GENERAL, B, restart=2, maxiter=100, tol=1e-12)[0], want, scale=1e3)
    x, info = solve(np.eye(6), B, solve_method="incremental")  # whose space has one dimension
    assert_same(x, B)
    assert info == 0
    assert solve(np.eye(6), B, np.full(6, np.nan))[1] == -1


def test_integers_become_floats():
    assert_same(
        fgrad.scipy.sparse.linalg.cg(2 * np.eye(2), np.array([2, 4]))[0], np.array([1.0, 2])
    )


def test_errors():
    solve = fgrad.scipy.sparse.linalg.cg
    with pytest.raises(
        ValueError, match=r"cg: A must be a function or a square matrix; .*\(2, 3\)"
    ):
        solve(np.ones((2, 3)), B)
    with pytest.raises(ValueError, match="cg"):
        solve(SPD, B, x0={"x": B})
    with pytest.raises(ValueError, match="solve_method must be 'batched' or 'incremental'"):
        fgrad.scipy.sparse.linalg.gmres(SPD, B, solve_method="other")
