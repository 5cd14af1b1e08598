"""Reductions over segments, against JAX."""

import numpy as np
import pytest

import fgrad
from tests.harness import central_difference
from tests.jax_suite import Row, suite

IDS = np.array([0, 2, 2, 0, 4, 2])
OUT = np.array([0, 5, -1, 7, 0, 2])
KINDS = ("segment_sum", "segment_prod", "segment_max", "segment_min")
DTYPES = ("int32", "float32", "float64")


def _rows():
    for name in KINDS:

        def call(lib, x, name=name, ids=IDS, **options):
            return getattr(lib.ops, name)(x, ids, **{"num_segments": 5, **options})

        smooth = name != "segment_prod"  # JAX has no derivative of it
        yield Row(name, call, (6, 2), dtypes=DTYPES, smooth=smooth)
        for what, options in {
            "more": {"num_segments": 7},
            "dropped": {"ids": OUT},
            "clipped": {"ids": OUT, "mode": "clip"},
            "buckets": {"bucket_size": 2},
            "buckets dropped": {"num_segments": 4, "ids": OUT, "bucket_size": 4},
            "sorted": {"ids": np.sort(IDS), "indices_are_sorted": True},
        }.items():
            yield Row(
                f"{name} {what}", lambda lib, x, o=options, c=call: c(lib, x, **o), (6,),
                dtypes=("float64",),
                # at the ends that rows are clipped to, JAX's derivatives of extremes are infinite
                smooth=smooth and (what != "clipped" or name == "segment_sum"),
            )  # fmt: skip


test_values, test_traced, test_mapped = suite(list(_rows()))


@pytest.mark.parametrize("name", KINDS)
def test_segments_are_mapped_too(name):
    x, ids = np.arange(1.0, 9.0).reshape(2, 4), np.array([[0, 0, 1, 2], [2, 2, 2, 0]])

    def fun(x, ids):
        return getattr(fgrad.ops, name)(x, ids, 3)

    want = np.stack([fun(*row) for row in zip(x, ids, strict=True)])
    np.testing.assert_array_equal(fgrad.vmap(fun)(x, ids), want)
    np.testing.assert_array_equal(fgrad.jit(fgrad.vmap(fun))(x, ids), want)


@pytest.mark.parametrize("ids", [IDS, OUT])
@pytest.mark.parametrize("x", [np.arange(1.0, 7.0), np.array([0.0, 2.0, 0.0, 3.0, 4.0, 5.0])])
def test_derivative_of_products(x, ids):
    def fun(x):
        return fgrad.ops.segment_prod(x, ids, 5)

    t = np.cos(x)
    slope = fgrad.jvp(fun, (x,), (t,))[1]
    np.testing.assert_allclose(slope, central_difference(fun, (x,), (t,)), atol=1e-7)
    back = fgrad.vjp(fun, x)[1](np.ones(5))[0]
    np.testing.assert_allclose(back @ t, slope.sum())


def test_nothing_at_all():
    assert fgrad.ops.segment_sum(np.zeros((0, 2)), np.zeros(0, int)).shape == (0, 2)
    assert fgrad.ops.segment_max(np.zeros((0, 2)), np.zeros(0, int), 3).max() == -np.inf
    assert fgrad.ops.segment_min(np.zeros(2, bool), np.zeros(2, int), 2).tolist() == [False, True]


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda s: s(np.ones(3), np.ones(2, int)), ValueError, "an integer for each row"),
        (lambda s: s(np.ones(3), np.ones(3)), ValueError, "an integer for each row"),
        (lambda s: s(np.ones(3), np.ones(3, int), -1), ValueError, "must not be negative"),
        (lambda s: s(np.ones(3), np.ones(3, int), mode="up"), ValueError, "unknown mode"),
        (
            lambda s: fgrad.jit(s)(np.ones(3), np.ones(3, int)),
            fgrad.errors.ConcretizationTypeError,
            "segment_sum without num_segments",
        ),
    ],
)
def test_errors(call, error, match):
    with pytest.raises(error, match=match):
        call(fgrad.ops.segment_sum)
