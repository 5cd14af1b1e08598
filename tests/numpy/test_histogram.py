"""Histograms, and booleans packed into bytes."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same
from tests.numpy.suite import quiet

RNG = np.random.default_rng(0)
D, E = RNG.normal(size=(2, 50))
DATA = {
    "float64": D, "float32": D.astype("float32"), "int": RNG.integers(0, 9, 20),
    "equal": np.array([1.0, 1.0]), "empty": np.zeros(0), "bool": np.array([True, False]),
    "nan": np.array([1.0, np.nan]), "table": D.reshape(5, 10),
}  # fmt: skip
BINS = {"10": 10, "edges": [-1, 0, 0.5, 1], "auto": "auto", "descending": [2, 1], "0": 0}
OPTIONS = ({}, {"range": (-1, 1)}, {"density": True}, {"range": (0, 0)}, {"range": (1, 0)})


def same(name, *args, **options):
    """As NumPy, on arrays and compiled; or an error where NumPy has one."""
    with quiet():
        try:
            want = getattr(np, name)(*args, **options)
        except (ValueError, TypeError):
            with pytest.raises((ValueError, TypeError)):
                getattr(fnp, name)(*args, **options)
            return
        assert_same(getattr(fnp, name)(*args, **options), want)
        if not any(isinstance(a, str) for a in args):
            first, *rest = args
            got = fgrad.jit(lambda x: getattr(np, name)(x, *rest, **options))(first)
            assert_same(got, want)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("bins", BINS)
def test_histogram(data, bins):
    """Counts, densities and edges."""
    for options in OPTIONS:
        same("histogram", DATA[data], BINS[bins], **options)
        same("histogram_bin_edges", DATA[data], BINS[bins], options.get("range"))


WEIGHTS = {
    "float": E, "int": np.arange(50), "complex": E * 1j, "float32": np.arange(50, dtype="f4"),
    "wrong": np.ones(3),
}  # fmt: skip


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
def test_weights(weights):
    """In their own dtype."""
    same("histogram", D, 5, weights=weights)
    same("histogram", D, [-1, 0, 1], weights=weights)


@pytest.mark.parametrize(
    "bins", [10, [3, 4], [np.linspace(-1, 1, 4), 5], [-1.0, 0, 1], np.linspace(-2, 2, 6)], ids=str
)
@pytest.mark.parametrize(
    "options", [{}, {"density": True}, {"range": [(-1, 1), (0, 1)]}, {"weights": D}], ids=str
)
def test_several_axes(bins, options):
    """histogram2d and histogramdd."""
    same("histogram2d", D, E, bins, **options)
    same("histogramdd", np.stack([D, E], 1), bins, **options)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("order", ["big", "little", "x"])
def test_bits(axis, order):
    """packbits and unpackbits."""
    x = RNG.integers(0, 2, (3, 11))
    same("packbits", x, axis, order)
    same("packbits", x > 0, axis, order)
    same("packbits", D, axis)
    for count in (None, 3, -3, 70, 0, -999):
        same("unpackbits", RNG.integers(0, 255, (3, 2)).astype("u1"), axis, count, order)
    same("unpackbits", D)
