"""Convolutions and spectra against SciPy; derivatives against differences."""

import numpy as np
import pytest
import scipy.signal as scipys
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.scipy.signal as signal
from fgrad.test_util import check_grads
from tests.harness import assert_same, assert_traced_well, assert_vmap_is_the_loop

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(2, 37)), RNG.normal(size=(2, 37))
MODES = ("full", "same", "valid")


def _draw(shape, dtype):
    x = RNG.normal(size=shape)
    return x + 1j * RNG.normal(size=shape) if dtype == "complex" else x


@given(
    n=st.integers(1, 9), k=st.integers(1, 9), mode=st.sampled_from(MODES),
    dtype=st.sampled_from(["float", "complex"]),
)  # fmt: skip
def test_convolutions(n, k, mode, dtype):
    a, b = _draw(n, dtype), _draw(k, dtype)
    want = scipys.convolve(a, b, mode, method="direct")
    for method in ("direct", "fft"):
        assert_same(signal.convolve(a, b, mode, method), want, 100)
    want = scipys.correlate(a, b, mode, method="direct")
    assert_same(signal.correlate(a, b, mode), want, 100)


@given(
    shapes=st.tuples(*[st.tuples(st.integers(1, 5), st.integers(1, 5))] * 2),
    mode=st.sampled_from(MODES), dtype=st.sampled_from(["float", "complex"]),
)  # fmt: skip
def test_convolutions_of_planes(shapes, mode, dtype):
    a, b = (_draw(s, dtype) for s in shapes)
    nested = all(x >= y for x, y in zip(*shapes, strict=True)) or all(
        x <= y for x, y in zip(*shapes, strict=True)
    )
    if mode == "valid" and not nested:
        for function in (signal.convolve2d, signal.fftconvolve):
            with pytest.raises(ValueError, match="with mode='valid' one array must be the larger"):
                function(a, b, mode)
        return
    assert_same(signal.convolve2d(a, b, mode), scipys.convolve2d(a, b, mode), 100)
    assert_same(signal.fftconvolve(a, b, mode), scipys.fftconvolve(a, b, mode), 100)
    assert_same(signal.correlate2d(a, b, mode), scipys.correlate2d(a, b, mode), 100)


@pytest.mark.parametrize("mode", MODES)
def test_convolutions_along_some_axes(mode):
    a, b = RNG.normal(size=(3, 7, 2)), RNG.normal(size=(3, 4, 2))
    want = scipys.fftconvolve(a, b, mode, axes=1)
    assert_same(signal.fftconvolve(a, b, mode, axes=1), want, 100)


CALLS = {
    "detrend": lambda lib, x: lib.detrend(x),
    "detrend constant": lambda lib, x: lib.detrend(x, 0, "constant"),
    "detrend pieces": lambda lib, x: lib.detrend(x, bp=[5, 20]),
    "stft": lambda lib, x: lib.stft(x, nperseg=8),
    "stft options": lambda lib, x: lib.stft(
        x.T, 2.0, "hamming", nperseg=7, noverlap=2, nfft=9, boundary="odd", axis=0
    ),
    "stft bare": lambda lib, x: lib.stft(
        x, nperseg=8, boundary=None, padded=False, detrend="linear", return_onesided=False
    ),
    "stft even": lambda lib, x: lib.stft(x, nperseg=8, boundary="even"),
    "stft constant": lambda lib, x: lib.stft(x, nperseg=8, boundary="constant"),
    "welch": lambda lib, x: lib.welch(x, nperseg=8),
    "welch options": lambda lib, x: lib.welch(
        x.T, 3.0, ("kaiser", 2.0), 9, 3, 12, "linear", True, "spectrum", 0, "median"
    ),
    "welch two-sided": lambda lib, x: lib.welch(x, nperseg=9, return_onesided=False),
    "welch window": lambda lib, x: lib.welch(x, window=np.arange(1.0, 9.0)),
    "csd": lambda lib, x: lib.csd(x, x[::-1], nperseg=8),
    "csd median": lambda lib, x: lib.csd(x, x[::-1] ** 2, nperseg=8, average="median"),
    "csd shorter": lambda lib, x: lib.csd(x, x[:, :30], nperseg=8),
    # SciPy gives the times of the first axis
    "istft": lambda lib, x: lib.istft(x[:, None] * np.ones((5, 1), x.dtype), 2.0)[1:],
}


