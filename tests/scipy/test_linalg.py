"""Linear algebra against SciPy, with derivatives against differences and JAX."""

import jax
import numpy as np
import pytest
import scipy.linalg as scipys

import fgrad
import fgrad.scipy.linalg as linalg
from fgrad.test_util import check_grads
from tests.harness import assert_same, assert_traced_well, assert_vmap_is_the_loop

RNG = np.random.default_rng(0)


def _draw(*shape, dtype=float):
    x = RNG.normal(size=shape)
    return x + 1j * RNG.normal(size=shape) if dtype is complex else x


def _positive(n, dtype=float):
    a = _draw(n, n, dtype=dtype)
    return a @ a.conj().T + np.eye(n)


A, B, TALL, WIDE = _draw(4, 4), _draw(4, 2), _draw(5, 3), _draw(3, 5)
CALLS = {  # the function and its arguments
    **{
        f"{name} {label}": (lambda lib, x, name=name: getattr(lib, name)(x), (x,))
        for name in ("inv", "det", "expm", "sqrtm", "hessenberg")
        for label, x in (("real", A), ("complex", _draw(3, 3, dtype=complex)))
    },
    "expm large": (lambda lib, x: lib.expm(x), (30 * A,)),
    "expm small": (lambda lib, x: lib.expm(x), (1e-3 * A,)),
    "solve": (lambda lib, a, b: lib.solve(a, b), (A, B)),
    "solve vector": (lambda lib, a, b: lib.solve(a, b), (A, B[:, 0])),
    "cholesky": (lambda lib, a: lib.cholesky(a), (_positive(4),)),
    "cholesky lower": (lambda lib, a: lib.cholesky(a, lower=True), (_positive(3, complex),)),
    "lu": (lambda lib, a: lib.lu(a), (TALL,)),
    "lu permuted": (lambda lib, a: lib.lu(a, permute_l=True), (WIDE,)),
    "lu factor": (lambda lib, a: lib.lu_factor(a)[0], (A,)),
    "svd values": (lambda lib, a: lib.svd(a, compute_uv=False), (TALL,)),
    "polar": (lambda lib, a: lib.polar(a), (TALL,)),
    "polar left": (lambda lib, a: lib.polar(a, "left"), (WIDE,)),
    "eigh values": (lambda lib, a: lib.eigh(a, eigvals_only=True), (_positive(4),)),
    "eigh upper": (lambda lib, a: lib.eigh(a, lower=False)[0], (_positive(3, complex),)),
    "eigh_tridiagonal": (
        lambda lib, d, e: lib.eigh_tridiagonal(d, e, eigvals_only=True), (A[0], A[1, 1:])),
    "eigh_tridiagonal some": (
        lambda lib, d, e: lib.eigh_tridiagonal(
            d, e, eigvals_only=True, select="i", select_range=(1, 2)), (A[0], A[1, 1:])),
    "solve_sylvester": (lambda lib, a, b, c: lib.solve_sylvester(a, b, c),
                        (A, _draw(2, 2), B)),
    "solve_sylvester complex": (lambda lib, a, b, c: lib.solve_sylvester(a, b, c),
                                (A * 1j, _draw(2, 2) + 0j, B + 0j)),
    "expm_frechet": (lambda lib, a, e: lib.expm_frechet(a, e), (A, _draw(4, 4))),
    "toeplitz": (lambda lib, c: lib.toeplitz(c), (_draw(3, dtype=complex),)),
    "toeplitz row": (lambda lib, c, r: lib.toeplitz(c, r), (_draw(3), _draw(4))),
    "hankel": (lambda lib, c: lib.hankel(c), (_draw(3),)),
    "hankel row": (lambda lib, c, r: lib.hankel(c, r), (_draw(3), _draw(4))),
    "circulant": (lambda lib, c: lib.circulant(c), (_draw(4),)),
    "fiedler": (lambda lib, a: lib.fiedler(a), (_draw(4),)),
    "leslie": (lambda lib, f, s: lib.leslie(f, s), (_draw(4), _draw(3))),
    "companion": (lambda lib, a: lib.companion(a), (_draw(4),)),
    **{
        f"fiedler_companion {n}": (lambda lib, a: lib.fiedler_companion(a), (_draw(n),))
        for n in (2, 3, 4, 5, 6, 7)
    },
    **{
        f"convolution_matrix {mode} {n}": (
            lambda lib, a, mode=mode, n=n: lib.convolution_matrix(a, n, mode), (_draw(3),))
        for mode in ("full", "same", "valid") for n in (1, 2, 3, 4, 6)
    },
    "block_diag": (lambda lib, *a: lib.block_diag(*a), (A, B[0], _draw())),
}  # fmt: skip
# of hessenberg there is no derivative, fiedler has kinks where numbers are equal
ROUGH = ("hessenberg", "fiedler", "eigh upper", "cholesky lower", "expm large")


