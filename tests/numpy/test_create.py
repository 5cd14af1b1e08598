"""New arrays."""

import jax
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same

CASES = [
    lambda xp: xp.array([1, 2.5]),
    lambda xp: xp.array([[1, 2]], dtype=np.float32),
    lambda xp: xp.array(3, ndmin=2),
    lambda xp: xp.asarray([True, False]),
    lambda xp: xp.asarray(2),
    lambda xp: xp.copy([1, 2]),
    lambda xp: xp.zeros((2, 3)),
    lambda xp: xp.zeros(2, np.int32),
    lambda xp: xp.ones(()),
    lambda xp: xp.full((2,), 3),
    lambda xp: xp.full((2,), 3, np.float32),
    lambda xp: xp.zeros_like(np.ones((2, 3), np.float32)),
    lambda xp: xp.ones_like(np.ones(2), np.int32),
    lambda xp: xp.ones_like([1, 2], shape=(3,)),
    lambda xp: xp.full_like(np.ones(2, np.int32), 2.7),
    lambda xp: xp.empty((0, 2)),
    lambda xp: xp.arange(5),
    lambda xp: xp.arange(1, 2, 0.25),
    lambda xp: xp.arange(5, dtype=np.float32),
    lambda xp: xp.eye(3),
    lambda xp: xp.eye(2, 3, 1, np.int32),
    lambda xp: xp.identity(2, np.float32),
]


@pytest.mark.parametrize("i", range(len(CASES)))
def test_equals_numpy(i):
    """Shape, dtype and numbers are NumPy's, eagerly and under jit."""
    want = CASES[i](np)
    assert_same(CASES[i](fnp), want)
    assert_same(fgrad.jit(lambda: CASES[i](fnp))(), want)


def test_lists_of_tracers():
    """A nested list of values being differentiated becomes an array."""
    jacobian = fgrad.jacrev(lambda x, y: fnp.array([[x, 1.0], [y, x * y]]), argnums=(0, 1))(
        2.0, 3.0
    )
    np.testing.assert_array_equal(jacobian[0], [[1, 0], [0, 3]])
    np.testing.assert_array_equal(jacobian[1], [[0, 0], [1, 2]])


def test_like_of_tracers():
    """Shape and dtype are known under every transformation."""

    def f(x):
        return fnp.zeros_like(x) + np.ones_like(x) + fnp.full_like(x, 2.0) * x

    x = np.float32([1.0, 2.0])
    assert_same(fgrad.jit(f)(x), 1 + 2 * x)
    assert_same(fgrad.vmap(f)(x), 1 + 2 * x)


def test_errors():
    """Ragged lists, objects and wrong shapes are refused."""
    with pytest.raises(ValueError, match="array"):
        fnp.array([[1, 2], [3]])
    with pytest.raises(TypeError, match="wanted"):
        fnp.array("text")
    with pytest.raises(TypeError, match="shape must be made of integers"):
        fnp.zeros((2.5,))
    with pytest.raises(fgrad.errors.TracerIntegerConversionError):
        fgrad.jit(fnp.zeros)(3)


@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "full_like"])
def test_like_a_shape_and_dtype(name):
    """As of `eval_shape`, which has no numbers."""

    def run(lib):
        like = lib.eval_shape(lambda x: {"a": x.T, "b": x.sum()}, np.ones((2, 3), np.float32))
        more = (7,) if name == "full_like" else ()
        make = lambda s: getattr(lib.numpy, name)(s, *more)
        return lib.tree.map(make, like), lib.jit(lambda: make(like["a"]))()

    assert_same(run(fgrad), run(jax))
