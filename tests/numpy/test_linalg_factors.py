"""Factorizations, systems, inverses and determinants of fgrad.numpy.linalg, against NumPy and JAX.

Singular vectors and eigenvectors are compared by what does not depend on their signs.
"""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad.testing import check_grads
from fgrad.testing.strategies import well_conditioned_matrices
from tests.harness import assert_same
from tests.numpy.suite import Row, suite

LinAlgError = np.linalg.LinAlgError
NUMBERS = {"dtypes": ("float32", "float64", "complex64", "complex128", "int32"), "scale": 100}
SQUARE = [(3, 3)], [(2, 2, 2)], [(1, 1)]
ANY = [(3, 3)], [(4, 2)], [(2, 2, 3)]


def positive(xp, x):
    """A positive-definite matrix."""
    n = x.shape[-1]
    return x @ xp.conj(xp.swapaxes(x, -1, -2)) + n * np.eye(n, dtype=np.int8)


def hermitian(xp, x):
    return x + xp.conj(xp.swapaxes(x, -1, -2))


def regular(xp, x):
    """A matrix that is far from singular."""
    n = x.shape[-1]
    return x + 10 * np.eye(n, dtype=np.int8)


def rebuilt(xp, u, s, vh):
    return (u * xp.sin(s)[..., None, :]) @ vh


def row(name, program, *cases, **options):
    return Row(name, program, *(cases or SQUARE), **{**NUMBERS, **options})


def of(matrix, function, *args, **options):
    """The program of a function of a kind of matrix."""
    return lambda xp, x: getattr(xp.linalg, function)(matrix(xp, x), *args, **options)


def spectral(xp, x):
    w, v = xp.linalg.eigh(hermitian(xp, x))
    return w, rebuilt(xp, v, w, xp.conj(xp.swapaxes(v, -1, -2)))


def singular(xp, x, **options):
    u, s, vh = xp.linalg.svd(x, full_matrices=False, **options)
    return s, rebuilt(xp, u, s, vh)


