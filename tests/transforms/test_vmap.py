"""vmap: axes in, axes out, and what stays whole."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same

A = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize("out", [0, 1, -1, -2])
def test_axes(axis, out):
    f = lambda np_: lambda x: np_.cumsum(x, axis=0) * 2
    got = fgrad.vmap(f(fnp), in_axes=axis, out_axes=out)(A)
    assert_same(got, jax.vmap(f(jnp), in_axes=axis, out_axes=out)(A))


def test_in_axes_prefixes():
    tree = {"a": A, "b": (np.arange(2.0), 3.0)}
    f = lambda t, k: t["a"].sum() * t["b"][0] * t["b"][1] + k
    for in_axes in (
        ({"a": 0, "b": (0, None)}, None),
        [{"a": 0, "b": (0, None)}, None],
    ):
        assert_same(fgrad.vmap(f, in_axes)(tree, 1.0), A.sum((1, 2)) * tree["b"][0] * 3 + 1)
    whole = {"a": A, "b": (np.arange(2.0), np.ones(2))}
    assert_same(fgrad.vmap(f)(whole, np.ones(2)), A.sum((1, 2)) * whole["b"][0] + 1)
    assert_same(fgrad.vmap(f, (0, None))(whole, 1.0), A.sum((1, 2)) * whole["b"][0] + 1)


def test_out_axes_prefixes():
    f = lambda x: {"x": x, "c": np.arange(2.0), "t": (x.sum(), x.T)}
    out = {"x": 1, "c": None, "t": (0, -1)}
    got = fgrad.vmap(f, out_axes=out)(A)
    want = jax.vmap(f, out_axes=out)(A)
    assert_same(got, want)
    assert got["t"][1].shape == (4, 3, 2)


def test_keyword_arguments_are_mapped_over_the_first_axis():
    f = lambda x, *, y: x * y
    assert_same(fgrad.vmap(f)(A, y=np.arange(2.0)), A * np.arange(2.0)[:, None, None])
    got = fgrad.vmap(f, in_axes=None)(3.0, y=np.arange(2.0))
    assert_same(got, np.array([0.0, 3.0]))


def test_axis_size():
    assert_same(fgrad.vmap(lambda: np.ones(2), axis_size=3)(), np.ones((3, 2)))
    assert_same(fgrad.vmap(lambda x: x, in_axes=None, axis_size=2)(5.0), np.array([5.0, 5.0]))
    assert_same(fgrad.vmap(lambda x: x, axis_size=2)(A), A)
    with pytest.raises(ValueError, match="size 2.*size 3"):
        fgrad.vmap(lambda x: x, axis_size=3)(A)


def test_size_zero():
    assert fgrad.vmap(lambda x: fnp.sum(x) * np.ones(3))(np.zeros((0, 2))).shape == (0, 3)


def test_unmapped_outputs_are_copies():
    table = np.arange(3.0)
    got = fgrad.vmap(lambda x: table)(np.arange(2.0))
    assert_same(got, np.stack([table, table]))
    got[0, 0] = 9.0
    assert table[0] == 0.0
    assert got[1, 0] == 0.0


def test_whole_arguments_are_arrays_that_know_at_and_traced_indices():
    x, i = np.arange(3.0), np.array([2, 0])
    for given in (x, fnp.asarray(x)):
        assert_same(fgrad.vmap(lambda x, i: x[i], (None, 0))(given, i), x[i])
        assert_same(fgrad.vmap(lambda x, i: x.at[i].set(9.0)[i], (None, 0))(given, i), x[i] * 0 + 9)


def test_nested():
    f = lambda x, y: x * y + 1
    x, y = np.arange(2.0), np.arange(3.0)
    table = fgrad.vmap(fgrad.vmap(f, (None, 0)), (0, None))(x, y)
    assert_same(table, x[:, None] * y + 1)
    deep = fgrad.vmap(fgrad.vmap(fgrad.vmap(lambda a: a @ np.ones(2))))(np.ones((2, 3, 4, 2)))
    assert_same(deep, np.full((2, 3, 4), 2.0))


def test_per_example_gradients():
    w, x, y = np.ones((3, 2)), np.arange(12.0).reshape(4, 3), np.ones((4, 2))
    loss = lambda np_: lambda w, x, y: np_.sum((np_.tanh(x @ w) - y) ** 2)
    got = fgrad.vmap(fgrad.grad(loss(fnp)), (None, 0, 0))(w, x, y)
    assert_same(got, jax.vmap(jax.grad(loss(jnp)), (None, 0, 0))(w, x, y), scale=10)
    assert_same(fgrad.jit(fgrad.vmap(fgrad.grad(loss(fnp)), (None, 0, 0)))(w, x, y), got, scale=10)


def test_gradient_of_a_sum_over_a_batch():
    w, x = np.arange(3.0), np.arange(12.0).reshape(4, 3)
    f = lambda w: fnp.sum(fgrad.vmap(lambda r: fnp.sin(r @ w))(x))
    assert_same(fgrad.grad(f)(w), np.cos(x @ w) @ x, scale=10)


def test_dtypes_and_scalars():
    assert fgrad.vmap(lambda x: x * 2.0)(np.ones(2, np.float32)).dtype == np.float32
    assert fgrad.vmap(lambda x: x > 0)(A[0, 0]).dtype == bool
    assert fgrad.vmap(lambda x: 1)(A).dtype == np.int64
    assert isinstance(fgrad.vmap(lambda x: x)(A), fgrad.Array)
    assert fgrad.vmap(lambda x: x.sum(), in_axes=-1)(A[0].astype("f4")).dtype == np.float32
