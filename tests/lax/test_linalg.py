"""Factorizations and linear systems against jax.lax.linalg."""

import sys

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same, assert_traced_well, assert_vmap_is_the_loop
from tests.jax_suite import Row, suite

linalg = fgrad.lax.linalg
NUMBERS = ("float32", "float64", "complex128")


def row(name, program, *shapes, dtypes=NUMBERS, scale=1e3, **options):
    """A row for one function; the scale is for condition numbers of some hundreds."""
    return Row(
        name,
        lambda lib, *xs: program(lib, lib.lax.linalg, *xs),
        *shapes,
        dtypes=dtypes,
        scale=scale,
        **options,
    )


def definite(lib, x):
    """A Hermitian matrix with eigenvalues of at least one."""
    xh = lib.numpy.conj(x.swapaxes(-1, -2)) if x.dtype.kind == "c" else x.swapaxes(-1, -2)
    return x @ xh + np.eye(x.shape[-1], dtype=x.dtype)


def dominant(x):
    """A matrix with a large diagonal."""
    return x + 3 * np.eye(*x.shape[-2:], dtype=x.dtype)


def reconstructed(lib, v, w):
    """A function of a Hermitian matrix, which the phases of eigenvectors are not seen in."""
    vh = v.swapaxes(-1, -2)
    return (v * lib.numpy.sin(w)[..., None, :]) @ (
        lib.numpy.conj(vh) if v.dtype.kind == "c" else vh
    )


def systems(options):
    """The rows of triangular systems."""
    left, lower, transpose, conjugate, unit = options
    return row(
        f"triangular_solve-{''.join('NY'[o] for o in options)}",
        lambda lib, l, a, b: l.triangular_solve(
            dominant(a),
            b,
            left_side=left,
            lower=lower,
            transpose_a=transpose,
            conjugate_a=conjugate,
            unit_diagonal=unit,
        ),
        (2, 3, 3),
        (2, 3, 2) if left else (2, 2, 3),
        dtypes=("complex128",),
    )


ROWS = [
    row("cholesky", lambda lib, l, x: l.cholesky(definite(lib, x)), (2, 3, 3)),
    row(
        "cholesky-part",
        lambda lib, l, x: l.cholesky(definite(lib, x) + 0.2 * lib.numpy.triu(x, 1)),
        (3, 3),
    ),
    row("lu", lambda lib, l, x: tuple(l.lu(x)), (2, 4, 3)),
    row("qr", lambda lib, l, x: l.qr(x), (2, 3, 3)),
    row("qr-reduced", lambda lib, l, x: l.qr(x, full_matrices=False), (4, 2)),
    row(
        "eigh",
        lambda lib, l, x: reconstructed(lib, *l.eigh(dominant(x) * np.arange(1, 4, dtype=x.dtype))),
        (2, 3, 3),
    ),
    row("svd-values", lambda lib, l, x: l.svd(x, compute_uv=False), (2, 4, 3)),
    *(
        systems(o)
        for o in (
            (True, True, False, False, False),
            (False, False, False, False, False),
            (True, False, True, True, True),
            (False, True, True, False, False),
            (True, True, False, True, False),
        )
    ),
    row(
        "tridiagonal_solve",
        lambda lib, l, a, b, c, x: l.tridiagonal_solve(a, b + 4, c, x),
        (2, 5),
        (2, 5),
        (2, 5),
        (2, 5, 3),
    ),
]
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


def drawn(dtype, *shapes, seed=0):
    """Random arrays."""
    rng = np.random.default_rng(seed)
    xs = [rng.normal(size=s) + 1j * rng.normal(size=s) for s in shapes]
    return [(x if np.dtype(dtype).kind == "c" else x.real).astype(dtype) for x in xs]


both = pytest.mark.parametrize("dtype", ["float64", "complex128"])
every = pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])


def checked(program, *args):
    """Traced programs and batches give what `program` gives; gives that too."""
    out = program(*args)
    assert_traced_well(program, *args)
    assert_vmap_is_the_loop(program, [args, [a[::-1] for a in args]], (0,) * len(args))
    return out


