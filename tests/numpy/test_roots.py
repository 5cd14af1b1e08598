"""Polynomials by their roots, and fitted ones; functions of what must be known."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.test_util import check_grads
from tests.harness import assert_same
from tests.numpy.suite import Row, quiet, suite

ROWS = [
    Row("poly", lambda xp, x: xp.poly(x), [(4,)], [(0,)], dtypes=("float64", "int32", "bool"),
        traced=False),
    Row("polyint", lambda xp, x: xp.polyint(x), [(4,)], [(0,)]),
    Row("polyint-k", lambda xp, x: xp.polyint(x, 2, np.array([1.0, 2.0])), [(4,)]),
    Row("i0", lambda xp, x: xp.i0(x), [(5,)], [()], dtypes=("float32", "float64", "int32"),
        domain="nonzero", scale=10, traced=False),
    Row("spacing", lambda xp, x: xp.spacing(x), [(5,)], [()], smooth=False,
        dtypes=("float16", "float32", "float64", "int32", "complex128")),
]  # fmt: skip
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(2, 9))


@pytest.mark.parametrize("degree", [0, 1, 3, -1])
@pytest.mark.parametrize(
    "options",
    [{}, {"full": True}, {"cov": True}, {"cov": "unscaled"}, {"w": np.abs(X)}, {"rcond": 1e-3}],
    ids=str,
)
def test_polyfit(degree, options):
    """Coefficients and all that comes with them."""
    for y in (Y, np.stack([Y, X], 1)):
        if degree < 0:
            with pytest.raises(ValueError, match="degree"):
                fnp.polyfit(X, y, degree, **options)
            continue
        want = np.polyfit(X, y, degree, **options)
        # the normal equations of an inverse square the condition of the fit
        assert_same(fnp.polyfit(X, y, degree, **options), want, scale=100)
        ours = fgrad.jit(lambda x, y: np.polyfit(x, y, degree, **options))
        assert_same(ours(X, y), want, scale=100)


def test_derivative_of_polyfit():
    """Against central differences."""
    check_grads(lambda x, y: fnp.polyfit(x, y, 2), (X, Y), order=2)


ROOTS = ([1.0, -3, 2], [0, 1, -3, 2, 0, 0], [0.0, 0], [5], [], [1, 2, 3j], RNG.normal(size=6))


@pytest.mark.parametrize("p", ROOTS, ids=str)
def test_roots(p):
    """NumPy's numbers, complex where they are eigenvalues."""
    want = np.roots(p)
    got = fnp.roots(np.array(p))
    assert_same(got, want.astype(got.dtype), scale=10)


def test_roots_under_jit():
    """Without zeros at the ends; with derivatives."""
    p = np.array([1.0, -3.0, 2.0])
    assert_same(fgrad.jit(lambda p: fnp.roots(p, strip_zeros=False))(p), fnp.roots(p))
    with pytest.raises(fgrad.errors.ConcretizationTypeError, match="strip_zeros=False"):
        fgrad.jit(fnp.roots)(p)
    check_grads(lambda p: fnp.roots(p).real, (p,), order=2)


@pytest.mark.parametrize(
    ("u", "v"),
    [([1.0, 0, -1], [1.0, 1]), ([1.0], [2.0, 3]), ([1, 2, 3], [2]), (X, Y[:3]), ([1j, 2], [1.0])],
    ids=str,
)
def test_polydiv(u, v):
    """The quotient and the remainder."""
    want = np.polydiv(u, v)
    assert_same(fnp.polydiv(u, v, trim_leading_zeros=True), want, scale=100)
    q, r = fgrad.jit(fnp.polydiv)(np.asarray(u), np.asarray(v))
    whole = np.polyval(np.polyadd(np.polymul(q, v), r), 1.5)
    assert_same(np.asarray(whole), np.asarray(np.polyval(np.asarray(u) + 0.0, 1.5)), scale=100)


def test_poly_of_a_matrix():
    """The characteristic polynomial."""
    a = RNG.normal(size=(3, 3))
    assert_same(fnp.poly(a), np.poly(a), scale=10)
    with pytest.raises(ValueError, match="square"):
        fnp.poly(np.ones((2, 3)))


@pytest.mark.parametrize("name", ["tril_indices_from", "triu_indices_from", "diag_indices_from"])
@pytest.mark.parametrize("shape", [(3, 3), (2, 3), (3,), (2, 2, 2)])
def test_indices_from(name, shape):
    """Of an array, and of a tracer of its shape."""
    try:
        want = getattr(np, name)(np.ones(shape))
    except ValueError:
        with pytest.raises(ValueError, match=name):
            getattr(fnp, name)(np.ones(shape))
        return
    assert_same(getattr(fnp, name)(np.ones(shape)), want)
    assert_same(fgrad.jit(getattr(np, name))(np.ones(shape)), want)


def test_numbers_from_elsewhere(tmp_path):
    """fromfile and its kin give arrays of this namespace; mask_indices."""
    (tmp_path / "numbers").write_bytes(X.tobytes())
    with quiet():
        got = fnp.fromfile(tmp_path / "numbers")
    assert_same(got, X)
    assert isinstance(got, fgrad.Array)
    assert_same(fnp.fromiter((i * i for i in range(3)), int), np.array([0, 1, 4]))
    assert_same(fnp.mask_indices(3, fnp.triu, 1), np.mask_indices(3, np.triu, 1))
    assert_same(fnp.mask_indices(2, fnp.triu, size=4)[1], np.array([0, 1, 1, 0]))


def test_i0_at_zero():
    """Its derivatives at zero are 0 and 1/2, though abs has none there."""
    assert fgrad.grad(fnp.i0)(0.0) == 0.0
    assert_same(fgrad.grad(fgrad.grad(fnp.i0))(0.0), np.float64(0.5))
