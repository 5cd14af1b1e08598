"""Factorizations and linear systems against JAX, in real and complex numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
from fgrad.primitives.linalg import kernels
from fgrad.primitives.linalg.cholesky import cholesky
from fgrad.primitives.linalg.solve import lu, solve
from fgrad.primitives.linalg.triangular import triangular_solve
from tests.harness import assert_same, assert_traced_well, assert_vmap_is_the_loop, derivatives

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.complex128], ids=["real", "complex"])


def draws(dtype, *shapes, seed=0):
    rng = np.random.default_rng(seed)
    parts = [(rng.normal(size=s), rng.normal(size=s)) for s in shapes]
    return [re + 1j * im if dtype is np.complex128 else re for re, im in parts]


def hermitian(a):
    return (a + a.swapaxes(-1, -2).conj()) / 2


def check(f, g, primals, tangents, ct, scale):
    """Values and derivatives of `f` are those of `g` in JAX; staged and batched it is the same."""
    want = jax.jit(lambda *args: derivatives(jax, g, *args))(primals, tangents, ct)
    assert_same(derivatives(fgrad, f, primals, tangents, ct), want, scale)
    both = fgrad.jit(lambda *args: derivatives(fgrad, f, *args))
    assert_same(both(primals, tangents, ct), want, scale)
    assert_traced_well(f, *primals)
    assert_vmap_is_the_loop(f, [primals, tangents], (0,) * len(primals))


# Second derivatives of inverses grow with the cube of the condition number, here about 100.
SCALE = 1e4


@DTYPES
def test_cholesky(dtype):
    a, t, ct = draws(dtype, (2, 4, 4), (2, 4, 4), (2, 4, 4))
    a = a @ a.swapaxes(-1, -2).conj() + np.eye(4)
    f = lambda a: cholesky(hermitian(a))
    g = lambda a: jax.lax.linalg.cholesky(hermitian(a), symmetrize_input=False)
    want = jax.jit(lambda *args: derivatives(jax, g, *args))((a,), (t,), ct)
    assert_same(derivatives(fgrad, f, (a,), (t,), ct), want, SCALE)
    assert_traced_well(f, a)
    assert_vmap_is_the_loop(f, [(a,), (2 * a,)], (0,))
    with pytest.raises(np.linalg.LinAlgError, match=r"positive definite[^\0]*test_linalg.py"):
        cholesky(-a)
    with pytest.raises(np.linalg.LinAlgError, match=r"positive definite[^\0]*test_linalg.py"):
        fgrad.jit(cholesky)(-a)


@DTYPES
@pytest.mark.parametrize(("m", "n"), [(4, 4), (3, 5), (5, 3)])
def test_lu(dtype, m, n):
    a, t, ct = draws(dtype, (2, m, n), (2, m, n), (2, m, n))
    check(lambda a: lu(a)[0], lambda a: jax.lax.linalg.lu(a)[0], (a,), (t,), ct, SCALE)
    assert_same(list(lu(a)), list(jax.lax.linalg.lu(a)))


@DTYPES
@pytest.mark.parametrize("transposed", [False, True])
def test_solve(dtype, transposed):
    shapes = (2, 4, 4), (2, 4, 3)
    a, b, ta, tb, ct = draws(dtype, *shapes, *shapes, shapes[1])

    def f(a, b):
        factors, _, permutation = lu(fgrad.lax.stop_gradient(a))
        return solve(a, factors, permutation, b, transposed=transposed)

    g = lambda a, b: jnp.linalg.solve(a.swapaxes(-1, -2) if transposed else a, b)
    check(f, g, (a, b), (ta, tb), ct, SCALE)
    with pytest.raises(np.linalg.LinAlgError, match=r"Singular matrix[^\0]*test_linalg.py"):
        f(np.ones((2, 2)), np.ones((2, 1)))


@DTYPES
@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("op", ["N", "T", "C"])
@pytest.mark.parametrize("unit", [True, False])
def test_triangular_solve(dtype, left, lower, op, unit):
    shapes = (2, 3, 3), (2, 3, 2) if left else (2, 2, 3)
    a, b, ta, tb, ct = draws(dtype, *shapes, *shapes, shapes[1])
    a = a + 2 * np.eye(3)
    f = lambda a, b: triangular_solve(a, b, left=left, lower=lower, op=op, unit=unit)

    def g(a, b):
        return jax.lax.linalg.triangular_solve(
            a, b, left_side=left, lower=lower, transpose_a=op != "N", conjugate_a=op == "C",
            unit_diagonal=unit,
        )  # fmt: skip

    check(f, g, (a, b), (ta, tb), ct, SCALE)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_without_lapack(dtype, monkeypatch):
    """NumPy may come with another BLAS: then there are slower ways to the same numbers."""
    a, b = (
        (x if dtype[0] == "c" else x.real).astype(dtype)
        for x in draws(np.complex128, (2, 5, 4), (2, 4, 3))
    )
    square = a[:, :4] + 2 * np.eye(4, dtype=dtype)

    def everything():
        yield from kernels.lu(a)
        for op in "NTC":
            for lower in (True, False):
                for unit in (True, False):
                    yield kernels.triangular_solve(
                        square, b, left=True, lower=lower, op=op, unit=unit
                    )
                    yield kernels.triangular_solve(
                        square, b.swapaxes(1, 2), left=False, lower=lower, op=op, unit=unit
                    )

    with np.errstate(all="ignore"):
        want = list(everything())
        monkeypatch.setattr(kernels, "routine", lambda name: None)
        assert_same(list(everything()), want, scale=100)