# -- factorizations whose tests are what they factorize ------------------------------------------


@every
@pytest.mark.parametrize(("m", "n"), [(4, 3), (3, 4), (3, 3)])
@pytest.mark.parametrize("full", [True, False])
def test_pivoted_qr(dtype, m, n, full):
    """The columns in an order in which the diagonal falls, as in JAX."""
    (x,) = drawn(dtype, (2, m, n))
    got = checked(lambda x: linalg.qr(x, pivoting=True, full_matrices=full), x)
    assert_same(got, tuple(jax.lax.linalg.qr(x, pivoting=True, full_matrices=full)), 1e2)


def test_derivative_of_pivoted_qr():
    """The order stays, the factors move."""
    x, t = drawn("float64", (4, 3), (4, 3))
    (q, r, p), (tq, tr, _) = fgrad.jvp(lambda x: linalg.qr(x, pivoting=True), (x,), (t,))
    assert_same(tq @ r + q @ tr, t[:, p], 1e2)


@both
def test_eig(dtype):
    """Left and right vectors: what they are, their scale, and what is asked for."""
    (x,) = drawn(dtype, (2, 4, 4))
    w, vl, vr = checked(lambda x: linalg.eig(x), x)
    assert_same(x @ vr, vr * w[:, None, :], 1e2)
    vlh = vl.conj().swapaxes(-1, -2)
    assert_same(vlh @ x, w[:, :, None] * vlh, 1e2)
    for v in (vl, vr):
        assert_same(np.linalg.norm(v, axis=-2), np.ones((2, 4)), 1e2)
        largest = np.take_along_axis(v, np.abs(v).argmax(-2)[:, None], -2)
        assert_same(largest.imag, np.zeros((2, 1, 4)), 1e2)
    options = "compute_left_eigenvectors", "compute_right_eigenvectors"
    for left, right in ((True, False), (False, True), (False, False)):
        got = linalg.eig(x, **dict(zip(options, (left, right), strict=True)))
        assert_same(got, [w, *([vl] * left), *([vr] * right)])


def test_derivative_of_left_eigenvectors():
    """The equation that they satisfy, differentiated."""
    x, t = drawn("float64", (4, 4), (4, 4))
    (w, vl, _), (tw, tvl, _) = fgrad.jvp(lambda x: linalg.eig(x), (x,), (t,))
    vlh, tvlh = vl.conj().T, tvl.conj().T
    assert_same(tvlh @ x + vlh @ t, tw[:, None] * vlh + w[:, None] * tvlh, 1e3)


@both
def test_eigh(dtype):
    """One triangle, and some of the eigenvalues."""
    (x,) = drawn(dtype, (2, 4, 4))
    for options in (
        {"subset_by_index": (1, 3)},
        {"symmetrize_input": False, "lower": True},
        {"symmetrize_input": False, "lower": False},
    ):
        v, w = checked(lambda x, options=options: linalg.eigh(x, **options), x)
        bounds = slice(*options.pop("subset_by_index", (None,)))
        want = np.asarray(jax.lax.linalg.eigh(x, **options)[1])
        assert_same(w, want[:, bounds], 1e2)
        assert_same(np.linalg.norm(v, axis=-2), np.ones(w.shape), 1e2)
    with pytest.raises(ValueError, match="subset_by_index"):
        linalg.eigh(x, subset_by_index=(2, 5))


@both
def test_svd(dtype):
    """Full and reduced, and some of the singular values."""
    (x,) = drawn(dtype, (2, 4, 3))
    for full in (True, False):
        u, s, vh = checked(lambda x, full=full: linalg.svd(x, full_matrices=full), x)
        assert u.shape == (2, 4, 4 if full else 3)
        assert_same((u[..., :3] * s[:, None, :]) @ vh, x, 1e2)
    u, s, vh = linalg.svd(x, full_matrices=False, subset_by_index=(0, 2))
    assert_same(s, np.asarray(jax.lax.linalg.svd(x, compute_uv=False))[:, :2], 1e2)


