"""Fourier transforms against NumPy and JAX."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests import jax_suite
from tests.harness import assert_same
from tests.numpy.suite import Row, suite

COMPLEX = ("float32", "float64", "complex64", "complex128", "int32")
REAL = ("float32", "float64", "int32")


def row(function, label, *shapes, dtypes=COMPLEX, **options):
    """A row for a transform with options."""
    return Row(
        f"{function}-{label}",
        lambda xp, x: getattr(xp.fft, function)(x, **options),
        *([s] for s in shapes),
        dtypes=dtypes,
    )


ROWS = []
for name in ("fft", "ifft", "hfft", "irfft"):
    ROWS += [
        row(name, "plain", (5,), (4,), (2, 6), (2,)),
        row(name, "axis", (5, 2), axis=0),
        row(name, "cut", (2, 6), n=4),
        row(name, "continued", (2, 3), n=7),
        *(row(name, norm, (2, 4), norm=norm) for norm in ("ortho", "forward", "backward")),
    ]
for name in ("rfft", "ihfft"):
    ROWS += [
        row(name, "plain", (5,), (4,), (2, 6), (1,), dtypes=REAL),
        row(name, "axis", (5, 2), dtypes=REAL, axis=-2),
        row(name, "cut", (2, 6), dtypes=REAL, n=3),
        row(name, "continued", (2, 3), dtypes=REAL, n=8),
        *(row(name, norm, (2, 4), dtypes=REAL, norm=norm) for norm in ("ortho", "forward")),
    ]
for name in ("fftn", "ifftn", "fft2", "ifft2", "irfftn", "irfft2"):
    ROWS += [
        row(name, "plain", (3, 4), (2, 3, 5)),
        row(name, "axes", (3, 4, 2), axes=(2, 0)),
        row(name, "sizes", (3, 4), s=(4, 3), axes=(0, 1), norm="ortho"),
    ]
for name in ("rfftn", "rfft2"):
    ROWS += [
        row(name, "plain", (3, 4), (2, 3, 5), dtypes=REAL),
        row(name, "axes", (3, 4, 2), dtypes=REAL, axes=(2, 0)),
        row(name, "sizes", (3, 4), dtypes=REAL, s=(4, 5), axes=(0, 1), norm="forward"),
    ]
for name in ("fftshift", "ifftshift"):
    ROWS += [row(name, "all", (3, 4), (5,)), row(name, "axes", (3, 4), axes=1)]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


def complex_row(function, *shapes, **options):
    return jax_suite.Row(
        f"{function}-{options}",
        lambda lib, x: getattr(lib.numpy.fft, function)(x, **options),
        *shapes,
        dtypes=("complex128",) if "rfft" not in function or "irfft" in function else ("float64",),
    )


(
    test_against_jax, test_complex_traced, test_complex_mapped,
) = jax_suite.suite([
    complex_row("fft", (2, 5)),
    complex_row("ifft", (4,), n=6, norm="ortho"),
    complex_row("irfft", (2, 4)),
    complex_row("irfft", (2, 4), n=5),
    complex_row("irfft", (5,), n=4),
    complex_row("hfft", (4,)),
    complex_row("fft2", (3, 2, 3)),
    complex_row("irfftn", (3, 4)),
    complex_row("rfft", (5,)),
    complex_row("rfftn", (3, 4)),
])  # fmt: skip


def test_frequencies():
    for n in (1, 4, 5):
        assert_same(fnp.fft.fftfreq(n, 0.5), np.fft.fftfreq(n, 0.5))
        assert_same(fnp.fft.rfftfreq(n, d=2), np.fft.rfftfreq(n, d=2))
    assert fnp.fft.fftfreq(4, dtype=np.float32).dtype == np.float32
    d = fgrad.grad(lambda d: fnp.fft.fftfreq(4, d)[1])(2.0)
    np.testing.assert_allclose(d, -0.25 / 4)


def test_numpy_calls_them():
    x = np.arange(6.0)
    f = lambda x: np.abs(np.fft.rfft(x)).sum() + np.real(np.fft.ifft(np.fft.fftshift(x) ** 2)).max()
    g = lambda x: (
        fnp.abs(fnp.fft.rfft(x)).sum() + fnp.real(fnp.fft.ifft(fnp.fft.fftshift(x) ** 2)).max()
    )
    assert_same(fgrad.jit(fgrad.grad(f))(x), fgrad.grad(g)(x), 10)


def test_an_axis_may_stand_there_twice():
    x = np.random.default_rng(0).normal(size=(3, 4))
    assert_same(fnp.fft.fftn(x, axes=(0, 0)), np.fft.fftn(x, axes=(0, 0)))


def test_a_convolution():
    """The theorem that transforms are for."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 7))
    f = lambda x, y: fnp.fft.irfft(fnp.fft.rfft(x) * fnp.fft.rfft(y), 7)
    g = lambda x, y: fnp.stack([(x * fnp.roll(y[::-1], k + 1)).sum() for k in range(7)])
    assert_same(f(x, y), g(x, y))
    assert_same(fgrad.jacrev(f, (0, 1))(x, y), fgrad.jacfwd(g, (0, 1))(x, y))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: fnp.fft.fft(np.ones(3), 0), ValueError, "must be positive; got 0"),
        (lambda: fnp.fft.fft(np.ones(0)), ValueError, "must be positive; got 0"),
        (lambda: fnp.fft.fft(np.ones(3), norm="no"), ValueError, "norm must be"),
        (lambda: fnp.fft.hfft(np.ones(3), norm="no"), ValueError, "norm must be"),
        (lambda: fnp.fft.fft(np.ones(3), axis=1), np.exceptions.AxisError, "out of bounds"),
        (lambda: fnp.fft.rfft(np.ones(3) * 1j), TypeError, "wanted real numbers"),
        (lambda: fnp.fft.fft2(np.ones((2, 2)), s=(2,)), ValueError, "1 sizes for 2 axes"),
        (lambda: fnp.fft.fft(np.ones(3), out=np.ones(3)), NotImplementedError, "out="),
        (lambda: fnp.fft.fftn(np.float64(3)), ValueError, "at least one axis"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=rf"{text}[^\0]*test_fft.py"):
        call()