@pytest.mark.parametrize("name", CALLS)
def test_values(name):
    """Against SciPy; compiled, in single precision and in batches the same."""
    call, args = CALLS[name]
    ours = lambda *args: call(linalg, *args)
    got, want = ours(*args), call(scipys, *args)
    want = want if isinstance(want, tuple) else np.asarray(want)
    # exp(30 A) has been squared six times
    scale = 1e4 if name == "expm large" else 100
    assert_same(got, want, scale, dtype=False)
    assert_same(fgrad.jit(ours)(*args), got, scale)
    assert_traced_well(ours, *args)
    single = [np.asarray(a).astype("F" if np.iscomplexobj(a) else "f") for a in args]
    for s, g in zip(jax.tree.leaves(ours(*single)), jax.tree.leaves(got), strict=True):
        assert s.dtype == g.dtype or s.dtype.itemsize * 2 == g.dtype.itemsize
        # of the condition of these matrices, some tens, and that of a large exponential
        np.testing.assert_allclose(s, g, rtol=1e-2, atol=1e-3 * abs(g).max(initial=0))
    assert_vmap_is_the_loop(ours, [args, tuple(1.1 * a for a in args)], (0,) * len(args))


@pytest.mark.parametrize("name", [n for n in CALLS if not n.startswith(ROUGH)])
def test_derivatives(name):
    call, args = CALLS[name]
    fun = lambda *args: call(linalg, *args)
    if name.startswith(("eigh values", "cholesky")):  # functions of positive-definite matrices
        fun = lambda a: call(linalg, a @ a.T + np.eye(4))
    # second derivatives of what has a rule here; those of exponentials are compared with JAX
    check_grads(fun, args, order=2 if name in ("sqrtm real", "solve_sylvester", "polar") else 1)


def test_derivatives_are_jaxs():
    """Of what consists of loops and branches."""
    rng = np.random.default_rng(0)
    a, b, weights = rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))

    def gradients(library):
        own = library.scipy.linalg
        exponential = lambda a: (weights * own.expm(3 * a)).sum()
        return (
            library.grad(exponential)(a),
            library.jvp(library.grad(exponential), (a,), (b,))[1],
        )

    assert_same(gradients(fgrad), jax.jit(lambda: gradients(jax))(), 1e3)


@pytest.mark.parametrize("trans", [0, 1, 2, "N", "T", "C"])
@pytest.mark.parametrize("lower", [False, True])
def test_triangular_systems(trans, lower):
    a, b = _draw(3, 3, dtype=complex) + 2 * np.eye(3), _draw(3, 2)
    for unit in (False, True):
        options = {"trans": trans, "lower": lower, "unit_diagonal": unit}
        want = scipys.solve_triangular(a, b, **options)
        assert_same(linalg.solve_triangular(a, b, **options), want, 100)
        assert_same(linalg.solve_triangular(a, b[:, 0], **options), want[:, 0], 100)
        stacked = linalg.solve_triangular(np.stack([a, a]), b, **options)
        assert_same(stacked, np.stack([want, want]), 100)


@pytest.mark.parametrize("dtype", [float, complex])
def test_systems_from_factors(dtype):
    a, b = _positive(4, dtype), _draw(4, 2, dtype=dtype)
    want = np.linalg.solve(a, b)
    for lower in (False, True):
        factors = linalg.cho_factor(a, lower)
        assert_same(linalg.cho_solve(factors, b), want, 1e3)
        assert_same(linalg.cho_solve(factors, b[:, 0]), want[:, 0], 1e3)
        assert_same(linalg.solve(a, b, lower=lower, assume_a="pos"), want, 1e3)
    a = _draw(2, 4, 4, dtype=dtype)
    for trans, operated in ((0, a), (1, a.mT), (2, a.mT.conj())):
        want = np.linalg.solve(operated, np.stack([b, b]))
        assert_same(linalg.lu_solve(linalg.lu_factor(a), b, trans), want, 1e4)
        assert_same(linalg.lu_solve(linalg.lu_factor(a), b[:, 0], trans), want[..., 0], 1e4)


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
def test_orthogonal_factors(dtype, shape):
    a = _draw(*shape, dtype=dtype)
    k = min(shape)
    for pivoting in (False, True):
        q, r, *p = linalg.qr(a, pivoting=pivoting)
        permuted = a[:, p[0]] if p else a
        np.testing.assert_allclose(q @ r, permuted, atol=1e-13)
        small, r, *p = linalg.qr(a, mode="economic", pivoting=pivoting)
        assert small.shape == (shape[0], k)
        assert_same(linalg.qr(a, mode="r", pivoting=pivoting)[0][:k], r, 10)
        c = _draw(k, 2, dtype=dtype)
        product, r_again, *p_again = linalg.qr_multiply(a, c, "left", pivoting)
        np.testing.assert_allclose(product, small @ c, atol=1e-13)
        assert_same((r_again, *p_again), (r, *p), 10)
        row = _draw(shape[0], dtype=dtype)
        got = linalg.qr_multiply(a, row, conjugate=True)[0]
        np.testing.assert_allclose(got, row @ linalg.qr(a, mode="economic")[0].conj(), atol=1e-13)


