"""The smallest calls whose answers once were not NumPy's: each as arrays, traced, and by protocol.

Where NumPy refuses a call, it must be refused, and the error name the line.
"""

import functools
import warnings

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same

F = np.array([1.0, 2.0, 4.0])
M = np.arange(6.0).reshape(2, 3)
ONE = np.array(3.0)
B = np.array([True, False, True])
I8 = np.array([1, -2, 3], np.int8)
U8 = np.array([1, 2, 200], np.uint8)
C = np.array([1 + 1j, 2 - 1j, 3j])
EMPTY = np.zeros((0, 2))


def positions(x):
    """Places of three points at even distances, the middle one missing."""
    return x * np.array([1.0, np.nan, 1.0])


CASES = {
    # options of elementwise functions
    "casting": (lambda xp, x: xp.sin(x, casting="unsafe", order="C"), I8),
    "casting-of-a-python-number": (lambda xp, x: xp.add(3, x, casting="equiv"), I8),
    "casting-no": (lambda xp, x: xp.add(3, x, casting="no"), I8),
    "dtype-of-a-python-number": (lambda xp, x: xp.add(1.5, x, dtype=np.int32), I8),
    "shift-out-of-range": (lambda xp, x: xp.left_shift(x, -3, casting="no"), U8),
    "minimum-out-of-range": (lambda xp, x: xp.fmin(x, -3), U8),
    "ldexp-by-a-number": (lambda xp, x: xp.ldexp(x, -3), F),
    "degrees-of-a-complex": (lambda xp, x: xp.deg2rad(1j) + x, F),
    # reductions
    "sum-axis-of-a-number": (lambda xp, x: xp.sum(x, 0, keepdims=True), ONE),
    "max-axis-of-a-number": (lambda xp, x: xp.max(x, axis=-1), ONE),
    "argmax-axis-of-a-number": (lambda xp, x: xp.argmax(x, axis=0), ONE),
    "squeeze-axis-of-a-number": (lambda xp, x: xp.squeeze(x, 0), ONE),
    "mean-axis-of-a-number": (lambda xp, x: xp.mean(x, axis=0), ONE),
    "cumsum-axis-of-a-number": (lambda xp, x: xp.cumsum(x, axis=1), ONE),
    "cumulative_sum-of-a-number": (lambda xp, x: xp.cumulative_sum(x), ONE),
    "take-of-a-number": (lambda xp, x: xp.take(x, [0, 0], axis=0), ONE),
    "complex-initial": (lambda xp, x: xp.sum(x, initial=1j), F),
    "complex-initial-of-max": (lambda xp, x: xp.nanmax(x, initial=1j), F),
    "initial-out-of-range": (lambda xp, x: xp.max(x, initial=-3), U8),
    "nanmin-of-nothing": (lambda xp, x: xp.nanmin(x, initial=np.float32(2.0)), EMPTY),
    "nanmax-keeps-the-dtype": (lambda xp, x: xp.nanmax(x, initial=2.0, where=B), I8),
    "nansum-by-position": (lambda xp, x: xp.nansum(x, 0, None, None, True, 2.0), M),
    "nanmean-in-integers": (lambda xp, x: xp.nanmean(x, dtype=np.int32), F),
    "var-in-integers": (lambda xp, x: xp.var(x, dtype=np.int32), F),
    "var-in-float32": (lambda xp, x: xp.var(x, dtype=np.float32), M / 3),
    "var-of-complex-in-complex": (lambda xp, x: xp.var(x, dtype=np.complex128), C),
    "std-in-integers": (lambda xp, x: xp.std(x, dtype=np.int8), F),
    "std-in-integers-of-rows": (lambda xp, x: xp.std(x, 0, dtype=np.int8), M),
    "two-corrections": (lambda xp, x: xp.var(x, ddof=1, correction=1), F),
    "sum-under-a-larger-mask": (lambda xp, x: xp.sum(x, where=np.ones((2, 3), bool)), F),
    "mean-under-a-larger-mask": (lambda xp, x: xp.mean(x, where=np.ones((2, 3), bool)), F),
    "nanvar-under-a-larger-mask": (lambda xp, x: xp.nanvar(x, where=np.ones((2, 3), bool)), F),
    "keepdims-for-axis": (lambda xp, x: xp.sum(x, True), M),
    "array-for-axis": (lambda xp, x: xp.max(x, np.array([0, 1])), M),
    "truth-of-the-imaginary": (lambda xp, x: xp.logical_or.reduce(x), np.array([2j, 0])),
    "imaginary-as-boolean": (lambda xp, x: xp.astype(x, bool), np.array([2j, 0])),
    "accumulate-of-a-vector": (lambda xp, x: xp.multiply.accumulate(x, None), F),
    "outer-with-a-number": (lambda xp, x: xp.add.outer(x, 0.5), F.astype(np.float32)),
    "reduceat-of-nothing": (lambda xp, x: xp.add.reduceat(x, np.zeros(0, int)), F),
    "reduceat-of-one": (lambda xp, x: xp.hypot.reduceat(x, [0, 1, 2, 2]), -F),
    "reduce-in-int8": (lambda xp, x: xp.add.reduce(x, dtype=np.int8), F),
    "accumulate-in-int8": (lambda xp, x: xp.add.accumulate(x, dtype=np.int8), F),
    "quantile-in-float32": (lambda xp, x: xp.quantile(x, np.float32(0.3)), I8),
    "quantile-of-booleans": (lambda xp, x: xp.quantile(x, 0.5, method="inverted_cdf"), B),
    # statistics
    "cov-of-columns": (lambda xp, x: xp.cov(x, rowvar=False), M[:1]),
    "corrcoef-of-columns": (lambda xp, x: xp.corrcoef(x, rowvar=False), M[1:]),
    "cov-of-too-few": (lambda xp, x: xp.cov(x), EMPTY.T),
    "cov-in-float32": (lambda xp, x: xp.cov(x, dtype=np.float32), M),
    "cov-in-integers": (lambda xp, x: xp.cov(x, dtype=np.int32), M),
    "cov-of-no-variables": (lambda xp, x: xp.cov(x), EMPTY),
    "cov-broken-frequencies": (lambda xp, x: xp.cov(x, fweights=F / 2), M),
    "cov-too-many-weights": (lambda xp, x: xp.cov(x, aweights=[1, 2]), M),
    "corrcoef-in-complex64": (lambda xp, x: xp.corrcoef(x, dtype=np.complex64), M),
    "bincount-of-unsigned": (lambda xp, x: xp.bincount(np.array([1, 3], np.uint8), x), F[:2]),
    "bincount-of-negative-length": (lambda xp, x: xp.bincount([1, 3], x, -1), F[:2]),
    "nanvar-of-integers": (lambda xp, x: xp.nanvar(x, ddof=1, where=~B), I8),
    "quantile-of-whole-parts": (lambda xp, x: xp.quantile(x, [0, 1]), F.astype(np.float32)),
    "quantile-at-infinity": (lambda xp, x: xp.nanquantile(x, 1), np.array([1, np.inf, np.nan])),
    "argsort-of-a-number": (lambda xp, x: xp.argsort(x), ONE),
    "nanquantile-of-booleans": (lambda xp, x: xp.nanquantile(x, 0.5, method="higher"), B),
    "unwrap-of-nothing": (lambda xp, x: xp.unwrap(x), EMPTY.T),
    "interp-between-one-point": (lambda xp, x: xp.interp(x, [1.0], [2.0]), np.array([np.nan, 1])),
    # differences
    "diff-of-a-number": (lambda xp, x: xp.diff(x, n=0), ONE),
    "ediff1d-complex-end": (lambda xp, x: xp.ediff1d(x, to_begin=1j), F),
    "trapezoid-of-booleans": (lambda xp, x: xp.trapezoid(x), np.array([False, True, True])),
    "gradient-at-even-places": (lambda xp, x: xp.gradient(positions(x), F - F + [1, 2, 3]), F),
    "interp-at-a-step": (lambda xp, x: xp.interp(x, [0, 4, 4], [1.0, 2.0, 5.0]), F),
    "interp-of-nan": (lambda xp, x: xp.interp(x, [0, 4, 4], F), np.array([np.nan])),
    "insert-of-a-complex": (lambda xp, x: xp.insert(x, 0, 1j), F),
    "interp-complex-side": (lambda xp, x: xp.interp(x, F, F, left=1j), F),
    # choices
    "select-of-numbers": (lambda xp, x: xp.select([B, ~B], [x, 1.5]), F.astype(np.float32)),
    "clip-of-a-number": (lambda xp, x: xp.clip(2, x, None), F.astype(np.float32)),
    # shapes
    "concatenate-casting": (lambda xp, x: xp.concatenate([x, I8], casting="no"), F),
    "roll-by-several": (lambda xp, x: xp.roll(x, (1, 1)), F),
    "roll-of-no-axes": (lambda xp, x: xp.roll(x, 1, ()), M),
    "pad-an-axis-too-many": (lambda xp, x: xp.pad(x, {3: 1}), F),
    "array-out-of-range": (lambda xp, x: x + xp.array([-3, True], np.uint8)[0], F),
    "full-of-another-shape": (lambda xp, x: x + xp.full(2, F), F),
    "linspace-of-a-number": (lambda xp, x: xp.linspace(2.5, x, 3), np.float32(1.0)),
    "linspace-axis": (lambda xp, x: xp.linspace(0.0, x, 3, axis=1), ONE),
    # products
    "tensordot-of-nothing": (lambda xp, x: xp.tensordot(x, np.ones((2, 0)), 2), EMPTY),
    "einsum-sums-as-numbers": (
        lambda xp, x: xp.einsum("ij,jk->k", x, np.ones((2, 2))), np.ones((2, 2), bool)
    ),
    "einsum-sums-in-wide": (lambda xp, x: xp.einsum("i,j->j", x, F), U8),
    "einsum-diagonal": (lambda xp, x: xp.einsum("ii->i", x), M[:, :1]),
    "einsum-hidden-axes": (lambda xp, x: xp.einsum("...i->i", x), M),
    "einsum-casting": (lambda xp, x: xp.einsum("ij->j", x, dtype=np.float32), M),
    "einsum-casting-allowed": (
        lambda xp, x: xp.einsum("ij->j", x, dtype=np.float32, casting="same_kind"), M
    ),
    "correlate-same": (lambda xp, x: xp.correlate(x[:2], F[[0, 1, 2, 0]], "same"), F),
    # numpy.linalg and numpy.fft
    "matrix_power-of-a-half": (lambda xp, x: xp.linalg.matrix_power(x, 0.5), M[:, :2]),
    "matrix_rank-of-nothing": (lambda xp, x: xp.linalg.matrix_rank(x), EMPTY),
    "spectral-norm-of-nothing": (lambda xp, x: xp.linalg.matrix_norm(x, ord=2), EMPTY),
    "cond-of-no-matrices": (lambda xp, x: xp.linalg.cond(x), np.zeros((0, 2, 2))),
    "fft-of-negative-length": (lambda xp, x: xp.fft.fft(x, -1), F),
    "fftn-of-too-many-sizes": (lambda xp, x: xp.fft.fftn(x, (2, 2)), F),
    "irfft-of-float16": (lambda xp, x: xp.fft.irfft(x), F.astype(np.float16)),
}  # fmt: skip


