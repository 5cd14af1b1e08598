"""Cosine transforms against SciPy's and JAX's."""

import jax
import jax.scipy.fft
import numpy as np
import pytest
import scipy.fft

import fgrad
import fgrad.scipy.fft
from tests.harness import assert_same, derivatives

X = np.random.default_rng(0).normal(size=(3, 4, 5))
NAMES = ("dct", "idct")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("norm", [None, "backward", "ortho"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128", "int64"])
def test_one_axis(name, norm, dtype):
    x = (X + 1j * X[::-1] if dtype[0] == "c" else 9 * X.real).astype(dtype)
    ours, theirs = getattr(fgrad.scipy.fft, name), getattr(scipy.fft, name)
    for axis in (0, 1, -1):
        for n in (None, 2, 7):
            want = theirs(x.astype(float) if dtype == "int64" else x, 2, n, axis, norm)
            assert_same(ours(x, 2, n, axis, norm), want, scale=10)
    assert_same(ours(x[:, :, :1], norm=norm), theirs(x[:, :, :1] * 1.0, norm=norm), scale=10,
                dtype=False)  # fmt: skip


@pytest.mark.parametrize("name", ["dctn", "idctn"])
@pytest.mark.parametrize("norm", [None, "ortho"])
def test_several_axes(name, norm):
    ours, theirs = getattr(fgrad.scipy.fft, name), getattr(scipy.fft, name)
    for options in ({}, {"axes": (0, 2)}, {"s": (6, 2)}, {"s": (2, 3), "axes": (-1, 0)}):
        assert_same(ours(X, norm=norm, **options), theirs(X, norm=norm, **options), scale=10)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives(name):
    def run(lib):
        f = lambda x: getattr(lib.scipy.fft, name)(x, norm="ortho") ** 2
        return derivatives(lib, f, (X,), (X[::-1],), X**2)

    assert_same(run(fgrad), run(jax), scale=100)


def test_errors():
    with pytest.raises(NotImplementedError, match="dct: type must be 2; got 3"):
        fgrad.scipy.fft.dct(X, type=3)
    with pytest.raises(ValueError, match="idct: norm must be None, 'backward' or 'ortho'"):
        fgrad.scipy.fft.idct(X, norm="forward")
    with pytest.raises(ValueError, match="s and axes must be of one length"):
        fgrad.scipy.fft.dctn(X, s=(2,), axes=(0, 1))