@pytest.mark.parametrize("name", CALLS)
def test_values(name):
    ours = lambda x: CALLS[name](signal, x)
    got, want = ours(X), CALLS[name](scipys, X)
    assert_same(got, want, 100)
    assert_same(fgrad.jit(ours)(X), got, 100)
    assert_traced_well(ours, X)
    single = ours(X.astype(np.float32))
    for s, w in zip(np.atleast_1d(single) if name.startswith("detrend") else single, want,
                    strict=True):  # fmt: skip
        assert s.dtype == (np.complex64 if np.iscomplexobj(w) else np.float32)
        np.testing.assert_allclose(s, w, rtol=1e-3, atol=1e-5 * abs(w).max())
    spectrum = (lambda x: ours(x)) if name.startswith("detrend") else (lambda x: ours(x)[-1])
    assert_vmap_is_the_loop(spectrum, [(X,), (Y,)], (0,))


@pytest.mark.parametrize("name", CALLS)
def test_derivatives(name):
    def fun(x):
        out = CALLS[name](signal, x)
        return out if name.startswith("detrend") else out[-1]

    check_grads(fun, (X,), order=2 if name == "csd" else 1)  # the others are linear or alike


def test_derivatives_of_convolutions():
    a, b = RNG.normal(size=(4, 5)), RNG.normal(size=(2, 3))
    for mode in MODES:
        check_grads(lambda a, b, m=mode: signal.convolve(a, b, m), (a, b), order=2)
        check_grads(lambda a, b, m=mode: signal.fftconvolve(a, b, m), (a, b), order=2)


@pytest.mark.parametrize("options", [{}, {"noverlap": 6}, {"nfft": 11}, {"window": "hamming"}])
def test_there_and_back(options):
    z = signal.stft(X, nperseg=8, **options)[2]
    x = signal.istft(z, nperseg=8, **options)[1]
    np.testing.assert_allclose(x[:, : X.shape[1]], X, atol=1e-13)
    moved = signal.istft(np.moveaxis(z, 0, 1), nperseg=8, freq_axis=0, **options)[1]
    np.testing.assert_allclose(moved, x, atol=1e-13)


def test_complex_signals_have_two_sides():
    x = X[0] + 1j * X[1]
    want = scipys.welch(x, nperseg=8, return_onesided=False)
    assert_same(signal.welch(x, nperseg=8), want, 100)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: signal.convolve(X, X[0]), ValueError, "convolve: in1 and in2 must have as many"),
        (lambda: signal.convolve(X, X[:0]), ValueError, "convolve: empty arrays"),
        (lambda: signal.convolve(X, X, "x"), ValueError, "convolve: mode must be"),
        (lambda: signal.convolve(X, X, method="x"), ValueError, "convolve: method must be"),
        (lambda: signal.convolve2d(X[0], X[0]), ValueError, "wanted arrays of two axes"),
        (lambda: signal.convolve2d(X, X, boundary="wrap"), NotImplementedError, "only boundary"),
        (lambda: signal.fftconvolve(X, X[:1], axes=1), ValueError, "must be of the same lengths"),
        (lambda: signal.detrend(X, type="x"), ValueError, "detrend: type must be"),
        (lambda: signal.detrend(X, bp=50), ValueError, "detrend: bp must be from 0 to 37"),
        (lambda: signal.stft(X, boundary="x"), ValueError, "stft: boundary must be one of"),
        (lambda: signal.stft(X, nperseg=8, noverlap=8), ValueError, "noverlap must be from 0 to 7"),
        (lambda: signal.stft(X, nperseg=0), ValueError, "stft: nperseg must be positive"),
        (lambda: signal.welch(X, nperseg=8, nfft=7), ValueError, "nfft must be at least nperseg 8"),
        (lambda: signal.welch(X, scaling="x"), ValueError, "welch: scaling must be"),
        (lambda: signal.welch(X, average="x"), ValueError, "welch: average must be"),
        (lambda: signal.welch(X, window=np.ones(50)), ValueError, "welch: window must have"),
        (lambda: signal.istft(X[0]), ValueError, "istft: Zxx must have two axes"),
    ],
)
def test_errors(call, error, match):
    with pytest.raises(error, match=match) as e:
        call()
    assert "test_signal.py" in str(e.value)