@pytest.mark.parametrize("output", ["real", "complex"])
def test_schur(output):
    t, z = linalg.schur(A, output)
    np.testing.assert_allclose(z @ t @ z.mT.conj(), A, atol=1e-13)
    with pytest.raises(NotImplementedError, match="schur has no derivative"):
        fgrad.grad(lambda a: abs(linalg.schur(a)[0]).sum())(A)


def test_complex_schur_form():
    a = np.stack([_draw(5, 5) for _ in range(3)])
    t, z = linalg.rsf2csf(*linalg.schur(a))
    np.testing.assert_allclose(z @ t @ z.mT.conj(), a, atol=1e-13)
    np.testing.assert_allclose(z @ z.mT.conj(), np.stack([np.eye(5)] * 3), atol=1e-13)
    np.testing.assert_allclose(np.tril(t, -1), 0, atol=1e-15)


def test_hessenberg_with_its_rotation():
    a = np.stack([_draw(4, 4), _draw(4, 4)])
    h, q = linalg.hessenberg(a, calc_q=True)
    np.testing.assert_allclose(q @ h @ q.mT, a, atol=1e-13)


def test_functions_of_matrices():
    import fgrad.numpy as fnp

    assert_same(linalg.funm(A, fnp.exp), scipys.expm(A) + 0j, 1e3)
    f, error = linalg.funm(A, fnp.sin, disp=False)
    assert_same(f, scipys.sinm(A) + 0j, 1e3)
    assert 0 < error < 1e-12
    assert_same(linalg.funm(np.eye(2), fnp.exp), np.e * np.eye(2) + 0j)
    assert np.isnan(linalg.funm(np.array([[1.0, 1.0], [0.0, 1.0]]), fnp.exp)).any()


def test_exponentials_that_are_out_of_reach():
    assert np.isnan(linalg.expm(1e8 * A)).all()
    assert np.isnan(linalg.expm(100 * A, max_squarings=2)).all()
    assert linalg.expm(np.zeros((0, 0))).shape == (0, 0)
    stack = np.stack([A, 1e8 * A, 40 * A])
    got = linalg.expm(stack)
    assert_same(got[0], linalg.expm(A), 10)
    assert_same(got[2], linalg.expm(40 * A), 1e4)
    assert np.isnan(got[1]).all()


def test_equations_without_a_solution():
    """Sylvester's, where an eigenvalue of one matrix is minus one of the other."""
    a = np.diag([1.0, 2.0])
    assert np.isnan(linalg.solve_sylvester(a, -a, np.ones((2, 2)))).all()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_matrices_of_a_number(n):
    for name in ("hilbert", "invhilbert", "pascal", "invpascal", "dft"):
        assert_same(getattr(linalg, name)(n), getattr(scipys, name)(n), 10, dtype=False)
    for kind in ("lower", "upper"):
        for name in ("pascal", "invpascal"):
            want = getattr(scipys, name)(n, kind)
            assert_same(getattr(linalg, name)(n, kind), want, dtype=False)
    assert_same(linalg.helmert(n, full=True), scipys.helmert(n, full=True), 10)
    assert_same(linalg.hadamard(2**n), scipys.hadamard(2**n))
    for scale in ("sqrtn", "n"):
        assert_same(linalg.dft(n, scale), scipys.dft(n, scale), 10)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: linalg.expm(B), "expm: wanted square matrices"),
        (lambda: linalg.qr(A, mode="reduced"), "qr: mode must be"),
        (lambda: linalg.qr_multiply(A, B[:2], "left"), r"c must have 4 rows; got \(2, 2\)"),
        (lambda: linalg.polar(A, "up"), "polar: side must be"),
        (lambda: linalg.solve(A, B, assume_a="x"), "solve: assume_a must be"),
        (lambda: linalg.solve_triangular(A, B, 3), "solve_triangular: trans must be"),
        (lambda: linalg.solve_sylvester(A, A, B), "A of shape"),
        (lambda: linalg.schur(A, "x"), "schur: output must be"),
        (lambda: linalg.eigh_tridiagonal(A[0], A[0]), "eigh_tridiagonal: d of shape"),
        (lambda: linalg.leslie([1], [1]), "leslie: f must have at least 2 numbers"),
        (lambda: linalg.leslie([1, 2], [1, 2]), "leslie: s must have 1 numbers"),
        (lambda: linalg.convolution_matrix([1], 0), "n must be positive; got 0"),
        (lambda: linalg.block_diag(np.ones((1, 1, 1))), "block_diag: argument 0"),
        (lambda: linalg.hadamard(3), "hadamard: n must be a power of two; got 3"),
        (lambda: linalg.helmert(0), "helmert: n must be at least 1"),
        (lambda: linalg.pascal(2, "x"), "pascal: kind must be"),
        (lambda: linalg.dft(2, dtype=float), "dft: dtype must be complex"),
    ],
)
def test_errors(call, match):
    with pytest.raises(ValueError, match=match) as e:
        call()
    assert "test_linalg.py" in str(e.value)