plain = lambda xp, x: x
ROWS = [
    row("cholesky", of(positive, "cholesky")),
    row("cholesky-upper", of(positive, "cholesky", upper=True)),
    row("qr", lambda xp, x: tuple(xp.linalg.qr(regular(xp, x)))),
    row("qr-tall-wide", lambda xp, x: tuple(xp.linalg.qr(x)), [(4, 2)], [(2, 4)], [(2, 3, 2)]),
    row("qr-complete", lambda xp, x: tuple(xp.linalg.qr(x, "complete")), [(4, 2)], [(2, 4)]),
    row("qr-r", of(plain, "qr", "r"), *ANY),
    row("svd", singular, *ANY),
    row("svd-full", lambda xp, x: xp.abs(xp.linalg.svd(x)[0]), [(3, 3)]),
    row("svd-hermitian", lambda xp, x: singular(xp, hermitian(xp, x), hermitian=True)),
    row("svd-values", of(plain, "svd", compute_uv=False), *ANY),
    row("svdvals", of(plain, "svdvals"), *ANY),
    row("eigh", spectral),
    row("eigh-upper", lambda xp, x: xp.linalg.eigh(hermitian(xp, x), "U")[0]),
    row("eigvalsh", of(hermitian, "eigvalsh")),
    row("solve", lambda xp, x, y: xp.linalg.solve(regular(xp, x), y), [(3, 3), (3, 2)],
        [(3, 3), (3,)], [(2, 3, 3), (3, 2)], [(3, 3), (2, 3, 2)], [(2, 3, 3), (3,)]),
    row("inv", of(regular, "inv")),
    row("matrix_power-negative", of(regular, "matrix_power", -3)),
    row("pinv", of(plain, "pinv"), *ANY, scale=1e4),
    row("pinv-rtol", of(plain, "pinv", rtol=1e-3), *ANY, scale=1e4),
    row("pinv-hermitian", of(hermitian, "pinv", hermitian=True), scale=1e4),
    row("lstsq", lambda xp, x, y: xp.linalg.lstsq(x, y)[0], [(4, 2), (4,)], [(4, 2), (4, 3)],
        [(2, 3), (2,)], [(3, 3), (3, 2)], scale=1e4),
    row("lstsq-rest", lambda xp, x, y: tuple(xp.linalg.lstsq(x, y)[1:]), [(5, 2), (5, 3)],
        dtypes=("float64", "int32")),
    row("tensorsolve", lambda xp, x, y: xp.linalg.tensorsolve(
        regular(xp, x).reshape(2, 3, 2, 3), y), [(6, 6), (2, 3)]),
    row("tensorsolve-axes", lambda xp, x, y: xp.linalg.tensorsolve(
        xp.swapaxes(regular(xp, x).reshape(2, 3, 6), 0, 2), y, axes=(0,)), [(6, 6), (3, 2)]),
    row("tensorinv", lambda xp, x: xp.linalg.tensorinv(regular(xp, x).reshape(2, 3, 6)), [(6, 6)]),
    row("det", of(plain, "det"), *SQUARE, [(0, 0)]),
    row("slogdet", lambda xp, x: tuple(xp.linalg.slogdet(regular(xp, x)))),
    row("matrix_rank", of(plain, "matrix_rank"), *ANY, [(3,)], smooth=False),
    row("matrix_rank-tol", of(plain, "matrix_rank", tol=0.5), [(3, 3)], smooth=False),
    *(row(f"cond-{p}", of(regular, "cond", p)) for p in (None, 2, -2, 1, -1, np.inf, "fro")),
    *(row(f"norm-{o}", of(regular, "norm", o), [(3, 3)], [(1, 1)]) for o in (2, -2, "nuc")),
    row("norm-2-axes", of(plain, "norm", 2, axis=(2, 0)), [(3, 2, 4)]),
    row("norm-nuc-kept", of(plain, "norm", "nuc", axis=(0, 1), keepdims=True), [(3, 2, 4)]),
    row("matrix_norm-2", of(plain, "matrix_norm", ord=2), [(2, 3, 2)]),
]  # fmt: skip
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


def test_eig_is_complex_always():
    """NumPy's dtype depends on the numbers, which a traced program cannot."""
    a = np.array([[2.0, 1.0], [0.0, 3.0]])
    w, v = fnp.linalg.eig(a)
    assert w.dtype == v.dtype == np.complex128
    np.testing.assert_allclose(w, [2, 3])
    np.testing.assert_allclose(a @ v, v * w)
    np.testing.assert_allclose(fnp.linalg.eigvals(np.float32(a)), [2, 3])
    assert fnp.linalg.eigvals(np.float32(a)).dtype == np.complex64


# -- degenerate points -----------------------------------------------------------------------------

SINGULAR = {
    "rank n - 1": np.array([[1.0, 2, 3], [2, 4, 6], [1, 0, 1]]),
    "rank n - 2": np.ones((3, 3)),
    "zero": np.zeros((3, 3)),
    "regular": np.array([[1.0, 2, 3], [4, 1, 6], [1, 0, 1]]),
    "large and small": np.diag([1e8, 1.0, 1e-8]),
}


def det3(xp, a):
    """The determinant as a polynomial."""
    return sum(
        sign * a[0, i] * a[1, j] * a[2, k]
        for sign, i, j, k in [
            (1, 0, 1, 2), (1, 1, 2, 0), (1, 2, 0, 1), (-1, 0, 2, 1), (-1, 1, 0, 2), (-1, 2, 1, 0),
        ]
    )  # fmt: skip