@every
def test_reductions(dtype):
    """Hessenberg and tridiagonal forms are LAPACK's, as JAX's are."""
    (x,) = drawn(dtype, (2, 4, 4))
    got = checked(lambda x: linalg.hessenberg(x), x)
    assert_same(got, tuple(jax.lax.linalg.hessenberg(x)), 1e2)
    for lower in (True, False):
        got = checked(lambda x, lower=lower: linalg.tridiagonal(x, lower=lower), x)
        want = jax.lax.linalg.tridiagonal(x, lower=lower)
        triangle = np.tril if lower else np.triu
        assert_same((triangle(got[0]), *got[1:]), (triangle(want[0]), *want[1:]), 1e2)
    for n in (0, 1):
        small = x[:, :n, :n]
        assert [a.shape for a in linalg.hessenberg(small)] == [(2, n, n), (2, 0)]
        assert [a.shape for a in linalg.tridiagonal(small)] == [(2, n, n), (2, n), (2, 0), (2, 0)]


@every
def test_schur(dtype):
    """Unitary vectors, and a matrix that is upper triangular but for blocks of two."""
    (x,) = drawn(dtype, (2, 4, 4))
    t, q = checked(lambda x: linalg.schur(x), x)
    qh = q.conj().swapaxes(-1, -2)
    assert t.dtype == q.dtype == dtype
    assert_same(q @ t @ qh, x, 1e2)
    assert_same(q @ qh, np.broadcast_to(np.eye(4, dtype=dtype), x.shape), 1e2)
    below = -1 if t.dtype.kind == "c" else -2
    assert not np.tril(t, below).any()
    assert_same(linalg.schur(x, compute_schur_vectors=False), (t,), 1e2)


@pytest.mark.parametrize("name", ["hessenberg", "tridiagonal", "schur"])
def test_no_derivatives(name):
    """As in JAX; said with the user's line."""
    f = lambda x: getattr(linalg, name)(x)[0].sum()
    with pytest.raises(NotImplementedError, match=rf"{name} has no derivative") as e:
        fgrad.grad(f)(np.eye(3))
    assert "test_linalg.py" in str(e.value)


def test_without_scipy(monkeypatch):
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    with pytest.raises(ImportError, match=r"schur needs scipy.*pip install fgrad\[scipy\]"):
        linalg.schur(np.eye(2))


# -- Q by its reflectors -------------------------------------------------------------------------


@both
@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("transpose", [True, False])
def test_ormqr(dtype, left, transpose):
    """The product with Q, and its derivatives by all that it is made of, as in JAX."""
    x, c, t = drawn(dtype, (2, 4, 3), (2, 4, 5) if left else (2, 5, 4), (2, 4, 3))
    q, _ = np.linalg.qr(x, "complete")
    h, taus = np.linalg.qr(x, "raw")
    a = h.swapaxes(-1, -2)
    program = lambda *args: linalg.ormqr(*args, left=left, transpose=transpose)
    q = q.conj().swapaxes(-1, -2) if transpose else q
    assert_same(checked(program, a, taus, c), q @ c if left else c @ q, 1e2)
    assert_same(program(a, taus[:, :2], c).shape, c.shape)
    slope = fgrad.jvp(program, (a, taus, c), (t, 0.1 * taus, c))[1]
    step = 1e-6
    ahead, behind = (program(a + s * t, (1 + 0.1 * s) * taus, (1 + s) * c) for s in (step, -step))
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-8)


# -- cholesky_update -----------------------------------------------------------------------------


def test_cholesky_update():
    """The factor of the changed matrix, JAX's, and its derivatives."""
    rng = np.random.default_rng(0)
    r, w, tr, tw = (rng.normal(size=s) for s in ((2, 4, 4), (2, 4), (2, 4, 4), (2, 4)))
    r = np.triu(r) + 3 * np.eye(4)
    w[1, 2] = 0
    got = checked(linalg.cholesky_update, r, w)
    want = [jax.lax.linalg.cholesky_update(*pair) for pair in zip(r, w, strict=True)]
    assert_same(got, np.stack(want), 10)
    slope = fgrad.jvp(linalg.cholesky_update, (r, w), (tr, tw))[1]
    step = 1e-6
    ahead, behind = (linalg.cholesky_update(r + s * tr, w + s * tw) for s in (step, -step))
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-8)
    ct = rng.normal(size=r.shape)
    pulled = fgrad.vjp(linalg.cholesky_update, r, w)[1](ct)
    inner = sum((p * t).sum() for p, t in zip(pulled, (tr, tw), strict=True))
    np.testing.assert_allclose(inner, (ct * slope).sum(), rtol=1e-11)
    assert_same(
        linalg.cholesky_update(np.zeros((2, 2)), np.array([3.0, 4.0]))[0], np.array([3.0, 4])
    )


