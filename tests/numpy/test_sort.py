"""Sorting and searching."""

import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

INDEX = {"smooth": False}
ROWS = [
    Row("sort", lambda xp, x: xp.sort(x), [(5,)], [(3, 4)], [(0,)], [()]),
    Row("sort-axis", lambda xp, x: xp.sort(x, axis=0), [(3, 4)]),
    Row("sort-none", lambda xp, x: xp.sort(x, axis=None), [(3, 4)]),
    Row("argsort", lambda xp, x: xp.argsort(x, kind="stable"), [(5,)], [(3, 4)], **INDEX),
    Row("argsort-none", lambda xp, x: xp.argsort(x, None, "stable"), [(3, 4)], **INDEX),
    Row("sort_complex", lambda xp, x: xp.sort_complex(x), [(5,)], dtypes=("float64", "complex128")),
    Row("lexsort", lambda xp, x, y: xp.lexsort((x > 0, y > 0, x)), [(9,), (9,)], **INDEX),
    Row("partition", lambda xp, x: xp.partition(x, 2)[2], [(5,)]),
    Row("searchsorted", lambda xp, x, y: xp.searchsorted(xp.sort(x), y), [(5,), (2, 3)], **INDEX),
    Row(
        "searchsorted-right",
        lambda xp, x, y: xp.searchsorted(xp.sort(x), y, "right"),
        [(5,), ()],
        [(0,), (2,)],
        **INDEX,
    ),
    Row("digitize", lambda xp, x: xp.digitize(x, np.array([-1.0, 0.0, 1.0])), [(2, 5)], **INDEX),
    Row(
        "digitize-falling",
        lambda xp, x: xp.digitize(x, np.array([1.0, 0.0, -1.0]), right=True),
        [(2, 5)],
        **INDEX,
    ),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


@pytest.mark.parametrize("dtype", ["float64", "int32", "uint8"])
def test_descending(dtype):
    """Descending order is stable, as in JAX."""
    x = np.array([2, 1, 2, 3, 1], dtype)
    np.testing.assert_array_equal(fnp.sort(x, descending=True), jnp.sort(x, descending=True))
    np.testing.assert_array_equal(fnp.argsort(x, descending=True), jnp.argsort(x, descending=True))


def test_nan_come_last():
    """NaN are sorted behind everything."""
    x = np.array([np.nan, 1.0, -np.inf, np.inf])
    np.testing.assert_array_equal(fnp.sort(x), np.sort(x))


def test_searchsorted_with_mapped_edges():
    """vmap searches each array with its own queries, twice nested too."""
    edges = np.sort(np.random.default_rng(0).normal(size=(2, 3, 5)))
    queries = np.random.default_rng(1).normal(size=(2, 3, 4))
    got = fgrad.vmap(fgrad.vmap(fnp.searchsorted))(edges, queries)
    want = [
        [np.searchsorted(e, q) for e, q in zip(*p, strict=True)]
        for p in zip(edges, queries, strict=True)
    ]
    np.testing.assert_array_equal(got, want)