@pytest.mark.parametrize("a", SINGULAR.values(), ids=SINGULAR.keys())
def test_det_is_a_polynomial(a):
    """So all its derivatives exist, at singular matrices too."""
    poly = lambda a: det3(np, a)
    scale = np.abs(fgrad.grad(poly)(a)).max() + 1e-9
    for d in (fgrad.grad, fgrad.hessian):
        np.testing.assert_allclose(
            d(fnp.linalg.det)(a), d(poly)(a), rtol=1e-10, atol=1e-13 * max(scale, 1)
        )
    jitted = fgrad.jit(fgrad.vmap(fgrad.grad(fnp.linalg.det)))
    np.testing.assert_allclose(jitted(np.stack([a, 2 * a]))[0], fgrad.grad(poly)(a), rtol=1e-10,
                               atol=1e-13 * max(scale, 1))  # fmt: skip


def test_third_derivatives_of_det():
    a = SINGULAR["regular"]
    d3 = lambda f: fgrad.jacfwd(fgrad.jacfwd(fgrad.grad(f)))(a)
    np.testing.assert_allclose(d3(fnp.linalg.det), d3(lambda a: det3(np, a)), atol=1e-12)


def test_rank_deficient_least_squares():
    """The derivative at constant rank, that of the solution of smallest norm."""
    rng = np.random.default_rng(0)
    u, v, b = rng.normal(size=(4, 2)), rng.normal(size=(2, 3)), rng.normal(size=4)
    f = lambda u, v: fnp.linalg.lstsq(u @ v, b)[0]
    check_grads(f, (u, v), order=1)
    p = lambda u, v: fnp.linalg.pinv(u @ v)
    check_grads(p, (u, v), order=1)
    assert fnp.linalg.matrix_rank(u @ v) == 2


def test_repeated_eigenvalues_and_singular_values():
    """Symmetric functions of them have derivatives, as in JAX."""
    for f in ("eigvalsh", "svdvals"):
        for a in (np.eye(3), np.diag([2.0, 2.0, 1.0])):
            got, want = (
                lib.grad(lambda a, f=f, lib=lib: (getattr(lib.numpy.linalg, f)(a) ** 3).sum())(a)
                for lib in (fgrad, jax)
            )
            assert_same(got, want, 10)


def test_norms_at_zero():
    """As JAX: a square root has no derivative at zero, a largest singular value a chosen one."""
    with np.errstate(all="ignore"):
        assert np.isnan(fgrad.grad(fnp.linalg.norm)(np.zeros(3))).all()
    for o in (2, "nuc"):
        got = fgrad.grad(lambda a, o=o: fnp.linalg.norm(a, o))(np.zeros((2, 2)))
        assert np.isfinite(got).all()


def test_singular_matrices_are_refused_as_by_numpy():
    a = np.ones((2, 2))
    for f in (fnp.linalg.inv, lambda a: fnp.linalg.solve(a, a), fgrad.jit(fnp.linalg.inv)):
        with pytest.raises(LinAlgError, match=r"Singular matrix[^\0]*test_linalg_factors.py"):
            f(a)
    assert fnp.linalg.cond(a, 1) == np.inf
    assert fnp.linalg.det(a) == 0
    assert fnp.linalg.slogdet(a) == (0, -np.inf)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: fnp.linalg.cholesky(-np.eye(2)), LinAlgError, "not positive definite"),
        (lambda: fnp.linalg.inv(np.ones((2, 3))), LinAlgError, r"square matrices; got f64\[2,3\]"),
        (lambda: fnp.linalg.svd(np.ones(3)), LinAlgError, r"wanted matrices; got f64\[3\]"),
        (lambda: fnp.linalg.inv(np.eye(2, dtype=np.float16)), TypeError, "float16"),
        (lambda: fnp.linalg.solve(np.eye(2), np.ones(3)), ValueError, "do not fit together"),
        (lambda: fnp.linalg.solve(np.ones((2, 3, 3)), np.ones((4, 3, 1))), ValueError, "broadcast"),
        (lambda: fnp.linalg.eigh(np.eye(2), "X"), ValueError, "UPLO must be 'L' or 'U'"),
        (lambda: fnp.linalg.qr(np.eye(2), "full"), ValueError, "mode must be"),
        (lambda: fnp.linalg.lstsq(np.eye(2), np.ones(3)), LinAlgError, "do not fit together"),
        (lambda: fnp.linalg.tensorsolve(np.ones((2, 3)), np.ones(2)), LinAlgError, "no square"),
        (lambda: fnp.linalg.tensorinv(np.ones((2, 3))), LinAlgError, "no square"),
        (lambda: fnp.linalg.cond(np.ones((0, 0))), LinAlgError, "empty"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=rf"{text}[^\0]*test_linalg_factors.py"):
        call()