# -- pivots, tridiagonal systems -----------------------------------------------------------------


def test_pivots():
    """Of LU decompositions, known and traced."""
    (x,) = drawn("float64", (3, 5, 4))
    _, pivots, permutation = linalg.lu(x)
    program = lambda p: linalg.lu_pivots_to_permutation(p, 5)
    assert_same(checked(program, pivots), permutation)
    assert_same(program(pivots), np.asarray(jax.lax.linalg.lu_pivots_to_permutation(pivots, 5)))


@every
def test_singular_tridiagonal(dtype):
    """Refused, or with perturbed pivots finite, and the same where nothing is singular."""
    one = np.ones((2, 3), dtype)
    rhs = np.ones((2, 3, 1), dtype)
    with pytest.raises(np.linalg.LinAlgError, match=r"Singular matrix[^\0]*test_linalg.py"):
        linalg.tridiagonal_solve(0 * one, 0 * one, one, rhs)
    perturbed = linalg.tridiagonal_solve(0 * one, 0 * one, one, rhs, perturb_singular=True)
    assert np.isfinite(perturbed).all()
    regular = linalg.tridiagonal_solve(one, 3 * one, one, rhs)
    same = linalg.tridiagonal_solve(one, 3 * one, one, rhs, perturb_singular=True)
    assert_same(same, regular)


def test_tridiagonal_without_lapack(monkeypatch):
    """NumPy alone solves the same systems."""
    from fgrad.primitives.linalg import tridiagonal_solve

    args = drawn("float64", (2, 4), (2, 4), (2, 4), (2, 4, 2))
    want = linalg.tridiagonal_solve(*args)
    monkeypatch.setattr(tridiagonal_solve, "routine", lambda name: None)
    assert_same(linalg.tridiagonal_solve(*args), want, 10)


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (2, 4, 2)])
def test_householder_product(dtype, shape):
    h, taus = fgrad.numpy.linalg.qr(drawn(dtype, shape)[0], "raw")
    want = jax.lax.linalg.householder_product(h.mT, taus)
    assert_same(linalg.householder_product(h.mT, taus), want, 10)


def test_symmetric_product():
    a, c = drawn("float64", (2, 3, 4), (2, 3, 3))
    c = c + c.mT
    run = lambda lib: lib.lax.linalg.symmetric_product(a, c, alpha=0.5, beta=2.0)
    assert_same(run(fgrad), run(jax), 10)
    assert_same(fgrad.jit(fgrad.vmap(linalg.symmetric_product))(a, c), a @ a.mT, 10)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: linalg.cholesky(-x), np.linalg.LinAlgError, "positive definite"),
        (lambda x: linalg.schur(x[:2]), np.linalg.LinAlgError, "wanted square matrices"),
        (lambda x: linalg.cholesky_update(x, x), ValueError, "no square matrices and vectors"),
        (lambda x: linalg.cholesky_update(x * 1j, x[0]), TypeError, "wanted real floats"),
        (lambda x: linalg.tridiagonal_solve(x[0], x[0], x[0], x[0]), ValueError, "no stacks of"),
        (lambda x: linalg.ormqr(x, x[0], x[:2]), ValueError, "do not fit together"),
        (lambda x: linalg.lu_pivots_to_permutation([0, 1], 1), ValueError, "among 1 rows"),
    ],
)
def test_errors(call, error, message):
    """What does not fit is refused, and the user's line is named."""
    with pytest.raises(error, match=message) as e:
        call(np.eye(3))
    assert "test_linalg.py" in str(e.value)
