"""`ravel_pytree` against JAX in 64-bit mode."""

import jax
import jax.flatten_util
import numpy as np
import pytest

from fgrad.flatten_util import ravel_pytree

f32 = np.float32


@pytest.mark.parametrize(
    "tree",
    [
        {"a": np.ones((2, 3)), "b": 2.0},
        [1, 2],
        3.0,
        [np.zeros((0, 3)), 1.0],
        [np.float32(1.5), f32([2.5])],
        (np.array([True, False]), None, [np.array([[1, 2]])]),
        [1.0, 2.0 + 1.0j],
        [],
    ],
)
def test_ravel_and_unravel_agree_with_jax(tree):
    expected, _ = jax.flatten_util.ravel_pytree(tree)
    flat, unravel = ravel_pytree(tree)
    np.testing.assert_array_equal(flat, expected)
    if jax.tree.leaves(tree):
        assert flat.dtype == expected.dtype
    rebuilt = unravel(flat)
    assert jax.tree.structure(rebuilt) == jax.tree.structure(tree)
    for ours, original in zip(jax.tree.leaves(rebuilt), jax.tree.leaves(tree), strict=True):
        np.testing.assert_array_equal(ours, original)
        assert ours.dtype == np.asarray(original).dtype
        assert np.shape(ours) == np.shape(original)


def test_unravel_keeps_the_dtype_of_the_vector_when_all_leaves_have_one():
    _, unravel = ravel_pytree([1.0, 2.0])
    assert unravel(f32([3, 4]))[0].dtype == np.float32


def test_unravel_of_mixed_dtypes_wants_the_promoted_dtype():
    _, unravel = ravel_pytree([f32(1), 2.0 + 1j])
    with pytest.raises(TypeError, match="flat must have dtype complex.*got float64"):
        unravel(np.ones(2))


@pytest.mark.parametrize("shape", [(), (2,), (4,), (3, 1)])
def test_unravel_wants_the_right_shape(shape):
    _, unravel = ravel_pytree({"a": np.ones(2), "b": 1.0})
    with pytest.raises(ValueError, match=r"flat must be a vector of shape \(3,\).*got shape"):
        unravel(np.ones(shape))