def test_numpy_calls_them():
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    f = lambda a: np.linalg.det(a) * np.linalg.norm(np.linalg.inv(a)) + np.linalg.eigvalsh(a)[0]
    g = lambda a: fnp.linalg.det(a) * fnp.linalg.norm(fnp.linalg.inv(a)) + fnp.linalg.eigvalsh(a)[0]
    assert_same(fgrad.grad(f)(a), fgrad.grad(g)(a))


@given(st.data())
def test_derivatives_are_differences(data):
    a = data.draw(well_conditioned_matrices(st.integers(1, 4)))
    sym = lambda a: a @ a.T + np.eye(len(a))
    name, f = data.draw(
        st.sampled_from(
            [
                ("inv", fnp.linalg.inv),
                ("det", fnp.linalg.det),
                ("slogdet", lambda a: fnp.linalg.slogdet(a)[1]),
                ("cholesky", lambda a: fnp.linalg.cholesky(sym(a))),
                ("solve", lambda a: fnp.linalg.solve(a, a.T)),
                ("qr", lambda a: tuple(fnp.linalg.qr(a))),
                ("pinv", fnp.linalg.pinv),
            ]
        )
    )
    check_grads(f, (a,), order=1)


def test_eigenvectors_of_a_stack_are_those_of_each_matrix():
    a = np.random.default_rng(0).normal(size=(3, 4, 4))
    derivative = lambda a: fgrad.jvp(fnp.linalg.eig, (a,), (np.cos(a),))[1]
    got = derivative(a)
    for i in range(3):
        for g, w in zip(got, derivative(a[i]), strict=True):
            assert_same(g[i], w, 10)


def test_a_cutoff_for_each_matrix_under_vmap():
    a = np.diag([1.0, 1e-3]) + np.zeros((2, 3, 2, 2))
    rtol = np.array([[1e-1, 1e-5], [1e-5, 1e-1], [1e-1, 1e-1]]).T
    pinv = lambda a, r: fnp.linalg.pinv(a, rtol=r)
    got = fgrad.vmap(pinv, in_axes=(0, 0))(a, rtol)
    assert_same(got, np.stack([pinv(x, r) for x, r in zip(a, rtol, strict=True)]), 10)
    got = fgrad.vmap(pinv, in_axes=(1, 1))(a, rtol)
    assert_same(got, np.stack([pinv(a[:, i], rtol[:, i]) for i in range(3)]), 10)


@pytest.mark.parametrize("dtype", ("float32", "float64", "complex128"))
def test_large_triangular_systems(dtype):
    rng = np.random.default_rng(0)
    l = (np.tril(rng.normal(size=(300, 300))) + 20 * np.eye(300)).astype(dtype)
    b = rng.normal(size=(300, 280)).astype(dtype)
    tolerance = 1e4 * np.finfo(dtype).eps  # sums of 300 terms of about 20
    solve = fgrad.lax.linalg.triangular_solve
    for options in ({}, {"transpose_a": True}, {"conjugate_a": True, "transpose_a": True}):
        op = l.T if options else l
        op = op.conj() if "conjugate_a" in options else op
        for left, rhs in ((True, b), (False, b.T.copy())):
            x = fgrad.jit(lambda l, b, left=left, options=options: solve(
                l, b, left_side=left, lower=True, **options
            ))(l, rhs)  # fmt: skip
            np.testing.assert_allclose(op @ x if left else x @ op, rhs, atol=tolerance)
