"""Factorizations and linear systems against JAX, in real and complex numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
from fgrad.primitives.linalg import kernels
from fgrad.primitives.linalg.cholesky import cholesky
from fgrad.primitives.linalg.eigen import eig, eigh
from fgrad.primitives.linalg.qr import qr
from fgrad.primitives.linalg.solve import lu, solve
from fgrad.primitives.linalg.svd import svd
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


# Of singular and eigenvectors only what does not depend on their signs and phases is compared.


@DTYPES
def test_eigh(dtype):
    a, t, ct = draws(dtype, (2, 4, 4), (2, 4, 4), (2, 4, 4))

    def program(lib, factor):
        def f(a):
            w, v = factor((a + lib.numpy.conj(lib.numpy.swapaxes(a, -1, -2))) / 2)
            vh = lib.numpy.conj(lib.numpy.swapaxes(v, -1, -2))
            return (v * lib.numpy.sin(w)[..., None, :]) @ vh + lib.numpy.abs(v) ** 2

        return f

    g = program(jax, lambda a: jnp.linalg.eigh(a))
    check(program(fgrad, lambda a: eigh(a, vectors=True)), g, (a,), (t,), ct, SCALE)
    assert_same(eigh(a, vectors=False)[0], np.linalg.eigvalsh(a), 10)


@DTYPES
def test_eigenvalues_may_be_repeated(dtype):
    (t,) = draws(dtype, (3, 3))
    for a in (np.eye(3), np.zeros((3, 3)), np.diag([1.0, 1.0, 2.0])):
        a = a.astype(dtype)
        f = lambda a: (eigh(a, vectors=False)[0] ** 2).sum()
        assert_same(fgrad.jvp(f, (a,), (hermitian(t),))[1], 2 * np.sum(a * t.T).real, 100)
        f = lambda a: (svd(a, full_matrices=False, compute_uv=False)[0] ** 2).sum()
        assert_same(fgrad.jvp(f, (a,), (t,))[1], 2 * np.sum(a * t.conj()).real, 100)


@DTYPES
@pytest.mark.parametrize(("m", "n"), [(3, 3), (4, 3), (3, 4)])
def test_svd(dtype, m, n):
    a, t, ct = draws(dtype, (2, m, n), (2, m, n), (2, m, n))

    def program(lib, factor):
        def f(a):
            u, s, vh = factor(a)
            rows = lib.numpy.abs(u[..., :, :1]) ** 2 + lib.numpy.abs(vh[..., 1:2, :]) ** 2
            return (u * lib.numpy.sin(s)[..., None, :]) @ vh + rows

        return f

    f = program(fgrad, lambda a: svd(a, full_matrices=False, compute_uv=True))
    g = program(jax, lambda a: jnp.linalg.svd(a, full_matrices=False))
    check(f, g, (a,), (t,), ct, SCALE)
    values = lambda a: svd(a, full_matrices=True, compute_uv=False)[0]
    check(values, jnp.linalg.svdvals, (a,), (t,), ct[..., 0, : min(m, n)].real, SCALE)
    if m != n:
        with pytest.raises(NotImplementedError, match=r"full_matrices=False[^\0]*test_linalg"):
            fgrad.jvp(lambda a: svd(a, full_matrices=True, compute_uv=True), (a,), (t,))


@DTYPES
@pytest.mark.parametrize(("m", "n"), [(3, 3), (4, 3), (3, 5)])
def test_qr(dtype, m, n):
    k = min(m, n)
    a, t, cq, cr = draws(dtype, (2, m, n), (2, m, n), (2, m, k), (2, k, n))
    check(lambda a: qr(a)[0], lambda a: jnp.linalg.qr(a)[0], (a,), (t,), cq, SCALE)
    check(lambda a: qr(a)[1], lambda a: jnp.linalg.qr(a)[1], (a,), (t,), cr, SCALE)


@DTYPES
def test_eig(dtype):
    """The derivative is that of LAPACK's vectors: of norm one, with their largest component real.

    JAX refuses it.
    """
    a, t = draws(dtype, (4, 4), (4, 4))
    _, (dw, dv) = fgrad.jvp(lambda a: eig(a, vectors=True), (a,), (t,))
    h = 1e-6
    ahead, behind = eig(a + h * t, vectors=True), eig(a - h * t, vectors=True)
    # of order h**2, and roundings over h
    np.testing.assert_allclose(dw, (ahead[0] - behind[0]) / (2 * h), atol=1e-7)
    np.testing.assert_allclose(dv, (ahead[1] - behind[1]) / (2 * h), atol=1e-7)
    f = lambda a: (eig(a, vectors=False)[0] ** 2).sum().real
    g = lambda a: (jnp.linalg.eigvals(a) ** 2).sum().real
    assert_same(fgrad.grad(f)(a), jax.grad(g)(a), SCALE)
    total = lambda a: (fgrad.numpy.abs(eig(a, vectors=True)[1]) ** 3).sum()
    assert_traced_well(fgrad.grad(total), a)
    assert_vmap_is_the_loop(fgrad.grad(total), [(a,), (t,)], (0,))
    rng_t = t / np.abs(t).max()
    second = fgrad.jvp(lambda a: fgrad.jvp(total, (a,), (rng_t,))[1], (a,), (rng_t,))[1]
    d = lambda a: fgrad.jvp(total, (a,), (rng_t,))[1]
    np.testing.assert_allclose(second, (d(a + h * rng_t) - d(a - h * rng_t)) / (2 * h), rtol=1e-5)


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
