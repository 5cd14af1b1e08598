"""Factorizations and triangular systems in machine code: sizes about those of blocks, stacks,
what is singular, and loops.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad import lax
from fgrad.compiler.native import linalg
from tests.compiler.native.helpers import check, compiled

SIZES = (1, 2, 5, 8, 9, 12, 13, 16, 17, 24, 25, 32, 33, 64, 65, 70, 130)


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    """However small a matrix is, and on several threads."""
    monkeypatch.setattr(linalg, "WORTH", 0)
    monkeypatch.setattr(linalg, "SHARED", 0)


def tolerance(dtype, n):
    """Of what factors or solutions multiply out to: rounding of sums of `n` terms of some units."""
    return 10 * n * np.finfo(dtype).eps


def general(shape, dtype, seed=0):
    r = np.random.default_rng(seed)
    return (r.normal(size=shape) / 4 + 2 * np.eye(*shape[-2:])).astype(dtype)


def definite(n, dtype, stack=(), seed=0):
    a = np.random.default_rng(seed).normal(size=(*stack, n, n))
    return (a @ a.swapaxes(-1, -2) / n + np.eye(n)).astype(dtype)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", "fd")
def test_cholesky(n, dtype):
    a = definite(n, dtype, (2,))
    a[:, *np.triu_indices(n, 1)] = np.nan  # is not read
    l = compiled(fnp.linalg.cholesky)(a)
    lower = np.tril(np.nan_to_num(a))
    whole = lower + np.tril(lower, -1).swapaxes(-1, -2)
    scale = np.abs(lower).max()
    np.testing.assert_allclose(l @ l.swapaxes(-1, -2), whole, 0, tolerance(dtype, n) * scale)
    assert np.all(np.triu(l, 1) == 0)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("more", (0, 5, -3))
@pytest.mark.parametrize("dtype", "fd")
def test_lu(n, more, dtype):
    a = np.random.default_rng(n).normal(size=(2, max(n + more, 1), n)).astype(dtype)
    factors, pivots, permutation = compiled(lax.linalg.lu)(a)
    want = lax.linalg.lu(a)
    assert [x.dtype for x in want] == [factors.dtype, pivots.dtype, permutation.dtype]
    np.testing.assert_array_equal(pivots, want[1])
    np.testing.assert_array_equal(permutation, want[2])
    k = min(a.shape[-2:])
    lower, upper = np.tril(factors[..., :k], -1), np.triu(factors[..., :k, :])
    lower = lower + np.eye(*lower.shape[-2:], dtype=dtype)
    rows = np.take_along_axis(a, permutation[..., None], -2)
    assert np.abs(lower).max() <= 1
    scale = np.abs(upper).max()
    np.testing.assert_allclose(lower @ upper, rows, 0, tolerance(dtype, n) * scale)


@given(st.sampled_from(SIZES), st.sampled_from((1, 3, 8, 9, 31, 33, 70)), st.sampled_from("fd"),
       *[st.booleans()] * 4, st.sampled_from(((), (3,))))  # fmt: skip
def test_triangular_solve(n, columns, dtype, lower, left, turned, unit, stack):
    r = np.random.default_rng(n)
    a = general((*stack, n, n), dtype)
    other = np.tril(np.full((n, n), np.nan), -1)  # the other triangle is not read
    a = (a / max(n / 8, 1) + np.eye(n) + (other.T if lower else other)).astype(dtype)
    b = r.normal(size=(*stack, *((n, columns) if left else (columns, n)))).astype(dtype)
    solve = lambda a, b: lax.linalg.triangular_solve(
        a, b, left_side=left, lower=lower, transpose_a=turned, unit_diagonal=unit
    )
    x = compiled(solve)(a, b)
    t = np.tril(a) if lower else np.triu(a)
    if unit:
        t = t * (1 - np.eye(n, dtype=dtype)) + np.eye(n, dtype=dtype)
    t = t.swapaxes(-1, -2) if turned else t
    bound = tolerance(dtype, n) * np.abs(t).max() * np.abs(x).max()
    np.testing.assert_allclose(t @ x if left else x @ t, b, 0, bound)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("columns", (1, 8, 40))
def test_solve_and_its_transpose(n, columns):
    r = np.random.default_rng(n)
    a, b = general((3, n, n), "d", n), r.normal(size=(3, n, columns))
    loss = lambda a, b: (fnp.linalg.solve(a, b) ** 2).sum()
    check(fgrad.value_and_grad(loss, argnums=(0, 1)), a, b, rtol=1e-8, atol=1e-10)


def test_what_is_divided_by_zero_is_not_reported():
    singular = np.diag([1.0, 2.0, 0.0])
    solve = lambda a, b: lax.linalg.triangular_solve(a, b, left_side=True, lower=True)
    with np.errstate(all="raise"):
        got = compiled(solve)(singular, np.ones((3, 1)))
    np.testing.assert_array_equal(got[:, 0], [1, 0.5, np.inf])


@pytest.mark.parametrize("bad", (np.diag([1.0, -1.0]), np.zeros((3, 3))))
def test_a_matrix_that_is_not_positive_definite(bad):
    with pytest.raises(np.linalg.LinAlgError, match="positive definite(.|\n)*test_linalg"):
        compiled(lambda a: fnp.linalg.cholesky(a))(bad)


def test_a_singular_matrix():
    with pytest.raises(np.linalg.LinAlgError, match="Singular(.|\n)*test_linalg"):
        compiled(fnp.linalg.solve)(np.ones((3, 3)), np.ones((3, 2)))


# -- inside loops --------------------------------------------------------------------------------


def kalman(params, data):
    """A filter, its likelihood by LU and by Cholesky factors."""
    a, h, q, r = params
    triangular = lax.linalg.triangular_solve

    def step(carry, y):
        m, p, total = carry
        m, p = a @ m, a @ p @ a.T + q
        s, v = h @ p @ h.T + r, y - h @ m
        gain = fnp.linalg.solve(s, h @ p).T
        l = fnp.linalg.cholesky(s)
        z = triangular(l, v[:, None], left_side=True, lower=True)[:, 0]
        total -= z @ z + fnp.linalg.slogdet(s)[1] + fnp.log(fnp.diagonal(l)).sum()
        return (m + gain @ v, p - gain @ s @ gain.T, total), m

    (_, _, total), means = lax.scan(step, (fnp.zeros(len(a)), fnp.eye(len(a)), 0.0), data)
    return total + (means**2).sum()


def kalman_data(n=3, m=2):
    r = np.random.default_rng(0)
    params = 0.9 * np.eye(n), r.normal(size=(m, n)), 0.1 * np.eye(n), np.eye(m)
    return params, r.normal(size=(4, 6, m))


def test_a_loop_is_written_whole():
    params, data = kalman_data()
    both = fgrad.value_and_grad(kalman)
    check(both, params, data[0])
    assert compiled(both).lower(params, data[0]).source.count("steps in machine code") == 2


def test_a_loop_over_stacks():
    params, data = kalman_data()
    check(fgrad.vmap(fgrad.value_and_grad(kalman), in_axes=(None, 0)), params, data)
    many = fgrad.tree.map(lambda x: np.stack([x, 1.1 * x, x, x]), params)
    check(fgrad.vmap(fgrad.value_and_grad(kalman)), many, data)


@pytest.mark.parametrize("what", (fnp.linalg.cholesky, lambda a: fnp.linalg.solve(a, a)))
def test_what_is_singular_in_a_loop(what):
    fun = lambda a: lax.scan(lambda c, x: (c - x, what(c)), a, np.stack([np.eye(2)] * 3))
    with pytest.raises(np.linalg.LinAlgError, match="test_linalg"):
        compiled(fun)(np.eye(2))


@pytest.mark.parametrize("a", (np.eye(3)[[1, 0, 2]], -np.eye(3), np.zeros((2, 2)), np.ones((3, 3))))
def test_the_sign_of_a_determinant(a):
    fun = lambda a: lax.scan(lambda c, _: (c, fnp.linalg.slogdet(c)), a, None, length=2)[1]
    check(fun, a)


def test_padding_in_a_loop():
    r = np.random.default_rng(0)
    spread = lambda c: fnp.zeros((4, 5)).at[1::2, 3].set(c[::-1])
    fun = lambda c: lax.scan(lambda c, _: (spread(c)[3:0:-2, 3] + c, spread(c)), c, None, length=3)
    check(fgrad.grad(lambda c: (fun(c)[1] ** 2).sum()), r.normal(size=2))