def outcome(program, *args):
    """What a call gives, or the error by which it is refused."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return program(*args)
        except (TypeError, ValueError, IndexError, OverflowError, RuntimeError) as e:
            return e


@pytest.mark.parametrize("name", CASES)
def test_as_numpy(name):
    """The same numbers and dtype, or a refusal."""
    program, x = CASES[name]
    want = outcome(program, np, x)
    for how, run in {
        "arrays": lambda x: program(fnp, x),
        "traced": fgrad.jit(lambda x: program(fnp, x)),
        "protocol": fgrad.jit(lambda x: program(np, x)),
    }.items():
        got = outcome(run, x)
        if isinstance(want, Exception):
            assert isinstance(got, Exception), f"{how}: numpy refuses ({want}); got {got}"
            named = "-->" in str(got) or isinstance(got, OverflowError)
            assert how == "protocol" or named, f"{how}: {got!r} names no line"
        else:
            assert not isinstance(got, Exception), f"{how}: {got!r}"
            assert_same(got, want, scale=100)


# functions whose arguments stand in another order in NumPy than in fgrad.numpy, which has JAX's
ORDERS = {
    "histogram-density": lambda x: np.histogram(x, 2, (0, 5), True)[0],
    "zeros_like-order": lambda x: np.zeros_like(x, np.float32, "C", True, (2, 2)),
    "full_like-order": lambda x: np.full_like(x, 2.0, None, "K", False),
    "matrix_rank-absolute": lambda x: np.linalg.matrix_rank(np.outer(x, x) + 0.1 * np.eye(3), 0.5),
    "isneginf-by-name": lambda x: np.isneginf(x=x),
    "copy-order": lambda x: np.copy(x, "K", False),
    "broadcast_to-subok": lambda x: np.broadcast_to(x, (2, 3), False),
}


@pytest.mark.parametrize("name", ORDERS)
def test_numpys_order_of_arguments(name):
    """By protocol, arguments mean what they mean to NumPy."""
    program = ORDERS[name]
    assert_same(fgrad.jit(program)(F), program(F))


def test_changing_functions_by_names():
    """What is changed may be given by its name."""

    def program(x):
        x = x * 1
        np.copyto(dst=x, src=0.5, where=B)
        np.put(a=x, ind=[1], v=7.0)
        return x

    assert_same(fgrad.jit(program)(F), program(F))


AXES = {
    "vecdot": [
        {"axis": 1}, {"axis": 0, "keepdims": True}, {"axes": [0, 0]}, {"axes": [0, (0,), ()]},
        {"axes": [0, 0, 1], "keepdims": True}, {"keepdims": True}, {"axis": 0, "axes": [0, 0]},
    ],
    "matmul": [
        {"axes": [(0, 1), (1, 0), (1, 2)]}, {"axes": [(0, 2), (2, 0), (-1, 0)], "dtype": "f4"},
        {"axes": [(0, 1), (1, 2)]}, {"axes": [(0, 0), (1, 2), (0, 1)]}, {"axes": 5},
        {"axes": [0, 0, 0]}, {"axis": 0}, {"keepdims": True},
    ],
    "matvec": [{"axes": [(0, 1), 0, 0]}, {"axes": [(2, 1), (1,), 0]}, {"axis": 0}],
    "vecmat": [{"axes": [0, (0, 1), 1]}, {"axes": [1, (1, 0), 0]}],
}  # fmt: skip


@pytest.mark.parametrize("name", AXES)
def test_axes_of_products(name):
    """axes=, axis= and keepdims= of the products that are generalized ufuncs."""
    x, y = np.arange(24.0).reshape(2, 3, 4), np.arange(24.0, 48).reshape(2, 3, 4)
    for options in AXES[name]:
        want = outcome(functools.partial(getattr(np, name), **options), x, y)
        for f in (getattr(np, name), getattr(fnp, name)):
            got = outcome(fgrad.jit(functools.partial(f, **options)), x, y)
            if isinstance(want, Exception):
                assert isinstance(got, Exception), f"{options}: numpy refuses ({want}); got {got}"
            else:
                assert_same(got, want)


def test_axes_of_vectors_in_products():
    """A vector has one axis to place, and the result lacks its other one."""
    x, v = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0])
    for axes in ([(1, 0), 0, 0], [(1, 0), (0,), (0,)]):
        want = np.matmul(x, v, axes=axes)
        assert_same(fgrad.jit(lambda x, v, a=axes: np.matmul(x, v, axes=a))(x, v), want)
    assert_same(fgrad.jit(lambda v: np.matmul(v, v, axes=[0, 0, ()]))(v), np.float64(5.0))
